"""Asking one of the gates before an ASGI application without a server in front of it."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from localft.serving.guard import Gate

Headers = list[tuple[bytes, bytes]]


@dataclass
class Reply:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(gate: Gate, method: str, path: str, headers: Headers, body: bytes = b"") -> Reply:
    """Send one request, whose body is in one piece, and wait for all of the reply."""
    bare, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": bare, "query_string": query.encode(), "headers": headers}
    reply = Reply()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            reply.body += message["body"]

    asyncio.run(gate(scope, receive, send))
    return reply
