"""The job that keeps models loaded and answers for them over HTTP until it is stopped, idle, or in the way."""

import asyncio
import os
import socket
from pathlib import Path

import uvicorn

from localft.errors import UserError
from localft.jobs import JobContext
from localft.models.templates import chat_format_for
from localft.serving.endpoint import Endpoint, Which
from localft.serving.server import Activity, create_app
from localft.serving.service import READY, TOKEN, Ready, ServiceSettings
from localft.settings import parse
from localft.store.projects import open_project
from localft.training.runs import open_run

_POLL_SECONDS = 0.3
# Somebody who chats sends the next message soon; a job that waits can wait that long.
_GRACE_SECONDS = 3.0
# Whoever never pauses is cut off between two answers, or the waiting job would wait for ever.
_LONGEST_WAIT_SECONDS = 60.0


def run(context: JobContext) -> dict[str, object]:
    """Serve what the settings say; return when it has ended.

    Raises:
        UserError: the port is in use, or a model cannot be loaded.
    """
    settings = parse(ServiceSettings, context.settings, "the service's order")
    (context.folder / READY).unlink(missing_ok=True)
    # Taken before the models are loaded, so that a port in use is known at once.
    with _bind(settings.port) as listener:
        context.progress(0, 0, "models", "Loading the model", at_once=True)
        endpoints = _load(settings, context)
        try:
            return asyncio.run(_serve(context, settings, listener, endpoints))
        finally:
            (context.folder / READY).unlink(missing_ok=True)
            for endpoint in endpoints.values():
                endpoint.close()


def _load(settings: ServiceSettings, context: JobContext) -> dict[str, Endpoint]:
    endpoints: dict[str, Endpoint] = {}
    run_of_project = open_run(open_project(settings.project), settings.run) if settings.run else None
    wanted: list[Which] = [which for which in ("base", "tuned") if which in settings.models]
    if wanted:
        from localft.serving.model_pair import BareBase
        from localft.serving.transformers_engine import TransformersEngine

        bare = settings.base_model
        source = run_of_project or (BareBase(bare, chat_format_for(bare)) if bare else None)
        if source is None:
            raise UserError("The service was ordered without a model.", "Start it again.")
        engine = TransformersEngine(source, context.stop_requested)
        engine.load()
        endpoints.update({which: engine.endpoint(which) for which in wanted})
    if settings.gguf:
        from localft.serving.llama_cpp_engine import MOST_CONTEXT, LlamaCppEndpoint

        chat_format = run_of_project.chat_format if run_of_project else None
        endpoints["gguf"] = LlamaCppEndpoint(
            Path(settings.gguf),
            chat_format,
            context_length=min(MOST_CONTEXT, run_of_project.base_model.context_length) if run_of_project else None,
            stop_requested=context.stop_requested,
        )
    return endpoints


def _bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    Raises:
        UserError: another program has the port.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # Elsewhere this option would let two programs share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise UserError(
            f"The port {port} cannot be used: {error.strerror}.", "Choose another one with --port, or leave it out."
        ) from error
    return listener


async def _serve(
    context: JobContext, settings: ServiceSettings, listener: socket.socket, endpoints: dict[str, Endpoint]
) -> dict[str, object]:
    token_file = context.folder / TOKEN
    token = token_file.read_text(encoding="utf-8") if token_file.exists() else ""
    activity = Activity()
    application = create_app(endpoints, token, activity)
    # One implementation of HTTP, so that all systems behave alike.
    config = uvicorn.Config(
        application, http="h11", ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    Ready(url=url, models=tuple(endpoints)).save(context.folder / READY)
    context.progress(1, 1, "models", f"Answering at {url}", at_once=True)
    reason = await _watch(context, settings, activity, serving)
    (context.folder / READY).unlink(missing_ok=True)
    activity.closing = True
    server.should_exit = True
    await serving
    return {"message": reason}


async def _watch(
    context: JobContext, settings: ServiceSettings, activity: Activity, serving: "asyncio.Task[None]"
) -> str:
    """Wait for a reason to end, and return it as a sentence."""
    wanted_seconds = 0.0
    while not serving.done():
        await asyncio.sleep(_POLL_SECONDS)
        if context.stop_requested():
            return "Stopped serving."
        if settings.idle_minutes and activity.idle_seconds > settings.idle_minutes * 60:
            return f"Nobody asked anything for {settings.idle_minutes:g} minutes."
        wanted_seconds = wanted_seconds + _POLL_SECONDS if context.device_wanted() else 0.0
        activity.closing = wanted_seconds > _LONGEST_WAIT_SECONDS
        patience = 0.0 if activity.closing else _GRACE_SECONDS
        if wanted_seconds and not activity.requests and activity.idle_seconds >= patience:
            return "Made room for other work that needs the card."
    return "Stopped serving."
