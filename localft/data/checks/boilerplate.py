"""Sentences of other models (refusals, "as an AI") and placeholders that nobody filled in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import Mend, SeveralKinds
from localft.data.texts.signs import Signs

_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language)\b[^.]{0,30}\b(?:model|assistant|i )|\bas an ai\b"
    r"|\bi(?:['’]m| am) (?:sorry|afraid),? (?:but )?i (?:can(?:no|['’])t|am unable)"
    r"|\bi (?:can(?:no|['’])t|am unable to) (?:assist|help|fulfil|comply|provide)\b"
    r"|\bi am (?:chatgpt|claude|gemini)\b|\b(?:my|the) knowledge cut-?off\b"
    # "As an AI", "as a language model" in other languages.
    r"|\bals (?:eine? )?(?:ki|künstliche intelligenz|(?:großes )?sprachmodell)(?:-\w+)? (?:kann|bin|habe|darf|ist es)\b"
    r"|\ben tant qu(?:['’](?:ia|intelligence artificielle|assistant ia)|e mod[eè]le de langage)\b"
    r"|\bcomo (?:una? |uma? )?(?:ia|intelig[eê]ncia artificial|modelo de (?:lenguaje|linguagem))\b,?"
    r"|\bin quanto (?:ia|modello linguistico|intelligenza artificiale)\b"
    r"|\bals (?:een )?(?:ai|taalmodel)(?:-\w+)? (?:kan|heb|ben|mag) ik\b"
    r"|\bкак (?:искусственный интеллект|языковая модель)|作为(?:一个|一名)?(?:ai|人工智能|语言模型)"
    r"|aiとして|ai 언어 모델로서",
    re.IGNORECASE,
)
# Words that only capitals make a mark of: "todo" is Spanish for "all".
_PLACEHOLDER = re.compile(
    r"(?i:\[(?:insert|your|name|todo|company|date)\b[^\]]{0,40}\]|\{\{\s*\w+\s*\}\}|<(?:insert|your)[ _][^>]{0,40}>"
    r"|\blorem ipsum\b|\binsert [\w ]{1,30} here\b)|\bTODO\b|\bFIXME\b",
)


@dataclass(frozen=True)
class Kind:
    """A kind of sentence that is no answer: how it is found, what it is, and what to do.

    A text without any of the `signs` holds none, which is told faster than by the pattern.
    """

    name: str
    signs: Signs
    pattern: re.Pattern[str]
    what: str
    advice: str


_PLACEHOLDER_SIGNS = Signs(
    r"\[(?:insert|your|name|todo|company|date)", r"\{\{", "<(?:insert|your)[ _]", "lorem", "insert ", "todo", "fixme"
)

KINDS = (
    Kind(
        "refusals",
        Signs.of(_REFUSAL),
        _REFUSAL,
        "a refusal or the words of another AI",
        "Delete them, unless you want to teach refusing.",
    ),
    Kind(
        "placeholders",
        _PLACEHOLDER_SIGNS,
        _PLACEHOLDER,
        "a placeholder that nobody filled in",
        "Fill them in or delete them.",
    ),
)


# Most answers have none of any kind, which is told of all kinds at once.
_ANY_SIGN = Signs.together(kind.signs for kind in KINDS)


class Boilerplate(SeveralKinds):
    """Finds answers with such sentences."""

    def __init__(self) -> None:
        super().__init__([kind.name for kind in KINDS])

    def look(self, row: Row) -> None:
        """Keep the first sentence of each kind with what stands around it."""
        answers = [answer for answer in _learned(row) if _ANY_SIGN.stand_in(answer)]
        for kind in KINDS if answers else ():
            match = _first(kind, answers)
            if match:
                self.found[kind.name].add(row, match.string[max(0, match.start() - 40) : match.end() + 60])

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for each kind of which there are such answers."""
        findings = []
        for kind in KINDS:
            found = self.found[kind.name]
            if found.count:
                meaning = f"{counted(found.count, 'answer holds', 'answers hold')} {kind.what}."
                findings.append(
                    Finding(kind.name, "warning", found.count, meaning, found.rows, kind.advice, found.places)
                )
        return findings


def without(kind: Kind) -> Mend:
    """Rows of which an answer holds such a sentence go."""
    return lambda position, row: None if _first(kind, _learned(row)) else row


def _learned(row: Row) -> list[str]:
    """The answers that are learned, and the last one."""
    *before, last = row.example.messages
    return [*(one.content for one in before if one.role == "assistant" and one.learn), last.content]


def _first(kind: Kind, answers: Sequence[str]) -> re.Match[str] | None:
    """The first such sentence in answers."""
    return next((match for answer in answers if (match := _match(kind, answer))), None)


def _match(kind: Kind, text: str) -> re.Match[str] | None:
    return kind.pattern.search(text) if kind.signs.stand_in(text) else None
