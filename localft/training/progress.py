"""How a run goes: the best validation so far, when to stop early, what was spent. Saved with each checkpoint."""

from localft.store.records import Record

# What a loss has to move by to be called moved: less may be rounding, or the chance of which examples came.
NOTICEABLE = 0.01
# So many of some held-out pairs may be preferred as they should by chance.
_BY_CHANCE = 0.6
PROGRESS = "progress.json"


class RunProgress(Record):
    """progress.json in a checkpoint. Seconds and `trained_tokens` are summed over every part of a resumed run.

    `seconds` were spent on steps; `whole_seconds` on everything, loading, validating and saving included.
    `best_preferred` is the part of held-out pairs whose better answer the best weights prefer. `packed` says for what
    the steps were put in order when the run began: that order stays, also where a later part cannot pack.
    `training_loss` is the mean of those logged between the last two validations, `loss_at_best` that before the best
    one; those logged since are summed in `losses_since`, `points_since` of them.
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
    training_loss: float | None = None
    losses_since: float = 0.0
    points_since: int = 0
    seconds: float = 0.0
    whole_seconds: float = 0.0
    trained_tokens: int = 0
    peak_memory_bytes: int = 0

    def after_validation(self, step: int, loss: float, preferred: float | None = None) -> "RunProgress":
        """The progress after a validation loss (nats per learned token or pair); that of step 0 is the base model's."""
        if step == 0:
            return self.model_copy(update={"first_validation_loss": loss, "validated_step": 0})
        better = self.best_validation_loss is None or loss < self.best_validation_loss
        training = self.losses_since / self.points_since if self.points_since else self.training_loss
        changes: dict[str, float | int | None] = {
            "validation_loss": loss,
            "validated_step": step,
            "training_loss": training,
            "losses_since": 0.0,
            "points_since": 0,
            "without_improvement": 0 if better else self.without_improvement + 1,
        }
        if better:
            changes |= {"best_validation_loss": loss, "best_step": step, "loss_at_best": training}
            changes |= {"best_preferred": preferred}
        return self.model_copy(update=changes)

    def after_point(self, loss: float) -> "RunProgress":
        """The progress after a point of the training curve."""
        since = {"losses_since": self.losses_since + loss, "points_since": self.points_since + 1}
        return self.model_copy(update={"loss": loss, **since})

    def patience_is_over(self, patience: int) -> bool:
        """Whether to stop early; a patience of 0 never does."""
        return patience > 0 and self.without_improvement >= patience

    @property
    def is_overfitting(self) -> bool:
        """Whether validation rises while training falls: the model has begun to learn the examples by heart."""
        if self.validation_loss is None or self.best_validation_loss is None:
            return False
        if self.training_loss is None or self.loss_at_best is None:
            return False
        rises = self.validation_loss >= (1 + NOTICEABLE) * self.best_validation_loss
        falls = self.training_loss <= (1 - NOTICEABLE) * self.loss_at_best
        return rises and falls and self.without_improvement >= 2


def is_no_better(best: float | None, first: float | None, preferred: float | None = None) -> bool:
    """Whether a run's best validation loss is not noticeably below that of the base model, where both are known.

    Of pairs a small step may prefer most of the better answers, `preferred` of them, while the loss has hardly moved.
    """
    if best is None or first is None or (preferred is not None and preferred > _BY_CHANCE):
        return False
    return best > (1 - NOTICEABLE) * first
