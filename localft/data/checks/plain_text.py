"""Plain text: it asks and answers nothing, so that some of the checks have nothing to look at."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import RowCheck

NAME = "plain text"


class PlainText(RowCheck):
    """Says which examples are plain text, and what is not looked for in them."""

    def seen(self, row: Row) -> str | None:
        """The text."""
        return row.example.text or None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there is such text."""
        found = self.found
        if not found.count:
            return []
        meaning = (
            f"{counted(found.count, 'example is', 'examples are')} plain text ({percent(found.count, self.total)}): "
            "formats, labels, system prompts and unfinished answers are not looked for in it."
        )
        advice = (
            "The model learns to go on with such text, not to answer. Add questions with answers if it shall do both."
        )
        return [Finding(NAME, "note", found.count, meaning, found.rows, advice, found.places)]
