"""The rows a model is trained on: tokens and labels of the examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from localft.data.examples import Example
from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.tokens import Encoded, Learn, TextTokenizer, encode_example

IGNORED = -100
"""The label of a token that is read but not learned, as torch and transformers have it."""


@dataclass(frozen=True)
class Row:
    """One sequence: token ids, and labels that are the same ids where a token is learned and `IGNORED` elsewhere."""

    token_ids: numpy.ndarray
    labels: numpy.ndarray

    def __len__(self) -> int:
        return len(self.token_ids)

    @property
    def documents(self) -> tuple["Row", ...]:
        """What attends to itself alone: the row."""
        return (self,)

    def last(self, tokens: int) -> "Row":
        """At most so many of its last tokens."""
        part = slice(max(0, len(self) - tokens), len(self))
        return Row(self.token_ids[part], self.labels[part])


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt, of which the first is to be preferred; both are learned from, or none."""

    chosen: Row
    rejected: Row

    def __len__(self) -> int:
        return len(self.chosen) + len(self.rejected)

    @property
    def documents(self) -> tuple[Row, ...]:
        """The two sequences, the better one first."""
        return (self.chosen, self.rejected)

    def last(self, tokens: int) -> "Pair":
        """At most so many of its last tokens, of each sequence its share."""
        chosen = max(1, tokens * len(self.chosen) // len(self))
        return Pair(self.chosen.last(chosen), self.rejected.last(max(1, tokens - chosen)))


Unit = Row | Pair
"""What is learned from as a whole: it is never divided between two micro-batches."""


def documents_of(units: Sequence[Unit]) -> list[Row]:
    """All sequences of some units, one after the other."""
    return [document for unit in units for document in unit.documents]


def predicting_positions(labels: numpy.ndarray) -> numpy.ndarray:
    """Where a learned token comes next, int64, counted through the flattened `labels` [rows, tokens]."""
    predicts = numpy.zeros(labels.shape, dtype=bool)
    predicts[:, :-1] = labels[:, 1:] != IGNORED
    return numpy.flatnonzero(predicts)


@dataclass(frozen=True)
class Rows:
    """The rows of a split, how many were cut at the end, and how many had nothing left to learn and were left out."""

    rows: Sequence[Unit]
    cut: int = 0
    left_out: int = 0

    @property
    def learned_tokens(self) -> int:
        return sum(int((row.labels[1:] != IGNORED).sum()) for row in documents_of(self.rows))


def make_rows(
    examples: Sequence[Example], chat_format: ChatFormat, tokenizer: TextTokenizer, max_length: int, learn: Learn
) -> Rows:
    """Turn examples into rows of at most `max_length` tokens.

    Raises:
        UserError: the chat template refuses an example.
    """
    rows, cut, left_out = [], 0, 0
    for example in examples:
        for encoded in encode_example(chat_format, tokenizer, example, max_length, learn):
            cut += encoded.cut > 0
            row = _row(encoded)
            if row is None:
                left_out += 1
            else:
                rows.append(row)
    return Rows(rows, cut, left_out)


def make_pairs(examples: Sequence[Example], chat_format: ChatFormat, tokenizer: TextTokenizer, max_length: int) -> Rows:
    """Turn examples with a worse answer into pairs of two rows of at most `max_length` tokens each.

    The last answers are compared. An example without a worse one counts as left out, and so does one whose answers are
    the same as far as they are read: with dropout what is random in both would be learned as a preference.

    Raises:
        UserError: the chat template refuses an example.
    """
    pairs, cut, left_out = [], 0, 0
    for example in examples:
        both = (example, example.worse) if example.rejected else ()
        encoded = [one for part in both for one in encode_example(chat_format, tokenizer, part, max_length, "last")]
        cut += any(one.cut for one in encoded)
        chosen, rejected = [_row(one) for one in encoded] if len(encoded) == 2 else (None, None)
        if chosen is None or rejected is None or numpy.array_equal(chosen.token_ids, rejected.token_ids):
            left_out += 1
        else:
            pairs.append(Pair(chosen, rejected))
    return Rows(pairs, cut, left_out)


def _row(encoded: Encoded) -> Row | None:
    """A sequence with its labels; None where nothing is left to learn, since the first token is never predicted."""
    if not any(encoded.learned[1:]):
        return None
    token_ids = numpy.asarray(encoded.token_ids, dtype=numpy.int32)
    return Row(token_ids, numpy.where(numpy.asarray(encoded.learned), token_ids, numpy.int32(IGNORED)))


def refuse_unlearnable(train: Rows, why: str = "their answers lie beyond the longest length") -> None:
    """Refuse a split in which nothing would be learned; `why` examples were left out, in words.

    Raises:
        UserError: no row has a token with a loss.
    """
    if train.rows:
        return
    if train.left_out:
        raise UserError(
            f"Nothing would be learned: all examples are left out, since {why}.",
            "Raise max_length, shorten the examples, or add others.",
        )
    raise UserError("There are no training examples.", "Import more examples.")
