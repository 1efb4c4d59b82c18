"""What a run keeps on the disk: its checkpoints, and the weights that it publishes; and what is told of both."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from localft import words
from localft.errors import UserError, explain, system_number
from localft.jobs import JobContext
from localft.training.checkpoints import CHECKPOINTS, WEIGHTS, Checkpoints, is_whole, publish, restore, sweep
from localft.training.continuity import CONTINUITY
from localft.training.order import Order
from localft.training.progress import PROGRESS
from localft.training.relief import forget_losses

# What a run's weights consist of; the rest of a checkpoint is for resuming.
_STATES = {"optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state.pth", "trainer_state.json"}
_NOT_WEIGHTS = {*_STATES, PROGRESS, CONTINUITY, "manifest.json"}
# A trained weight in a checkpoint: itself and two moments of the optimiser, fp32 each.
_BYTES_PER_WEIGHT = 12
# In what torch says of a file that it could not write.
_TORCH_WRITES = "inline_container"
_NO_MATTER_OF_ROOM = {errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM}


class Saving:
    """The checkpoints and the published weights of one run, whose model has so many weights that learn.

    Only one process writes here: of several that learn together the first.
    """

    def __init__(self, context: JobContext, order: Order, trainable: int) -> None:
        self._context, self._order = context, order
        self._checkpoints = Checkpoints(order.folder / CHECKPOINTS, order.identity)
        self._bytes = trainable * _BYTES_PER_WEIGHT + (1 << 20)
        self.step = 0
        # What a kill left half-written: checkpoints, and weights about to be published.
        sweep(self.folder)
        restore(order.folder / WEIGHTS)

    @property
    def folder(self) -> Path:
        """Where the checkpoints lie; `step` is that of the newest that was found or saved, 0 without any."""
        return self._checkpoints.folder

    def newest(self) -> Path | None:
        """The newest checkpoint that is whole; what is set aside on the way is told."""
        before = self._checkpoints.count()
        newest = self._checkpoints.newest()
        self.step = newest[0] if newest else 0
        aside = before - self._checkpoints.count()
        if aside:
            what = f"{words.counted(aside, 'checkpoint')} of this run {'is' if aside == 1 else 'are'} damaged"
            anew = "" if newest else " None is left: the run begins again with its first step."
            message = f"{what}, or of other settings or data; set aside in checkpoints/quarantine.{anew}"
            self._context.event("warning", message=message)
        if before:
            self._context.event("resumed", step=self.step)
        return newest[1] if newest else None

    def save(self, step: int, write: Callable[[Path], None], protected: int | None) -> None:
        """Save what `write(folder)` writes as the checkpoint of a step; that of step `protected` is not deleted.

        Raises:
            UserError: there is no room on the disk, or it cannot be written.
        """
        try:
            self._checkpoints.save(step, write, protected)
            self.step = step
            forget_losses(self._order.folder, self._order.plan)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise self._not_saved(error) from error

    def publish(self, best: int | None) -> int | None:
        """Publish the weights of the best step, where they are damaged those of the newest; return which step."""
        folder = self._checkpoints.path(best) if best is not None else None
        if folder is None or not is_whole(folder, self._order.identity):
            newest = self._checkpoints.newest()
            if newest is None:
                return None
            folder = newest[1]
            if best is not None:
                message = f"The checkpoint of the best step, {best}, is damaged; the weights are those of the newest."
                self._context.event("warning", message=message)
        step = int(folder.name.rpartition("-")[2])
        # Of several processes together each has random numbers of its own, in files named after it.
        apart = {*_NOT_WEIGHTS, *(path.name for path in folder.glob("rng_state*"))}
        names = tuple(path.name for path in folder.iterdir() if path.name not in apart)
        publish(folder, self._order.folder / WEIGHTS, names, step, self._order.identity)
        return step

    def clear(self) -> None:
        """Delete the checkpoints of a run that is finished."""
        self._checkpoints.clear()

    def refuse_small_disk(self) -> None:
        """Say before the first step, not after hours, that the disk cannot hold the checkpoints of the run.

        Raises:
            UserError: it cannot.
        """
        missing = max(1, Checkpoints.MOST - self._checkpoints.count())
        needed, free = missing * self._bytes, self._free_bytes()
        if free < needed:
            raise UserError(
                f"The disk is too full: the checkpoints of this run take {words.size(needed)} "
                f"and {words.size(free)} are free.",
                "Free some space and resume.",
            )

    def _not_saved(self, error: Exception) -> Exception:
        """Why a checkpoint could not be written, in a sentence; what is no matter of writing stays as it is.

        torch and safetensors report a full disk as errors of their own, and so a quota or a limit of a file's size,
        for which the disk seems to have room.
        """
        takes, free = words.size(self._bytes), self._free_bytes()
        if free < self._bytes:
            return UserError(
                f"The disk is full: a checkpoint takes {takes} and {words.size(free)} are free.",
                "Free some space and resume; what was saved before is kept.",
            )
        known = explain(error)
        if known is not None and system_number(error) in _NO_MATTER_OF_ROOM:
            return UserError(
                f"A checkpoint could not be written in {self.folder}. {known.message}",
                f"{known.hint} Then resume; what was saved before is kept.",
            )
        if isinstance(error, OSError | SafetensorError) or _TORCH_WRITES in str(error):
            return UserError(
                f"A checkpoint of {takes} could not be written in {self.folder}: {str(error).splitlines()[0][:200]}",
                "A quota, or a limit of the size of a file there, may be reached. Give it room, or move localft's "
                "folder with LOCALFT_HOME, and resume; what was saved before is kept.",
            )
        return error

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._order.folder).free
