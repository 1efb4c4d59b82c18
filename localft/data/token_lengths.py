"""How long the examples are, in tokens of the chosen model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import has_tokenizer, tokenizer_folder
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example

if TYPE_CHECKING:
    from localft.data.checks.finding import Row

_BARS = 20
_NO_LIMIT = 10**9


@dataclass(frozen=True)
class TokenLengths:
    """Lengths of examples in tokens, the question and the template's marks included.

    `histogram` counts examples by length as (from, below, count); `cut` is the number of examples longer than
    `max_length`; `lost` are the positions of those whose answer is cut off entirely. `each` has the length of every
    example in the order of the splits, None where the template refuses it: then `refused` holds (position, reason).
    `total` and `learned` count tokens before any cut.
    """

    histogram: list[tuple[int, int, int]]
    p50: int
    p95: int
    max: int
    cut: int
    max_length: int
    lost: tuple[int, ...]
    each: list[int | None]
    refused: list[tuple[int, str]]
    total: int
    learned: int


def measure(
    rows: "Sequence[Row]", base_model: BaseModel, chat_format: ChatFormat | None, max_length: int
) -> TokenLengths | None:
    """Measure all examples, None where the model's tokenizer is not here.

    Raises:
        UserError: the model's tokenizer or template cannot be used at all.
    """
    if not has_tokenizer(base_model):
        return None
    chat_format = chat_format or chat_format_for(base_model)
    tokenizer = TextTokenizer(tokenizer_folder(base_model))
    each: list[int | None] = []
    refused: list[tuple[int, str]] = []
    lost, learned = [], 0
    for position, row in enumerate(rows):
        try:
            parts = encode_example(chat_format, tokenizer, row.example, _NO_LIMIT)
        except UserError as error:
            refused.append((position, error.message))
            each.append(None)
            continue
        each.append(max((len(part.token_ids) for part in parts), default=0))
        learned += sum(part.learned_count for part in parts)
        if parts and not any(any(part.learned[:max_length]) for part in parts):
            lost.append(position)
    known = sorted(length for length in each if length is not None)
    return TokenLengths(
        histogram=histogram(known),
        p50=quantile(known, 0.50),
        p95=quantile(known, 0.95),
        max=known[-1] if known else 0,
        cut=sum(length > max_length for length in known),
        max_length=max_length,
        lost=tuple(lost),
        each=each,
        refused=refused,
        total=sum(known),
        learned=learned,
    )


def quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest of `ordered` (ascending) that at least `share` of them do not exceed; 0 of none."""
    if not ordered:
        return 0
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def histogram(ordered: Sequence[int]) -> list[tuple[int, int, int]]:
    """Count lengths (ascending) in at most 20 bars of equal, round width."""
    if not ordered:
        return []
    width = _round_up(max(1, -(-(ordered[-1] + 1) // _BARS)))
    counts = [0] * (ordered[-1] // width + 1)
    for length in ordered:
        counts[length // width] += 1
    return [(number * width, (number + 1) * width, count) for number, count in enumerate(counts)]


def _round_up(width: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= width:
                return factor * step
        step *= 10
