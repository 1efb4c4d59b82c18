"""The outside of a stage: start one step of an export in its own process, pass its progress on, stop it on demand."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from localft.errors import Stopped, UserError

_POLL_SECONDS = 0.2
Report = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Outcome:
    """What a step returned, and the most memory it held at once in bytes."""

    value: dict[str, Any]
    peak_bytes: int


class ChildDied(UserError):
    """The process of a step ended without an answer: a crash in native code."""


def run_child(
    module: str,
    settings: dict[str, Any],
    report: Report | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run `localft.export.MODULE` in a child process and wait for its answer. stderr is the caller's.

    Raises:
        UserError: the step failed, its process died, or the system was out of memory.
        Stopped: the user asked for it; the process is gone.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-X", "faulthandler", "-m", "localft.export.child", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        return _converse(process, module, settings, report, stop_requested)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _converse(
    process: "subprocess.Popen[str]",
    module: str,
    settings: dict[str, Any],
    report: Report | None,
    stop_requested: Callable[[], bool],
) -> Outcome:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child has no pipes")
    answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, answers), daemon=True).start()
    try:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
    except OSError:
        answers.put(None)
    while True:
        if stop_requested():
            raise Stopped
        try:
            answer = answers.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if answer is None:
            raise _died(process, module)
        if "progress" in answer and report is not None:
            report(*answer["progress"])
        if "error" in answer:
            raise _failure(answer["error"])
        if "value" in answer:
            process.wait(timeout=60)
            return Outcome(answer["value"], answer["peak_bytes"])


def _read(stream: IO[str], answers: "queue.Queue[dict[str, Any] | None]") -> None:
    for line in stream:
        answers.put(json.loads(line))
    answers.put(None)


def _failure(error: dict[str, Any]) -> Exception:
    if error["known"]:
        return UserError(error["message"], error["hint"])
    return RuntimeError(error["message"])


def _died(process: "subprocess.Popen[str]", module: str) -> UserError:
    status = process.wait(timeout=60)
    # Minus 9 is the signal with which Linux ends the process that wants more memory than there is.
    if status in {-9, 137}:
        return UserError("The computer ran out of memory during the export.", "Close other programs, then resume it.")
    return ChildDied(
        f"The step {module} of the export ended unexpectedly (status {status}).",
        "The details are in worker.log in the export's folder.",
    )
