"""Token by token: a static batch of prompts through a loaded model, on the card or the processor."""

from collections.abc import Sequence
from typing import Any

import torch
import transformers

from localft.errors import UserError
from localft.serving.endpoint import Sampling


class BatchDecoder:
    """Continues several prompts at once, each until the caller says that its answer has ended.

    Prompts are padded on the left to one length. Each row has a random generator of its own, so that an answer does
    not depend on its neighbours. Rows that have ended leave the batch as soon as they are half of it: less often would
    waste computation, more often copies of the cache.
    """

    def __init__(self, model: Any, prompts: Sequence[Sequence[int]], sampling: Sampling, pad_id: int) -> None:
        self._model = model
        self._sampling = sampling
        self._pad_id = pad_id
        self._rows = list(range(len(prompts)))
        self._live = set(self._rows)
        self._cache = transformers.DynamicCache(config=model.config)
        longest = max(len(prompt) for prompt in prompts)
        padded = [[pad_id] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        self._input = torch.tensor(padded, device=model.device)
        self._mask = torch.tensor(mask, device=model.device)
        self._positions = (self._mask.cumsum(dim=-1) - 1).clamp(min=0)
        self._random = [_generator(sampling, model.device) for _ in prompts]
        self._begun = False

    @property
    def live(self) -> bool:
        """Whether any answer goes on."""
        return bool(self._live)

    def end(self, row: int) -> None:
        """Say that the answer of a row has ended."""
        self._live.discard(row)

    def step(self) -> list[tuple[int, int]]:
        """Compute one more token of every answer that goes on: (row, token id) of each.

        Raises:
            UserError: the model gives no numbers (its weights are damaged, or 16 bits are too few for them).
        """
        self._drop_ended()
        # Not a decorator on the caller: the mode belongs to a thread, and a stream may be read from several.
        with torch.inference_mode():
            logits = self._forward()
            if not self._begun and bool(torch.isnan(logits).any()):
                raise UserError("The model gives no valid numbers.", "Its weights are damaged, or need 32 bits.")
            self._begun = True
            tokens = self._choose(logits)
            self._input = tokens[:, None]
            self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._rows), 1)], dim=-1)
            self._positions = self._positions[:, -1:] + 1
        return [(row, token) for row, token in zip(self._rows, tokens.tolist(), strict=True) if row in self._live]

    def _forward(self) -> torch.Tensor:
        """The logits of the last position, [rows, vocabulary]."""
        output = self._model(
            input_ids=self._input,
            attention_mask=self._mask,
            position_ids=self._positions,
            cache=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1, :]

    def _choose(self, logits: torch.Tensor) -> torch.Tensor:
        """The next token id of each row, [rows]."""
        if self._sampling.temperature == 0:
            return logits.argmax(dim=-1)
        probabilities = nucleus(logits.float() / self._sampling.temperature, self._sampling.top_p)
        drawn = [
            torch.multinomial(probabilities[position], 1, generator=self._random[row])
            for position, row in enumerate(self._rows)
        ]
        return torch.cat(drawn)

    def _drop_ended(self) -> None:
        kept = [position for position, row in enumerate(self._rows) if row in self._live]
        if not kept or len(kept) > len(self._rows) / 2:
            return
        with torch.inference_mode():
            chosen = torch.tensor(kept, device=self._input.device)
            self._cache.reorder_cache(chosen)  # ty: ignore[invalid-argument-type] - a tensor of int64 is a LongTensor
            self._input, self._mask, self._positions = (
                tensor[chosen] for tensor in (self._input, self._mask, self._positions)
            )
        self._rows = [self._rows[position] for position in kept]


def nucleus(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    """Probabilities [rows, vocabulary] of which only the likeliest tokens that together reach `top_p` remain.

    Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration". The likeliest token always remains.
    """
    probabilities = torch.softmax(logits, dim=-1)
    if top_p >= 1:
        return probabilities
    ordered, indices = probabilities.sort(dim=-1, descending=True)
    outside = ordered.cumsum(dim=-1) - ordered >= top_p
    ordered = ordered.masked_fill(outside, 0.0)
    return torch.zeros_like(probabilities).scatter(-1, indices, ordered)


def _generator(sampling: Sampling, device: torch.device) -> torch.Generator:
    generator = torch.Generator(device=device)
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed)
    return generator
