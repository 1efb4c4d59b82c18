"""Parsers that a strange file could misuse run in a child process: with limits, and without pickle or shell."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import psutil
import pydantic

from localft import words
from localft.data.readers.parsers.child import OUT_OF_MEMORY, REFUSED
from localft.errors import UserError

Record = TypeVar("Record")


@dataclass(frozen=True)
class Limits:
    """What a parser may use: seconds (of the clock, and of the processor), bytes of memory, bytes of answers."""

    seconds: float = 120
    memory: int = 2 << 30
    answers: int = 1 << 30


LIMITS = Limits()
_LOOK_EVERY = 0.05
_CHUNK = 1 << 20
# Of the parent's surroundings the child gets these: where Python and its libraries are, and on Windows the system.
_KEPT = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMP", "TEMP",
    "HOME", "USERPROFILE", "APPDATA", "SYSTEMROOT",
)  # fmt: skip
# Libraries of numbers reserve memory for as many threads as there are cores.
_OWN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
_SMALLER = "Divide it into smaller files; a table can be saved as CSV, which is read row by row."
_OTHER = "Open it in the program that made it and save it again, or as text or CSV."


def parse(
    parser: str,
    content: bytes,
    name: str,
    record: type[Record],
    arguments: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
) -> list[Record]:
    """Let a parser read a file's contents in a child process; what it answers is checked to be such records.

    Raises:
        UserError: the parser refuses the file, breaks, or needs more than the limits.
    """
    request = {
        "parser": parser,
        "arguments": dict(arguments or {}),
        "memory": limits.memory,
        "seconds": math.ceil(limits.seconds),
    }
    status, answers = _Child(request, content, name, limits).finish()
    if status == REFUSED:
        refusal = json.loads(answers.splitlines()[-1])
        raise UserError(f"{name} {refusal['reason']}.", refusal["hint"] or _OTHER)
    if status == OUT_OF_MEMORY:
        raise _too_much_memory(name, limits)
    if status == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise _too_long(name, limits)
    if status != 0:
        raise UserError(f"{name} is damaged: the program that reads it broke off.", _OTHER)
    kind = pydantic.TypeAdapter(record)
    try:
        return [kind.validate_json(line) for line in answers.splitlines()]
    except pydantic.ValidationError as error:
        raise UserError(f"{name} is damaged: the program that reads it answered nonsense.", _OTHER) from error


class _Child:
    """A running parser: it is fed and listened to in threads, while this one looks at what it uses."""

    def __init__(self, request: dict[str, Any], content: bytes, name: str, limits: Limits) -> None:
        command = [sys.executable, "-P", "-m", "localft.data.readers.parsers.child", json.dumps(request)]
        surroundings = {key: os.environ[key] for key in _KEPT if key in os.environ} | _OWN
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._name, self._limits = name, limits
        self._answers = bytearray()
        self._overflown = False
        streams = self._process.stdin, self._process.stdout
        if streams[0] is None or streams[1] is None:
            raise RuntimeError("the child has no pipes")
        self._threads = [
            threading.Thread(target=self._feed, args=(streams[0], content), daemon=True),
            threading.Thread(target=self._listen, args=(streams[1],), daemon=True),
        ]

    def finish(self) -> tuple[int, bytes]:
        """Wait for the end: the exit status (negative: the signal that ended it), and all it wrote.

        Raises:
            UserError: it used more than it may, and was ended.
        """
        for thread in self._threads:
            thread.start()
        try:
            self._watch()
        finally:
            self._process.kill()
            self._process.wait()
            for thread in self._threads:
                thread.join()
        if self._overflown:
            raise self._too_many_answers()
        return self._process.returncode, bytes(self._answers)

    def _watch(self) -> None:
        began = time.monotonic()
        watched = psutil.Process(self._process.pid)
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_EVERY)
                return
            if self._overflown:
                raise self._too_many_answers()
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if watched.memory_info().rss > self._limits.memory:
                    raise _too_much_memory(self._name, self._limits)
                if watched.cpu_times().user > self._limits.seconds:
                    raise _too_long(self._name, self._limits)
            if time.monotonic() - began > self._limits.seconds:
                raise _too_long(self._name, self._limits)

    def _feed(self, stream: IO[bytes], content: bytes) -> None:
        # A parser that has seen enough reads no further.
        with contextlib.suppress(OSError), stream:
            stream.write(content)

    def _listen(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError), stream:
            while part := stream.read(_CHUNK):
                self._answers += part
                if len(self._answers) > self._limits.answers:
                    self._overflown = True
                    return

    def _too_many_answers(self) -> UserError:
        return UserError(f"{self._name} holds more than {words.size(self._limits.answers)} of text.", _SMALLER)


def _too_much_memory(name: str, limits: Limits) -> UserError:
    return UserError(f"{name} needs more than {words.size(limits.memory)} of memory to read.", _SMALLER)


def _too_long(name: str, limits: Limits) -> UserError:
    return UserError(f"{name} takes longer than {limits.seconds:g} s to read.", _SMALLER)
