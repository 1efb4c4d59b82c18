"""Ollama on this computer: asked over loopback only, and never through a Modelfile, whose grammar has no escapes."""

import contextlib
import ipaddress
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localft.errors import UserError
from localft.export.modelfile import ModelSettings

if TYPE_CHECKING:
    import httpx2 as httpx

    from localft.export.exports import Export

_DEFAULT = ("127.0.0.1", 11434)
_SAFE_VERSION = (0, 35, 0)
# Before, a model was made of the text of a Modelfile, with the file's path in it.
_FIRST_VERSION = (0, 5, 5)
# Seconds without a word: a large model is read, rewritten and loaded in minutes.
_PATIENCE = 1800.0
_BLOCK_BYTES = 1 << 20
_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,79}(?::[a-z0-9_][a-z0-9._-]{0,79})?")
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class OllamaStatus:
    """Whether an Ollama answers on this computer, which version, and what to say about it in one sentence."""

    answers: bool
    version: str
    sentence: str
    secure: bool = True
    takes_files: bool = True


def ollama_status() -> OllamaStatus:
    """Ask the Ollama of this computer for its version; within a second, without raising."""
    try:
        with OllamaClient(timeout=1.0) as client:
            version = client.version()
    except UserError as error:
        return OllamaStatus(False, "", error.message)
    numbers = _numbers(version)
    # Who builds it himself gets 0.0.0.
    if (0, 0, 0) < numbers < _FIRST_VERSION:
        first = ".".join(map(str, _FIRST_VERSION))
        return OllamaStatus(
            True, version, f"Ollama {version} is running, which is too old to take a file ({first} can).", False, False
        )
    if numbers < _SAFE_VERSION:
        safe = ".".join(map(str, _SAFE_VERSION))
        return OllamaStatus(
            True, version, f"Ollama {version} is running; versions before {safe} have known security holes.", False
        )
    return OllamaStatus(True, version, f"Ollama {version} is running.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])


def loopback_address(host: str | None = None) -> str:
    """The address of this computer's Ollama: OLLAMA_HOST where it names this computer, else the usual place.

    Raises:
        UserError: OLLAMA_HOST names another computer, to which localft does not talk.
    """
    text = (os.environ.get("OLLAMA_HOST", "") if host is None else host).strip().strip("\"'")
    scheme, separator, rest = text.partition("://")
    rest = (rest if separator else scheme).partition("/")[0]
    if separator and scheme != "http":
        raise _elsewhere(text)
    found = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\[\]]*)(?::(\d{1,5}))?", rest)
    if found is None:
        raise _elsewhere(text)
    name, port = found[1] or _DEFAULT[0], int(found[2] or _DEFAULT[1])
    # A server that listens on every address is reached on loopback as well.
    name = {"0.0.0.0": _DEFAULT[0], "[::]": "[::1]", "localhost": _DEFAULT[0]}.get(name, name)
    try:
        loopback = ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not loopback or port > 65_535:
        raise _elsewhere(text)
    return f"http://{name}:{port}"


def _elsewhere(text: str) -> UserError:
    return UserError(
        f"OLLAMA_HOST is {text[:100]!r}, and localft talks to the Ollama of this computer only.",
        "Unset OLLAMA_HOST, or use the commands that the export shows.",
    )


def model_name(text: str) -> str:
    """A name that Ollama takes: lower case letters, digits, and . _ - after the first; one tag after a colon.

    Raises:
        UserError: the text is no such name; slashes would name another place or another owner.
    """
    name = text.strip().lower().replace(" ", "-")
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{text[:100]!r} is no name for a model in Ollama.",
            "Use up to 80 letters, digits, dots, hyphens and underscores, such as `support-bot`.",
        )
    return name


class OllamaClient:
    """The part of Ollama's HTTP interface that an export needs."""

    def __init__(self, base_url: str | None = None, timeout: float = 30.0) -> None:
        """Prepare to talk to `base_url`, by default this computer's Ollama; nothing is sent yet.

        Raises:
            UserError: the address is not on this computer.
        """
        import httpx2 as httpx

        self._address = loopback_address(base_url)
        # No proxy and no redirect: both could lead away from this computer.
        self._http = httpx.Client(base_url=self._address, timeout=timeout, trust_env=False, follow_redirects=False)

    def __enter__(self) -> "OllamaClient":
        return self

    def __exit__(self, *details: object) -> None:
        self._http.close()

    def version(self) -> str:
        """Its version, such as "0.35.1"."""
        version = self._json("GET", "/api/version", "tell its version").get("version")
        if not isinstance(version, str):
            raise self._not_ollama()
        return version

    def names(self) -> list[str]:
        """The models that it has, with their tags."""
        models = self._json("GET", "/api/tags", "list its models").get("models")
        return [str(model.get("name")) for model in models or []]

    def has_blob(self, digest: str) -> bool:
        """Tell whether it stores a file of this SHA-256 already."""
        with _explained():
            return self._http.head(f"/api/blobs/sha256:{digest}").status_code == 200

    def push_blob(self, path: Path, digest: str, progress: Progress | None = None) -> None:
        """Hand a file over, by its SHA-256; one that is there already is not sent again.

        Raises:
            UserError: Ollama received other bytes, or has no space.
        """
        if self.has_blob(digest):
            return
        size = path.stat().st_size
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        import httpx2 as httpx

        try:
            with _explained():
                answer = self._http.post(
                    f"/api/blobs/sha256:{digest}",
                    content=_blocks(path, size, progress),
                    headers=headers,
                    timeout=_PATIENCE,
                )
        except UserError:
            # It stops reading where another program has handed over the same file meanwhile.
            with contextlib.suppress(UserError, httpx.HTTPError):
                if self.has_blob(digest):
                    return
            raise
        if answer.status_code not in (200, 201):
            raise self._refused("store the file", answer)

    def create(
        self,
        name: str,
        files: dict[str, str],
        settings: ModelSettings,
        quantize: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Make a model of files handed over before ({plain file name: SHA-256}); `quantize` such as "q4_K_M".

        Ollama answers 200 even where it fails; only the object {"status": "success"} means success.

        Raises:
            UserError: it failed, in its own words.
        """
        order: dict[str, Any] = {
            "model": name,
            "files": {file: f"sha256:{digest}" for file, digest in files.items()},
            "parameters": settings.parameters(),
            "stream": True,
        }
        if settings.system:
            order["system"] = settings.system
        if quantize:
            order["quantize"] = quantize
        last = ""
        for status in self._stream("/api/create", order):
            if "error" in status:
                raise UserError(f"Ollama could not make the model: {str(status['error'])[:300]}.", "")
            last = str(status.get("status", ""))
            if progress is not None and last:
                done, total = float(status.get("completed") or 0), float(status.get("total") or 0)
                progress(done, total, f"Ollama: {last}")
        if last != "success":
            raise UserError("Ollama ended without saying that the model is made.", "Look at Ollama's own log.")

    def chat(self, name: str, messages: Sequence[dict[str, Any]], max_tokens: int = 256) -> str:
        """Ask one question at temperature 0, and have the model leave memory afterwards.

        Where Ollama itself takes the thinking out of an answer, and there is nothing else, the thinking is returned.
        """
        order = {
            "model": name, "messages": list(messages), "stream": False, "keep_alive": 0,
            "options": {"temperature": 0, "num_predict": max_tokens},
        }  # fmt: skip
        message = self._json("POST", "/api/chat", "answer", order).get("message")
        if not isinstance(message, dict):
            raise self._not_ollama()
        return str(message.get("content") or message.get("thinking") or "")

    def render(self, name: str, messages: Sequence[dict[str, Any]]) -> str | None:
        """The text that a conversation becomes; None where this Ollama does not tell."""
        order = {
            "model": name,
            "messages": list(messages),
            "stream": False,
            "keep_alive": 0,
            # One that does not know this question answers the conversation instead; that need not take long.
            "_debug_render_only": True,
            "options": {"num_predict": 1},
        }
        info = self._json("POST", "/api/chat", "render a conversation", order).get("_debug_info")
        text = info.get("rendered_template") if isinstance(info, dict) else None
        return text if isinstance(text, str) else None

    def _json(self, method: str, path: str, deed: str, body: Any = None) -> dict[str, Any]:
        # What has a body makes a model work.
        waits: dict[str, Any] = {} if body is None else {"timeout": _PATIENCE}
        with _explained():
            answer = self._http.request(method, path, json=body, **waits)
        if answer.status_code != 200:
            raise self._refused(deed, answer)
        return self._object(answer.text)

    def _stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        with _explained(), self._http.stream("POST", path, json=body, timeout=_PATIENCE) as answer:
            if answer.status_code != 200:
                answer.read()
                raise self._refused("make the model", answer)
            for line in answer.iter_lines():
                if line.strip():
                    yield self._object(line)

    def _object(self, text: str) -> dict[str, Any]:
        """An answer as the JSON object that each of Ollama's is."""
        try:
            value = json.loads(text)
        except ValueError as error:
            raise self._not_ollama() from error
        if not isinstance(value, dict):
            raise self._not_ollama()
        return value

    def _refused(self, deed: str, answer: "httpx.Response") -> UserError:
        """What Ollama says of a failure, in its own words; what says it otherwise is another program."""
        try:
            reason = self._object(answer.text).get("error")
        except UserError as error:
            return error
        return UserError(f"Ollama would not {deed} (status {answer.status_code}): {str(reason)[:300]}.", "")

    def _not_ollama(self) -> UserError:
        return UserError(
            f"What answers at {self._address} is not Ollama.",
            "Close that program, or tell in OLLAMA_HOST where Ollama listens.",
        )


def _blocks(path: Path, size: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
            done += len(block)
            if progress is not None:
                progress(done, size, "Handing the file to Ollama")


@contextlib.contextmanager
def _explained() -> Generator[None]:
    """Turn what can go wrong on the way into sentences."""
    import httpx2 as httpx

    try:
        yield
    except httpx.ConnectError as error:
        raise UserError("Ollama does not answer on this computer.", "Start Ollama, then try again.") from error
    except httpx.TimeoutException as error:
        raise UserError("Ollama did not answer in time.", "Try again; if it happens often, restart Ollama.") from error
    except httpx.HTTPError as error:
        raise UserError(f"The connection to Ollama broke: {error}.", "Try again.") from error


def commands(export: "Export") -> list[str]:
    """The commands that do by hand what the target "ollama" does: make the model, then talk to it."""
    if export.gguf is None or export.modelfile is None:
        return []
    name = export.record.ollama_name if export.record and export.record.ollama_name else export.gguf.stem.lower()
    return [
        _command(["ollama", "create", model_name(name), "-f", str(export.modelfile)]),
        _command(["ollama", "run", model_name(name)]),
    ]


def _command(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
