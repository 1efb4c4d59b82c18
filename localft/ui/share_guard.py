"""The guard of a shared demo: few addresses, few logins, and nothing else of this computer."""

import time
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any

from localft.ui.guard import (
    Application,
    Receive,
    Refused,
    Scope,
    Send,
    check_origin,
    refuse,
    wants_html,
    with_headers,
    without_forwarding,
)

_LOGINS, _LOGIN_SECONDS = 5, 60.0
_LARGEST_BODY = 64_000

# What the chat page needs, and nothing else: no uploads, no files, no list of functions, no monitoring.
_READABLE = ("/assets/", "/static/", "/svelte/")
_PAGES = frozenset({"/", "/login", "/login/", "/logout", "/config", "/theme.css", "/favicon.ico", "/manifest.json"})
_EVENTS = frozenset({"/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel", "/gradio_api/theme.css"})
_HEARTBEAT = "/gradio_api/heartbeat/"


class Logins:
    """At most five attempts to log in a minute, whoever makes them: behind a tunnel all visitors have one address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: deque[float] = deque()

    def allow(self) -> bool:
        """Note an attempt and tell whether it may go on."""
        now = self._clock()
        while self._attempts and now - self._attempts[0] > _LOGIN_SECONDS:
            self._attempts.popleft()
        if len(self._attempts) >= _LOGINS:
            return False
        self._attempts.append(now)
        return True


class ShareGuard:
    """ASGI middleware around the chat-only app. `public_host` is set once the public link is known."""

    def __init__(self, application: Application, logins: Logins | None = None) -> None:
        self._application = application
        self._logins = logins or Logins()
        self.public_host: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            check_origin(scope, self.public_host)
            self._check_address(scope)
        except Refused as refusal:
            wait = ((b"retry-after", b"60"),) if refusal.status == 429 else ()
            await refuse(send, refusal, wants_html(scope), wait)
            return
        await self._application(without_forwarding(scope), _limited(receive), with_headers(send))

    def _check_address(self, scope: Scope) -> None:
        path, method = scope["path"], scope["method"]
        reading = method in {"GET", "HEAD"}
        known = path in _PAGES or path in _EVENTS or (reading and path.startswith((*_READABLE, _HEARTBEAT)))
        if not known:
            raise Refused(404, "There is nothing here but the chat.")
        if method == "POST" and path.startswith("/login") and not self._logins.allow():
            raise Refused(429, "Too many attempts. Wait a minute and try again.")


def _limited(receive: Receive) -> Receive:
    """A `receive` that ends a request whose body is far larger than a question."""
    taken = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > _LARGEST_BODY:
            return {"type": "http.disconnect"}
        return message

    return limited
