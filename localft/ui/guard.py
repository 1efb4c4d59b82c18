"""The guard before a page: only this computer, only the page's own requests, only who holds the key."""

import hashlib
import html
import secrets
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from localft.serving.guard import Application, Gate, Receive, Refused, Scope, Send, bearer_token, header, is_same

# Gradio builds its components with `Function(...)` and inline styles, so scripts and styles cannot be narrowed
# further than this; what the policy does stop is every request to another host, every frame around the app and every
# form that leaves it.
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
# Headers by which a proxy would speak for somebody else, and one by which Gradio's own server would.
_SPEAKING_FOR_OTHERS = (b"x-forwarded", b"forwarded", b"x-gradio-server")
# How long a browser may take to start with an address that opens once.
_OPENING_SECONDS = 120.0


@dataclass(frozen=True)
class Addresses:
    """What a page asks its server for. Whatever else Gradio answers to, today or in its next release, is not there."""

    exact: frozenset[str]
    below: tuple[str, ...]

    def with_more(self, *exact: str, below: tuple[str, ...] = ()) -> "Addresses":
        """These and others."""
        return Addresses(self.exact | set(exact), (*self.below, *below))

    def check(self, scope: Scope) -> None:
        """Let a request pass that the page could have made.

        Raises:
            Refused: 404 for any other address.
        """
        path, method = scope["path"], scope["method"]
        reading = method in {"GET", "HEAD"}
        if not (reading and path.startswith(self.below)) and not ((reading or method == "POST") and path in self.exact):
            raise Refused(404, "There is nothing at this address.")


# What Gradio's page needs to be drawn, to call its functions and to notice that it was left.
PAGE = Addresses(
    frozenset(
        {
            "/", "/config", "/theme.css", "/favicon.ico", "/manifest.json",
            "/gradio_api/theme.css", "/gradio_api/app_id", "/gradio_api/queue/join", "/gradio_api/queue/data",
            "/gradio_api/run/predict", "/gradio_api/cancel", "/gradio_api/reset",
        }
    ),
    ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/"),
)  # fmt: skip
_APP = PAGE.with_more(
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    below=(
        "/gradio_api/file=",
        "/downloads/exports/",
        "/downloads/reports/",
        "/downloads/data/",
        "/downloads/verdicts/",
    ),
)


class Session:
    """A cookie that lets a browser in for as long as this process lives. What the browser keeps is worth nothing after.

    Scripts cannot read it, and no other site's request carries it where `same_site` is Strict.
    """

    def __init__(self, name: str, same_site: str) -> None:
        self.name = name
        self._same_site = same_site
        self._value = secrets.token_urlsafe(32)

    def holds(self, scope: Scope) -> bool:
        """Whether a request carries the cookie."""
        return is_same(read_cookie(scope, self.name), self._value)

    def begin(self, location: str, secure: bool = False) -> RedirectResponse:
        """Set the cookie and go to a page."""
        answer = RedirectResponse(location, 303, {"cache-control": "no-store"})
        rules = f"Path=/; HttpOnly; SameSite={self._same_site}" + ("; Secure" if secure else "")
        answer.headers["set-cookie"] = f"{self.name}={self._value}; {rules}"
        return answer


class PageGate(Gate):
    """What the gates before both pages have in common: few addresses, security headers, refusals for people."""

    def __init__(self, application: Application, addresses: Addresses, session: Session) -> None:
        super().__init__(application)
        self._addresses = addresses
        self._session = session

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return self._session.name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, _with_headers(send))

    def page(self, scope: Scope) -> Application:
        """The page, for who has been let in.

        Raises:
            Refused: it has nothing at this address.
        """
        self._addresses.check(scope)
        return self._answer

    def refuse(self, scope: Scope, refusal: Refused) -> Application:
        """The sentence: as a page for a person with a browser, as text for a program."""
        headers = {"cache-control": "no-store"}
        if wants_html(scope):
            return HTMLResponse(small_page(f"<p>{html.escape(refusal.sentence)}</p>"), refusal.status, headers)
        return PlainTextResponse(refusal.sentence, refusal.status, headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = [(name, value) for name, value in scope["headers"] if not name.startswith(_SPEAKING_FOR_OTHERS)]
        # Behind a tunnel the visitor speaks TLS, although what arrives here does not; Gradio builds addresses from it.
        public = self.public_host is not None and header(scope, b"host") == self.public_host
        scheme = "https" if public else "http"
        await self._application({**scope, "scheme": scheme, "headers": kept}, receive, send)


class Guard(PageGate):
    """The gate before the app.

    A request passes when it carries the launch token: as a cookie (set by opening the link with `?token=`, which
    redirects to the same page without it) or as a bearer token.
    """

    def __init__(self, application: Application, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        # Cookies know no ports: two apps on one computer would otherwise take each other's.
        name = "localft-" + hashlib.sha256(token.encode()).hexdigest()[:12]
        super().__init__(application, _APP, Session(name, "Strict"))
        self._token = token
        self._clock = clock
        self._openings: dict[str, float] = {}

    def one_time_token(self) -> str:
        """A token for an address that others may see: it opens the page once, and only soon.

        Every user of this computer can read the command line with which a browser is started.
        """
        token = secrets.token_urlsafe(32)
        self._openings[token] = self._clock() + _OPENING_SECONDS
        return token

    def admit(self, scope: Scope) -> Application:
        """Let in who holds the token, and exchange a token in the address for the cookie."""
        known = self._session.holds(scope) or is_same(bearer_token(scope), self._token)
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if given and scope["path"] == "/" and scope["method"] == "GET":
            if not known and not self._opens(given[0]):
                sentence = "This link is not valid any more. Open the one that localft printed when it started."
                raise Refused(401, sentence)
            rest = [(name, value) for name, value in query if name != "token"]
            return self._session.begin("/?" + urlencode(rest) if rest else "/")
        if not known:
            raise Refused(401, "Open localft with the link that it printed when it started; the link holds the key.")
        return self.page(scope)

    def _opens(self, given: str) -> bool:
        now = self._clock()
        for token, until in list(self._openings.items()):
            if is_same(given, token):
                del self._openings[token]
                return now <= until
        return is_same(given, self._token)


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


def small_page(body: str) -> str:
    """A page for a few words, which needs no other file."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width"><title>localft</title>'
        "<body style='font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem'>"
        f"<h1 style='font-size:1.2rem'>localft</h1>{body}</body></html>"
    )


def _with_headers(send: Send) -> Send:
    """A `send` that adds the security headers to every answer."""
    names = {name for name, _ in SECURITY_HEADERS}

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
            message = {**message, "headers": [*kept, *SECURITY_HEADERS]}
        await send(message)

    return send_with_headers
