"""What a run strives for: to give the answers of the examples, or to prefer them to worse ones."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import torch
from torch.nn import functional

from localft.planning.recipe import TrainingSettings
from localft.training.batches import OWNERS, Batch, learned_tokens
from localft.training.losses import TokenLosses


class Objective(Protocol):
    """A loss that is a mean over units: learned tokens, or pairs."""

    compares: ClassVar[bool]
    """Whether a score above 0 says that a unit is learned."""

    def scores(self, model: Any, batch: Batch) -> torch.Tensor:
        """A number for each unit of a micro-batch, fp32 [units], from which its loss follows."""
        ...

    def losses(self, scores: torch.Tensor) -> torch.Tensor:
        """The losses of units in nats, [units]."""
        ...

    def units(self, batches: Sequence[Batch]) -> int:
        """How many units micro-batches have."""
        ...


class Imitation:
    """Supervised fine-tuning: the negative log-likelihood of each learned token."""

    compares: ClassVar[bool] = False

    def __init__(self, token_losses: TokenLosses) -> None:
        self._token_losses = token_losses

    def scores(self, model: Any, batch: Batch) -> torch.Tensor:
        """The losses themselves."""
        return self._token_losses(model, batch)

    def losses(self, scores: torch.Tensor) -> torch.Tensor:
        """As they are."""
        return scores

    def units(self, batches: Sequence[Batch]) -> int:
        """Learned tokens."""
        return learned_tokens(batches)


class Preference:
    """Direct preference optimisation (Rafailov et al. 2023, equation 7) of pairs: sequences 2 i and 2 i + 1 of a batch.

    With r the log of how much likelier a sequence is than it was for the model without its adapter,

        margin = beta (r of the better sequence - r of the worse one),   loss = -log sigmoid(margin)
    """

    compares: ClassVar[bool] = True

    def __init__(self, token_losses: TokenLosses, beta: float) -> None:
        self._token_losses = token_losses
        self._beta = beta

    def scores(self, model: Any, batch: Batch) -> torch.Tensor:
        """The margins: above 0 where the better answer is preferred."""
        # First, while nothing is kept yet for the backward pass.
        with torch.no_grad(), model.disable_adapter():
            reference = self._token_losses(model, batch)
        ratios = reference - self._token_losses(model, batch)
        by_sequence = ratios.new_zeros(2 * self.units([batch])).index_add(0, batch[OWNERS], ratios)
        return self._beta * (by_sequence[0::2] - by_sequence[1::2])

    def losses(self, scores: torch.Tensor) -> torch.Tensor:
        """-log sigmoid."""
        return functional.softplus(-scores)

    def units(self, batches: Sequence[Batch]) -> int:
        """Pairs."""
        return sum(_sequences(batch) // 2 for batch in batches)


def _sequences(batch: Batch) -> int:
    """Packed documents, or padded rows."""
    lengths = batch.get("document_lengths")
    return len(lengths) if lengths is not None else len(batch["input_ids"])


def objective_of(settings: TrainingSettings, token_losses: TokenLosses) -> Objective:
    """What the settings of a run ask for."""
    return Preference(token_losses, settings.beta) if settings.objective == "dpo" else Imitation(token_losses)
