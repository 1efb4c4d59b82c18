"""Asking the writer: what fails for a while is tried again, what fails for good is said."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localft.errors import Stopped, UserError
from localft.serving import service as services
from localft.serving.endpoint import Answer, ChatMessages, Sampling
from localft.serving.openai_engine import OpenAIEndpoint
from localft.serving.service import Service
from localft.store.projects import Project
from localft.synthesis.writers import Writer
from localft.training.runs import open_run

_TRIES = 8
_LONGEST_WAIT = 120.0
# The longest silence of an address between two pieces; a large model on a slow computer reads for minutes.
_SILENCE_SECONDS = 300.0
_POLL_SECONDS = 0.2
_TOO_LARGE = 413
# After a stop an answer that is nearly there may still come: it has been paid for.
_GRACE_SECONDS = 10.0


class Refused(Exception):
    """The server will not answer this one question, now or later (too long, say); the reason in words."""


@dataclass(frozen=True)
class _Folder:
    folder: Path


class Speaker:
    """The writer, ready to be asked by several threads."""

    def __init__(
        self,
        project: Project,
        writer: Writer,
        key: str,
        stop_requested: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> None:
        """`tell` hears, in a sentence, of everything that makes one wait."""
        self._project = project
        self._writer = writer
        self._key = key
        self._stop_requested = stop_requested
        self._tell = tell
        self._lock = threading.Lock()
        self._service: Service | None = None
        self._ours = False
        self._endpoint: OpenAIEndpoint | None = None
        self._stop_seen: float | None = None

    def ask(self, messages: ChatMessages, sampling: Sampling) -> Answer:
        """The whole answer.

        Raises:
            Refused: this question is not answered.
            UserError: nothing is answered any more, however often one tries.
            Stopped: at the user's request.
        """
        for attempt in range(_TRIES):
            try:
                return self._answer(self._ready_endpoint(), messages, sampling)
            except UserError as error:
                wait, said = self._judge(error, attempt), error.message
            self._tell(f"{said.rstrip('.')}; trying again in {wait:.0f} s.")
            self._pause(wait)
        raise UserError("The model cannot be asked any more.", "Resume later.")

    def close(self) -> None:
        """Close the connections, and end a service that was started for this."""
        if self._endpoint is not None:
            self._endpoint.close()
        if self._service is not None and self._ours:
            services.stop_service(self._service)

    def _answer(self, endpoint: OpenAIEndpoint, messages: ChatMessages, sampling: Sampling) -> Answer:
        last = None
        pieces = endpoint.chat(messages, sampling)
        for piece in pieces:
            last = piece
            if self._given_up():
                raise Stopped
        if not isinstance(last, Answer):
            raise UserError("The model's answer broke off.", "Try again.")
        return last

    def _given_up(self) -> bool:
        """Whether a stop was asked for so long ago that no answer is waited for."""
        if not self._stop_requested():
            return False
        self._stop_seen = self._stop_seen or time.monotonic()
        return time.monotonic() - self._stop_seen > _GRACE_SECONDS

    def _judge(self, error: UserError, attempt: int) -> float:
        """How long to wait before the next attempt.

        Raises:
            Refused, UserError: another attempt makes no sense.
        """
        import httpx2
        import openai

        cause = error.__cause__
        if isinstance(cause, openai.BadRequestError | openai.UnprocessableEntityError) or _too_large(cause):
            raise Refused(error.message) from error
        passing = isinstance(
            cause,
            openai.RateLimitError
            | openai.APIConnectionError
            | openai.InternalServerError
            | OSError
            | json.JSONDecodeError
            | httpx2.TransportError,
        ) or (self._service is not None and not services.read_service(self._service.folder).ready)
        used_up = getattr(cause, "code", None) == "insufficient_quota"
        if not passing or used_up or attempt + 1 == _TRIES:
            raise error
        return _told_wait(cause) or min(2.0**attempt, _LONGEST_WAIT)

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._stop_requested():
                raise Stopped
            time.sleep(min(_POLL_SECONDS, max(0.0, end - time.monotonic())))

    def _ready_endpoint(self) -> OpenAIEndpoint:
        with self._lock:
            if self._writer.url:
                if self._endpoint is None:
                    name, url = self._writer.model, self._writer.url
                    # Tried again here, where a stop is heard while one waits.
                    self._endpoint = OpenAIEndpoint(name, url, name, self._key, _SILENCE_SECONDS, retries=0)
                return self._endpoint
            if self._service is None or not services.read_service(self._service.folder).ready:
                self._load()
            assert self._endpoint is not None
            return self._endpoint

    def _load(self) -> None:
        """Have the model served, and wait until it is; another job may have the card before."""
        writer = self._writer
        run = open_run(self._project, writer.run) if writer.run else None
        export = _Folder(Path(writer.export)) if writer.export else None
        found = services.find_service(self._project, run, export, writer.base_model)
        self._ours = self._ours or found is None
        service = services.start_service(self._project, run, export, writer.base_model)
        while not service.ready:
            if self._stop_requested():
                raise Stopped
            if not service.job.state.alive:
                result = service.job.result
                raise UserError(
                    f"The model could not be served: {result.message if result else 'it stopped unexpectedly.'}",
                    result.advice if result else "The file worker.log in the service's folder says more.",
                )
            waits_for = service.job.waits_for
            self._tell(f"The model waits for {waits_for}" if waits_for else "Loading the model")
            time.sleep(_POLL_SECONDS)
            service = services.read_service(service.folder)
        if self._endpoint is not None:
            self._endpoint.close()
        self._service = service
        self._endpoint = services.endpoint(service, writer.model)


def _told_wait(cause: BaseException | None) -> float | None:
    """The seconds that the server itself asks to wait."""
    response = getattr(cause, "response", None)
    try:
        seconds = float(response.headers["retry-after"]) if response is not None else 0.0
    except (KeyError, ValueError):
        return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def _too_large(cause: BaseException | None) -> bool:
    """Whether the server says that this one request is too long for it."""
    return getattr(cause, "status_code", None) == _TOO_LARGE
