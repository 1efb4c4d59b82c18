"""Words that turn a sentence into its opposite: negations, opposites, and words of which one excludes others.

The words are in assets/opposites.json, without accents: of English, German, French and Spanish, with the negations of
Italian, Portuguese and Dutch. Of two opposites the one is on the first side, the other on the second; a word may be in
several lines. Of a line of kinds, each word (those of one thing are joined by "/") excludes the others.
"""

import json
from functools import cache
from typing import Any

from localft.assets import asset

_TABLES: dict[str, Any] = json.loads(asset("opposites.json").read_text(encoding="utf-8"))


def _table(name: str) -> frozenset[str]:
    return frozenset(_TABLES[name].split())


NEGATIONS = _table("negations")
"""One of them in a clause denies it."""
HEDGES = _table("hedges")
"""They deny a part, or by themselves: where only one of two sentences has one, it cannot be told whether both agree."""
ALLOWING = _table("allowing")
FORBIDDING = _table("forbidding")
"""One of them denies what a clause says, as "not" does."""
BEFORE = _table("before")
"""What stands after one of them comes later."""
AFTER = _table("after")
"""What stands after one of them comes earlier."""
THAN = _table("than")
"""What is less stands on its other side than what is more."""
NOT_OPPOSED = _table("not opposed")
"""They begin as what is denied begins, and deny nothing."""
DENYING = ("un", "in", "im", "il", "ir", "dis", "non", "des")
WITHOUT_CONTENT = _table("without content")
"""They say who may or has to, and nothing of what."""

_PER = r"\b(?:a|an|per|each|every|im|pro|jede[nrs]?|par|chaque|al|a la|por|cada)"
# What the same is said by in several words, as one; folded, without accents.
PHRASES = (
    (r"\b(?:not only|nicht nur|nicht zuletzt|non seulement|no solo|no solamente|whether or not|ob oder nicht)\b", " "),
    (r"\bno (?=\d)|\bno\. ?(?=\d)", " number "),
    (r"\b(?:no|not) (?:more|later|longer|higher) than\b|\bat (?:the )?(?:most|latest)\b", " atmost "),
    (r"\bnicht (?:mehr|langer|spater) als\b|\bspatestens\b", " atmost "),
    (r"\b(?:au (?:plus|maximum)(?: tard)?|pas plus de|como (?:maximo|mucho)|no mas de|a mas tardar)\b", " atmost "),
    (r"\b(?:no|not) (?:less|fewer|earlier|sooner|lower) than\b|\bat (?:the )?(?:least|earliest)\b", " atleast "),
    (r"\bnicht (?:weniger|fruher) als\b|\bfruhestens\b", " atleast "),
    (r"\b(?:au (?:moins|minimum)|pas moins de|como minimo|por lo menos|al menos|no menos de)\b", " atleast "),
    (r"\bno longer\b|\bnot any ?more\b|\bnicht mehr\b", " not "),
    (r"\bno one\b", " nobody "),
    (r"\bdo(?:es)? not have to\b|\bneed not\b", " not must "),
    (r"\b(?:switch|turn|power)(?:ed|es|s|ing)?\b((?: \w+){0,3}?) (on|off)\b", r"\1 switched\2 "),
    (r"\b(?:plus|moins) (\w+) que\b|\b(?:mas|menos) (\w+) que\b", r"\g<0> queque "),
    (r"\bn'", "ne "),
    (rf"{_PER} (?:hour|stunde|heure|hora)\b", " perhour "),
    (rf"{_PER} (?:day|tag|jour|dia)\b", " perday "),
    (rf"{_PER} (?:week|woche|semaine|semana)\b", " perweek "),
    (rf"{_PER} (?:month|monat|mois|mes)\b", " permonth "),
    (rf"{_PER} (?:year|jahr|an|annee|ano)\b", " peryear "),
    (r"\b(?:free of charge|at no (?:extra )?(?:charge|cost)|no charge)\b", " free "),
)  # fmt: skip


def _sides() -> dict[str, frozenset[tuple[int, bool]]]:
    found: dict[str, set[tuple[int, bool]]] = {}
    lines = [(_TABLES["allowing"], _TABLES["forbidding"]), *_TABLES["opposites"]]
    for number, line in enumerate(lines):
        for is_other, words in enumerate(line):
            for word in words.split():
                found.setdefault(word, set()).add((number, bool(is_other)))
    return {word: frozenset(sides) for word, sides in found.items()}


def _kinds() -> dict[str, tuple[int, int]]:
    found = {}
    for number, line in enumerate(_TABLES["kinds"]):
        for place, words in enumerate(line):
            found.update(dict.fromkeys(words.split("/"), (number, place)))
    return found


_SIDES = _sides()
_SHORTEST_STEM = 3
KINDS = _kinds()
"""For a word its line, and which thing of it it is."""


@cache
def sides_of(word: str) -> frozenset[tuple[int, bool]]:
    """The lines of opposites that a word stands in, perhaps with another ending, and on which side of each."""
    for ending in ("", "s", "es", "e", "en", "er", "em", "n"):
        stem = word.removesuffix(ending)
        if stem in _SIDES and (not ending or (stem != word and len(stem) > _SHORTEST_STEM)):
            return _SIDES[stem]
    return frozenset()
