"""Lengths: examples that are cut, answers that the cut takes away entirely, and outliers."""

from localft.data.checks.finding import CheckContext, Finding, Row, RowReference, counted, percent, shown
from localft.data.checks.stored_rows import places_at
from localft.data.checks.token_lengths import TokenLengths

_OUTLIER = 8


def check(context: CheckContext) -> list[Finding]:
    """Find examples too long for the chosen length, in tokens of the chosen model."""
    lengths = context.lengths
    if lengths is None:
        return []
    lost = set(lengths.lost)
    # Of what is lost entirely no more is said than that.
    known = [place for place, length in enumerate(lengths.each) if length is not None and place not in lost]
    known.sort(key=lambda position: -(lengths.each[position] or 0))
    cut = [position for position in known if (lengths.each[position] or 0) > lengths.max_length]
    far = [position for position in known if (lengths.each[position] or 0) > _OUTLIER * max(64, lengths.p50)]
    findings = [_lost(context, lengths)] if lengths.lost else []
    if cut:
        findings.append(_cut(context, cut, lengths))
    elif far:
        findings.append(_outliers(context, far, lengths))
    return findings


def _lost(context: CheckContext, lengths: TokenLengths) -> Finding:
    who = counted(len(lengths.lost), "example has", "examples have")
    meaning = f"{who} nothing of the answer left within {lengths.max_length:,} tokens."
    advice = "They teach nothing. Choose a greater length, or shorten the questions."
    severity = "problem" if len(lengths.lost) >= 0.05 * len(context.rows) else "warning"
    return Finding(
        "answers cut off",
        severity,
        len(lengths.lost),
        meaning,
        shown(context, lengths.lost),
        advice,
        places_at(context, lengths.lost),
    )


def _cut(context: CheckContext, cut: list[int], lengths: TokenLengths) -> Finding:
    who = counted(len(cut), "example is", "examples are")
    meaning = f"{who} longer than {lengths.max_length:,} tokens ({percent(len(cut), len(context.rows))})."
    advice = f"The end is cut off. A length of {lengths.max:,} keeps all whole and needs more memory; or shorten them."
    return Finding(
        "too long", "warning", len(cut), meaning, _named(context, cut, lengths), advice, places_at(context, cut)
    )


def _outliers(context: CheckContext, far: list[int], lengths: TokenLengths) -> Finding:
    who = counted(len(far), "example is", "examples are")
    meaning = f"{who} over {_OUTLIER} times as long as usual ({lengths.p50:,} tokens)."
    advice = "Look whether they belong here: a few long ones set the memory that training needs."
    return Finding(
        "outliers", "note", len(far), meaning, _named(context, far, lengths), advice, places_at(context, far)
    )


def _named(context: CheckContext, positions: list[int], lengths: TokenLengths) -> tuple[RowReference, ...]:
    def text(row: Row, position: int) -> str:
        return f"{lengths.each[position]:,} tokens: {row.example.text or row.example.prompt[-1].content}"

    return shown(context, positions, text)
