"""How long the examples are, in tokens of the chosen model."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localft.data.examples import Example
from localft.data.working import Tell, look_at_all, quiet
from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import has_tokenizer, tokenizer_folder
from localft.models.templates import chat_format_for
from localft.models.tokens import Encoded, TextTokenizer, encode_example

if TYPE_CHECKING:
    from localft.data.checks.finding import Row

_BARS = 20
_NO_LIMIT = 10**9
_USUAL_LENGTHS = (256, 512, 1_024, 2_048, 4_096, 8_192)


@dataclass(frozen=True)
class TokenLengths:
    """Lengths of examples in tokens, the question and the template's marks included; of pairs, with the longer answer.

    `histogram` counts examples by length as (from, below, count); `cut` is the number of examples longer than
    `max_length`; plain text never is, since it goes on in another sequence. `lost` are the positions of those whose
    answer, or one of the two, is cut off entirely. `each` has the length of every example in the order of the splits,
    None where the template refuses it: then `refused` holds (position, reason).
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


@dataclass(frozen=True)
class Cut:
    """What a maximum length does to examples: how many are cut, and how many tokens are lost by it."""

    max_length: int
    cut: int
    lost: int


def cuts(lengths: TokenLengths) -> list[Cut]:
    """What each usual maximum length does, from 256 tokens up to the first that cuts nothing, or 8,192."""
    known = [length for length in lengths.each if length is not None]
    found = []
    for max_length in _USUAL_LENGTHS:
        over = [length - max_length for length in known if length > max_length]
        found.append(Cut(max_length, len(over), sum(over)))
        if not over:
            break
    return found


def measure(
    rows: "Sequence[Row]",
    base_model: BaseModel,
    chat_format: ChatFormat | None,
    max_length: int,
    tell: Tell = quiet,
) -> TokenLengths | None:
    """Measure all examples, None where the model's tokenizer is not here.

    Raises:
        UserError: the model's tokenizer or template cannot be used at all.
    """
    if not has_tokenizer(base_model):
        return None
    make = partial(_Lengths, tokenizer_folder(base_model), chat_format or chat_format_for(base_model), max_length)
    seen = look_at_all(make, rows, tell, "Measuring the examples")
    known = sorted(length for length in seen.each if length >= 0)
    return TokenLengths(
        histogram=histogram(known),
        p50=quantile(known, 0.50),
        p95=quantile(known, 0.95),
        max=known[-1] if known else 0,
        cut=sum(length > max_length for length in known),
        max_length=max_length,
        lost=tuple(seen.lost),
        each=[length if length >= 0 else None for length in seen.each],
        refused=seen.refused,
        total=sum(known),
        learned=seen.learned,
    )


class _Lengths:
    """Measures rows: the length of each, -1 where the template refuses it, and positions with what is found there."""

    def __init__(self, folder: Path, chat_format: ChatFormat, max_length: int) -> None:
        self._format, self._max_length = chat_format, max_length
        self._tokenizer: TextTokenizer | None = TextTokenizer(folder)
        self.each, self.lost = array("q"), array("q")
        self.refused: list[tuple[int, str]] = []
        self.learned = 0

    def __getstate__(self) -> dict[str, Any]:
        # What was measured goes back to the process that asked; it does not measure by itself.
        return {**self.__dict__, "_tokenizer": None}

    def look(self, row: "Row") -> None:
        """Measure a row."""
        if self._tokenizer is None:
            raise RuntimeError("what was measured elsewhere can only be joined")
        position, limit = len(self.each), self._max_length if row.example.plain else _NO_LIMIT
        try:
            parts = encode_example(self._format, self._tokenizer, row.example, limit)
            worse = self._worse(self._tokenizer, row.example, limit)
        except UserError as error:
            self.refused.append((position, error.message))
            self.each.append(-1)
            return
        self.each.append(max((len(part.token_ids) for part in (*parts, *worse)), default=0))
        self.learned += sum(part.learned_count for part in parts)
        if any(both and not any(any(part.learned[: self._max_length]) for part in both) for both in (parts, worse)):
            self.lost.append(position)

    def _worse(self, tokenizer: TextTokenizer, example: Example, limit: int) -> list[Encoded]:
        """The conversation with the worse answer of a pair, as it is compared with the better one."""
        return encode_example(self._format, tokenizer, example.worse, limit, "last") if example.rejected else []

    def join(self, later: "_Lengths") -> None:
        """Put the lengths of later rows behind these."""
        before = len(self.each)
        self.each.extend(later.each)
        self.lost.extend(before + position for position in later.lost)
        self.refused += [(before + position, reason) for position, reason in later.refused]
        self.learned += later.learned


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
