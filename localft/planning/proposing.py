"""A recipe proposed from the data, the model and the machine, each value with its reason in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localft import words
from localft.data.versions import DatasetVersion, open_version
from localft.errors import UserError
from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.models.inspection import refuse_experts
from localft.planning.device import device_of
from localft.planning.lengths import TokenStats, measure_tokens
from localft.planning.memory import NF4_BYTES_PER_WEIGHT
from localft.planning.model_shape import shape_of
from localft.planning.recipe import Preset, Recipe, TrainingSettings
from localft.settings import parse
from localft.store.projects import Project

PRESETS: tuple[Preset, ...] = ("quick", "balanced", "thorough")

# The reason of a value that a person has set by hand.
OWN_CHOICE = "Your choice."

_PRESET_WORDS = {"quick": " Less than usual, for a quick look.", "balanced": "", "thorough": " More than usual."}

# Below this a model is a toy: it knows little, so it has to learn more, and takes steps that would break a large one.
_TINY = 50_000_000
_SHORTEST = 64

_Value = tuple[Any, str]


@dataclass(frozen=True)
class _Case:
    """What the proposals depend on."""

    preset: Preset
    method: Literal["qlora", "lora", "full"]
    parameters: int
    context: int
    stats: TokenStats
    objective: Literal["sft", "dpo"] = "sft"

    @property
    def tiny(self) -> bool:
        return self.parameters < _TINY

    @property
    def size(self) -> str:
        """The model's size in words."""
        millions = self.parameters / 1e6
        return f"{millions:,.0f} million weights" if millions < 1_000 else f"{millions / 1_000:.1f} billion weights"


def propose(
    project: Project,
    version_id: str,
    base_model: BaseModel,
    hardware: Hardware,
    preset: Preset = "balanced",
    overrides: Mapping[str, Any] | None = None,
) -> Recipe:
    """Propose every setting of a run; `overrides` are the person's own values and win.

    Raises:
        UserError: an override is unknown or out of range; the version is missing or has no training examples; the
            base model has experts.
    """
    refuse_experts(base_model)
    own = dict(overrides or {})
    version = open_version(project, version_id)
    values = {"objective": _objective(version)}
    chosen = parse(TrainingSettings, {"objective": values["objective"][0]} | own, "the settings of the run")
    refuse_wrong_objective(chosen, version)
    stats = measure_tokens(project, version_id, base_model, chosen)
    if stats.train == 0:
        raise UserError("This version of the data has no training examples.", "Import more examples.")
    values |= propose_values(stats, base_model, hardware, preset, {"objective": chosen.objective} | own)
    settings = parse(TrainingSettings, {name: value for name, (value, _) in values.items()} | own, "the settings")
    refuse_too_long(settings, base_model)
    reasons = {name: reason for name, (_, reason) in values.items()} | dict.fromkeys(own, OWN_CHOICE)
    return Recipe(
        base_model=base_model.reference,
        revision=base_model.revision,
        dataset=version_id,
        preset=preset,
        settings=settings,
        reasons=reasons,
    )


def refuse_wrong_objective(settings: TrainingSettings, version: DatasetVersion) -> None:
    """Refuse to learn preferences where there are none, or nothing to compare with.

    Raises:
        UserError: no example has a worse answer, or no model without an adapter is there beside the trained one.
    """
    if settings.objective != "dpo":
        return
    if not version.pairs:
        raise UserError(
            "These examples are no preference pairs: none has a rejected answer to compare with.",
            "Import pairs (columns prompt, chosen and rejected), or choose the objective sft.",
        )
    if settings.method == "full":
        raise UserError(
            "Preferences are learned against the model as it was before, which a full fine-tune overwrites.",
            "Choose the method qlora or lora.",
        )


def refuse_too_long(settings: TrainingSettings, base_model: BaseModel) -> None:
    """Refuse examples longer than the model can read.

    Raises:
        UserError: `max_length` is larger than the model's context.
    """
    most = base_model.context_length
    if most and settings.max_length > most:
        raise UserError(
            f"max_length is {settings.max_length:,}, and {base_model.name} reads at most {most:,} tokens.",
            f"Choose at most {most}.",
        )


def propose_values(
    stats: TokenStats, base_model: BaseModel, hardware: Hardware, preset: Preset, own: Mapping[str, Any]
) -> dict[str, _Value]:
    """(value, reason) of each setting that depends on the case. Pure: the numbers that go in decide what comes out."""
    method = _method(base_model, hardware)
    case = _Case(
        preset,
        own.get("method", method[0]),
        base_model.parameters,
        base_model.context_length,
        stats,
        own.get("objective", "sft"),
    )
    values = {
        "method": method,
        "max_length": _max_length(case),
        "epochs": _epochs(case),
        "learning_rate": _learning_rate(case, int(own.get("batch_size", _batch_size(case)[0]))),
        "batch_size": _batch_size(case),
        "rank": _rank(case),
        "dropout": _dropout(case),
        "evaluations_per_epoch": _evaluations(case, float(own.get("epochs", _epochs(case)[0]))),
        "patience": _patience(case),
        "warmup": (0.1, "A tenth of the run, since it has few steps.") if stats.train < 1_000 else (0.05, "As usual."),
    }
    if not base_model.has_chat_template:
        why = "This model has no chat template of its own: chatml where its tokenizer has the marks for it, else plain."
        values["chat_template"] = (None, why)
    values["alpha"] = (2 * int(own.get("rank", values["rank"][0])), "Twice the rank, as usual.")
    return values


def _objective(version: DatasetVersion) -> _Value:
    if version.pairs == version.total > 0:
        return "dpo", "Every example has a better and a worse answer: learned is which one to prefer."
    if version.pairs:
        return (
            "sft",
            f"Only {version.pairs:,} of {version.total:,} examples have a worse answer: learned are the better.",
        )
    return "sft", "The examples say what to answer."


def _method(base_model: BaseModel, hardware: Hardware) -> _Value:
    """4 bits wherever bitsandbytes can: the adapter learns around the rounding, and the memory is needed elsewhere."""
    device = device_of(hardware)
    where = device.name if device.on_gpu else "this computer"
    weights = shape_of(base_model).linear_parameters
    saved = (2 - NF4_BYTES_PER_WEIGHT) * weights / 2**30
    gain = f", {saved:.1f} GB less than in 16" if saved >= 0.1 else ""
    return "qlora", f"The base model is kept in 4 bits{gain}, and a small adapter is trained; this runs on {where}."


def _max_length(case: _Case) -> _Value:
    stats = case.stats
    if stats.p99 == 0:
        return 1_024, "The usual length; the examples could not be measured."
    rounded = max(_SHORTEST, math.ceil(stats.p99 / 64) * 64)
    value = max(32, min(rounded, case.context or rounded))
    if value < rounded:
        return value, f"As long as this model can read; 99 of 100 examples have at most {stats.p99:,} tokens."
    about = "about " if stats.estimated else ""
    return value, f"99 of 100 examples have at most {about}{stats.p99:,} tokens; the longest has {stats.longest:,}."


def _epochs(case: _Case) -> _Value:
    count = case.stats.train
    steps = ((200, 6.0), (500, 4.0), (2_000, 3.0), (10_000, 2.0))
    usual = next((epochs for limit, epochs in steps if count <= limit), 1.0)
    reason = f"{count:,} examples: fewer examples are seen more often."
    if case.tiny:
        usual = min(24.0, max(2.0, 2_400 / count))
        reason = f"{count:,} examples and a tiny model, which needs to see them more often."
    if case.objective == "dpo":
        usual, reason = max(1.0, usual / 3), f"{count:,} pairs: preferences are learned in fewer passes than answers."
    factor = {"quick": 0.4, "balanced": 1.0, "thorough": 1.6}[case.preset]
    stops = " Training stops early when it no longer helps."
    return max(1.0, float(round(usual * factor))), reason + _PRESET_WORDS[case.preset] + stops


def _learning_rate(case: _Case, batch_size: int) -> _Value:
    """By the model's size for steps of 16 examples (2e-4 for 7 B: Dettmers et al. 2023), and by the batch from there.

    With Adam the rate grows with the root of the batch (Malladi et al. 2022), and the batch grows with the data.
    """
    sizes = ((_TINY, 2.83e-3), (1_000_000_000, 5e-4), (10_000_000_000, 2e-4))
    usual = next((value for limit, value in sizes if case.parameters < limit), 1e-4)
    rate = usual * math.sqrt(batch_size / 16)
    reason = f"{case.size}, and {words.counted(batch_size, 'example')} a step: " + (
        "the larger a model the smaller its steps, the larger the batch the larger."
    )
    if case.method == "full":
        rate, reason = rate / 10, reason + " All weights are trained, which takes a tenth of the rate of an adapter."
    if case.objective == "dpo":
        # Rafailov et al. 2023 take 1e-6 for all weights, where answers are learned with 2e-5 and more.
        rate, reason = rate / 10, reason + " Preferences take a tenth of the rate of answers."
    return min(0.1, float(f"{rate:.2g}")), reason


def _batch_size(case: _Case) -> _Value:
    count = case.stats.train
    value = next((size for limit, size in ((200, 4), (1_000, 8), (10_000, 16)) if count < limit), 32)
    return value, f"{count:,} examples: enough steps, each with enough examples."


def _rank(case: _Case) -> _Value:
    count = case.stats.train
    rank = next((value for limit, value in ((1_000, 16), (20_000, 32)) if count < limit), 64)
    reason = f"{count:,} examples: more examples fill a larger adapter." + _PRESET_WORDS[case.preset]
    factor = {"quick": 0.5, "balanced": 1.0, "thorough": 2.0}[case.preset]
    return max(8, int(rank * factor)), reason


def _dropout(case: _Case) -> _Value:
    if case.stats.train < 100 and case.method != "full":
        return 0.05, "Very few examples: a little dropout against learning them by heart."
    return 0.0, "Enough examples; dropout would cost time and memory."


def _evaluations(case: _Case, epochs: float) -> _Value:
    if epochs <= 1:
        return 4.0, "Four times, since there is one pass over the data only."
    if epochs >= 8 or case.preset == "quick":
        return 1.0, "Once per pass over the data."
    return 2.0, "Twice per pass over the data, to find the best point."


def _patience(case: _Case) -> _Value:
    value = {"quick": 2, "balanced": 3, "thorough": 5}[case.preset]
    return value, f"After {value} validations without progress more training would only learn by heart."
