"""Sentences of other models (refusals, "as an AI") and placeholders that nobody filled in."""

import re
from dataclasses import dataclass

from localft.data.checks.finding import CheckContext, Finding, Row, counted, references

_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language)\b[^.]{0,30}\b(?:model|assistant|i )|\bas an ai\b"
    r"|\bi(?:'m| am) (?:sorry|afraid),? (?:but )?i (?:can(?:no|')t|am unable)|\bi (?:can(?:no|')t|am unable to) "
    r"(?:assist|help|fulfil|comply|provide)\b|\bi am (?:chatgpt|claude|gemini)\b|\b(?:my|the) knowledge cut-?off\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\[(?:insert|your|name|todo|company|date)\b[^\]]{0,40}\]|\{\{\s*\w+\s*\}\}|<(?:insert|your)[ _][^>]{0,40}>"
    r"|\blorem ipsum\b|\bTODO\b|\bFIXME\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Kind:
    """A kind of sentence that is no answer: how it is found, what it is, and what to do."""

    name: str
    pattern: re.Pattern[str]
    what: str
    advice: str


KINDS = (
    Kind(
        "refusals",
        _REFUSAL,
        "a refusal or the words of another AI",
        "Delete them, unless you want to teach refusing.",
    ),
    Kind("placeholders", _PLACEHOLDER, "a placeholder that nobody filled in", "Fill them in or delete them."),
)


def check(context: CheckContext) -> list[Finding]:
    """Find answers with such sentences."""
    findings = []
    for kind in KINDS:
        found = [(row, match) for row in context.rows if (match := kind.pattern.search(row.example.answer))]
        if found:
            rows = [row for row, _ in found]
            texts = [row.example.answer[max(0, match.start() - 40) : match.end() + 60] for row, match in found]
            meaning = f"{counted(len(found), 'answer holds', 'answers hold')} {kind.what}."
            findings.append(Finding(kind.name, "warning", len(found), meaning, references(rows, texts), kind.advice))
    return findings


def without(kind: Kind, context: CheckContext) -> list[Row]:
    """The rows without those whose answer holds such a sentence."""
    return [row for row in context.rows if not kind.pattern.search(row.example.answer)]
