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
from localft.data.texts.containing import says_enough
from localft.data.texts.forewords import without_forewords
from localft.data.texts.normalising import normalise, words_in
from localft.data.texts.runs import Texts
from localft.data.working import Tell, look_at_all, quiet

_KEY, SHORT_KEY = 32, 16
_LOOKING = "Looking at what the examples ask"
# Shorter turns, in bytes of their words, mean what the conversation makes of them: "And then?".
_SHORTEST_TURN = 12
# Longer answers are no labels, and so are more different ones.
LONGEST_LABEL, MOST_LABELS = 80, 30
# So many different system texts are told apart; of more, some are kept twice.
_SYSTEMS_KNOWN = 4_096


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


def _turn(role: str, text: str) -> bytes:
    return f"{role}\x1f{normalise(text)}\x1e".encode()


def sole_question(example: Example) -> str | None:
    """What is asked where an example is one question and its answer; None of a longer conversation and plain text."""
    if example.plain:
        return None
    turns = [message for message in example.messages if message.role != "system"]
    return turns[0].content if [turn.role for turn in turns] == ["user", "assistant"] else None


def _turns_by_themselves(example: Example, sole: str | None) -> Iterator[str]:
    """What else an example asks: each turn of a user in a longer conversation, and each one without its forewords.

    They are given as their words.
    """
    users = (message.content for message in example.messages if message.role == "user")
    for asked in users if sole is None else (sole,):
        said = words_in(asked)
        bare = without_forewords(said)
        if sole is None and means_something(said):
            yield said
        if bare != said and means_something(bare):
            yield bare


def means_something(said: str) -> bool:
    """Whether a turn, given as its words, asks something without what was said before it."""
    return len(said.encode("utf-8", "surrogatepass")) >= _SHORTEST_TURN


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
        self.texts = Texts()
        # 1 or 0 for each question by itself: whether it has words enough to be looked for in other texts.
        self.are_long = array("B")
        # What is asked beside that, each turn by itself, and by which example.
        self.turns, self.turns_of, self.are_long_turns = Texts(), array("I"), array("B")
        # What the system texts say, nearly all of them once, and for each example the number of its own from 1, or 0.
        self.systems, self.system_of = Texts(), array("I")
        self._known_systems: dict[bytes, int] = {}
        # 1 or 0 for each example: whether it is a question and its answer, or a longer conversation; else plain text.
        self.are_sole, self.are_conversations = array("B"), array("B")
        self.groups, self.labels, self.times, self.named_splits = Column(), Column(), Column(), Column()
        # None once the answers are too long, or too many different ones, to be labels.
        self.short_answers: Column | None = Column()

    def __len__(self) -> int:
        return len(self.texts)

    def look(self, example: Example) -> None:
        """Put an example behind the others."""
        *earlier, last = prompt_digests(example, self.with_system)
        for key in earlier:
            self._earlier += key[:SHORT_KEY]
            self._earlier_of.append(len(self))
        sole = sole_question(example)
        for asked in _turns_by_themselves(example, sole):
            self.turns.add(asked)
            self.turns_of.append(len(self))
            self.are_long_turns.append(says_enough(asked))
        self.system_of.append(self._system_number(example))
        self.are_sole.append(sole is not None)
        self.are_long.append(sole is not None and says_enough(words_in(sole)))
        self.are_conversations.append(sole is None and not example.plain)
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
        systems = len(self.systems)
        self.systems.join(later.systems)
        self.system_of.extend(number and number + systems for number in later.system_of)
        self._keys += later._keys
        self._earlier += later._earlier
        self._earlier_of.extend(before + position for position in later._earlier_of)
        self.turns.join(later.turns)
        self.turns_of.extend(before + position for position in later.turns_of)
        self.are_sole.extend(later.are_sole)
        self.are_long.extend(later.are_long)
        self.are_long_turns.extend(later.are_long_turns)
        self.are_conversations.extend(later.are_conversations)
        self.texts.join(later.texts)
        for mine, others in (
            (self.groups, later.groups), (self.labels, later.labels), (self.times, later.times),
            (self.named_splits, later.named_splits),
        ):  # fmt: skip
            mine.join(others)
        if self.short_answers is not None and later.short_answers is not None:
            self.short_answers.join(later.short_answers)
        self._keep_labels_only(later.short_answers is None)

    def _system_number(self, example: Example) -> int:
        """The number of the system text of an example, which is put behind the others unless it is there."""
        said = "\n".join(message.content for message in example.messages if message.role == "system")
        if not said:
            return 0
        key = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=SHORT_KEY).digest()
        if key not in self._known_systems:
            if len(self._known_systems) == _SYSTEMS_KNOWN:
                self._known_systems.clear()
            self.systems.add(said)
            self._known_systems[key] = len(self.systems)
        return self._known_systems[key]

    def _keep_labels_only(self, is_long: bool) -> None:
        if is_long or (self.short_answers is not None and self.short_answers.different > MOST_LABELS):
            self.short_answers = None

    def key(self, position: int) -> bytes:
        """What an example asks, as a key: that of its last answer."""
        return bytes(self._keys[_KEY * position : _KEY * (position + 1)])

    def short_keys(self) -> Iterator[bytes]:
        """The keys of all examples, their first 16 bytes."""
        return (bytes(self._keys[start : start + SHORT_KEY]) for start in range(0, len(self._keys), _KEY))

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
        for position, start in zip(self._earlier_of, range(0, len(self._earlier), SHORT_KEY), strict=True):
            yield position, bytes(self._earlier[start : start + SHORT_KEY])


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
