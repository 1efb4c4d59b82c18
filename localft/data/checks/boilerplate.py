"""Sentences of other models (refusals, "as an AI") and placeholders that nobody filled in."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import Mend, SeveralKinds
from localft.data.texts.signs import Signs

_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language)\b[^.]{0,30}\b(?:model|assistant|i )|\bas an ai\b"
    r"|\bi(?:['’]m| am) (?:sorry|afraid),? (?:but )?i (?:can(?:no|['’])t|am unable)"
    r"|\b(?:i can(?:no|['’])t|i(?:['’]m| am) (?:unable|not able) to) (?:assist|help|fulfill?|comply|provide)\b"
    r"|\bi am (?:chatgpt|claude|gemini)\b|\bi['’]m (?:chatgpt|gemini)\b|\b(?:my|the) knowledge cut-?off\b"
    # "I'm Claude" says a person too, and "I'm an AI engineer".
    r"|\bi['’]m claude,? (?:an? (?:ai|large|language)|made|created|developed|trained|built)\b"
    r"|\bi(?:['’]m| am) (?:(?:just|only|merely) an ai\b|an ai(?:[.,;!]| (?:language|model|assistant|chatbot|and|so)\b)"
    r"|(?:just |only |merely )?a (?:large )?language model\b)"
    r"|\bi (?:was|am) (?:trained|made|created|developed|built) by (?:openai|anthropic|google|meta|mistral|deepseek)\b"
    r"|\bas of my (?:last|latest) (?:knowledge update\b|training\b|update(?:,| in (?:\w{3,12},? )?20\d\d\b))"
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
_BLANKS = "Name|Number|Address|Date|Company|City|Country|Email|Phone|Title|Position|Department|Amount|Location|Link|URL"
_CAPITAL_BLANKS = _BLANKS.upper()
# Words that only capitals make a mark of: "todo" is Spanish for "all".
_PLACEHOLDER = re.compile(
    r"(?i:\[(?:insert|your|name|todo|company|date)\b[^\]]{0,40}\]|\{\{\s*\w+\s*\}\}|<(?:insert|your)[ _][^>]{0,40}>"
    r"|\blorem ipsum\b|\binsert [\w ]{1,30} here\b)|\bTODO\b|\bFIXME\b"
    # What code may have too, for itself: <NAME>, [Customer Name], [PHONE], TBD, XXX (no number in Roman digits), ____.
    rf"|(?P<prose>(?<![\w.>])<(?:[A-Z]+[ _-]){{0,3}}(?:{_CAPITAL_BLANKS})>"
    rf"|(?<![\w.\])])\[(?:(?:[A-Z]+[ _-]){{0,3}}(?:{_CAPITAL_BLANKS})|(?:[A-Z][a-z]+ ){{1,3}}(?:{_BLANKS}))\](?![(\[:])"
    r"|\bTBD\b|(?<!Bowl )(?<!Chapter )(?<!Part )(?<!Psalm )(?<!Section )(?<!Article )(?<!Volume )(?<!Book )\bXXX\b"
    # Alone on a line it is a rule of Markdown.
    r"|(?<=[^\s_] )_{4,}(?!\w)|(?<=:)_{4,}(?!\w)|(?<!\w)_{4,}(?= [^\s_]|[^\w\s]))",
)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


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
    r"\[(?:insert|your|name|todo|company|date)", r"\{\{", "<(?:insert|your)[ _]", "lorem", "insert ", "todo", "fixme",
    rf"[\[<](?:[a-z]+[ _-]){{0,3}}(?:{_BLANKS})[\]>]", r"\btbd\b", r"\bxxx\b", "____",
)  # fmt: skip

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
    if not kind.signs.stand_in(text):
        return None
    code = None
    for match in kind.pattern.finditer(text):
        if match.lastgroup != "prose":
            return match
        code = [one.span() for one in _CODE.finditer(text)] if code is None else code
        nearest = bisect_right(code, (match.start(), len(text))) - 1
        if nearest < 0 or code[nearest][1] <= match.start():
            return match
    return None
