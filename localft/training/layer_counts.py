"""How many layers are to be computed twice once a look before step 1 has measured what the plan had worked out."""

from collections.abc import Iterable

from localft.planning.fitting import COMFORTABLE, TIGHT
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
    # Where one example is on the card at once, there cannot be fewer.
    most = shape.layers if plan.micro_batch_size == 1 else min(shape.layers, now + shape.layers // _SOME)
    return layers_with_room(found, room, settings, plan, shape, range(now, most + 1)) if now < most else None


def room_to_fill(room: int, system: str) -> int:
    """Of the room on a card the part that may be filled on purpose, as a plan does: where the system does not say that
    memory has ended, some is left over.
    """
    return int(room * COMFORTABLE / TIGHT) if system == "Windows" else room


def layers_with_room(
    found: Probe, room: int, settings: TrainingSettings, plan: Plan, shape: ModelShape, counts: Iterable[int]
) -> int | None:
    """The first of some numbers with which the largest micro-batch has room, None where it has with none.

    The first number is that of `plan`, which was measured.
    """

    def taken(extent: Extent, count: int) -> int:
        changed = plan.model_copy(update={"recomputed_layers": count})
        return step_bytes(shape, load_of(settings, changed, extent.tokens, extent.learned_share, extent.documents))

    return found.layers_to_recompute(room, counts, taken)
