"""Parsers that a strange file could misuse run in a child process: with limits, and without pickle or shell.

The child reads the file, and writes a file of what it finds; this process holds neither.
"""

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil
import pydantic

from localft import words
from localft.data.readers.parsers.child import OUT_OF_MEMORY, REFUSED
from localft.data.scratch import Scratch
from localft.errors import UserError

Record = TypeVar("Record")


@dataclass(frozen=True)
class Limits:
    """What a parser may use: seconds (of the clock, and of the processor), bytes of memory, bytes of answers."""

    seconds: float = 120
    memory: int = 2 << 30
    answers: int = 16 << 30


# A parser that reads a file part by part takes longer for a larger one, and no more memory.
_SECONDS_A_MEGABYTE = 2
_LOOK_EVERY = 0.05
_LEFT_FREE = 1 << 30
_LONGEST_REFUSAL = 64_000
# Of the parent's surroundings the child gets these: where Python and its libraries are, and on Windows the system.
_KEPT = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMP", "TEMP",
    "HOME", "USERPROFILE", "APPDATA", "SYSTEMROOT",
)  # fmt: skip
# Libraries of numbers reserve memory for as many threads as there are cores.
_OWN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
_SMALLER = "Divide it into smaller files; a table can be saved as CSV, which is read row by row."
_OTHER = "Open it in the program that made it and save it again, or as text or CSV."


class Records(Generic[Record]):
    """What a parser has answered, in a file that is there as long as this is, and read each time that it is asked for.

    Each is checked to be such a record.
    """

    def __init__(self, scratch: Scratch, name: str, record: type[Record]) -> None:
        self._scratch, self._name, self._kind = scratch, name, pydantic.TypeAdapter(record)

    def __iter__(self) -> Iterator[Record]:
        for record, _ in self.placed():
            yield record

    def placed(self, start: int = 0) -> Iterator[tuple[Record, int]]:
        """(a record, where the next one begins), from a place on.

        Raises:
            UserError: one is no such record.
        """
        with (self._scratch.folder / _ANSWERS).open("rb") as file:
            file.seek(start)
            for line in file:
                start += len(line)
                try:
                    yield self._kind.validate_json(line), start
                except pydantic.ValidationError as error:
                    raise UserError(
                        f"{self._name} is damaged: the program that reads it answered nonsense.", _OTHER
                    ) from error


_GIVEN, _ANSWERS = "given", "answers"


def parse(
    parser: str, content: bytes | Path, name: str, record: type[Record], limits: Limits | None = None
) -> Records[Record]:
    """Let a parser read a file, or its contents, in a child process; what it answers has to be such records.

    Raises:
        UserError: the parser refuses the file, breaks, or needs more than the limits.
        OSError: the file cannot be read.
    """
    scratch = Scratch()
    path = content if isinstance(content, Path) else scratch.folder / _GIVEN
    if isinstance(content, bytes):
        path.write_bytes(content)
    limits = limits or Limits(seconds=Limits.seconds + _SECONDS_A_MEGABYTE * path.stat().st_size / 1_000_000)
    request = {
        "parser": parser,
        "memory": limits.memory,
        "seconds": math.ceil(limits.seconds),
        "spool": str(scratch.folder / "spool"),
    }
    answers = scratch.folder / _ANSWERS
    status = _run(request, path, answers, name, limits)
    if status == REFUSED:
        refusal = _last_line(answers)
        raise UserError(f"{name} {refusal['reason']}.", refusal["hint"] or _OTHER)
    if status == OUT_OF_MEMORY:
        raise _too_much_memory(name, limits)
    if status == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise _too_long(name, limits)
    if status != 0:
        raise UserError(f"{name} is damaged: the program that reads it broke off.", _OTHER)
    return Records(scratch, name, record)


def _last_line(path: Path) -> Any:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_REFUSAL))
        return json.loads(file.read().splitlines()[-1])


def _run(request: dict[str, Any], path: Path, answers: Path, name: str, limits: Limits) -> int:
    """Run the child to its end: its exit status (negative: the signal that ended it).

    Raises:
        UserError: it used more than it may, and was ended.
    """
    with path.open("rb") as given, answers.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "localft.data.readers.parsers.child", json.dumps(request)],
            stdin=given,
            stdout=written,
            stderr=subprocess.DEVNULL,
            env={key: os.environ[key] for key in _KEPT if key in os.environ} | _OWN,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    try:
        _watch(process, answers, name, limits)
    finally:
        process.kill()
        process.wait()
    _refuse_too_many(answers, name, limits)
    return process.returncode


def _watch(process: subprocess.Popen[bytes], answers: Path, name: str, limits: Limits) -> None:
    began = time.monotonic()
    watched = psutil.Process(process.pid)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY)
            return
        _refuse_too_many(answers, name, limits)
        if shutil.disk_usage(answers.parent).free < _LEFT_FREE:
            raise UserError(f"There is not enough room on the disk to read {name}.", "Free some space and try again.")
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if watched.memory_info().rss > limits.memory:
                raise _too_much_memory(name, limits)
            if watched.cpu_times().user > limits.seconds:
                raise _too_long(name, limits)
        if time.monotonic() - began > limits.seconds:
            raise _too_long(name, limits)


def _refuse_too_many(answers: Path, name: str, limits: Limits) -> None:
    if answers.stat().st_size > limits.answers:
        raise UserError(f"{name} holds more than {words.size(limits.answers)} of text.", _SMALLER)


def _too_much_memory(name: str, limits: Limits) -> UserError:
    return UserError(f"{name} needs more than {words.size(limits.memory)} of memory to read.", _SMALLER)


def _too_long(name: str, limits: Limits) -> UserError:
    return UserError(f"{name} takes longer than {limits.seconds:g} s to read.", _SMALLER)
