"""A page of Gradio's inside an application of our own, with everything switched off that localft does not use."""

from collections.abc import Sequence
from typing import Any

import fastapi
import gradio as gr
from starlette.routing import BaseRoute

from localft.ui import environment, theme
from localft.ui.server import HOST
from localft.ui.streams import HeldJoins

_QUIET: dict[str, Any] = {
    "docs_url": None,
    "redoc_url": None,
    "openapi_url": None,
    "telemetry": {"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
}


def mount(page: gr.Blocks, max_file_size: str, routes: Sequence[BaseRoute] = (), **options: Any) -> fastapi.FastAPI:
    """Put a page at `/`, behind `routes`.

    No file is given out but what was uploaded; nothing is recorded or measured.
    """
    application = gr.mount_gradio_app(
        fastapi.FastAPI(routes=list(routes), **_QUIET),
        page,
        path="/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=environment.blocked(),
        favicon_path=str(theme.icon()),
        show_error=False,
        max_file_size=max_file_size,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        app_kwargs=dict(_QUIET),
        theme=theme.Theme(),
        css_paths=theme.stylesheet(),
        head=theme.head(),
        **options,
    )
    # Gradio checks the paths of files only in pages that it has launched itself: a mounted one would copy any file
    # that a request names into its cache.
    page.has_launched = True
    # A function that waits its turn in the queue cannot be called past it.
    page.api_open = False
    application.add_middleware(HeldJoins)
    return application
