"""Answers that break the form which most answers have: JSON that is none, code fences around some of it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import Check, Mend, Sightings, look_through
from localft.data.checks.prompt_groups import PromptGroups
from localft.data.working import Tell

MIXED, INVALID = "mixed formats", "invalid JSON"
USUAL_JSON = 0.6
"""From this share on JSON is the form that answers have."""

# What is wrong, and from which share of all answers on it is a problem.
_MEANINGS = {
    MIXED: ("not valid JSON, while most are", 0.02),
    INVALID: ("meant to be JSON and not valid", 0.05),
}
_OF_JSON = ("{", "}", "[", "]", ",", ":", '"')
_FENCED = re.compile(r"```(?:json)?\s*([\[{].*[\]}])\s*```", re.DOTALL | re.IGNORECASE)


class _Counts:
    """The answers under one system prompt: all, JSON in a code fence, what is none, and what of that means to be."""

    def __init__(self) -> None:
        self.answered = 0
        self.fenced, self.other, self.torn = Sightings(), Sightings(), Sightings()

    def join(self, later: Self) -> None:
        self.answered += later.answered
        self.fenced.join(later.fenced)
        self.other.join(later.other)
        self.torn.join(later.torn)

    @property
    def is_form(self) -> bool:
        """Whether JSON is the form that the answers have."""
        return self.answered - self.other.count >= USUAL_JSON * max(1, self.answered)

    @property
    def is_fenced(self) -> bool:
        """Whether that JSON stands in a code fence as a rule."""
        return 2 * self.fenced.count > self.answered - self.other.count

    @property
    def unusual(self) -> Sightings:
        """The answers that have another form, where JSON is the usual one."""
        found = Sightings()
        found.join(self.other)
        if not self.is_fenced:
            found.join(self.fenced)
        return found


class Answers(Check):
    """Where most answers under a system prompt are JSON, finds those that are not; elsewhere those that mean to be."""

    needs_answers = True

    def __init__(self) -> None:
        self._groups: PromptGroups[_Counts] = PromptGroups(_Counts)

    def look(self, row: Row) -> None:
        """Count an answer, unless it is a call of a tool."""
        if row.example.messages[-1].tool_calls:
            return
        counts = self._groups.count(row)
        counts.answered += 1
        answer = row.example.answer
        if _is_fenced_json(answer):
            counts.fenced.add(row)
        elif not is_json(answer):
            counts.other.add(row)
            if looks_like_json(answer):
                counts.torn.add(row)

    def join(self, later: Self) -> None:
        """Count the answers of later rows too."""
        self._groups.join(later._groups)

    def finder(self) -> Callable[[Row], bool]:
        """What tells whether a row is found, once all have been looked at."""
        counts_of = self._groups.settled()

        def is_broken(row: Row) -> bool:
            answer = row.example.answer
            if row.example.plain or row.example.messages[-1].tool_calls or is_json(answer):
                return False
            counts = counts_of(row)
            if _is_fenced_json(answer):
                return counts.is_form and not counts.is_fenced
            return counts.is_form or looks_like_json(answer)

        return is_broken

    def findings(self, context: CheckContext) -> list[Finding]:
        """One for what is not JSON where it should be, one for what is not quite."""
        findings = []
        for name, (what, limit) in _MEANINGS.items():
            groups = [counts for counts in self._groups.all if counts.is_form == (name == MIXED)]
            total, bad = sum(counts.answered for counts in groups), Sightings()
            for counts in groups:
                bad.join(counts.unusual if name == MIXED else counts.torn)
            if not bad.count:
                continue
            severity = "problem" if bad.count >= limit * total else "warning"
            meaning = f"{counted(bad.count, 'answer is', 'answers are')} {what} ({percent(bad.count, total)})."
            advice = "Correct them or delete them: the model learns the faults along with the form."
            findings.append(Finding(name, severity, bad.count, meaning, bad.rows, advice, bad.places))
        return findings


def mend(context: CheckContext, tell: Tell) -> Mend:
    """Such answers are freed of what stands around their JSON; those that cannot be mended so go."""
    is_broken = look_through(Answers, context.rows, tell).finder()
    return lambda position, row: _mended(row) if is_broken(row) else row


def _mended(row: Row) -> Row | None:
    inside = _FENCED.search(row.example.answer)
    if inside is None or not is_json(inside[1]):
        return None
    *before, last = row.example.messages
    answered = last.model_copy(update={"content": inside[1].strip()})
    return replace(row, example=row.example.model_copy(update={"messages": (*before, answered)}))


def is_json(text: str) -> bool:
    """Tell whether an answer is a JSON object or array and nothing else."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_fenced_json(text: str) -> bool:
    """Tell whether an answer is valid JSON in one code fence and nothing else."""
    bare = text.strip()
    inside = _FENCED.fullmatch(bare) if bare.startswith("```") else None
    return inside is not None and is_json(inside[1])


def looks_like_json(text: str) -> bool:
    """Tell whether an answer means to be JSON and nothing else: an object from brace to brace, bare or in a fence."""
    bare = text.strip()
    if bare.startswith(("```json", '{"')):
        return not _is_explained(bare)
    return bare.startswith("{") and bare.endswith("}") and ":" in bare


def _is_explained(bare: str) -> bool:
    """Tell whether a text begins with JSON that is valid, and goes on in words about it."""
    if bare.startswith("```"):
        inside, fence, behind = bare.removeprefix("```json").partition("```")
        return fence != "" and is_json(inside) and behind.strip() != ""
    try:
        _, end = json.JSONDecoder().raw_decode(bare)
    except (ValueError, RecursionError):
        return False
    behind = bare[end:]
    # What goes on as JSON does is none that is valid.
    return behind[:1].isspace() and not behind.lstrip().startswith(_OF_JSON)
