"""The child: its standard input is a file, and it writes what a parser finds as one JSON value a line.

`python -m localft.data.readers.parsers.child REQUEST`, where the request is a JSON object: `parser` (the name of a
module beside this one), `memory` in bytes, `seconds` of processor time, and the path of a `spool`: a file for what the
parser has to put by.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

PARSERS = ("docx", "html", "pdf", "telegram", "workbook")
# The exit statuses that say more than "it broke".
REFUSED, OUT_OF_MEMORY = 3, 4
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.remove")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Refused(ValueError):
    """Raised by a parser: why the whole file cannot be read, as the rest of a sentence that begins with its name."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def main(request: dict[str, Any]) -> int:
    """Be the child; the exit status is 0, or says why there is no answer.

    Raises:
        Exception: whatever a parser stumbles over; the child then ends with status 1.
    """
    _limit(request["memory"], request["seconds"])
    if request["parser"] not in PARSERS:
        return 1
    answers = _own_output()
    try:
        parser = importlib.import_module(f"localft.data.readers.parsers.{request['parser']}")
        with Path(request["spool"]).open("w+b") as spool:
            sys.addaudithook(_guard)
            for record in parser.records(sys.stdin.buffer, spool):
                _say(answers, record)
    except Refused as error:
        _say(answers, {"reason": str(error), "hint": error.hint})
        return REFUSED
    except MemoryError:
        return OUT_OF_MEMORY
    finally:
        answers.close()
    return 0


def _own_output() -> BinaryIO:
    """The standard output for answers alone: what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return answers


def _say(answers: BinaryIO, value: Any) -> None:
    answers.write(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n")


def _guard(event: str, details: tuple[Any, ...]) -> None:
    """A parser has its files already: it needs no network, no other program, and writes no file.

    Raises:
        PermissionError: it tries.
    """
    writes = event == "open" and len(details) > 2 and isinstance(details[2], int) and bool(details[2] & _WRITING)
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"a parser may not do this: {event}")


def _limit(memory: int, seconds: int) -> None:
    """Set the system's own limits, where it has them; the parent watches everywhere."""
    if os.name == "nt":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    # By its own name: what a parser raises is the class of that module, not of this one, which is `__main__`.
    sys.exit(importlib.import_module("localft.data.readers.parsers.child").main(json.loads(sys.argv[1])))
