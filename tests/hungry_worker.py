"""A worker whose process is killed as Linux does when memory runs out; with half as much it comes to its end."""

import os
import signal
from pathlib import Path
from typing import Any

from localft.jobs import JobContext


def count_a_kill(root: Path) -> None:
    """One more in the counter of a system of our own."""
    counter = root / "proc/vmstat"
    counter.parent.mkdir(parents=True, exist_ok=True)
    known = int(counter.read_text().split()[-1]) if counter.exists() else 6
    counter.write_text(f"nr_free_pages 17\noom_kill {known + 1}\n")


def run(context: JobContext) -> dict[str, Any]:
    """Be killed, of which the system may tell, unless it does with less."""
    if not (context.folder / "less").exists():
        if context.settings.get("counts"):
            count_a_kill(Path(context.settings["root"]))
        if context.settings.get("stop"):
            (context.folder / "stop").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    (context.folder / "blocked.txt").write_text(str(sorted(blocked)))
    return {"message": "Done with less."}


def relieve(context: JobContext) -> str:
    """It does with half."""
    (context.folder / "less").touch()
    return "Linux killed it; it goes on with half as much."
