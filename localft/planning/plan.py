"""The plan: what a recipe will need and take on this machine, by cause, before anything is downloaded or started."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.planning.device import Device, cards_together, device_of
from localft.planning.experience import Experience
from localft.planning.explaining import Needs, cheaper, host_advice, reasons_of, slow
from localft.planning.filling import Filling, Lengths, fill, lengths_of
from localft.planning.fitting import FITS, Fit, fit, fit_host, shares_to_fill
from localft.planning.lengths import TokenStats
from localft.planning.load import Load, Precision
from localft.planning.memory import host_bytes, memory_by_cause, trained_weights
from localft.planning.model_shape import ModelShape, shape_of
from localft.planning.recipe import Recipe, TrainingSettings
from localft.planning.speed import START_SECONDS, exchange_seconds, flops_per_token, tokens_per_second
from localft.store.records import Record

# Beyond so many tokens a larger micro-batch is no faster.
_ENOUGH_TOKENS = 8_192
# Of micro-batches nearly as fast as the fastest, the one that takes the least memory is chosen.
_AS_FAST = 0.99
# More than any model has.
ALL_LAYERS = 1_000_000


def _count_layers(plan: dict[str, Any]) -> dict[str, Any]:
    """Version 1 only knew all layers or none."""
    recomputed = ALL_LAYERS if plan.pop("activation_checkpointing") else 0
    return {**plan, "recomputed_layers": recomputed}


class Plan(Record):
    """plan.json.

    `memory` maps each cause to bytes, in the order in which a stacked bar shows them; `device_bytes` is what the device
    can give to a run, and `total_bytes` the sum; `host_bytes` is what a run on a card takes of the computer's memory.
    Of that `host_free_bytes` are free. `waits_for`: localft's own work that ends before; its memory counts as free.
    Of several `cards` that learn together these are the bytes of each, and those that the weakest can give; the rate,
    the peak and the energy are those of all, and the rate is so many times (`times_one`) that of a plan for the first
    card alone; `cards_there` could learn together. `attends_at_once`: one call attends to all documents of a
    micro-batch.
    `batch_size` = `micro_batch_size` x `accumulation`, exactly; so many of the longest examples there is room for at
    once, and of any no more than `micro_batch_tokens` (unless one alone is longer; in older plans, than so many of the
    longest have). `validate_every` counts steps. `seconds` and `watt_hours` are estimates; `tokens_per_second` is the
    formula's times `speed_correction`, and what lives in memory for a step the formulas' times `memory_correction`:
    earlier runs on this computer taught both. `flops_per_token` over `device_flops` (0 where the card is not known)
    tells how much of the card a rate uses. `reasons` says in words where each of the plan's numbers comes from; `notes`
    is what else a person should know, and `advice` what would help where the run does not fit.
    """

    VERSION = 2
    UPGRADES: ClassVar = {1: _count_layers}

    device: str
    on_gpu: bool
    cards: int = 1
    cards_there: int = 1
    times_one: float = 1.0
    device_bytes: int
    memory: dict[str, int]
    total_bytes: int
    fits: Fit
    precision: Precision
    micro_batch_size: int
    micro_batch_tokens: int | None = None
    accumulation: int
    recomputed_layers: int
    attends_at_once: bool = False
    steps: int
    steps_per_epoch: int
    validate_every: int
    trained_tokens: int
    tokens_per_second: float
    speed_correction: float = 1.0
    memory_correction: float = 1.0
    host_bytes: int = 0
    host_free_bytes: int = 0
    waits_for: tuple[str, ...] = ()
    flops_per_token: float = 0.0
    device_flops: float = 0.0
    seconds: float
    watt_hours: float
    reasons: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def batch_size(self) -> int:
        return self.micro_batch_size * self.accumulation

    @property
    def measured_bytes(self) -> int:
        """Of the predicted memory what a run measures: torch's allocator on a card, else the whole process."""
        return self.total_bytes - self.memory["runtime"] if self.on_gpu else self.total_bytes

    def utilisation(self, rate: float) -> float | None:
        """The share of the card's peak that so many tokens a second are; None where the peak is not known."""
        return rate * self.flops_per_token / self.device_flops if self.device_flops else None


def make_plan(
    recipe: Recipe,
    base_model: BaseModel,
    token_stats: TokenStats,
    hardware: Hardware,
    experience: Experience | None = None,
    cards: int = 1,
) -> Plan:
    """Work out memory by cause, micro-batch, steps and duration of a recipe on this machine, on so many of its cards.

    There may be fewer; then it is for those.
    """
    known = experience or Experience()
    plan = _plan_on(device_of(hardware, cards), recipe, base_model, token_stats, hardware, known)
    times = 1.0
    if plan.cards > 1:
        # It would have more at once, and may be the better one of cards that differ.
        first = _plan_on(device_of(hardware), recipe, base_model, token_stats, hardware, known)
        times = plan.tokens_per_second / first.tokens_per_second
    return plan.model_copy(update={"cards_there": cards_together(hardware), "times_one": times})


def _plan_on(
    device: Device,
    recipe: Recipe,
    base_model: BaseModel,
    token_stats: TokenStats,
    hardware: Hardware,
    experience: Experience,
) -> Plan:
    settings, shape = recipe.settings, shape_of(base_model)
    correction = experience.correction(device.name, base_model.reference, settings.method)
    needs = partial(memory_by_cause, shape, step_correction=correction.memory)
    lengths = lengths_of(token_stats, settings)
    load, filling = _choose_load(settings, token_stats, lengths, shape, device, needs)
    memory, host = needs(load), host_bytes(shape, load)
    total = sum(memory.values())
    trained = int(settings.examples_seen(token_stats.train) * lengths.mean)
    alone, rate = _rates(correction.speed, shape, load, lengths, filling, device, settings)
    seconds = START_SECONDS + trained / rate + _validated(settings, token_stats, lengths.mean) / alone
    return Plan(
        device=device.name,
        on_gpu=device.on_gpu,
        cards=device.cards,
        device_bytes=device.memory,
        memory=memory,
        total_bytes=total,
        fits=max(fit(total, device), fit_host(host, hardware), key=FITS.index),
        precision=load.precision,
        micro_batch_size=load.micro_batch,
        micro_batch_tokens=load.tokens,
        accumulation=settings.batch_size // load.micro_batch,
        recomputed_layers=load.recomputed,
        attends_at_once=load.attends_at_once,
        steps=settings.steps(token_stats.train),
        steps_per_epoch=math.ceil(token_stats.train / settings.batch_size),
        validate_every=settings.steps_between_validations(token_stats.train),
        trained_tokens=trained,
        tokens_per_second=rate,
        speed_correction=correction.speed,
        memory_correction=correction.memory,
        host_bytes=host,
        host_free_bytes=hardware.memory.available_bytes,
        waits_for=hardware.waits_for,
        flops_per_token=flops_per_token(shape, replace(load, length=round(lengths.attended))),
        device_flops=device.cards * device.flops if device.known else 0.0,
        seconds=seconds,
        watt_hours=seconds / 3600 * device.watts,
        reasons=reasons_of(load, shape, device, token_stats, settings, correction),
        notes=slow(seconds, device),
        advice=host_advice(host, hardware) + cheaper(settings, token_stats, load, shape, device, needs),
    )


def _validated(settings: TrainingSettings, stats: TokenStats, mean: float) -> float:
    """Trained tokens that take as long as all validations: of the same work a third, since none has a backward pass.

    Of several cards each does all of it.
    """
    return math.ceil(settings.epochs * settings.evaluations_per_epoch) * stats.validation * mean / 3


def load_of(
    settings: TrainingSettings, plan: Plan, tokens: int, learned_share: float, documents: tuple[int, ...] = ()
) -> Load:
    """What a planned run asks of a model with so many tokens in one micro-batch, such a part of them learned.

    Without the lengths of its `documents` it is a single one.
    """
    return Load(
        settings.method,
        plan.precision,
        plan.on_gpu,
        settings.rank,
        micro_batch=1,
        length=tokens,
        recomputed=plan.recomputed_layers,
        dropout=settings.dropout > 0,
        learned_share=learned_share,
        attends_at_once=plan.attends_at_once,
        cards=plan.cards,
        documents=documents,
    )


def _rate(shape: ModelShape, load: Load, lengths: Lengths, filling: Filling, device: Device) -> float:
    """Tokens a second, of micro-batches as full as they are on average."""
    return tokens_per_second(shape, replace(load, length=round(lengths.attended)), filling.mean, device)


def _rates(
    speed: float,
    shape: ModelShape,
    load: Load,
    lengths: Lengths,
    filling: Filling,
    device: Device,
    settings: TrainingSettings,
) -> tuple[float, float]:
    """Tokens a second of one card that shares nothing, and of all together, at so many times the worked-out speed.

    Each has its share of a step's micro-batches, and after them they exchange what they have learned.
    """
    rate = speed * _rate(shape, load, lengths, filling, device)
    if device.cards == 1:
        return rate, rate
    # As in validation, where each has all of them: they are larger.
    alone = speed * _rate(shape, load, lengths, fill(lengths, settings, load.micro_batch), device)
    step = settings.batch_size * lengths.mean
    exchanging = exchange_seconds(trained_weights(shape, load), device.cards)
    return alone, step / (step / (rate * filling.side_by_side) + exchanging)


def _choose_load(
    settings: TrainingSettings,
    stats: TokenStats,
    lengths: Lengths,
    shape: ModelShape,
    device: Device,
    needs: Needs,
) -> tuple[Load, Filling]:
    """The fastest micro-batch that fits, with as few recomputed layers as memory allows."""
    base = Load(
        settings.method,
        device.precision,
        device.on_gpu,
        settings.rank,
        1,
        lengths.longest,
        recomputed=0,
        dropout=settings.dropout > 0,
        # Where long sequences are cut, it is their prompts that go.
        learned_share=stats.learned_share if stats.longest <= settings.max_length else 1.0,
        attends_at_once=device.attends_at_once,
        compares=settings.objective == "dpo",
        cards=device.cards,
    )
    wanted = settings.micro_batch_size
    sizes = [size for size in range(1, settings.batch_size + 1) if settings.batch_size % size == 0]
    if wanted is not None:
        # The batch is split evenly, so that its size is kept exactly: the largest divisor up to the wanted size.
        sizes = [max(size for size in sizes if size <= wanted)]
    filled = {size: fill(lengths, settings, size, device.cards) for size in sizes}
    useful = [size for size in sizes if size == sizes[0] or filled[size].largest <= _ENOUGH_TOKENS]
    candidates = [
        replace(base, micro_batch=size, budget=filled[size].largest, recomputed=count)
        for size in reversed(useful)
        for count in range(shape.layers + 1)
    ]

    def total(load: Load) -> int:
        return sum(needs(load).values())

    def rate(load: Load) -> float:
        return _rate(shape, load, lengths, filled[load.micro_batch], device)

    fitting = (
        _least_of_fast(among, rate, total)
        for share in shares_to_fill(device)
        if (among := [load for load in candidates if total(load) <= share * device.memory])
    )
    chosen = next(fitting, None) or min(candidates, key=total)
    return chosen, filled[chosen.micro_batch]


def _least_of_fast(among: list[Load], rate: Callable[[Load], float], total: Callable[[Load], int]) -> Load:
    """Of those nearly as fast as the fastest that compute no more layers twice, the one that takes the least."""
    fastest = max(among, key=rate)
    enough, layers = _AS_FAST * rate(fastest), fastest.recomputed
    return min((load for load in among if load.recomputed <= layers and rate(load) >= enough), key=total)
