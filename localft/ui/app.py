"""The app: built from its tabs, served on 127.0.0.1 behind the guard.

Gradio is imported when the app is made, not before.
"""

import logging
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from localft import jobs
from localft.ui import environment

if TYPE_CHECKING:
    import gradio as gr

    from localft.ui.guard import Guard
    from localft.ui.loaded import Loaded
    from localft.ui.share import ShareDesk

MAXIMUM_UPLOAD = "1gb"


def create_app(desk: "ShareDesk | None" = None, loaded: "Loaded | None" = None) -> "gr.Blocks":
    """Build the app's page.

    `desk` holds the demo that is shared at the moment, `loaded` the models that its chats keep; fresh ones by default.
    """
    from localft.ui import layout

    return layout.build(desk, loaded)


def create_server_app(blocks: "gr.Blocks", token: str) -> "Guard":
    """Put the page, the downloads and the guard together into one ASGI application."""
    from localft.ui import downloads, mounting
    from localft.ui.guard import Guard

    return Guard(mounting.mount(blocks, MAXIMUM_UPLOAD, downloads.routes()), token)


def serve_app(port: int | None = None, open_browser: bool = True, opened: Callable[[str], None] | None = None) -> None:
    """Serve the app until Ctrl-C: print its address with the launch token to stderr, and open it in the browser.

    `opened` hears the address when the app answers. Long work runs in processes of its own, which go on when it closes.

    Raises:
        UserError: the port is in use, or a folder cannot be made.
    """
    from localft.ui.server import Server, bind

    listener = bind(port)
    folder = environment.prepare()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    jobs.revive()
    token = secrets.token_urlsafe(32)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/?token={token}"
    from localft.ui.loaded import Loaded
    from localft.ui.share import ShareDesk

    desk, loaded = ShareDesk(), Loaded()
    guarded = create_server_app(create_app(desk, loaded), token)

    def answers() -> None:
        _announce(address, opened)
        if open_browser:
            # Every user of this computer can read the command line of a browser: the key in it works once.
            link = f"{address.partition('?')[0]}?token={guarded.one_time_token()}"
            # Some browsers, those of a terminal above all, keep their caller until they are closed.
            threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()

    server = Server(guarded, answers)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        _say("")
    finally:
        desk.close()
        loaded.let_go()
        environment.tidy(folder)
        _say_goodbye()


def _announce(address: str, opened: Callable[[str], None] | None) -> None:
    _say(f"localft runs at {address}")
    _say("The address holds your key to it: do not pass it on. Ctrl-C closes the app.")
    if opened is not None:
        opened(address)


def _say_goodbye() -> None:
    going_on = [job for job in jobs.active() if not job.order.yields_device]
    if not going_on:
        _say("The app is closed.")
        return
    first = going_on[0].order
    _say(f"The app is closed. {first.title} continues; stop it with `localft stop {first.project}`.")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
