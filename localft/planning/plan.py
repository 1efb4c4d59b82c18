"""The plan: what a recipe will need and take on this machine, by cause, before anything is downloaded or started."""

from typing import Literal

from localft.hardware import Hardware
from localft.models.base_model import BaseModel
from localft.planning.lengths import TokenStats
from localft.planning.recipe import Recipe
from localft.store.records import Record

Fit = Literal["comfortably", "tightly", "no"]
Precision = Literal["bf16", "fp16", "fp32"]


class Plan(Record):
    """plan.json.

    `memory` maps each cause to bytes, in the order in which a stacked bar shows them; `device_bytes` is what the device
    can give to a run, and `total_bytes` the sum. `batch_size` = `micro_batch_size` x `accumulation`, exactly.
    `validate_every` counts steps. `seconds` and `watt_hours` are estimates; `reasons` says in words where each of the
    plan's numbers comes from, and `advice` lists the cheapest changes where the run does not fit comfortably.
    """

    device: str
    on_gpu: bool
    device_bytes: int
    memory: dict[str, int]
    total_bytes: int
    fits: Fit
    precision: Precision
    micro_batch_size: int
    accumulation: int
    activation_checkpointing: bool
    steps: int
    steps_per_epoch: int
    validate_every: int
    trained_tokens: int
    tokens_per_second: float
    seconds: float
    watt_hours: float
    reasons: dict[str, str] = {}
    advice: tuple[str, ...] = ()

    @property
    def batch_size(self) -> int:
        return self.micro_batch_size * self.accumulation


def make_plan(recipe: Recipe, base_model: BaseModel, token_stats: TokenStats, hardware: Hardware) -> Plan:
    """Work out memory by cause, micro-batch, steps and duration of a recipe on this machine."""
    raise NotImplementedError


def fit_badge(base_model: BaseModel, hardware: Hardware) -> Fit:
    """Tell in a word how a model fits this machine, fine-tuned with qlora on examples of up to 1,024 tokens."""
    raise NotImplementedError
