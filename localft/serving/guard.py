"""The guard before the server: only this computer, no other site's pages, only who holds the token."""

import hmac
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_LOOPBACK_ORIGIN = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


class Guard:
    """ASGI middleware.

    A page of another site reaches a loopback server in two ways: by a name of its own that resolves to 127.0.0.1 (then
    the Host is foreign), and by a plain cross-site request (then the Origin is, or the browser says so itself).
    """

    def __init__(self, application: Application, token: str) -> None:
        """An empty token lets everybody on this computer in."""
        self._application = application
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._application(scope, receive, send)
        else:
            await _refuse(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """(status, code, sentence) if the request must not pass."""
        hosts = _headers(scope, b"host")
        if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
            return 421, "foreign_host", "This server answers to 127.0.0.1 and localhost only."
        origins = _headers(scope, b"origin")
        foreign = any(not _LOOPBACK_ORIGIN.fullmatch(origin) for origin in origins)
        if foreign or "cross-site" in _headers(scope, b"sec-fetch-site"):
            return 403, "foreign_origin", "Another site asked for this; it is not answered."
        if self._token:
            given = _headers(scope, b"authorization")
            expected = f"Bearer {self._token}"
            if len(given) != 1 or not hmac.compare_digest(given[0].encode(), expected.encode()):
                return (
                    401,
                    "invalid_api_key",
                    "The key is missing or wrong; localft printed it when the server started.",
                )
        return None


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def _refuse(send: Send, status: int, code: str, sentence: str) -> None:
    body = json.dumps({"error": {"message": sentence, "type": "invalid_request_error", "param": None, "code": code}})
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
