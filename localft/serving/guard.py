"""The guard before a server on this computer: only this computer, no other site's pages, only who is let in."""

import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import JSONResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Names are the same in capitals, as everywhere on the web.
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_FOREIGN = "Another site asked for this. localft answers its own pages only."


class Refused(Exception):
    """A request that goes no further: the HTTP status, the sentence it is answered with, and a code for programs."""

    def __init__(self, status: int, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.code = code


class Gate(ABC):
    """ASGI middleware before a whole application.

    A page of another site reaches a server of this computer in two ways: by a name of its own that resolves to
    127.0.0.1 (then the Host is foreign), and by a plain cross-site request (then the Origin is, or the browser says so
    itself). Neither passes any gate. Who else is let in, and how a refusal looks, each gate says for itself.
    """

    # The one name besides those of this computer, where a tunnel leads here.
    public_host: str | None = None
    # Whether pages that other programs of this computer serve may ask.
    local_pages = False

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            self._check_origin(scope)
            answer = self.admit(scope)
        except Refused as refusal:
            answer = self.refuse(scope, refusal)
        await answer(scope, receive, send)

    def _check_origin(self, scope: Scope) -> None:
        """Refuse a foreign or missing Host with 421 (DNS rebinding), a foreign Origin or cross-site fetch with 403."""
        hosts = _headers(scope, b"host")
        host = hosts[0] if len(hosts) == 1 else ""
        public = host == self.public_host
        if not public and not _LOOPBACK.fullmatch(host):
            sentence = "This address is not one of localft's. Use http://127.0.0.1 and the port that it printed."
            raise Refused(421, sentence, "foreign_host")
        if any(not self._is_own(origin, host, public) for origin in _headers(scope, b"origin")):
            raise Refused(403, _FOREIGN, "foreign_origin")
        opened = header(scope, b"sec-fetch-mode") == "navigate" and header(scope, b"sec-fetch-dest") == "document"
        foreign = {"cross-site"} if self.local_pages else {"cross-site", "same-site"}
        if header(scope, b"sec-fetch-site") in foreign and not (opened and scope["method"] == "GET"):
            raise Refused(403, _FOREIGN, "foreign_origin")

    def _is_own(self, origin: str, host: str, public: bool) -> bool:
        scheme, _, name = origin.partition("://")
        if self.local_pages and scheme in {"http", "https"} and _LOOPBACK.fullmatch(name):
            return True
        return origin == f"{'https' if public else 'http'}://{host}"

    @abstractmethod
    def admit(self, scope: Scope) -> Application:
        """What answers this request, which comes from no other site.

        Raises:
            Refused: the request must not pass.
        """

    @abstractmethod
    def refuse(self, scope: Scope, refusal: Refused) -> Application:
        """The answer to a request that must not pass."""


class Guard(Gate):
    """The gate before the OpenAI-compatible server: a bearer token, and refusals as OpenAI's clients read them."""

    # Where the user's own pages are served in development, their requests come through with their Origin.
    local_pages = True

    def __init__(self, application: Application, token: str) -> None:
        """An empty token lets everybody on this computer in."""
        super().__init__(application)
        self._token = token

    def admit(self, scope: Scope) -> Application:
        """Let in who holds the token."""
        if self._token and not is_same(bearer_token(scope), self._token):
            sentence = "The key is missing or wrong; localft printed it when the server started."
            raise Refused(401, sentence, "invalid_api_key")
        return self._application

    def refuse(self, scope: Scope, refusal: Refused) -> Application:
        """The error, as JSON."""
        error = {"message": refusal.sentence, "type": "invalid_request_error", "param": None, "code": refusal.code}
        headers = {"cache-control": "no-store"}
        if refusal.status == 401:
            headers["www-authenticate"] = "Bearer"
        return JSONResponse({"error": error}, refusal.status, headers)


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header, or an empty text; where a header is repeated, the first."""
    return next(iter(_headers(scope, name)), "")


def bearer_token(scope: Scope) -> str:
    """The token that a program sends along, or an empty text."""
    given = _headers(scope, b"authorization")
    kind, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token if kind == "Bearer" else ""


def is_same(given: str, secret: str) -> bool:
    """Compare with a secret in a time that tells nothing about it."""
    return hmac.compare_digest(given.encode(), secret.encode())


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
