"""No answer to a click is lost between two streams."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from localft.serving.guard import Application, Receive, Scope, Send

_JOIN, _STREAM = "/gradio_api/queue/join", "/gradio_api/queue/data"
_END = b'"close_stream"'
# So long a page may take to read that its stream has ended.
_SECONDS_TO_HEAR = 0.25


class HeldJoins:
    """Holds what tells a page that its click waits in the queue, for a moment after a stream was ended.

    Gradio sends the answers of all clicks in one stream, and ends it with a last message once nothing is waiting. A
    page that is told of a new click before it has read that message takes the stream to be open, opens no other, and
    waits for ever (Gradio 6.31, client/js/src/utils: stream.ts and submit.ts). The click itself is worked on meanwhile.
    """

    def __init__(self, app: Application, seconds: float = _SECONDS_TO_HEAR) -> None:
        self._application = app
        self._seconds = seconds
        self._ended = -seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if path == _JOIN:
            send = self._holding(send)
        elif path == _STREAM:
            send = self._noting(send)
        await self._application(scope, receive, send)

    def _noting(self, send: Send) -> Send:
        async def noting(message: MutableMapping[str, Any]) -> None:
            # Noted before it is sent: nobody can have read it earlier.
            if _END in message.get("body", b""):
                self._ended = time.monotonic()
            await send(message)

        return noting

    def _holding(self, send: Send) -> Send:
        async def holding(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(max(0.0, self._ended + self._seconds - time.monotonic()))
            await send(message)

        return holding
