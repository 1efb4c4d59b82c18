"""Lengths: examples that are cut, answers that the cut takes away entirely, and outliers."""

from localft.data.checks.finding import CheckContext, Finding, counted, percent, references

_OUTLIER = 8


def check(context: CheckContext) -> list[Finding]:
    """Find examples too long for the chosen length, in tokens of the chosen model."""
    lengths = context.lengths
    if lengths is None:
        return []
    findings, total = [], len(context.rows)
    limit = f"{lengths.max_length:,} tokens"
    if lengths.lost:
        rows = [context.rows[position] for position in lengths.lost]
        meaning = f"{counted(len(rows), 'example has', 'examples have')} nothing of the answer left within {limit}."
        advice = "They teach nothing. Choose a greater length, or shorten the questions."
        severity = "problem" if len(rows) >= 0.05 * total else "warning"
        findings.append(Finding("answers cut off", severity, len(rows), meaning, references(rows), advice))
    each = list(zip(context.rows, lengths.each, strict=True))
    cut = [(row, length) for row, length in each if length is not None and length > lengths.max_length]
    if cut:
        cut.sort(key=lambda item: -item[1])
        texts = [f"{length:,} tokens: {row.example.prompt[-1].content}" for row, length in cut]
        meaning = f"{counted(len(cut), 'example is', 'examples are')} longer than {limit} ({percent(len(cut), total)})."
        advice = f"Their end is cut off. A length of {lengths.max:,} keeps all whole (it needs more memory); or shorten them."
        rows = [row for row, _ in cut]
        findings.append(Finding("too long", "warning", len(cut), meaning, references(rows, texts), advice))
    far = [(row, length) for row, length in each if length is not None and length > _OUTLIER * max(64, lengths.p50)]
    if far and not cut:
        texts = [f"{length:,} tokens: {row.example.prompt[-1].content}" for row, length in far]
        meaning = f"{counted(len(far), 'example is', 'examples are')} over {_OUTLIER} times as long as usual ({lengths.p50:,})."
        rows = [row for row, _ in far]
        advice = "Look whether they belong here: a few long ones set the memory that training needs."
        findings.append(Finding("outliers", "note", len(far), meaning, references(rows, texts), advice))
    return findings
