"""Examples that a person has rated bad: they are still there until somebody deletes them."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted, references
from localft.data.checks.looking import Mend
from localft.data.checks.places import places_of_rows
from localft.data.row_ratings import content_key
from localft.data.working import Tell

NAME = "rated bad"


def check(context: CheckContext) -> list[Finding]:
    """Find what was rated bad."""
    rows = [row for row in context.rows if _is_bad(row, context)] if context.rated_bad else []
    if not rows:
        return []
    meaning = f"{counted(len(rows), 'example is', 'examples are')} rated bad, and still there."
    return [
        Finding(
            NAME,
            "warning",
            len(rows),
            meaning,
            references(rows),
            "Delete or correct them.",
            places_of_rows((row.split, row.index) for row in rows),
        )
    ]


def without(context: CheckContext, tell: Tell) -> Mend:
    """Rows that were rated bad go."""
    return lambda position, row: None if context.rated_bad and _is_bad(row, context) else row


def _is_bad(row: Row, context: CheckContext) -> bool:
    return content_key(row.example) in context.rated_bad
