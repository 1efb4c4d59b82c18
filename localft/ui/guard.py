"""The guard before the app: only this computer, only pages of the app itself, only who holds the launch token."""

import hashlib
import hmac
import html
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")

# Gradio builds its components with `Function(...)` and inline styles, so scripts and styles cannot be narrowed
# further than this;
# what the policy does stop is every request to another host, every frame around the app and every form that leaves it.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


class Refused(Exception):
    """A request that goes no further: the HTTP status and the sentence it is answered with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Guard:
    """ASGI middleware around the whole app.

    A request passes when its Host is a loopback name, it does not come from another site, and it carries the launch
    token:
    as a cookie (set by opening the link with `?token=`, which redirects to the same page without it) or as a bearer
    token.
    """

    def __init__(self, application: Application, token: str) -> None:
        self._application = application
        self._token = token
        # The cookie differs from the token: what a browser keeps is worth nothing after this launch, and the link can
        # be opened twice.
        self._session = secrets.token_urlsafe(32)
        # Cookies know no ports: two apps on one computer would otherwise take each other's.
        self.cookie = "localft-" + hashlib.sha256(token.encode()).hexdigest()[:12]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            check_origin(scope)
            location = self._exchange_token(scope)
            if location is None:
                self._check_token(scope)
        except Refused as refusal:
            await refuse(send, refusal, wants_html(scope))
            return
        if location is not None:
            await self._redirect(send, location)
            return
        await self._application(without_forwarding(scope), receive, with_headers(send))

    def _exchange_token(self, scope: Scope) -> str | None:
        """For a page opened with a valid token: where to redirect to.

        A wrong one is refused, so that nobody can guess along.
        """
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if not given or scope["path"] != "/" or scope["method"] != "GET":
            return None
        if not _equal(given[0], self._token):
            raise Refused(401, "This link is not valid any more. Open the one that localft printed when it started.")
        rest = [(name, value) for name, value in query if name != "token"]
        return "/?" + urlencode(rest) if rest else "/"

    def _check_token(self, scope: Scope) -> None:
        authorization = header(scope, b"authorization")
        if authorization.startswith("Bearer ") and _equal(authorization[7:], self._token):
            return
        if _equal(read_cookie(scope, self.cookie), self._session):
            return
        raise Refused(401, "Open localft with the link that it printed when it started; the link holds the key.")

    async def _redirect(self, send: Send, location: str) -> None:
        cookie = f"{self.cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"location", location.encode()), (b"set-cookie", cookie.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 303, "headers": [*headers, *SECURITY_HEADERS]})
        await send({"type": "http.response.body", "body": b""})


def check_origin(scope: Scope, public_host: str | None = None) -> None:
    """Let a request pass that is addressed to this computer (or to `public_host`) and comes from no other site.

    Raises:
        Refused: 421 for a foreign or missing Host (DNS rebinding), 403 for a foreign Origin or a cross-site fetch.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
    public = public_host is not None and host == public_host
    if not public and not _LOOPBACK.fullmatch(host):
        raise Refused(421, "This address is not one of localft's. Use http://127.0.0.1 and the port that it printed.")
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if any(origin != f"{'https' if public else 'http'}://{host}" for origin in origins):
        raise Refused(403, "Another site asked for this. localft answers its own pages only.")
    site = header(scope, b"sec-fetch-site")
    opened = header(scope, b"sec-fetch-mode") == "navigate" and header(scope, b"sec-fetch-dest") == "document"
    if site in {"cross-site", "same-site"} and not (opened and scope["method"] == "GET"):
        raise Refused(403, "Another site asked for this. localft answers its own pages only.")


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header, or an empty text; where a header is repeated, the first."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def read_cookie(scope: Scope, name: str) -> str:
    """The value of a cookie of the request, or an empty text."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header(scope, b"cookie"))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def wants_html(scope: Scope) -> bool:
    """Tell whether a person with a browser asks, as opposed to a program."""
    return "text/html" in header(scope, b"accept")


def without_forwarding(scope: Scope) -> Scope:
    """The request without headers by which a proxy would speak for somebody else: nothing stands before this app."""
    kept = [(name, value) for name, value in scope["headers"] if not name.startswith((b"x-forwarded", b"forwarded"))]
    return {**scope, "headers": kept}


def with_headers(send: Send) -> Send:
    """A `send` that adds the security headers to every answer."""
    names = {name for name, _ in SECURITY_HEADERS}

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
            message = {**message, "headers": [*kept, *SECURITY_HEADERS]}
        await send(message)

    return send_with_headers


async def refuse(send: Send, refusal: Refused, as_html: bool, extra: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Answer a refused request with its sentence."""
    kind, body = b"text/plain; charset=utf-8", refusal.sentence
    if as_html:
        kind = b"text/html; charset=utf-8"
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
            "<title>localft</title><body style='font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:4rem auto'>"
            f"<h1 style='font-size:1.2rem'>localft</h1><p>{html.escape(refusal.sentence)}</p></body></html>"
        )
    headers = [(b"content-type", kind), (b"cache-control", b"no-store"), *extra, *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())
