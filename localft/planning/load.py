"""What is asked of a model in training, as far as memory and time depend on it."""

import math
from dataclasses import dataclass
from typing import Literal

Method = Literal["qlora", "lora", "full"]
Precision = Literal["bf16", "fp16", "fp32"]


@dataclass(frozen=True)
class Load:
    """What memory depends on, beside the model: the method, the number type, and the shape of one micro-batch."""

    method: Method
    precision: Precision
    on_gpu: bool
    rank: int
    micro_batch: int
    length: int
    recomputed: int
    """So many layers keep their input only, and are computed again in the backward pass."""
    dropout: bool = False
    """Whether the adapters leave out a part of their inputs, each its own."""
    learned_share: float = 1.0
    """The part of those tokens that have a loss, at most; the others make no logits."""
    attends_at_once: bool = False
    """Whether one call attends to all documents of a micro-batch (localft.training.kernels.attention)."""
    compares: bool = False
    """Whether each token is also read by the model without its adapter, as preference pairs ask for."""
    budget: int | None = None
    """A micro-batch has no more tokens than this, where `micro_batch` of the longest examples would be more."""
    cards: int = 1
    """So many learn together: each has all of the model, and its share of every batch."""
    documents: tuple[int, ...] = ()
    """How long the documents of the micro-batch are, where they are not simply `micro_batch` of `length` tokens."""

    @property
    def tokens(self) -> int:
        """Tokens of the largest micro-batch, padding included: some of the longest examples, or more shorter ones."""
        most = self.micro_batch * self.length
        return most if self.budget is None else min(most, self.budget)

    @property
    def learned_tokens(self) -> int:
        """Tokens of the largest micro-batch that have a loss, at most."""
        return math.ceil(min(1.0, self.learned_share) * self.tokens)

    def beyond(self, window: int) -> list[int]:
        """The lengths of the documents of the largest micro-batch that are longer than a window."""
        documents = self.documents or (self.length,) * self.micro_batch
        return [length for length in documents if length > window]

    @property
    def compute_bytes(self) -> int:
        """Bytes of a number in the matrix products."""
        return 4 if self.precision == "fp32" else 2

    @property
    def drops_inputs(self) -> bool:
        """Whether each adapter masks and keeps a copy of its input."""
        return self.dropout and self.method != "full"

    @property
    def is_lean(self) -> bool:
        """Whether the linear layers and gated blocks are the lean ones (localft.training.kernels.lora)."""
        return self.method != "full" and not self.dropout
