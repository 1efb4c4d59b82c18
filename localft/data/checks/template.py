"""What the model's chat template makes of the examples: refused ones, and marks of the template inside of texts."""

import re

from localft.data.checks.finding import CheckContext, Finding, counted, references

MARKS = "format marks"
_MARK = re.compile(r"<\|[a-z_]{2,30}\|>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]")
_THINKING = re.compile(r"^\s*<think>")


def check(context: CheckContext) -> list[Finding]:
    """Find examples that the template refuses, control marks in texts, and answers with thinking."""
    findings = []
    refused = context.lengths.refused if context.lengths is not None else []
    if refused:
        rows = [context.rows[position] for position, _ in refused]
        meaning = f"{counted(len(refused), 'example does', 'examples do')} not fit into the model's chat format."
        advice = "Bring their turns into order (system, user, assistant in turn), or delete them."
        texts = [reason for _, reason in refused]
        findings.append(Finding("chat format", "problem", len(refused), meaning, references(rows, texts), advice))
    marked = [row for row in context.rows if any(_MARK.search(message.content) for message in row.example.messages)]
    if marked:
        meaning = (
            f"{counted(len(marked), 'example holds', 'examples hold')} marks of a chat format, such as <|im_end|>."
        )
        advice = "Remove them: localft puts in the marks of the chosen model by itself."
        findings.append(Finding(MARKS, "warning", len(marked), meaning, references(marked), advice))
    thinking = [row for row in context.rows if _THINKING.match(row.example.answer)]
    if thinking:
        meaning = f"{counted(len(thinking), 'answer begins', 'answers begin')} with thinking aloud (<think>)."
        advice = "With thinking off this part is left out of training; choose on or keep to learn it."
        findings.append(Finding("thinking", "note", len(thinking), meaning, references(thinking), advice))
    return findings


def without_marks(text: str) -> str:
    """A text without the marks of a chat format."""
    return _MARK.sub("", text)
