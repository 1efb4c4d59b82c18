"""What a run measures of memory that is not carried out as it was planned."""

from localft.planning.memory import memory_by_cause
from localft.planning.model_shape import ModelShape
from localft.planning.plan import Plan, load_of
from localft.planning.recipe import TrainingSettings


def carried_out_bytes(
    settings: TrainingSettings, plan: Plan, shape: ModelShape, tokens: int, learned_share: float
) -> int:
    """What a run will measure whose largest micro-batch has so many tokens, such a part of them learned.

    `plan` is the one that is carried out, where memory ran out with less at once than the one that was shown; as in
    `Plan.measured_bytes` that is torch's allocator on a card, else the whole process.
    """
    memory = memory_by_cause(shape, load_of(settings, plan, tokens, learned_share), plan.memory_correction)
    return sum(memory.values()) - (memory["runtime"] if plan.on_gpu else 0)
