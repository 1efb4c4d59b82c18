"""The guard of a shared demo: a password, few attempts at it, and nothing but the chat behind it."""

import html
import time
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse

from localft.serving.guard import Application, Receive, Refused, Scope, Send, header, is_same
from localft.ui.guard import PAGE, PageGate, Session, small_page, wants_html

_LOGIN = "/login"
_LOGINS, _LOGIN_SECONDS = 5, 60.0
_LARGEST_BODY = 64_000


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


class ShareGuard(PageGate):
    """The gate before the chat-only app. `public_host` is set once the public link is known.

    Without the session's cookie there is only the form that asks for user and password.
    """

    def __init__(self, application: Application, user: str, password: str, logins: Logins | None = None) -> None:
        # Guests come from links in messages, which are other sites: a strict cookie would ask them again each time.
        # Nothing but reading a page can be done that way.
        super().__init__(application, PAGE, Session("localft-guest", "Lax"))
        self._user = user
        self._password = password
        self._logins = logins or Logins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, _limited(receive), send)

    def admit(self, scope: Scope) -> Application:
        """Let in who has logged in."""
        if self._session.holds(scope):
            return self.page(scope)
        if scope["path"] != _LOGIN or scope["method"] != "POST":
            raise Refused(401, "A shared demo of a language model. Its owner gives out the password.")
        if not self._logins.allow():
            raise Refused(429, "Too many attempts. Wait a minute and try again.")
        return self._log_in

    def refuse(self, scope: Scope, refusal: Refused) -> Application:
        """The form where a password is missing, the sentence otherwise."""
        if refusal.status == 401 and wants_html(scope):
            return HTMLResponse(small_page(_form(refusal.sentence, self._user)), 401, {"cache-control": "no-store"})
        return super().refuse(scope, refusal)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            fields = parse_qs((await Request(scope, receive).body()).decode("utf-8", errors="replace"))
        except ClientDisconnect:
            fields = {}
        user, password = (fields.get(name, [""])[0] for name in ("user", "password"))
        # Both are compared, whatever the first comparison says.
        right = [is_same(user.strip(), self._user), is_same(password.strip(), self._password)]
        if all(right):
            answer: Application = self._session.begin("/", secure=header(scope, b"host") == self.public_host)
        else:
            answer = self.refuse(scope, Refused(401, "That is not the right user and password."))
        await answer(scope, receive, send)


def _form(sentence: str, user: str) -> str:
    """The form. The page's own rule about referrers lets the browser say where the form comes from."""
    style = "font:inherit;display:block;width:100%;box-sizing:border-box;padding:.5rem;margin:.25rem 0 1rem"
    return (
        f'<meta name="referrer" content="same-origin"><p>{html.escape(sentence)}</p>'
        f'<form method="post" action="{_LOGIN}"><label>User<input name="user" value="{html.escape(user)}" '
        f'autocomplete="username" required style="{style}"></label>'
        '<label>Password<input name="password" type="password" autocomplete="current-password" required autofocus '
        f'style="{style}"></label><button style="font:inherit;padding:.5rem 1.5rem">Log in</button></form>'
    )


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
