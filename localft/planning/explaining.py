"""A plan in words: where its numbers come from, and what would help where it does not fit."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from localft import words
from localft.hardware import Hardware
from localft.planning.device import Device
from localft.planning.experience import Correction
from localft.planning.filling import fill, lengths_of
from localft.planning.fitting import TIGHT, fit_host
from localft.planning.lengths import TokenStats
from localft.planning.load import Load
from localft.planning.model_shape import ModelShape
from localft.planning.recipe import TrainingSettings

Needs = Callable[[Load], dict[str, int]]
"""The memory that a load takes, in bytes by cause."""

# A change is worth telling that leaves no more than this of what is needed.
_WORTH = 0.97

# Examples are never cut to less, in tokens.
_SHORTEST = 32

# A processor is for tiny models: longer than this is worth a warning.
_LONG = 12 * 3600.0


def reasons_of(
    load: Load,
    shape: ModelShape,
    device: Device,
    stats: TokenStats,
    settings: TrainingSettings,
    correction: Correction,
) -> dict[str, str]:
    """Where each number of a plan comes from, by its name."""
    longest = f"{min(settings.max_length, stats.longest):,}"
    kind = {
        "bf16": "this card computes bf16 natively",
        "fp16": "this card has no native bf16, so fp16 with loss scaling is used",
        "fp32": "processors are quickest and most exact in fp32",
    }
    source = (
        "lengths estimated from the text, since the model is not downloaded yet" if stats.estimated else "your data"
    )
    speed = "a table of cards" if device.on_gpu and device.known else "typical values for such hardware"
    return {
        "precision": f"{load.precision}: {kind[load.precision]}.",
        "micro_batch_size": (
            f"At most {load.tokens:,} tokens at once: {_at_once(load, settings)} ({source}; the longest example has "
            f"{longest})." + _learned_memory(correction)
        ),
        "recomputed_layers": (
            f"{load.recomputed} of {shape.layers} layers are computed twice, because keeping all would not fit."
            if load.recomputed
            else "None: everything the backward pass needs fits."
        ),
        "seconds": f"Worked out from the model's size, {source} and {speed}; {_learned(correction)}.",
    }


def _at_once(load: Load, settings: TrainingSettings) -> str:
    if load.micro_batch == settings.batch_size:
        return f"a whole batch of {words.counted(settings.batch_size, 'example')}"
    return f"{load.micro_batch} of the longest or more of shorter ones, of the {settings.batch_size} of a batch"


def _learned_memory(correction: Correction) -> str:
    if correction.memory == 1.0:
        return ""
    return f" Earlier runs like this one took {correction.memory:.2f} times the memory that was worked out for a step."


def _learned(correction: Correction) -> str:
    if not correction.runs:
        return "not measured on this computer"
    of_what = "like this one" if correction.same_model else "of other models or methods"
    runs = words.counted(correction.runs, "earlier run")
    return f"then {1 / correction.speed:.2f} times as long, as {runs} {of_what} on this computer took"


def slow(seconds: float, device: Device) -> tuple[str, ...]:
    """A warning where a run fits the computer's memory but not a person's patience."""
    if device.on_gpu or seconds < _LONG:
        return ()
    return (f"Without a graphics card this takes about {words.duration(seconds)}; choose a much smaller base model.",)


def host_advice(needed: int, hardware: Hardware) -> tuple[str, ...]:
    """A warning where a card has room for a run, and the computer's own memory has not."""
    if fit_host(needed, hardware) == "comfortably":
        return ()
    free, size = words.memory(hardware.memory.available_bytes), words.memory(needed)
    page_file = ", and let Windows manage the size of its page file" if hardware.system == "Windows" else ""
    return (
        f"Loading takes {size} of the computer's own memory, and {free} are free: close other programs{page_file}.",
    )


def cheaper(
    settings: TrainingSettings, stats: TokenStats, load: Load, shape: ModelShape, device: Device, needs: Needs
) -> tuple[str, ...]:
    """Where a run does not fit: up to three changes that help, the cheapest in quality first.

    Each says what the run would then need, and whether that is still too much. The plan has every layer computed twice
    already where that helps.
    """
    total, limit = sum(needs(load).values()), TIGHT * device.memory
    if total <= limit:
        return ()
    shorter = _half_as_long(settings, stats, load)
    changes: list[tuple[str, dict[str, Any]]] = [
        ("Set the micro-batch to 1", {"micro_batch": 1, "budget": None}),
        ("Choose qlora, which keeps the base model in 4 bits", {"method": "qlora"}),
        (f"Limit examples to {shorter.length // settings.sequences:,} tokens", _changed(load, shorter)),
        ("Choose rank 8", {"rank": min(load.rank, 8)}),
    ]
    if load.micro_batch == 1:
        changes.pop(0)
    if load.method == "full":
        # There is no adapter whose rank could be chosen.
        changes.pop()
    sentences = []
    for change, values in changes:
        # Another method may need another number of layers to be computed twice.
        needed = min(sum(needs(replace(load, **values, recomputed=count)).values()) for count in _counts(load, shape))
        if needed < _WORTH * total:
            still = ", which is still too much" if needed > limit else ""
            sentence = f"{change}: {words.memory(needed)} instead of {words.memory(total)}{still}."
            sentences.append((needed > limit, sentence))
    smaller = f"Choose a smaller base model; {device.name} has {words.memory(device.memory)} free."
    # First those that are enough; where none is, all of them together may be.
    sentences.sort(key=lambda one: one[0])
    if all(still for still, _ in sentences):
        sentences[1:] = _together(shorter, settings.sequences, limit, needs)
    return (*(sentence for _, sentence in sentences[:2]), smaller)


def _half_as_long(settings: TrainingSettings, stats: TokenStats, load: Load) -> Load:
    """The load with examples cut to half of the longest, packed as a plan would pack them.

    What is cut is prompts first, so that nearly all that is left may be learned.
    """
    most = max(_SHORTEST, load.length // settings.sequences // 2)
    cut = settings.model_copy(update={"max_length": most})
    lengths = lengths_of(stats, cut)
    budget = fill(lengths, cut, load.micro_batch, load.cards).largest
    return replace(load, length=lengths.longest, budget=budget, learned_share=1.0)


def _changed(load: Load, other: Load) -> dict[str, Any]:
    """In what one load differs from another."""
    return {part.name: new for part in fields(load) if (new := getattr(other, part.name)) != getattr(load, part.name)}


def _together(shorter: Load, sequences: int, limit: float, needs: Needs) -> list[tuple[bool, str]]:
    """All changes at once, where they are enough."""
    least = replace(shorter, method="qlora", micro_batch=1, budget=None, rank=min(shorter.rank, 8))
    needed = sum(needs(least).values())
    if needed > limit:
        return []
    what = f"qlora, micro-batch 1, {least.length // sequences:,} tokens and rank {least.rank} together"
    return [(False, f"Choose {what}: {words.memory(needed)}.")]


def _counts(load: Load, shape: ModelShape) -> tuple[int, ...]:
    return (load.recomputed, shape.layers)
