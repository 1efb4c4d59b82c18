"""How many layers are to be computed twice where a look before step 1 finds too little room."""

from localft.planning.memory import step_bytes
from localft.planning.model_shape import ModelShape
from localft.planning.plan import Plan, load_of
from localft.planning.recipe import TrainingSettings
from localft.training.probing import Extent, Probe

# Of all layers this part may be computed twice in addition; beyond that, fewer examples at once cost less time.
_SOME = 8


def layers_that_help(found: Probe, room: int, settings: TrainingSettings, plan: Plan, shape: ModelShape) -> int | None:
    """The fewest with which the largest micro-batch has room after all, None where some more are not enough."""
    now = plan.recomputed_layers

    def taken(extent: Extent, count: int) -> int:
        changed = plan.model_copy(update={"recomputed_layers": count})
        return step_bytes(shape, load_of(settings, changed, extent.tokens, extent.learned_share, extent.documents))

    # Where one example is on the card at once, there cannot be fewer.
    most = shape.layers if plan.micro_batch_size == 1 else min(shape.layers, now + shape.layers // _SOME)
    return found.layers_to_recompute(room, range(now, most + 1), taken) if now < most else None
