"""How likely a model finds given texts: the log-probability of each learned token, without generating anything."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from localft.models.tokens import Encoded

_BATCH_TOKENS = 8_192
_LOGIT_BYTES = 512 * 2**20
_ROWS_AT_ONCE = 256


def token_log_probabilities(model: Any, texts: Sequence[Encoded], pad_id: int) -> Iterator[tuple[int, list[float]]]:
    """For each text the natural log-probabilities of its learned tokens: (index, one number a learned token).

    Batches of similar length, padded on the right. The cache is off: with it, models on plain SDPA have been seen to
    mix what has to stay apart. Logits are asked for where they are needed only: [tokens, vocabulary] is large.
    """
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index].token_ids))
    vocabulary = model.config.get_text_config().vocab_size
    batch: list[int] = []
    for index in order:
        candidate = [*batch, index]
        if batch and not _fits([texts[position] for position in candidate], vocabulary):
            yield from _score_batch(model, texts, batch, pad_id)
            candidate = [index]
        batch = candidate
    if batch:
        yield from _score_batch(model, texts, batch, pad_id)


def _fits(texts: Sequence[Encoded], vocabulary: int) -> bool:
    tokens = len(texts) * max(len(text.token_ids) for text in texts)
    logit_bytes = len(texts) * len(_needed(texts)) * vocabulary * 4
    return tokens <= _BATCH_TOKENS and logit_bytes <= _LOGIT_BYTES


def _needed(texts: Sequence[Encoded]) -> list[int]:
    """The positions whose logits predict a learned token of any of the texts."""
    return sorted(
        {position - 1 for text in texts for position, learned in enumerate(text.learned) if learned and position}
    )


def _score_batch(
    model: Any, texts: Sequence[Encoded], batch: Sequence[int], pad_id: int
) -> Iterator[tuple[int, list[float]]]:
    chosen = [texts[index] for index in batch]
    positions = _needed(chosen)
    if not positions:
        yield from ((index, []) for index in batch)
        return
    longest = max(len(text.token_ids) for text in chosen)
    padding = [longest - len(text.token_ids) for text in chosen]
    with torch.inference_mode():
        ids = torch.tensor(
            [text.token_ids + [pad_id] * more for text, more in zip(chosen, padding, strict=True)], device=model.device
        )
        mask = torch.tensor(
            [[1] * len(text.token_ids) + [0] * more for text, more in zip(chosen, padding, strict=True)],
            device=model.device,
        )
        kept = torch.tensor(positions, device=model.device)
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=kept).logits
        place = {position: number for number, position in enumerate(positions)}
        for row, (index, text) in enumerate(zip(batch, chosen, strict=True)):
            targets = [position for position, learned in enumerate(text.learned) if learned and position]
            rows = torch.tensor([place[target - 1] for target in targets], dtype=torch.long, device=model.device)
            wanted = ids[row, torch.tensor(targets, dtype=torch.long, device=model.device)]
            yield index, _gather(logits[row], rows, wanted)


def _gather(logits: torch.Tensor, rows: torch.Tensor, wanted: torch.Tensor) -> list[float]:
    """log softmax of `logits` [positions, vocabulary] at (rows, wanted), in float32 and a few positions at a time."""
    values: list[float] = []
    for part, token_ids in zip(rows.split(_ROWS_AT_ONCE), wanted.split(_ROWS_AT_ONCE), strict=True):
        chosen = logits[part].float()
        picked = chosen.gather(-1, token_ids[:, None]).squeeze(-1) - torch.logsumexp(chosen, dim=-1)
        values.extend(picked.tolist())
    return values
