"""A page hears that its stream has ended before it is told that another click waits."""

import asyncio
import time
from typing import Any

from localft.serving.guard import Receive, Scope, Send
from localft.ui.streams import HeldJoins


async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
    """What Gradio answers: the end of a stream, or that a click waits."""
    end = b'data: {"msg":"close_stream"}\n\n'
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": end if scope["path"].endswith("data") else b"{}"})


async def ask(application: HeldJoins, name: str, heard: list[tuple[str, float]]) -> None:
    async def send(message: Any) -> None:
        heard.append((name, time.monotonic()))

    async def receive() -> Any:
        return {"type": "http.request"}

    await application({"type": "http", "path": f"/gradio_api/queue/{name}"}, receive, send)


def test_a_click_after_the_end_of_a_stream_is_told_later() -> None:
    async def both() -> list[tuple[str, float]]:
        application, heard = HeldJoins(gradio, seconds=0.2), []
        await ask(application, "data", heard)
        await ask(application, "join", heard)
        return heard

    heard = asyncio.run(both())
    ended = max(when for name, when in heard if name == "data")
    told = min(when for name, when in heard if name == "join")
    assert told - ended >= 0.19


def test_without_an_end_nothing_is_held() -> None:
    async def alone() -> list[tuple[str, float]]:
        application, heard = HeldJoins(gradio, seconds=3600), []
        await asyncio.wait_for(ask(application, "join", heard), timeout=60)
        return heard

    assert [name for name, _ in asyncio.run(alone())] == ["join", "join"]


def test_other_addresses_are_left_alone() -> None:
    async def config() -> list[tuple[str, float]]:
        application, heard = HeldJoins(gradio, seconds=3600), []
        await ask(application, "data", heard)
        await asyncio.wait_for(ask(application, "other", heard), timeout=60)
        return heard

    assert len(asyncio.run(config())) == 4
