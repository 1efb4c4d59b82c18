"""Sentences of other models (refusals, "as an AI") and placeholders that nobody filled in."""

import re
from dataclasses import dataclass

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import Mend, RowCheck
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


class Boilerplate(RowCheck):
    """Finds answers with such sentences of one kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def seen(self, row: Row) -> str | None:
        """The sentence with what stands around it."""
        match = _first(self._kind, row)
        return match.string[max(0, match.start() - 40) : match.end() + 60] if match else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers."""
        kind, found = self._kind, self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'answer holds', 'answers hold')} {kind.what}."
        return [Finding(kind.name, "warning", found.count, meaning, found.rows, kind.advice)]


def without(kind: Kind) -> Mend:
    """Rows of which an answer holds such a sentence go."""
    return lambda position, row: None if _first(kind, row) else row


def _first(kind: Kind, row: Row) -> re.Match[str] | None:
    """The first such sentence in an answer that is learned, or in the last one."""
    *before, last = row.example.messages
    learned = (one.content for one in before if one.role == "assistant" and one.learn)
    found = (_match(kind, answer) for answer in (*learned, last.content))
    return next((match for match in found if match), None)


def _match(kind: Kind, text: str) -> re.Match[str] | None:
    return kind.pattern.search(text) if kind.signs.stand_in(text) else None
