"""How a run goes: the best validation so far, when to stop early, what was spent. Saved with each checkpoint."""

import math

from localft.store.records import Record


class RunProgress(Record):
    """progress.json in a checkpoint. Seconds and `trained_tokens` are summed over every part of a resumed run.

    `seconds` were spent on steps; `whole_seconds` on everything, loading, validating and saving included.
    `best_preferred` is the part of held-out pairs whose better answer the best weights prefer. `packed` says for what
    the steps were put in order when the run began: that order stays, also where a later part cannot pack.
    """

    packed: bool | None = None
    first_validation_loss: float | None = None
    validation_loss: float | None = None
    best_validation_loss: float | None = None
    best_step: int | None = None
    best_preferred: float | None = None
    validated_step: int | None = None
    without_improvement: int = 0
    loss: float | None = None
    loss_at_best: float | None = None
    seconds: float = 0.0
    whole_seconds: float = 0.0
    trained_tokens: int = 0
    peak_memory_bytes: int = 0

    def after_validation(self, step: int, loss: float, preferred: float | None = None) -> "RunProgress":
        """The progress after a validation loss (nats per learned token or pair); that of step 0 is the base model's."""
        if step == 0:
            return self.model_copy(update={"first_validation_loss": loss, "validated_step": 0})
        better = self.best_validation_loss is None or loss < self.best_validation_loss
        changes: dict[str, float | int | None] = {
            "validation_loss": loss,
            "validated_step": step,
            "without_improvement": 0 if better else self.without_improvement + 1,
        }
        if better:
            changes |= {"best_validation_loss": loss, "best_step": step, "loss_at_best": self.loss}
            changes |= {"best_preferred": preferred}
        return self.model_copy(update=changes)

    def patience_is_over(self, patience: int) -> bool:
        """Whether to stop early; a patience of 0 never does."""
        return patience > 0 and self.without_improvement >= patience

    @property
    def is_overfitting(self) -> bool:
        """Whether validation rises while training falls: the model has begun to learn the examples by heart."""
        return (
            self.loss_at_best is not None
            and self.loss is not None
            and math.isfinite(self.loss)
            and self.loss < self.loss_at_best
            and self.without_improvement >= 2
        )
