"""What a changed example said before and says now, as texts to read side by side."""

import json
from collections.abc import Iterator

from localft.data.checks.finding import Row
from localft.data.examples import Example
from localft.data.splits.sealing import SEALED_TEXT

# What is a turn, and what every change by hand changes.
_NOT_NAMED = {"messages", "rejected", "edited"}
_ELLIPSIS = "…"


def said(row: Row) -> str:
    """All that an example says, a line for each turn with its role; of a test example nothing."""
    return SEALED_TEXT if row.split == "test" else "\n".join(_lines(row.example))


def before_and_after(earlier: Row, later: Row, most: int) -> tuple[str, str]:
    """Both texts, from a little before the first difference on, `most` characters of each.

    What is no turn (a label, a group) is named where it differs. Where one of them is a test example both stay sealed.
    """
    if "test" in {earlier.split, later.split}:
        return SEALED_TEXT, SEALED_TEXT
    names = [
        name
        for name in Example.model_fields
        if name not in _NOT_NAMED and getattr(earlier.example, name) != getattr(later.example, name)
    ]
    before, after = ("\n".join([*_lines(row.example), *_named(row.example, names)]) for row in (earlier, later))
    same = next(
        (index for index, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    start = max(0, same - most // 4)
    lead = _ELLIPSIS if start else ""
    return lead + before[start : start + most], lead + after[start : start + most]


def _lines(example: Example) -> Iterator[str]:
    for message in example.messages:
        role = "text" if example.plain else message.role
        unlearned = " (not learned)" if message.role == "assistant" and not message.learn else ""
        name = f" {message.name}" if message.name else ""
        calls = "".join(f" [calls {json.dumps(call, ensure_ascii=False)}]" for call in message.tool_calls)
        yield f"{role}{name}{unlearned}: {message.content}{calls}"
    if example.rejected:
        yield f"rejected: {example.rejected}"


def _named(example: Example, names: list[str]) -> Iterator[str]:
    for name in names:
        value = getattr(example, name)
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else ""
        yield f"{name.replace('_', ' ')}: {shown or 'none'}"
