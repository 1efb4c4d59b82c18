"""Lengths: examples that are cut, answers that the cut takes away entirely, and outliers."""

from localft.data.checks.finding import CheckContext, Finding, Row, RowReference, counted, percent, references
from localft.data.token_lengths import TokenLengths

_OUTLIER = 8


def check(context: CheckContext) -> list[Finding]:
    """Find examples too long for the chosen length, in tokens of the chosen model."""
    lengths = context.lengths
    if lengths is None:
        return []
    known = [
        (row, length) for row, length in zip(context.rows, lengths.each, strict=True) if length is not None
    ]  # fmt: skip
    known.sort(key=lambda item: -item[1])
    cut = [(row, length) for row, length in known if length > lengths.max_length]
    far = [(row, length) for row, length in known if length > _OUTLIER * max(64, lengths.p50)]
    findings = [_lost(context, lengths)] if lengths.lost else []
    if cut:
        findings.append(_cut(cut, lengths, len(context.rows)))
    elif far:
        findings.append(_outliers(far, lengths))
    return findings


def _lost(context: CheckContext, lengths: TokenLengths) -> Finding:
    rows = [context.rows[position] for position in lengths.lost]
    who = counted(len(rows), "example has", "examples have")
    meaning = f"{who} nothing of the answer left within {lengths.max_length:,} tokens."
    advice = "They teach nothing. Choose a greater length, or shorten the questions."
    severity = "problem" if len(rows) >= 0.05 * len(context.rows) else "warning"
    return Finding("answers cut off", severity, len(rows), meaning, references(rows), advice)


def _cut(cut: list[tuple[Row, int]], lengths: TokenLengths, total: int) -> Finding:
    who = counted(len(cut), "example is", "examples are")
    meaning = f"{who} longer than {lengths.max_length:,} tokens ({percent(len(cut), total)})."
    advice = f"The end is cut off. A length of {lengths.max:,} keeps all whole and needs more memory; or shorten them."
    return Finding("too long", "warning", len(cut), meaning, _named(cut), advice)


def _outliers(far: list[tuple[Row, int]], lengths: TokenLengths) -> Finding:
    who = counted(len(far), "example is", "examples are")
    meaning = f"{who} over {_OUTLIER} times as long as usual ({lengths.p50:,} tokens)."
    advice = "Look whether they belong here: a few long ones set the memory that training needs."
    return Finding("outliers", "note", len(far), meaning, _named(far), advice)


def _named(rows: list[tuple[Row, int]]) -> tuple[RowReference, ...]:
    texts = [f"{length:,} tokens: {row.example.prompt[-1].content}" for row, length in rows]
    return references([row for row, _ in rows], texts)
