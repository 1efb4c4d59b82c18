"""How a model fits this computer and how long it would take, before there is a recipe: for lists of models."""

from dataclasses import replace

from localft import words
from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.models.inspection import has_experts
from localft.planning.device import device_of
from localft.planning.experience import Experience
from localft.planning.explaining import host_advice
from localft.planning.fitting import COMFORTABLE, FITS, TIGHT, Fit, fit, fit_host
from localft.planning.lengths import TokenStats
from localft.planning.load import Load
from localft.planning.memory import host_bytes, memory_by_cause
from localft.planning.model_shape import shape_of
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings

# What is looked at: qlora on examples of up to so many tokens, one at a time.
_LENGTH = 1_024
# What can be learned with less: rank and length of the examples.
_LOW_RANK, _SHORT = 8, 256
# Sizes of cards in GB, and what a desktop leaves free of them.
_CARDS, _FREE = (6, 8, 10, 12, 16, 24, 32, 48, 80), 0.93
_USUAL = TrainingSettings(method="qlora", epochs=3, max_length=_LENGTH)


def fit_badge(base_model: BaseModel, hardware: Hardware) -> Fit:
    """Tell in a word how a model fits this machine, fine-tuned with qlora on examples of up to 1,024 tokens.

    No machine has room for a mixture of experts, which is not trained at all.
    """
    if has_experts(base_model.config):
        return "no"
    device, shape, smallest = device_of(hardware), shape_of(base_model), smallest_load(base_model, hardware)
    on_device = fit(sum(memory_by_cause(shape, smallest).values()), device)
    return max(on_device, fit_host(host_bytes(shape, smallest), hardware), key=FITS.index)


def fit_changes(base_model: BaseModel, hardware: Hardware) -> tuple[str, ...]:
    """Where it does not fit: up to three changes that help, the cheapest first."""
    if fit_badge(base_model, hardware) != "no":
        return ()
    if has_experts(base_model.config):
        return ("Choose a model without experts to train; this one can be chatted with.",)
    device, shape = device_of(hardware), shape_of(base_model)
    smallest = smallest_load(base_model, hardware)
    needed, less = (
        sum(memory_by_cause(shape, load).values())
        for load in (smallest, replace(smallest, rank=_LOW_RANK, length=_SHORT))
    )
    if fit(needed, device) != "no":
        return host_advice(host_bytes(shape, smallest), hardware)
    changes = []
    if fit(less, device) != "no":
        sentence = f"Choose rank {_LOW_RANK} and limit examples to {_SHORT} tokens"
        changes.append(f"{sentence}: {words.memory(less)} instead of {words.memory(needed)}.")
    if hardware.gpus and needed <= TIGHT * hardware.gpus[0].total_bytes:
        used = hardware.gpus[0].total_bytes - hardware.gpus[0].free_bytes
        changes.append(f"Close what else uses the card: it takes {words.memory(used)} of it.")
    changes.append(f"Choose a smaller base model; {device.name} has {words.memory(device.memory)} free.")
    larger = next((size for size in _CARDS if needed <= COMFORTABLE * _FREE * size * 2**30), None)
    if hardware.gpus and larger:
        changes.append(f"It needs {words.memory(needed)}: a card of {larger} GB has room for it.")
    return tuple(changes[:3])


def smallest_load(base_model: BaseModel, hardware: Hardware, length: int = _LENGTH) -> Load:
    """What qlora needs at least for examples of so many tokens: one at a time, every layer computed twice."""
    device, shape = device_of(hardware), shape_of(base_model)
    return Load(
        "qlora",
        device.precision,
        device.on_gpu,
        _USUAL.rank,
        micro_batch=1,
        length=length,
        recomputed=shape.layers,
        attends_at_once=device.attends_at_once,
    )


def usual_seconds(base_model: BaseModel, hardware: Hardware, experience: Experience | None = None) -> float:
    """Seconds that a usual run takes on this machine: 1,000 examples of 256 tokens, three passes, qlora."""
    stats = TokenStats(train=1_000, validation=0, lengths=(256,) * 64, longest=256, learned=128)
    recipe = Recipe(base_model=base_model.reference, dataset="", settings=_USUAL)
    return make_plan(recipe, base_model, stats, hardware, experience).seconds
