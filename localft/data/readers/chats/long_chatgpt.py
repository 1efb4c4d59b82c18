"""ChatGPT's conversations.json of any size: a conversation at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from localft.data.readers.array_blocks import ArrayBlock, ArrayRows
from localft.data.readers.chats.chatgpt import LAYOUT, talk_notes, talk_row
from localft.data.shapes.rows import Found, Row
from localft.data.shapes.values import parse_json

_LOOKED_AT = 50


@dataclass(frozen=True)
class TalkBlock:
    """Some conversations."""

    block: ArrayBlock

    def __iter__(self) -> Iterator[Row]:
        yield from self.rows(Counter())

    def rows(self, left_out: Counter[str]) -> Iterator[Row]:
        """The rows of these; what is left out of them is counted."""
        for number, text in enumerate(self.block.texts, start=self.block.first):
            yield talk_row(number, parse_json(text, refuse_twins=False), left_out)


@dataclass(frozen=True)
class TalkRows:
    """The conversations of an array as rows."""

    array: ArrayRows

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[Iterable[Row], float]]:
        """(some conversations, the share of the file up to them)."""
        for block, share in self.array.parts():
            yield TalkBlock(block), share


def long_chatgpt(rows: ArrayRows) -> Found | None:
    """The conversations in an array; None where it holds none as ChatGPT exports them.

    Raises:
        UserError: it is not JSON.
    """
    if not any(isinstance((row.values or {}).get("mapping"), dict) for row in islice(rows, _LOOKED_AT)):
        return None
    left_out: Counter[str] = Counter()
    for block, _ in rows.parts():
        for _row in TalkBlock(block).rows(left_out):
            pass
    return Found(TalkRows(rows), talk_notes(left_out, rows.array.name), LAYOUT)
