"""A worker for tests of the job machinery: what it does is in its settings. No libraries, starts in a moment."""

import os
import time
from typing import Any

from localft.advice import Advice
from localft.errors import StartAgain, UserError
from localft.jobs import JobContext
from localft.store import files


def run(context: JobContext) -> dict[str, Any]:
    """Do `steps` steps of `seconds`, continuing from where an earlier part of the job was ended."""
    settings = context.settings
    counter = context.folder / "steps.txt"
    done = int(counter.read_text()) if counter.exists() else 0
    while done < settings.get("steps", 1):
        context.raise_if_stopped()
        time.sleep(settings.get("seconds", 0.0))
        done += 1
        # Whole or not at all: it is killed at any moment.
        files.write_text(counter, str(done))
        context.progress(done, settings["steps"], "steps", "Counting", at_once=True)
    if settings.get("fail") == "again" and not (context.folder / "again").exists():
        (context.folder / "again").touch()
        raise StartAgain("Once more.")
    if settings.get("fail") == "user":
        raise UserError("The sky is down.", "Look up.")
    if settings.get("fail") == "advised":
        raise UserError("The sky is down.", Advice("Say --up.", "Look up."))
    if settings.get("fail") == "bug":
        raise ZeroDivisionError("one over nothing")
    if settings.get("fail") == "crash":
        os._exit(3)
    return {"message": f"Counted to {done}.", "done": done}
