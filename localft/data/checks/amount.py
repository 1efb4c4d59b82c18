"""Are there enough examples? The thresholds are the usual advice for small models, in steps."""

from localft.data.checks.finding import CheckContext, Finding, Row, Severity, counted
from localft.data.checks.looking import RowCheck

# Below so many examples: what one can expect of them.
STEPS: tuple[tuple[int, Severity, str, str], ...] = (
    (50, "warning", "too few for anything but a try", "Collect at least 50 to 100 examples; every one of them good."),
    (100, "note", "enough for something basic: a tone, a format", "100 to 500 teach a simple task steadily."),
    (500, "note", "enough for one simple task", "500 and more teach a subject, or a task with many cases."),
    (2000, "note", "a good amount for one task with its cases", "2,000 and more make a production model."),
)
# With fewer nothing but a try can be made.
FEWEST = STEPS[0][0]
PLENTY = "as many as a production model is made from"


class Amount(RowCheck):
    """Says what the number of examples is good for."""

    def seen(self, row: Row) -> None:
        """Nothing: rows are only counted."""

    def findings(self, context: CheckContext) -> list[Finding]:
        """A finding for the first step that the number does not reach."""
        total = self.total
        steps = (step for step in STEPS if total < step[0])
        _, severity, meaning, advice = next(steps, (0, STEPS[-1][1], PLENTY, "From here on better ones help more."))
        meant = f"{counted(total, 'example is', 'examples are')} {meaning}."
        return [Finding("amount", severity, total, meant, (), advice)]
