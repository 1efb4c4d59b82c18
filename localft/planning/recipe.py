"""The recipe: every choice of a run, declared once. The form, the command line and recipe.json are derived from it."""

import math
from typing import Literal

from pydantic import Field

from localft.settings import Settings
from localft.store.records import Record

Preset = Literal["quick", "balanced", "thorough"]


class TrainingSettings(Settings):
    """What a person may change about a run."""

    method: Literal["qlora", "lora", "full"] = Field(
        "qlora",
        description="qlora keeps the base model in 4 bits and trains a small adapter; lora keeps 16; full trains all.",
    )
    objective: Literal["sft", "dpo"] = Field(
        "sft",
        description="sft learns to give the answers; dpo to prefer each answer to a worse one (preference pairs).",
    )
    beta: float = Field(
        0.1, gt=0, le=10, description="For dpo: how closely the model stays to the base; smaller moves further away."
    )
    thinking: Literal["off", "on", "keep"] = Field(
        "off",
        description="For models that can think aloud: without thinking, with it, or as the examples have it.",
    )
    chat_template: str | None = Field(
        None, description="A named chat template, for a base model without one; left empty the model's own is used."
    )
    learn: Literal["all", "last"] = Field(
        "all", description="Which answers of a conversation are learned: all of them, or only the last."
    )
    max_length: int = Field(
        1024, ge=32, le=131_072, description="The longest example in tokens; longer ones are cut at the end."
    )
    epochs: float = Field(3.0, gt=0, le=100, description="How often the model sees each example.")
    learning_rate: float = Field(
        2e-4, gt=0, le=0.1, description="The size of the steps. Too large forgets or breaks, too small learns nothing."
    )
    batch_size: int = Field(
        16, ge=1, le=1024, description="Examples per step, accumulated over as many micro-batches as the card needs."
    )
    micro_batch_size: int | None = Field(
        None, ge=1, le=256, description="Examples on the card at once; left empty the plan chooses."
    )
    rank: int = Field(
        16,
        ge=1,
        le=512,
        description="The size of the adapter: higher can learn more, and needs more memory and examples.",
    )
    alpha: int = Field(32, ge=1, le=1024, description="The strength of the adapter; twice the rank is usual.")
    dropout: float = Field(
        0.0, ge=0, le=0.5, description="Randomly silences part of the adapter; may help with very few examples."
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="Pulls weights towards zero.")
    warmup: float = Field(
        0.05, ge=0, le=0.5, description="The part of the run in which the learning rate rises from zero."
    )
    schedule: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="How the learning rate falls after the warm-up."
    )
    evaluations_per_epoch: float = Field(2.0, gt=0, le=20, description="How often the validation loss is measured.")
    patience: int = Field(
        3, ge=0, le=50, description="Stop after so many validations without improvement; 0 never stops early."
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Fixes every random choice, so that a run can be repeated.")

    @property
    def sequences(self) -> int:
        """The token sequences that one example makes: a preference pair has two."""
        return 2 if self.objective == "dpo" else 1

    def examples_seen(self, rows: int) -> int:
        """How many examples a run over `rows` trains on, counted anew in each pass."""
        return max(1, round(self.epochs * rows))

    def steps(self, rows: int) -> int:
        """The steps of a run over `rows`; only its last one may have fewer examples than the others."""
        return math.ceil(self.examples_seen(rows) / self.batch_size)

    def steps_between_validations(self, rows: int) -> int:
        """After so many steps the validation loss is measured again."""
        return max(1, round(rows / self.batch_size / self.evaluations_per_epoch))


class Recipe(Record):
    """recipe.json: `localft train --recipe` repeats a run, with `--base-model` on another model."""

    base_model: str
    revision: str | None = None
    dataset: str
    preset: Preset = "balanced"
    settings: TrainingSettings
    reasons: dict[str, str] = {}
