"""What each example asks, kept small: what is needed to divide examples and to tell which ask nearly the same."""

import hashlib
import itertools
from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Self

import numpy

from localft.data.examples import Example
from localft.data.stored import Chain, StoredExamples
from localft.data.texts.normalising import normalise
from localft.data.texts.runs import Texts
from localft.data.working import Tell, look_at_all, quiet

_KEY, _EARLIER = 32, 16
_LOOKING = "Looking at what the examples ask"
# A question and its answer, and no more.
_FEWEST_WITH_LATER = 2
# Longer answers are no labels, and so are more different ones.
LONGEST_LABEL, MOST_LABELS = 80, 30


def prompt_digests(example: Example, with_system: bool = False) -> list[bytes]:
    """As `prompt_keys`, in 32 bytes each."""
    if example.plain:
        return [hashlib.sha256(normalise(example.text).encode()).digest()]
    keys = []
    said = hashlib.sha256()
    for message in example.messages:
        if message.role == "assistant":
            keys.append(said.digest())
        if with_system or message.role != "system":
            said.update(_turn(message.role, message.content))
    return keys


def turn_digest(text: str) -> bytes:
    """What `prompt_digests` has for a conversation in which a user has said nothing but this."""
    return hashlib.sha256(_turn("user", text)).digest()


def _turn(role: str, text: str) -> bytes:
    return f"{role}\x1f{normalise(text)}\x1e".encode()


def _later_digests(example: Example) -> list[bytes]:
    """One for each turn of a user after the first answer, by itself."""
    if example.plain or len(example.messages) <= _FEWEST_WITH_LATER:
        return []
    after = itertools.dropwhile(lambda message: message.role != "assistant", example.messages)
    return [turn_digest(message.content) for message in after if message.role == "user"]


def prompt_keys(example: Example, with_system: bool = False) -> list[str]:
    """One key for each assistant turn: what was said before it; the last is the example's.

    System messages are left out unless `with_system`. Two conversations one of which is the beginning of the other
    share a key. Plain text is its own key.
    """
    return [key.hex() for key in prompt_digests(example, with_system)]


def asked_text(example: Example, with_system: bool) -> str:
    """What an example asks, as one text: all turns before the last answer, system messages `with_system` only.

    Plain text asks nothing; what it says stands for it.
    """
    return "\n".join(_asked_turns(example, with_system))


def _asked_turns(example: Example, with_system: bool) -> list[str]:
    if example.plain:
        return [example.text]
    return [message.content for message in example.messages[:-1] if with_system or message.role != "system"]


class Column:
    """A text for each example, "" for none, of which many are the same."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}
        self._of = array("I")
        self._has_blanks = False

    def __len__(self) -> int:
        return len(self._of)

    @classmethod
    def empty(cls, count: int) -> "Column":
        """No text for so many examples."""
        column = cls()
        column._of = array("I", [0]) * count
        column._has_blanks = count > 0
        return column

    def add(self, text: str) -> None:
        """Put a text behind the others."""
        self._of.append(self._codes.setdefault(text, len(self._codes)))
        self._has_blanks = self._has_blanks or not text

    def join(self, later: Self) -> None:
        """Put other texts behind these."""
        codes = [self._codes.setdefault(text, len(self._codes)) for text in later._codes]
        self._of.extend(codes[code] for code in later._of)
        self._has_blanks = self._has_blanks or later._has_blanks

    @property
    def codes(self) -> "array[int]":
        """A number for each example, the same for the same text."""
        return self._of

    @property
    def says_something(self) -> bool:
        """Whether there is a text for any of them."""
        return len(self._codes) > 1

    @property
    def different(self) -> int:
        """How many different texts there are, "" too."""
        return len(self._codes) - (not self._has_blanks)

    def texts(self) -> list[str]:
        """The text of each example."""
        known = list(self._codes)
        return [known[code] for code in self._of]


class Asked:
    """What examples ask, and where their files say they belong."""

    def __init__(self, with_system: bool = False) -> None:
        self.with_system = with_system
        self._keys, self._earlier, self._earlier_of = bytearray(), bytearray(), array("I")
        self._later, self._later_of = bytearray(), array("I")
        self.texts = Texts()
        self.groups, self.labels, self.times, self.named_splits = Column(), Column(), Column(), Column()
        # None once the answers are too long, or too many different ones, to be labels.
        self.short_answers: Column | None = Column()

    def __len__(self) -> int:
        return len(self.texts)

    def look(self, example: Example) -> None:
        """Put an example behind the others."""
        *earlier, last = prompt_digests(example, self.with_system)
        for key in earlier:
            self._earlier += key[:_EARLIER]
            self._earlier_of.append(len(self))
        for key in _later_digests(example):
            self._later += key[:_EARLIER]
            self._later_of.append(len(self))
        self._keys += last
        self.texts.add(*_asked_turns(example, self.with_system))
        self.groups.add(example.group or "")
        self.labels.add(example.label or "")
        self.times.add(example.time)
        self.named_splits.add(example.named_split)
        if self.short_answers is not None:
            self.short_answers.add(example.answer.strip())
            self._keep_labels_only(len(example.answer) > LONGEST_LABEL)

    def join(self, later: Self) -> None:
        """Put other examples behind these."""
        before = len(self)
        self._keys += later._keys
        self._earlier += later._earlier
        self._earlier_of.extend(before + position for position in later._earlier_of)
        self._later += later._later
        self._later_of.extend(before + position for position in later._later_of)
        self.texts.join(later.texts)
        for mine, others in (
            (self.groups, later.groups), (self.labels, later.labels), (self.times, later.times),
            (self.named_splits, later.named_splits),
        ):  # fmt: skip
            mine.join(others)
        if self.short_answers is not None and later.short_answers is not None:
            self.short_answers.join(later.short_answers)
        self._keep_labels_only(later.short_answers is None)

    def _keep_labels_only(self, is_long: bool) -> None:
        if is_long or (self.short_answers is not None and self.short_answers.different > MOST_LABELS):
            self.short_answers = None

    def key(self, position: int) -> bytes:
        """What an example asks, as a key: that of its last answer."""
        return bytes(self._keys[_KEY * position : _KEY * (position + 1)])

    def short_keys(self) -> Iterator[bytes]:
        """The keys of all examples, their first 16 bytes."""
        return (bytes(self._keys[start : start + _EARLIER]) for start in range(0, len(self._keys), _KEY))

    def shared_earlier(self, most: int) -> Iterator[list[int]]:
        """Positions that share the key of an earlier answer, two to `most` of them; what more share is a greeting."""
        keys = numpy.frombuffer(bytes(self._earlier), dtype=">u8").reshape(-1, 2)
        of = numpy.array(self._earlier_of, dtype=numpy.int64)
        order = numpy.lexsort((of, keys[:, 1], keys[:, 0]))
        ordered = keys[order]
        borders = numpy.flatnonzero((ordered[1:] != ordered[:-1]).any(axis=1)) + 1
        for first, last in itertools.pairwise([0, *borders.tolist(), len(order)]):
            if last - first > 1:
                positions = numpy.unique(of[order[first:last]]).tolist()
                if 1 < len(positions) <= most:
                    yield positions

    def earlier_keys(self) -> Iterator[tuple[int, bytes]]:
        """(position, key): those of earlier answers, their first 16 bytes."""
        return _with_positions(self._earlier, self._earlier_of)

    def later_keys(self) -> Iterator[tuple[int, bytes]]:
        """(position, key): what a user asks after an answer, each turn as if nothing had been said before it."""
        return _with_positions(self._later, self._later_of)


def _with_positions(keys: bytearray, of: "array[int]") -> Iterator[tuple[int, bytes]]:
    for position, start in zip(of, range(0, len(keys), _EARLIER), strict=True):
        yield position, bytes(keys[start : start + _EARLIER])


def ask(examples: Sequence[Example], with_system: bool = False, tell: Tell = quiet) -> Asked:
    """What examples ask."""
    if isinstance(examples, Chain):
        asked = Asked(with_system)
        for part in examples.parts:
            asked.join(ask(part, with_system, tell))
        return asked
    if not isinstance(examples, StoredExamples):
        asked = Asked(with_system)
        for example in examples:
            asked.look(example)
        return asked
    if with_system:
        return look_at_all(partial(Asked, with_system), examples, tell, _LOOKING)
    return ask_ahead(examples, tell)


def ask_ahead(examples: StoredExamples, tell: Tell = quiet) -> Asked:
    """What many examples ask, which is remembered for who needs it again."""
    if not isinstance(examples.remembered, Asked):
        examples.remembered = look_at_all(Asked, examples, tell, _LOOKING)
    return examples.remembered
