"""The web server: one socket on 127.0.0.1, without an access log, since an address may hold a token."""

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from localft.errors import UserError

HOST = "127.0.0.1"
_FIRST_PORT = 7860
_PORTS_TRIED = 100
# How long answers that are still being written may take when the app closes. Job processes are not touched by it.
_GRACE_SECONDS = 2


def bind(port: int | None) -> socket.socket:
    """Take a port of 127.0.0.1: the given one (0: any free one), or by default the first free one from 7860 on.

    Raises:
        UserError: the port is taken or not allowed, or none is free.
    """
    if port is not None and not 0 <= port <= 65_535:
        raise UserError(f"{port} is not a port.", "Ports run from 1 to 65535.")
    wanted = [port] if port is not None else range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED)
    for candidate in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        _keep_to_itself(listener)
        try:
            listener.bind((HOST, candidate))
            # At once: until one of them listens, two apps that start together may both bind the same port.
            listener.listen()
        except OSError as error:
            listener.close()
            if error.errno in {errno.EACCES, errno.EPERM} and port is not None:
                raise UserError(
                    f"Port {port} is reserved by the system.", "Choose one above 1023 with --port."
                ) from error
            if error.errno != errno.EADDRINUSE and os.name != "nt":
                raise
        else:
            return listener
    if port is not None:
        raise UserError(
            f"Port {port} is already in use.", "Choose another one with --port, or close the program that uses it."
        )
    raise UserError(
        f"All ports from {_FIRST_PORT} to {_FIRST_PORT + _PORTS_TRIED - 1} are in use.", "Choose one with --port."
    )


def _keep_to_itself(listener: socket.socket) -> None:
    """Allow a restart at once, but no second program on the same port (the option means the opposite on Windows)."""
    if os.name == "nt":
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


class Server(uvicorn.Server):
    """A uvicorn server that tells when it answers."""

    def __init__(self, application: Any, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready` once."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


class ServerThread:
    """A server beside the main program: `start` returns once it answers, `stop` once its port is closed."""

    def __init__(self, application: Any, listener: socket.socket) -> None:
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        self._ready = threading.Event()
        self._server = Server(application, self._ready.set)
        self._thread = threading.Thread(target=self._run, name=f"server-{self.port}", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])

    def start(self, timeout: float = 30.0) -> None:
        """Start and wait until it answers.

        Raises:
            UserError: it did not within `timeout` seconds.
        """
        self._thread.start()
        deadline = time.monotonic() + timeout
        while not self._ready.wait(0.05):
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise UserError("The web server did not start.", "Try again; the details are in the terminal.")

    def stop(self) -> None:
        """Close the port and wait for the answers being written, for a moment."""
        self._server.should_exit = True
        self._thread.join(timeout=_GRACE_SECONDS + 3)
        with contextlib.suppress(OSError):
            self._listener.close()
