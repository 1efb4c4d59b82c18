"""What the model's chat template makes of the examples: refused ones, and marks of the template inside of texts."""

import re

from localft.data.checks.finding import CheckContext, Finding, Row, counted, shown
from localft.data.checks.looking import RowCheck
from localft.data.checks.stored_rows import places_at
from localft.data.examples import Message

MARKS = "format marks"
_MARK = re.compile(r"<\|[a-z_]{2,30}\|>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]")
_THINKING = re.compile(r"^\s*<think>")


def check(context: CheckContext) -> list[Finding]:
    """Find examples that the template refuses."""
    refused = context.lengths.refused if context.lengths is not None else []
    if not refused:
        return []
    meaning = f"{counted(len(refused), 'example does', 'examples do')} not fit into the model's chat format."
    advice = "Bring their turns into order (system, user, assistant in turn), or delete them."
    reasons = dict(refused)
    rows = shown(context, list(reasons), lambda _, position: reasons[position])
    return [Finding("chat format", "problem", len(refused), meaning, rows, advice, places_at(context, reasons))]


class Marks(RowCheck):
    """Finds texts with the control marks of a chat format."""

    def seen(self, row: Row) -> str | None:
        """The answer to such a text."""
        return row.example.answer if any(map(_has_mark, row.example.messages)) else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such texts."""
        found = self.found
        if not found.count:
            return []
        meaning = (
            f"{counted(found.count, 'example holds', 'examples hold')} marks of a chat format, such as <|im_end|>."
        )
        advice = "Remove them: localft puts in the marks of the chosen model by itself."
        return [Finding(MARKS, "warning", found.count, meaning, found.rows, advice, found.places)]


class Thinking(RowCheck):
    """Finds answers that begin with thinking."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """Such an answer."""
        return row.example.answer if _THINKING.match(row.example.answer) else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers."""
        found = self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'answer begins', 'answers begin')} with thinking aloud (<think>)."
        advice = "With thinking off this part is left out of training; choose on or keep to learn it."
        return [Finding("thinking", "note", found.count, meaning, found.rows, advice, found.places)]


def _has_mark(message: Message) -> bool:
    text = message.content
    return ("<" in text or "[" in text) and _MARK.search(text) is not None


def without_marks(text: str) -> str:
    """A text without the marks of a chat format."""
    return _MARK.sub("", text)
