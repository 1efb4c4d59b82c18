"""What benchmarks of single techniques share: the starter model as it is trained, and examples of three spreads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    from localft.models.base_model import BaseModel
    from localft.training.rows import Row

_EXAMPLES = 32


@dataclass(frozen=True)
class Spread:
    """Log-normal lengths in tokens: the median, the spread of the logarithm, and where they are clipped."""

    name: str
    median: int
    spread: float
    shortest: int
    longest: int


SPREADS = (
    Spread("short chat", 60, 0.5, 12, 256),
    Spread("mixed", 150, 0.9, 12, 1_024),
    Spread("long documents", 600, 0.4, 128, 1_024),
)


def load_model() -> Any:
    """The starter model as qlora trains it."""
    from localft.models.find import find_model

    return with_adapter(find_model("starter"))


def with_adapter(base_model: "BaseModel") -> Any:
    """A base model as qlora trains it."""
    import peft
    import torch

    from localft.training.kernels.attention import register_attention
    from localft.training.loading import load_base

    torch.manual_seed(0)
    base = load_base(base_model, quantization="nf4", attention=register_attention())
    adapter = peft.LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(base, adapter).train()


def as_trained(model: Any) -> Any:
    """The model with an adapter that changes something.

    A fresh one has B = 0, and different ways would give equal results for nothing.
    """
    import torch

    for name, weights in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(weights, std=0.02)
    return model


def make_rows(spread: Spread) -> "list[Row]":
    """Examples of random tokens, half of them learned."""
    from localft.training.rows import IGNORED, Row

    chooser = numpy.random.default_rng(0)
    lengths = chooser.lognormal(numpy.log(spread.median), spread.spread, _EXAMPLES)
    rows = []
    for length in numpy.clip(lengths, spread.shortest, spread.longest).astype(int):
        token_ids = chooser.integers(3, 2_000, size=length).astype(numpy.int32)
        labels = token_ids.copy()
        labels[: length // 2] = IGNORED
        rows.append(Row(token_ids, labels))
    return rows
