"""The process of a job: `python -m localft.jobs.runner FOLDER` waits its turn, runs the worker, writes the outcome."""

import importlib
import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType, ModuleType

from filelock import FileLock, Timeout

from localft import privacy
from localft.advice import Advice, in_app, on_command_line
from localft.errors import StartAgain, Stopped, explain
from localft.jobs import control, guarding, helping, queue
from localft.jobs.awake import kept_awake
from localft.jobs.context import JobContext
from localft.jobs.records import JobOrder, JobResult
from localft.store import files

_TURN_POLL_SECONDS = 0.3
_RESERVE = 1 << 16
_AGAIN = 86
_log = logging.getLogger(__name__)


def main(folder: Path, guard: int | None = None, *, memory_ran_out: bool = False) -> int:
    """Run the job of a folder to its end; return the exit status: 0 finished, 1 failed, 130 stopped.

    86: it goes on in another process, which has been started. `guard` is the process that sees how this one ends;
    `memory_ran_out` says that the system has killed the one before it.

    Under `accelerate launch` the first process is the job's, and others help it (see `localft.training.ranks`).
    """
    if helping.is_helper():
        return helping.help_with(folder)
    privacy.switch_telemetry_off()
    # Threads of torch that wait for each other keep a core busy doing so. On a computer that has other work too they
    # then wait for themselves: steps of a small model took up to seven times as long. So they wait briefly, then sleep.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    owner = FileLock(folder / ".owner.lock")
    try:
        owner.acquire(timeout=0)
    except Timeout:
        _log.error("Another process owns this job")
        return 1
    queue.own_process(guard).save(folder / "process.json")
    _stop_on_signals(folder)
    lease = FileLock(queue.device_lock())
    # Given back before the outcome is written, so that a full disk does not swallow the sentence about itself.
    reserve = folder / ".reserve"
    try:
        result = _run(JobContext(folder, JobOrder.load(folder / "job.json")), lease, reserve, memory_ran_out)
    finally:
        lease.release()
        reserve.unlink(missing_ok=True)
        helping.clear(folder)
    if result is None:
        # The next process has to own the folder.
        owner.release()
        control.start_again(folder)
        return _AGAIN
    if not (folder / "job.json").exists():
        # Someone has deleted the job; a folder with a result alone would be no job that can be read.
        _log.error("The folder of this job is gone; how it ended is not written: %s", result.message)
        return 1
    result.save(folder / "result.json")
    queue.leave(folder)
    return {"finished": 0, "stopped": 130}.get(result.outcome, 1)


def _run(context: JobContext, lease: FileLock, reserve: Path, memory_ran_out: bool) -> JobResult | None:
    """Wait for the job's turn where it needs the device, run its worker, and say how that ended.

    None: it has not, but has to go on in another process.
    """
    try:
        reserve.write_bytes(bytes(_RESERVE))
        if context.order.needs_device:
            _wait_for_turn(context, lease)
        queue.own_process().save(context.folder / "started.json")
        context.begin()
        context.event("started")
        worker = importlib.import_module(context.order.worker)
        if memory_ran_out:
            context.event("warning", message=_relieved(worker, context))
        with kept_awake(), context.clock.beating():
            value = worker.run(context)
        return _result("finished", str(value.pop("message", "Finished.")), value=value)
    except Stopped as stopped:
        return _result("stopped", str(stopped) or "Stopped at your request; what was done is kept.")
    except StartAgain as again:
        _log.warning("The job goes on in a new process", exc_info=True)
        context.event("warning", message=str(again))
        return None
    except Exception as error:  # noqa: BLE001 - the one place where a worker's failure becomes its outcome
        _log.exception("The job failed")
        known = explain(error)
        if known is not None:
            return _result("failed", known.message, hint=known.hint)
        text = f"{type(error).__name__}: {str(error)[:500]}"
        return _result(
            "failed",
            f"Something unexpected went wrong: {text}",
            hint="The details are in worker.log in the job's folder.",
        )


def _relieved(worker: ModuleType, context: JobContext) -> str:
    """Let a worker note how it goes on with less memory, and return it as a sentence.

    Raises:
        MemoryError: it knows no way, since it has no function `relieve`.
        UserError: none is left.
    """
    if not hasattr(worker, "relieve"):
        raise MemoryError
    return worker.relieve(context)


def _result(outcome: str, message: str, hint: str = "", value: dict[str, object] | None = None) -> JobResult:
    otherwise = in_app(hint) if isinstance(hint, Advice) else ""
    return JobResult(
        outcome=outcome, message=message, hint=on_command_line(hint), hint_in_app=otherwise, finished_at=files.now(),
        value=value or {},
    )  # fmt: skip


def _wait_for_turn(context: JobContext, lease: FileLock) -> None:
    """Block until no living job is ahead and the device's lock is ours.

    Raises:
        Stopped: at the user's request.
    """
    while True:
        if context.stop_requested():
            raise Stopped("Stopped before it began.")
        if queue.ahead_of(context.folder) is None:
            try:
                lease.acquire(timeout=0)
            except Timeout:
                _log.debug("The device is still held")
            else:
                return
        time.sleep(_TURN_POLL_SECONDS)


def _stop_on_signals(folder: Path) -> None:
    """A termination signal means the same as the stop file: finish the step, save, end."""

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        (folder / "stop").touch()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)


if __name__ == "__main__":
    ran_out = control.MEMORY_RAN_OUT in sys.argv
    own = Path(sys.argv[1])
    sys.exit(guarding.guarded(own, lambda guard: main(own, guard, memory_ran_out=ran_out)))
