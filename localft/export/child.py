"""The inside of a stage: `python -m localft.export.child MODULE` runs one step of an export in a process of its own.

A step has memory of its own, which the system takes back whole; libraries that cannot live together stay apart; and a
crash inside a library ends the step only. The order comes as one line of JSON on stdin. Answers are lines of JSON on
stdout: any number of {"progress": ...}, then {"value": ...} or {"error": ...}. The parent keeps stdin open: when it
ends, however that happens, the child does too.
"""

import errno
import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from localft import privacy
from localft.errors import explain

Report = Callable[[float, float, str], None]


def main(module: str) -> int:
    """Run `localft.export.MODULE`'s `run(settings, report)`; return the exit status."""
    privacy.switch_telemetry_off()
    # Whatever a library prints, in Python or in C, belongs into the log and not among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def report(done: float, total: float, message: str) -> None:
        _answer(answers, {"progress": [done, total, message]})

    try:
        value = importlib.import_module(f"localft.export.{module}").run(settings, report)
    except Exception as error:  # noqa: BLE001 - the one place where a step's failure becomes its answer
        traceback.print_exc()
        known = explain(_with_reason(error))
        text = known.message if known else f"{type(error).__name__}: {str(error)[:500]}"
        _answer(answers, {"error": {"message": text, "hint": known.hint if known else "", "known": known is not None}})
        return 1
    _answer(answers, {"value": value, "peak_bytes": peak_bytes()})
    return 0


def _with_reason(error: Exception) -> Exception:
    """The error with the system's reason where numpy keeps it to itself.

    Of an array that no longer fits on the disk it says only how much of it was written.
    """
    if isinstance(error, OSError) and error.errno is None and " requested and " in str(error):
        return OSError(errno.ENOSPC, str(error))
    return error


def _answer(stream: TextIO, value: dict[str, Any]) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def peak_bytes() -> int:
    """The most memory that this process has held at once, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent held when it started this process.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if os.name == "nt":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    # Libraries of native code may fail while the interpreter takes itself apart; the answer has been given.
    os._exit(status)
