"""Held-out examples that ask what was learned: by heart is not how well the model does."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted, references
from localft.data.divisions import divide
from localft.data.golden import golden_among
from localft.data.versions import SPLITS

BETWEEN_SPLITS = "leakage"
IN_GOLDEN = "golden questions learned"
_MANY = 0.02


def check(context: CheckContext) -> list[Finding]:
    """Find held-out examples that are asked nearly so in training, and golden questions that are trained on."""
    return [*_between_splits(context), *_golden(context)]


def divided_anew(context: CheckContext) -> list[Row]:
    """The same examples, divided so that what is nearly equal stays together.

    Raises:
        UserError: they cannot be divided.
    """
    examples = [row.example for row in context.rows]
    version = context.version
    splits = divide(examples, version.division, version.seed, version.ratios)
    return [Row(name, index, example) for name in SPLITS for index, example in enumerate(splits[name])]


def without_golden(context: CheckContext) -> list[Row]:
    """The rows without those of training that are golden questions."""
    learned = {id(row) for row in _learned_golden(context)}
    return [row for row in context.rows if id(row) not in learned]


def _between_splits(context: CheckContext) -> list[Finding]:
    leaked = []
    for group in context.near_prompts:
        rows = [context.rows[position] for position in group]
        if any(row.split == "train" for row in rows):
            leaked += [row for row in rows if row.split != "train"]
    if not leaked:
        return []
    held_out = sum(row.split != "train" for row in context.rows)
    meaning = (
        f"{len(leaked):,} of {counted(held_out, 'held-out example is', 'held-out examples are')} asked nearly so in "
        "training too: the result would look better than it is."
    )
    questions = [row.example.prompt[-1].content for row in leaked]
    severity = "problem" if len(leaked) >= _MANY * held_out else "warning"
    advice = "Divide the examples anew, so that what is nearly equal stays together."
    return [Finding(BETWEEN_SPLITS, severity, len(leaked), meaning, references(leaked, questions), advice)]


def _golden(context: CheckContext) -> list[Finding]:
    fault = context.golden_fault
    if fault is not None:
        return [Finding("golden questions", "warning", 1, fault.message, (), fault.hint)]
    learned = _learned_golden(context)
    if not learned:
        return []
    meaning = f"{counted(len(learned), 'training example is', 'training examples are')} among the golden questions."
    questions = [row.example.prompt[-1].content for row in learned]
    advice = "Take them out of training: golden questions measure only what was never learned."
    return [Finding(IN_GOLDEN, "problem", len(learned), meaning, references(learned, questions), advice)]


def _learned_golden(context: CheckContext) -> list[Row]:
    rows = [row for row in context.rows if row.split == "train"]
    return [rows[position] for position in golden_among([row.example for row in rows], context.golden)]
