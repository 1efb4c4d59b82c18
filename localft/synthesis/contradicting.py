"""Whether an answer says the opposite of its passage in nearly its words.

Each clause of an answer is laid beside the sentences of the passage that have most of its words. It contradicts them if
each of them denies it (or the other way round), has an opposite ("open", "closed"), or has another number, name, day,
colour or the like in the same place. Where a word denies a part only ("unless", "only"), nothing can be told.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from functools import partial

from localft.synthesis.opposites import (
    AFTER,
    ALLOWING,
    BEFORE,
    DENYING,
    FORBIDDING,
    HEDGES,
    KINDS,
    NEGATIONS,
    NOT_OPPOSED,
    PHRASES,
    THAN,
    WITHOUT_CONTENT,
    sides_of,
)
from localft.synthesis.passages import sentences
from localft.synthesis.quantities import Quantity, is_number_word, quantities
from localft.synthesis.stop_words import STOP_WORDS
from localft.synthesis.wording import capitalises_nouns, folded, names_of, same_stem

_NEARLY = 0.6
"""So many of a clause's words stand in a sentence that says nearly the same."""
_AS_NEAR = 0.2
_FEWEST = 2
_CLAUSE = re.compile(
    r"[;()–—]|(?<!\d)[,:]|[,:](?!\d)|\s-\s|\b(?:and|or|but|while|whereas|because|if|when|und|oder|aber|sondern|weil|falls|wenn|"
    r"et|ou|mais|quand|lorsque|si|y|o|pero|sino|cuando|porque)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_NOT = re.compile(r"n't\b")
_SHOWN = 80
# Words of one stem begin with the same letters, but for participles in German.
_START, _PARTICIPLE = 2, "ge"


class _Clause:
    """A clause: its words that count, and whether it is denied."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        words = _words(text)
        self.text = text.strip()
        self.words = words
        # "Not forbidden" denies nothing.
        self.denied = any(word in NEGATIONS for word in words) != any(word in FORBIDDING for word in words)
        self.hedges = frozenset(word for word in words if word in HEDGES)
        self.numbers = quantities(text, strict=True)
        self.names = frozenset(word for word in words if word in names and word not in KINDS)
        self.kinds = {word: KINDS[word] for word in words if word in KINDS}
        units = {one.counted for one in self.numbers if one.unit is not None}
        self.content = tuple(dict.fromkeys(word for word in words if _counts(word) and word not in units))
        self.sides = _sides(words)
        self._denying = [word for word in words if word.startswith(DENYING)]
        self._by_start: dict[str, list[str]] = {}
        for word in dict.fromkeys(words):
            for start in _starts(word):
                self._by_start.setdefault(start, []).append(word)

    def has(self, word: str) -> bool:
        """Tell whether a word stands here, perhaps with another ending."""
        return word in self._by_start.get(word[:_START], ()) or any(
            same_stem(word, other) for start in _starts(word) for other in self._by_start.get(start, ())
        )

    def says(self, word: str) -> bool:
        """Tell whether it stands here, or another word for it."""
        return self.has(word) or not self.sides.isdisjoint(sides_of(word))

    def opposes(self, word: str) -> bool:
        """Tell whether the opposite of a word stands here."""
        opposites = {(line, not side) for line, side in sides_of(word)}
        return not self.sides.isdisjoint(opposites) or bool(self.denial_of(word))

    def denial_of(self, word: str) -> str:
        """The word that stands here and denies this one or is denied by it, "" for none."""
        others = self.words if word.startswith(DENYING) else self._denying
        return next((other for other in others if denies(word, other)), "")


class _Sentence:
    """A sentence with its clauses, and what is set before what in it."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.whole = _Clause(text, names)
        parts = [_Clause(part, names) for part in _CLAUSE.split(text) if _WORD.search(part)]
        self.clauses = parts or [self.whole]
        self.order = _Order(text)


class Sayings:
    """What a passage says, sentence by sentence."""

    def __init__(self, text: str) -> None:
        self.nouns = capitalises_nouns(text)
        self.names = frozenset(folded(name) for name in names_of(text, self.nouns))
        self.sentences = [_Sentence(one, self.names) for one in sentences(text)]


def why_contradicted(answer: str, known: Sayings) -> str:
    """Why an answer contradicts a passage, as the end of a sentence; "" where it does not seem to."""
    names = known.names | {folded(name) for name in names_of(answer, known.nouns)}
    for text in sentences(answer):
        said = _Sentence(text, names)
        for clause in said.clauses:
            if reason := _against_all(clause, said, known.sentences):
                return reason
    return ""


def _against_all(clause: _Clause, said: _Sentence, known: Sequence[_Sentence]) -> str:
    """Why every sentence that says nearly the same contradicts a clause; "" where one does not, or there is none."""
    if not clause.content or len(clause.content) + len(clause.numbers) < _FEWEST:
        return ""
    shares = [_share(clause, sentence.whole) for sentence in known]
    nearest = max(shares, default=0.0)
    if nearest < _NEARLY:
        return ""
    near = [one for one, share in zip(known, shares, strict=True) if share >= max(_NEARLY, nearest - _AS_NEAR)]
    if len(clause.content) < _FEWEST:
        near = [one for one in near if any(_among(number, one.whole.numbers) for number in clause.numbers)]
    reasons = [_against(clause, said, sentence) for sentence in near]
    return reasons[0] if reasons and all(reasons) else ""


def _share(clause: _Clause, other: _Clause) -> float:
    """The share of a clause's words that stand in another text, themselves or their opposites."""
    found = sum(other.says(word) or other.opposes(word) for word in clause.content)
    return found / len(clause.content)


def _against(clause: _Clause, said: _Sentence, known: _Sentence) -> str:
    """Why a sentence contradicts a clause: each part of it that says nearly the same does."""
    reasons = [
        _denial(clause, said, part, known) or _another(clause, said, part, known) or _mixed(clause, said, part, known)
        for part in _nearest(clause, known.clauses)
    ]
    return reasons[0] if all(reasons) else ""


def _nearest(clause: _Clause, parts: Sequence[_Clause]) -> list[_Clause]:
    """The parts of a sentence that have most of a clause's words; or a later one that goes on with another of them."""
    counted = [_common(clause, part) for part in parts]
    nearest = [part for part, common in zip(parts, counted, strict=True) if common == max(counted)]
    lacking = [word for word in clause.content if not any(part.says(word) for part in nearest)]
    later = parts[parts.index(nearest[0]) + 1 :]
    going_on = [part for part in later if any(part.has(word) for word in lacking)]
    return going_on[-1:] or nearest


def _common(clause: _Clause, other: _Clause) -> float:
    """How much both have in common; words with opposites count twice, since it is them that can be turned round."""
    numbers = sum(any(one.agrees(two) and one.is_of(two) for two in other.numbers) for one in clause.numbers)
    return numbers + sum(_weight(word, other) for word in clause.content)


def _weight(word: str, other: _Clause) -> float:
    weight = 2 if sides_of(word) else 1
    if other.says(word):
        return weight
    return weight - 0.1 if other.opposes(word) else 0


def _mixed(clause: _Clause, said: _Sentence, part: _Clause, known: _Sentence) -> str:
    """Whether what a clause says is put together from this part and another, which says it of something else.

    Later parts of a sentence go on with what the first ones are about, unless they are about something of their own.
    """
    has_own = not all(clause.says(word) or clause.opposes(word) for word in part.content)
    place = known.clauses.index(part)
    others = [*(known.clauses[:place] if has_own else []), *known.clauses[place + 1 :]]
    for other in others:
        has_more = any(other.has(word) and not part.says(word) for word in clause.content)
        if has_more and (reason := _another(clause, said, other, known)):
            return reason
    return ""


def _denial(clause: _Clause, said: _Sentence, part: _Clause, known: _Sentence) -> str:
    """Whether one of both is denied, or the opposite of the other; two such make one of neither."""
    turned = [pair for word in clause.words if (pair := _turned(word, clause, part))]
    lines = {line for line, _ in turned}
    is_swapped = clause.denied != part.denied
    if len(lines) % 2 == 1:
        is_swapped = not is_swapped
    ordered = _reordered(clause, said, known)
    if ordered:
        is_swapped = not is_swapped
    if not is_swapped or clause.hedges != part.hedges:
        return ""
    quote = _quote(part)
    if turned:
        return f"it turns round what the passage says ({turned[0][1]}): {quote}"
    if ordered:
        return f"it turns round what the passage sets before what: {quote}"
    return f"the passage denies it: {quote}" if part.denied else f"it denies what the passage says: {quote}"


def _turned(word: str, clause: _Clause, part: _Clause) -> tuple[str, str] | None:
    """The opposites that a word of a clause and one of a part are, neither of which stands in the other too."""
    if part.has(word) or word in BEFORE | AFTER | FORBIDDING | ALLOWING:
        return None
    for line, side in sides_of(word):
        if (line, side) in part.sides or (line, not side) in clause.sides:
            continue
        if (line, not side) in part.sides:
            other = next(one for one in part.words if (line, not side) in sides_of(one))
            return str(line), f'"{word}", there "{other}"'
    other = part.denial_of(word)
    if other and not clause.has(other):
        return other, f'"{word}", there "{other}"'
    return None


def _another(clause: _Clause, said: _Sentence, part: _Clause, known: _Sentence) -> str:
    """Whether another number, name or thing of a kind stands there."""
    for number in clause.numbers:
        if any(number.agrees(one) and number.is_of(one) for one in part.numbers):
            continue
        others = [one for one in part.numbers if number.is_of(one) and not _among(one, said.whole.numbers)]
        if others and not _excused(partial(_counted, number), number.counted, part, known):
            return _instead(number.whole, others[0].whole, part)
    for word, (kind, thing) in clause.kinds.items():
        there = {other: place for other, (line, place) in part.kinds.items() if line == kind}
        mine = {place for line, place in said.whole.kinds.values() if line == kind}
        others = [other for other, place in there.items() if place not in mine]
        if thing not in there.values() and others and not _excused(partial(_holds, word), word, part, known):
            return _instead(word, others[0], part)
    strangers = sorted(part.names - said.whole.names)
    missing = sorted(clause.names - part.names)
    if strangers and missing and not _excused(partial(_holds, missing[0]), missing[0], part, known):
        return _instead(missing[0], strangers[0], part)
    return ""


def _holds(word: str, part: _Clause) -> bool:
    return part.has(word)


def _counted(number: Quantity, part: _Clause) -> bool:
    return _among(number, part.numbers)


def _among(number: Quantity, others: Sequence[Quantity]) -> bool:
    return any(number.agrees(other) and number.is_of(other) for other in others)


def _excused(holds: Callable[[_Clause], bool], word: str, part: _Clause, known: _Sentence) -> bool:
    """Whether what is looked for stands in another part of the sentence that says nothing else: "2 to 5 or 8 days"."""
    return any(
        holds(one) and all(word == other or same_stem(word, other) for other in one.content)
        for one in known.clauses
        if one is not part
    )


def _instead(mine: str, there: str, part: _Clause) -> str:
    return f'it says "{mine}" where the passage says "{there}": {_quote(part)}'


def _quote(part: _Clause) -> str:
    shown = " ".join(part.text.split())
    return f'"{shown}"' if len(shown) <= _SHOWN else f'"{shown[:_SHOWN].rstrip()}…"'


class _Order:
    """What stands on the two sides of "before", "after" or "than"; `is_after` turns the sides round."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        found = [place for place, word in enumerate(words) if word in BEFORE | AFTER | THAN]
        self.word = words[found[0]] if len(found) == 1 else ""
        self.first: frozenset[str] = frozenset()
        self.second: frozenset[str] = frozenset()
        if not self.word:
            return
        before, behind = words[: found[0]], words[found[0] + 1 :]
        head, comma, rest = text.partition(",")
        if not any(map(_counts, before)) and comma:
            # "Before you start, stop."
            before, behind = _words(rest), _words(head)
        sides = frozenset(filter(_counts, before)), frozenset(filter(_counts, behind))
        self.first, self.second = sides if self.word not in AFTER else sides[::-1]


def _reordered(clause: _Clause, said: _Sentence, known: _Sentence) -> bool:
    """Whether both set something before something, or compare, and the one the other way round."""
    mine, theirs = said.order, known.order
    if not mine.word or not theirs.word or (mine.word in THAN) != (theirs.word in THAN):
        return False
    if mine.word not in clause.words:
        return False
    straight = _overlap(mine.first, theirs.first) + _overlap(mine.second, theirs.second)
    crossed = _overlap(mine.first, theirs.second) + _overlap(mine.second, theirs.first)
    return crossed > straight


def _overlap(some: Collection[str], others: Collection[str]) -> int:
    return sum(any(one == two or same_stem(one, two) for two in others) for one in some)


def _words(text: str) -> list[str]:
    """The words of a text, folded, with what is said in several words as one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    plain = _NOT.sub(" not", plain)
    for phrase, one in PHRASES:
        plain = re.sub(phrase, one, plain)
    return _WORD.findall(plain)


def _starts(word: str) -> set[str]:
    rest = word.removeprefix(_PARTICIPLE)
    return {word[:_START], rest[:_START]} if rest else {word[:_START]}


def _counts(word: str) -> bool:
    """Whether a word says what a clause is about."""
    if word in KINDS:
        return True
    says_nothing = word in STOP_WORDS or word in WITHOUT_CONTENT or word in THAN or is_number_word(word)
    return len(word) >= 3 and not (says_nothing or word in NEGATIONS or word in HEDGES or word[0].isdigit())


def _sides(words: Sequence[str]) -> frozenset[tuple[int, bool]]:
    return frozenset(side for word in words for side in sides_of(word))


def denies(one: str, other: str) -> bool:
    """Whether one word is the other with a denial before it: "valid", "invalid"."""
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or long in NOT_OPPOSED or len(long) - len(short) > 8:
        return False
    return any(long.startswith(first) and same_stem(long[len(first) :], short) for first in DENYING)
