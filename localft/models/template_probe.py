"""Try a chat template before it is trusted. As a program it does so in a process of its own, with limits.

A template comes from whoever published the model, and is a program: it may loop for ever or fill the memory.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from typing import Any

from localft import paths
from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.rendering import render
from localft.store import files

_CPU_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
_MEMORY_BYTES = 1_500_000_000
_SYSTEM, _QUESTION, _ANSWER = "Localft system text.", "Localft question.", "Localft answer."


@dataclass(frozen=True)
class Probe:
    """What was seen: `after_answer` is what the template writes behind an assistant turn."""

    knows_system: bool
    after_answer: str


def probe(chat_format: ChatFormat) -> Probe:
    """Render small conversations with a template.

    Raises:
        UserError: it cannot render a question and an answer.
    """
    question, answer = {"role": "user", "content": _QUESTION}, {"role": "assistant", "content": _ANSWER}
    render(chat_format, [question], add_generation_prompt=True)
    _, found, after = render(chat_format, [question, answer]).partition(_ANSWER)
    if not found:
        raise UserError("The chat template leaves out what the assistant says.", "Choose another chat template.")
    try:
        with_system = render(chat_format, [{"role": "system", "content": _SYSTEM}, question])
    except UserError:
        with_system = ""
    return Probe(knows_system=_SYSTEM in with_system and _QUESTION in with_system, after_answer=after)


def probe_in_child(chat_format: ChatFormat) -> Probe:
    """The same in a child process that may use 2 seconds; the result of a template is remembered in the cache folder.

    Raises:
        UserError: it fails, or it does not end in time.
    """
    key = _key(chat_format)
    remembered = paths.cache_dir() / "templates" / f"{key}.json"
    if remembered.is_file():
        with contextlib.suppress(UserError, TypeError):
            return Probe(**files.read_json(remembered))
    answer = _ask_child(chat_format)
    if "message" in answer:
        raise UserError(answer["message"], answer["hint"])
    files.write_json(remembered, answer)
    return Probe(**answer)


def _key(chat_format: ChatFormat) -> str:
    text = chat_format.template + json.dumps(chat_format.special_tokens, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()


def _ask_child(chat_format: ChatFormat) -> dict[str, Any]:
    try:
        done = subprocess.run(  # our own interpreter and module, an argument list, no shell
            [sys.executable, "-m", "localft.models.template_probe"],
            input=chat_format.model_dump_json().encode(),
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise UserError(
            "The chat template of this model does not come to an end.",
            "Choose another chat template, or another model.",
        ) from error
    return answer


def _main() -> None:
    chat_format = ChatFormat.model_validate_json(sys.stdin.buffer.read())
    _limit_memory()
    import jinja2.sandbox  # noqa: F401 - before the clock starts

    clock = threading.Timer(_CPU_SECONDS, os._exit, (3,))
    clock.daemon = True
    clock.start()
    try:
        answer = asdict(probe(chat_format))
    except UserError as error:
        answer = {"message": error.message, "hint": error.hint}
    print(json.dumps(answer))  # noqa: T201 - the answer to the parent


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    _main()
