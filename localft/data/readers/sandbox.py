"""Parsers that a strange file could misuse run in a child process with limits, and answer in lines of JSON.

`python -m localft.data.readers.sandbox MODULE` reads a file's bytes from its standard input and writes one JSON value a
line: what the function `rows` of that module yields.
"""

import importlib
import json
import math
import os
import signal
import subprocess
import sys
from typing import Any

from localft.errors import UserError

_SECONDS = 120
_MEMORY = 2 << 30
_PARSERS = ("localft.data.readers.workbook",)
# What the child says before it ends with status 3: a sentence of its parser, not of Python.
_REFUSED = 3
_OUT_OF_MEMORY = 4
# Of the parent's surroundings the child gets these: where Python and its libraries are, and on Windows the system.
_KEPT = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMP", "TEMP",
    "HOME", "USERPROFILE", "APPDATA", "SYSTEMROOT",
)  # fmt: skip
# numpy, which openpyxl looks for, reserves memory for as many threads as there are cores.
_OWN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Refused(ValueError):
    """Raised by a parser: why the whole file cannot be read, as the rest of a sentence that begins with its name."""


def parse(module: str, content: bytes, name: str, seconds: float = _SECONDS, memory: int = _MEMORY) -> list[Any]:
    """Let a parser read a file's contents in a child process that gets no more than this time and memory.

    Raises:
        UserError: the parser refuses the file, breaks, or needs more.
    """
    command = [sys.executable, "-P", "-m", "localft.data.readers.sandbox", module, str(memory), str(math.ceil(seconds))]
    surroundings = {key: os.environ[key] for key in _KEPT if key in os.environ} | _OWN
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=seconds, check=False, env=surroundings
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{name} takes longer than {seconds:g} s to read.", _SMALLER) from error
    if done.returncode == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise UserError(f"{name} takes longer than {seconds:g} s to read.", _SMALLER)
    if done.returncode == _REFUSED:
        raise UserError(f"{name} {json.loads(done.stdout.splitlines()[-1])}.", "Save it as CSV and try again.")
    if done.returncode == _OUT_OF_MEMORY:
        raise UserError(f"{name} needs more than {memory >> 20:,} MB of memory to read.", _SMALLER)
    if done.returncode != 0:
        raise UserError(f"{name} is damaged: the program that reads it broke off.", "Save it as CSV and try again.")
    return [json.loads(line) for line in done.stdout.splitlines()]


_SMALLER = "Save it as CSV, or divide it into smaller files."


def main(module: str, memory: int, seconds: int) -> int:
    """Be the child; the exit status is 0, or says why there is no answer."""
    _limit(memory, seconds)
    if module not in _PARSERS:
        return 1
    try:
        parser = importlib.import_module(module)
        for value in parser.rows(sys.stdin.buffer.read()):
            sys.stdout.write(json.dumps(value) + "\n")
    except Refused as error:
        sys.stdout.write(json.dumps(str(error)) + "\n")
        return _REFUSED
    except MemoryError:
        return _OUT_OF_MEMORY
    return 0


def _limit(memory: int, seconds: int) -> None:
    """Set the system's own limits, where it has them; the parent looks at the clock everywhere."""
    if os.name == "nt":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    # By its own name: what a parser raises is the class of that module, not of this one, which is `__main__`.
    sys.exit(importlib.import_module("localft.data.readers.sandbox").main(sys.argv[1], *map(int, sys.argv[2:])))
