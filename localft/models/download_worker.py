"""The download job: file by file into the Hugging Face cache, with progress, stop and resume."""

import threading
from typing import Any

from localft.errors import Stopped
from localft.jobs import JobContext
from localft.models.base_model import BaseModel
from localft.models.download import missing_files, refuse_without_space
from localft.models.hub_access import explained
from localft.models.transfer import BLOCK_BYTES, fetch

_POLL_SECONDS = 0.2


def run(context: JobContext) -> dict[str, Any]:
    """Fetch the files of `settings["model"]`; what a stopped download has fetched is kept and continued.

    Raises:
        UserError: too little space is free, access is denied, the hub is out of reach.
        Stopped: the user asked for it.
    """
    model = BaseModel.model_validate(context.settings["model"])
    refuse_without_space(model)
    transfer = _Transfer(model, missing_files(model))
    thread = threading.Thread(target=transfer.run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
        context.progress(transfer.done, transfer.total, "bytes", f"Downloading {model.name}")
        if context.stop_requested():
            # The thread sees it at its next block. It is a daemon, so that one that hangs in the network cannot keep
            # the process alive.
            transfer.stopping.set()
            thread.join(10 * _POLL_SECONDS)
            raise Stopped("The download was stopped; it continues where it was.")
    if transfer.error is not None:
        raise transfer.error
    context.progress(transfer.total, transfer.total, "bytes", f"Downloaded {model.name}", at_once=True)
    return {"message": f"{model.name} is downloaded.", "reference": model.reference, "revision": model.revision}


class _Transfer:
    """The transfer in its own thread: what it has done so far, and the error it ended with."""

    def __init__(self, model: BaseModel, missing: dict[str, int]) -> None:
        self.model = model
        self.missing = missing
        self.total = sum(model.files.values())
        self.stopping = threading.Event()
        self.error: Exception | None = None
        self._finished = self.total - sum(missing.values())
        self._current = 0

    @property
    def done(self) -> int:
        """Bytes that are here, those of earlier attempts included."""
        return min(self.total, self._finished + self._current)

    def run(self) -> None:
        from huggingface_hub import constants

        # The client hands on blocks of 10 MB; with smaller ones progress moves and a stop is seen on slow lines too.
        constants.DOWNLOAD_CHUNK_SIZE = BLOCK_BYTES  # ty: ignore[invalid-assignment]
        try:
            with explained(self.model.reference):
                for name, size in self.missing.items():
                    fetch(self.model.reference, self.model.revision or "main", name, size, self.advance)
                    self._finished += size
                    self._current = 0
        except Exception as error:  # noqa: BLE001 - handed to the job's own thread, which raises it
            self.error = error

    def advance(self, count: int) -> None:
        """Count bytes; called for every block.

        Raises:
            Stopped: the user asked for it.
        """
        self._current += count
        if self.stopping.is_set():
            raise Stopped
