"""The order of roles: chat templates refuse a conversation out of order, or make something else of it."""

from dataclasses import replace

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import RowCheck
from localft.data.checks.turn_order import disorder, in_order

NAME = "roles out of order"
_MANY = 0.05


class Turns(RowCheck):
    """Finds conversations in which user and assistant do not take turns."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """What is out of order."""
        return disorder(row.example.messages) or None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such conversations."""
        found = self.found
        if not found.count:
            return []
        who = counted(found.count, "conversation has its", "conversations have their")
        meaning = f"{who} roles out of order ({percent(found.count, self.total)})."
        severity = "problem" if found.count >= _MANY * self.total else "warning"
        advice = "A conversation is a system message if any, then user and assistant in turn; tools answer their calls."
        return [Finding(NAME, severity, found.count, meaning, found.rows, advice, found.places)]


def put_in_order(position: int, row: Row) -> Row | None:
    """Such conversations are put in order; those where that cannot be done go."""
    if row.example.plain or not disorder(row.example.messages):
        return row
    messages = in_order(row.example.messages)
    return None if messages is None else replace(row, example=row.example.model_copy(update={"messages": messages}))
