"""Sharing a demo: a separate chat-only app on a port of its own, behind a password, an end time and a public link."""

import contextlib
import contextvars
import hashlib
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from localft import jobs
from localft.errors import UserError
from localft.serving.guard import Application
from localft.serving.openai_engine import OpenAIEndpoint
from localft.serving.service import Service, endpoint, start_service, wait_ready
from localft.store.projects import Project
from localft.training.runs import Run
from localft.ui import environment
from localft.ui.server import HOST, ServerThread, bind
from localft.ui.share_guard import ShareGuard

if TYPE_CHECKING:
    from localft.ui.share_page import Allowance

_USER = "guest"
_PASSWORD_BYTES = 20  # 160 bits
_TOKENS = 200_000
_LONGEST_MINUTES = 24 * 60
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Share:
    """A demo that is being shared. The password is known here and to who was told it, and is written nowhere."""

    project: str
    address: str
    user: str
    password: str
    ends_at: datetime
    public: bool

    @property
    def ends(self) -> str:
        """The end time as a person reads it."""
        return f"{self.ends_at:%H:%M}"


@dataclass(frozen=True)
class _Running:
    share: Share
    server: ServerThread
    endpoint: OpenAIEndpoint
    over: threading.Event

    def close(self) -> None:
        """Its link, its port, its connection to the model."""
        self.over.set()
        _close_tunnel(self.server.port)
        self.server.stop()
        self.endpoint.close()


class ShareDesk:
    """Starts and stops the one demo that is shared at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._starting = False
        self._ended = threading.Event()

    @property
    def current(self) -> Share | None:
        """The demo being shared, if any."""
        running = self._running
        return running.share if running else None

    def start(self, project: Project, run: Run, minutes: float, public: bool = True, port: int = 0) -> Share:
        """Load the model, open the chat-only app and, if `public`, Gradio's public link to it. It ends by itself.

        Raises:
            UserError: a demo is shared already, the model cannot be served, the link cannot be made, or `stop` was
                called meanwhile.
        """
        if not 0 < minutes <= _LONGEST_MINUTES:
            raise UserError(f"A demo is shared for at most {_LONGEST_MINUTES} minutes.", "Choose an earlier end.")
        with self._lock:
            if self._running is not None or self._starting:
                raise UserError("A demo is shared already.", "Stop it first.")
            self._starting = True
            self._ended.clear()
        try:
            service = wait_ready(start_service(project, run=run, idle_minutes=max(1.0, minutes)))
            self._raise_if_stopped()
            return self._take(_open(project, service, minutes, public, port), minutes).share
        finally:
            self._starting = False

    def stop(self) -> None:
        """End the demo, with its link and its port. One that is being started does not open any more."""
        self._ended.set()
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.close()

    def wait(self) -> None:
        """Wait until the demo has ended."""
        while not self._ended.wait(0.5):
            pass

    def close(self) -> None:
        """End whatever is shared; for the end of the program."""
        self.stop()

    def _take(self, running: _Running, minutes: float) -> _Running:
        with self._lock:
            stopped = self._ended.is_set()
            self._running = None if stopped else running
        if stopped:
            running.close()
            self._raise_if_stopped()
        threading.Thread(target=self._end_in_time, args=(running, minutes), name="share-end", daemon=True).start()
        return running

    def _raise_if_stopped(self) -> None:
        if self._ended.is_set():
            raise UserError("Sharing was stopped before it began.", "Nothing is shared now.")

    def _end_in_time(self, running: _Running, minutes: float) -> None:
        """Stop at the end time: by the clock on the wall, since the other one stands still while a computer sleeps."""
        deadline = time.monotonic() + minutes * 60
        while not running.over.wait(_LOOK_SECONDS):
            if time.monotonic() >= deadline or datetime.now().astimezone() >= running.share.ends_at:
                self.stop()


def _open(project: Project, service: Service, minutes: float, public: bool, port: int) -> _Running:
    from localft.ui.share_page import Allowance

    ends_at = datetime.now().astimezone() + timedelta(minutes=minutes)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    asked = endpoint(service, "tuned")
    # In a context of its own: a page that is drawn while a function of another one runs is taken for its answer.
    draw = contextvars.Context().run
    guard = ShareGuard(draw(_draw, project.name, f"{ends_at:%H:%M}", asked, Allowance(_TOKENS)), _USER, password)
    server = ServerThread(guard, bind(port))
    server.start()
    try:
        address = _open_tunnel(server.port) if public else f"http://{HOST}:{server.port}"
    except BaseException:
        server.stop()
        asked.close()
        raise
    guard.public_host = urlsplit(address).netloc if public else None
    share = Share(project.slug, address, _USER, password, ends_at, public)
    return _Running(share, server, asked, threading.Event())


def _draw(title: str, ends: str, asked: OpenAIEndpoint, allowance: "Allowance") -> Application:
    from localft.ui import mounting
    from localft.ui.share_page import build_page

    return mounting.mount(build_page(title, ends, asked, allowance), "1kb")


def _open_tunnel(port: int) -> str:
    """Gradio's public link to a port of this computer.

    Raises:
        UserError: it cannot be made.
    """
    from gradio.networking import setup_tunnel

    _check_helper()
    try:
        # What the tunnel prints would mix with what the command prints.
        with contextlib.redirect_stdout(sys.stderr):
            address = setup_tunnel(HOST, port, secrets.token_urlsafe(32), None, None)
    except Exception as error:
        _close_tunnel(port)
        raise UserError(
            "The public link could not be made: Gradio's link service cannot be reached, or its helper was blocked.",
            "Check the internet connection and try again; nothing is shared now.",
        ) from error
    return "https://" + urlsplit(address).netloc


def _check_helper() -> None:
    """Remove Gradio's helper program where it is not the one that Gradio's checksum names; it is then fetched again.

    Gradio checks it when it fetches it, keeps it whatever the result, and afterwards runs what lies there.

    Raises:
        UserError: there is no checksum for this kind of computer.
    """
    from gradio import tunneling

    wanted = tunneling.CHECKSUMS.get(tunneling.BINARY_URL)
    if wanted is None:
        raise UserError(
            "Gradio has no helper for public links that could be checked on this kind of computer.",
            "Share on this computer only, or from another one.",
        )
    helper = Path(tunneling.BINARY_PATH)
    if helper.exists() and hashlib.sha256(helper.read_bytes()).hexdigest() != wanted:
        helper.unlink()


def _close_tunnel(port: int) -> None:
    from gradio import tunneling

    for tunnel in [tunnel for tunnel in tunneling.CURRENT_TUNNELS if tunnel.local_port == port]:
        process = tunnel.proc
        with contextlib.redirect_stdout(sys.stderr):
            tunnel.kill()
        if process is not None:
            process.wait(timeout=10)
        tunneling.CURRENT_TUNNELS.remove(tunnel)


def serve_share(
    project: Project, run: Run, minutes: int, local: bool = False, opened: Callable[[Share], None] | None = None
) -> None:
    """Share a chat with a run's tuned model until the time is over or Ctrl-C; print link and password to stderr once.

    `local` leaves out the public link: the page then answers on this computer only. `opened` hears when it is open.

    Raises:
        UserError: the model cannot be served, or the link cannot be made.
    """
    folder = environment.prepare()
    jobs.revive()
    desk = ShareDesk()
    _say("Loading the model.")
    try:
        share = desk.start(project, run, minutes, public=not local)
        _announce(share)
        if opened is not None:
            opened(share)
        desk.wait()
        _say("The time is over; the demo is closed.")
    except KeyboardInterrupt:
        _say("\nThe demo is closed.")
    finally:
        desk.close()
        environment.tidy(folder)


def _announce(share: Share) -> None:
    _say(f"Link:     {share.address}")
    _say(f"User:     {share.user}")
    _say(f"Password: {share.password}")
    _say(f"Whoever has these can chat with your tuned model until {share.ends}, and do nothing else. Ctrl-C ends it.")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
