"""Are there enough examples? The thresholds are the usual advice for small models, in steps."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted
from localft.data.checks.looking import RowCheck

# examples -> what one can expect of them
_STEPS = (
    (50, "warning", "too few for anything but a try", "Collect at least 50 to 100 examples; every one of them good."),
    (200, "note", "enough for a format or a simple task", "200 to 500 make the result steadier."),
    (2000, "note", "a good amount for one task", "2,000 and more are what a production model is made from."),
)


class Amount(RowCheck):
    """Says what the number of examples is good for; nothing from 2,000 on."""

    def seen(self, row: Row) -> None:
        """Nothing: rows are only counted."""

    def findings(self, context: CheckContext) -> list[Finding]:
        """A finding for the first step that the number does not reach."""
        total = self.total
        for below, severity, meaning, advice in _STEPS:
            if total < below:
                kind = "warning" if severity == "warning" else "note"
                meant = f"{counted(total, 'example is', 'examples are')} {meaning}."
                return [Finding("amount", kind, total, meant, (), advice)]
        return []
