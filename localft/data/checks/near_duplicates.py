"""Examples that say nearly the same: they teach little, and count as often as they occur."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent, references
from localft.data.near import near_groups

NAME = "near-duplicates"
_MANY = 0.05


def check(context: CheckContext) -> list[Finding]:
    """Find examples whose whole conversation says nearly what an earlier one says."""
    found = _surplus(context)
    if not found:
        return []
    total = len(context.rows)
    meaning = (
        f"{counted(len(found), 'example says', 'examples say')} nearly the same as another one "
        f"({percent(len(found), total)})."
    )
    texts = [f"like {first.example.source}, row {first.example.row}: {row.example.answer}" for row, first in found]
    severity = "warning" if len(found) >= _MANY * total else "note"
    advice = "Keep one of each: what is said more often is learned more strongly."
    return [Finding(NAME, severity, len(found), meaning, references([row for row, _ in found], texts), advice)]


def without(context: CheckContext) -> list[Row]:
    """The rows without those that say nearly what an earlier one says."""
    surplus = {id(row) for row, _ in _surplus(context)}
    return [row for row in context.rows if id(row) not in surplus]


def _surplus(context: CheckContext) -> list[tuple[Row, Row]]:
    """(row, the one it resembles that comes first in the files)."""
    found = []
    for group in near_groups([_said(row) for row in context.rows]):
        first, *others = sorted((context.rows[position] for position in group), key=_place)
        found += [(row, first) for row in others]
    return sorted(found, key=lambda pair: _place(pair[0]))


def _place(row: Row) -> tuple[str, int]:
    return row.example.source, row.example.row


def _said(row: Row) -> str:
    example = row.example
    return "\n".join([*(one.content for one in example.messages if one.role != "system"), example.rejected])
