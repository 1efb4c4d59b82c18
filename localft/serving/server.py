"""The OpenAI-compatible server: /v1/models and /v1/chat/completions over any endpoints, one answer at a time."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from localft.errors import Stopped, UserError, explain
from localft.serving.endpoint import Answer, Delta, Endpoint
from localft.serving.guard import Application, Guard
from localft.serving.protocol import ChatRequest, Reply, RequestError, parse_request

_LARGEST_BODY = 4 * 2**20
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class Activity:
    """What the server is doing: requests under way or waiting, and since when there are none (monotonic seconds).

    Once `closing` is set, new requests are turned away.
    """

    requests: int = 0
    idle_since: float = field(default_factory=time.monotonic)
    closing: bool = False

    @property
    def idle_seconds(self) -> float:
        return 0.0 if self.requests else time.monotonic() - self.idle_since

    def begin(self) -> None:
        self.requests += 1

    def end(self) -> None:
        self.requests -= 1
        self.idle_since = time.monotonic()


def create_app(endpoints: Mapping[str, Endpoint], token: str, activity: Activity) -> Application:
    """The server for these endpoints, by the names that clients use. An empty token lets everybody on this computer in.

    Answers are given one at a time, in the order in which they were asked for: the endpoints share one card, and two at
    once would each be slower and their speeds not comparable.
    """
    server = _Server(endpoints, activity)
    routes = [
        Route("/v1/models", server.list_models, methods=["GET"]),
        Route("/v1/models/{name}", server.show_model, methods=["GET"]),
        Route("/v1/chat/completions", server.chat, methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {RequestError: _on_request_error, 404: _on_unknown, 405: _on_unknown}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token)


class _Server:
    def __init__(self, endpoints: Mapping[str, Endpoint], activity: Activity) -> None:
        self._endpoints = endpoints
        self._activity = activity
        self._created = int(time.time())
        # First come, first served: asyncio's lock wakes those who wait in their order.
        self._turn = asyncio.Lock()

    async def list_models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._model(name) for name in self._endpoints]})

    async def show_model(self, request: Request) -> Response:
        return JSONResponse(self._model(self._find(request.path_params["name"])))

    async def chat(self, request: Request) -> Response:
        order = parse_request(await _read_body(request))
        endpoint = self._endpoints[self._find(order.model)]
        if self._activity.closing:
            raise RequestError(503, "closing", "This server is making room for other work. Start it again later.")
        turn = _Turn(endpoint, order, self._turn, self._activity)
        try:
            first = await _unless_gone(request, turn.next)
        except BaseException:
            await turn.close()
            raise
        if order.stream:
            return _Stream(turn, first, Reply(order.model), order.usage_wanted)
        try:
            return JSONResponse(Reply(order.model).whole(await _unless_gone(request, turn.rest)))
        finally:
            await turn.close()

    def _find(self, name: str) -> str:
        if name not in self._endpoints:
            known = ", ".join(self._endpoints)
            raise RequestError(404, "model_not_found", f"There is no model {name} here, only {known}.", "model")
        return name

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._created, "owned_by": "localft"}


class _Turn:
    """One request's turn at the models, from waiting for it to giving it back. The endpoint runs in a thread."""

    def __init__(self, endpoint: Endpoint, order: ChatRequest, lock: asyncio.Lock, activity: Activity) -> None:
        self._pieces = _ask(endpoint, order)
        self._lock = lock
        self._activity = activity
        self._holds = False
        self._last: Delta | Answer | None = None
        activity.begin()

    async def next(self) -> Delta | Answer:
        """The next piece; the whole answer comes last."""
        if not self._holds:
            await self._lock.acquire()
            self._holds = True
        try:
            self._last = await to_thread.run_sync(next, self._pieces)
        except Stopped as stopped:
            raise RequestError(503, "closing", "The server is being stopped.") from stopped
        except UserError as error:
            raise RequestError(400, "invalid_request", str(error)) from error
        except Exception as error:
            raise _unexpected(error) from error
        return self._last

    async def rest(self) -> Answer:
        """Go on to the end and return the whole answer."""
        while not isinstance(self._last, Answer):
            await self.next()
        return self._last

    async def close(self) -> None:
        """End the answer where it is and let the next request have its turn."""
        with anyio.CancelScope(shield=True):
            try:
                await to_thread.run_sync(self._pieces.close)
            finally:
                self._activity.end()
                if self._holds:
                    self._lock.release()
                    self._holds = False


def _ask(endpoint: Endpoint, order: ChatRequest) -> Any:
    # Only engines of our own take tools; the protocol of all endpoints does without.
    tools = order.offered_tools if getattr(endpoint, "takes_tools", False) else []
    more: dict[str, Any] = {"tools": tools} if tools else {}
    return endpoint.chat(order.chat, order.sampling, **more)


class _Stream(Response):
    """Server-sent events of one answer; when the client goes away, the answer ends."""

    def __init__(self, turn: _Turn, first: Delta | Answer, reply: Reply, usage_wanted: bool) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._turn = turn
        self._first = first
        self._reply = reply
        self._usage_wanted = usage_wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
                await self._send_all(send)
                group.cancel_scope.cancel()
        finally:
            await self._turn.close()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _send_event(send, self._reply.opening())
        piece = self._first
        try:
            while isinstance(piece, Delta):
                await _send_event(send, self._reply.piece(piece))
                piece = await self._turn.next()
            for chunk in self._reply.closing(piece, self._usage_wanted):
                await _send_event(send, chunk)
        except RequestError as error:
            await _send_event(send, error.body)
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})


async def _send_event(send: Send, value: dict[str, Any]) -> None:
    line = f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
    await send({"type": "http.response.body", "body": line.encode(), "more_body": True})


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _unless_gone(request: Request, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, but end it when the client goes away.

    Raises:
        RequestError: the client is gone (nobody will read it).
    """
    result: list[T] = []
    failure: list[RequestError] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_cancel_when_gone, request.receive, group.cancel_scope)
        try:
            result.append(await work())
        except RequestError as error:
            # Kept aside, since a task group would wrap it.
            failure.append(error)
        group.cancel_scope.cancel()
    if failure:
        raise failure[0]
    if not result:
        raise RequestError(499, "client_gone", "The client went away.")
    return result[0]


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise RequestError(413, "too_large", f"The request is larger than {_LARGEST_BODY // 2**20} MB.")
    return bytes(body)


def _unexpected(error: Exception) -> RequestError:
    known = explain(error)
    _log.error("An answer failed", exc_info=error)
    sentence = str(known) if known else "Something unexpected went wrong; worker.log in the service's folder says more."
    return RequestError(500, "internal_error", sentence)


async def _on_request_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestError):
        raise error
    return JSONResponse(error.body, status_code=error.status)


async def _on_unknown(request: Request, error: Exception) -> Response:
    sentence = "There is no such address here; try /v1/models or /v1/chat/completions."
    status = getattr(error, "status_code", 404)
    return JSONResponse(RequestError(status, "not_found", sentence).body, status_code=status)
