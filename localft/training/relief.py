"""What a run changes when memory runs out, and how it goes on: the batch stays, less of it is on the device at once."""

from pathlib import Path

from localft import words
from localft.advice import Advice
from localft.errors import UserError
from localft.planning.plan import ALL_LAYERS, Plan
from localft.store.records import Record

_FILE = "relief.json"
# So often a lost device is tried anew before the run is left to the person.
_MOST_LOSSES = 1


class Relief(Record):
    """relief.json of a run: what is different from its plan. Missing: nothing.

    `lost` counts how often the device was lost since the last progress. `enough_layers` is the number of recomputed
    layers that a look before step 1 has found to be enough, fewer than planned; None where it has chosen none. If that
    is all that is different, `by_need` is false.
    """

    micro_batch_size: int
    recomputed_layers: int
    lost: int = 0
    enough_layers: int | None = None
    by_need: bool = True


def relieved(folder: Path, plan: Plan) -> Plan:
    """The plan of the run in `folder` as it is carried out by now."""
    relief = _read(folder)
    return _with(plan, relief.micro_batch_size, relief.recomputed_layers) if relief is not None else plan


def is_relieved(folder: Path) -> bool:
    """Whether the run in `folder` had to do with less than planned, or was interrupted by a lost device."""
    relief = _read(folder)
    return relief is not None and relief.by_need


def is_changed(folder: Path) -> bool:
    """Whether anything of the run in `folder` is different from its plan, or has been."""
    return _read(folder) is not None


def layers_chosen(folder: Path) -> bool:
    """Whether a look before step 1 has found that fewer layers than planned have to be computed twice."""
    relief = _read(folder)
    return relief is not None and relief.enough_layers is not None


def choose_layers(folder: Path, plan: Plan, layers: int) -> Plan:
    """Note that so many recomputed layers are enough, fewer than planned, for all parts of the run; the plan with them.

    Equal numbers give equal bits: a run that is resumed must not choose anew.
    """
    changed = _with(plan, plan.micro_batch_size, layers)
    _save(folder, changed, _losses(folder), enough_layers=layers, by_need=is_relieved(folder))
    return changed


RAN_OUT = "The memory ran out. It goes on from the last checkpoint"


def after_out_of_memory(folder: Path, plan: Plan, what: str = RAN_OUT, layers: int | None = None) -> str:
    """Note how the run goes on with less memory, and return it as a sentence; `plan` is the one that did not fit.

    The sentence begins with `what`.

    Where so many recomputed `layers` are known to be enough, it is those. Else first as many layers as planned are, if
    a look before step 1 had chosen fewer; then half the examples are at once, accumulated twice as often, which changes
    nothing but the time; then every layer is computed twice.

    Raises:
        UserError: nothing is left to change but what is learned.
    """
    plan = relieved(folder, plan)
    planned = _planned_layers(folder)
    withdrawn = layers is None and planned is not None and planned > plan.recomputed_layers
    layers = planned if withdrawn else layers
    if layers is not None:
        changed = _with(plan, plan.micro_batch_size, layers)
        how = f"computing {words.counted(layers, 'layer')} twice instead of {plan.recomputed_layers}"
    elif plan.micro_batch_size > 1:
        size = next(size for size in range(plan.micro_batch_size // 2, 0, -1) if plan.batch_size % size == 0)
        changed = _with(plan, size, plan.recomputed_layers)
        how = f"with {size} of the {plan.batch_size} examples of a batch at once instead of {plan.micro_batch_size}"
    elif plan.recomputed_layers < ALL_LAYERS:
        changed = _with(plan, 1, ALL_LAYERS)
        how = "computing every layer twice"
    else:
        where = plan.device if plan.on_gpu else "this computer"
        otherwise = "choose a smaller rank or base model, or close what else uses it."
        raise UserError(
            f"The memory of {where} is too small for one example at once with everything recomputed.",
            Advice(
                f"Limit the examples with --max-length, {otherwise}",
                f"Limit the length of the examples, {otherwise}",
            ),
        )
    _save(folder, changed, _losses(folder), enough_layers=planned if withdrawn else None)
    return f"{what} {how}; the batch stays as it was."


def after_a_lost_device(folder: Path, plan: Plan) -> str:
    """Note that the device was lost, and return how the run goes on as a sentence.

    Raises:
        UserError: it was lost the last time already.
    """
    plan, losses = relieved(folder, plan), _losses(folder)
    if losses >= _MOST_LOSSES:
        raise UserError(
            "The graphics card was lost again: its driver has reset it, or it has overheated.",
            "Restart the computer, check the card with `localft doctor`, and resume; what was saved is kept.",
        )
    _save(folder, plan, losses + 1)
    return "The graphics card was lost, as after a reset of its driver. It goes on from the last checkpoint."


def forget_losses(folder: Path, plan: Plan) -> None:
    """The run has got on since the device was lost; the next loss is a first one again."""
    if _losses(folder):
        _save(folder, relieved(folder, plan), 0)


def forget_relief(folder: Path) -> None:
    """Let a run that a person resumes begin as it was planned: what filled the memory may be gone.

    A process that starts again by itself keeps the relief. The record stays, so that later plans do not learn from a
    run that was not carried out as planned throughout. The layers that a look before step 1 has chosen stay chosen.
    """
    relief = _read(folder)
    if relief is not None:
        plan = Plan.load(folder / "plan.json")
        layers = plan.recomputed_layers if relief.enough_layers is None else relief.enough_layers
        _save(folder, _with(plan, plan.micro_batch_size, layers), 0, by_need=relief.by_need)


def _with(plan: Plan, micro_batch_size: int, recomputed_layers: int) -> Plan:
    return plan.model_copy(
        update={
            "micro_batch_size": micro_batch_size,
            "micro_batch_tokens": plan.micro_batch_tokens
            and plan.micro_batch_tokens * micro_batch_size // plan.micro_batch_size,
            "accumulation": plan.batch_size // micro_batch_size,
            "recomputed_layers": recomputed_layers,
        }
    )


def _read(folder: Path) -> Relief | None:
    return Relief.load(folder / _FILE) if (folder / _FILE).exists() else None


def _losses(folder: Path) -> int:
    relief = _read(folder)
    return relief.lost if relief is not None else 0


def _planned_layers(folder: Path) -> int | None:
    """How many recomputed layers were planned, where a look before step 1 has chosen another number."""
    return Plan.load(folder / "plan.json").recomputed_layers if layers_chosen(folder) else None


def _save(folder: Path, plan: Plan, lost: int, enough_layers: int | None = None, *, by_need: bool = True) -> None:
    """Note what is different; without another number of `enough_layers` the one that was chosen before stays."""
    known = _read(folder)
    if enough_layers is None and known is not None:
        enough_layers = known.enough_layers
    relief = Relief(
        micro_batch_size=plan.micro_batch_size,
        recomputed_layers=plan.recomputed_layers,
        lost=lost,
        enough_layers=enough_layers,
        by_need=by_need,
    )
    relief.save(folder / _FILE)
