"""A sweep in the Train tab: its runs side by side, and what the differences mean."""

from localft import words
from localft.training.sweeps import Comparison, Trial
from localft.ui.views import parts
from localft.ui.views.html import Markup, h

_HEADINGS = ["Rank", "Learning rate", "Loss on unseen examples", "At step", "Time", "State", "", ""]


def comparison(compared: Comparison, shown: str) -> Markup:
    """Every run of a sweep with its figures; `shown`: the run that the page looks at."""
    table = parts.table(
        "The runs of this sweep", _HEADINGS, [_row(trial, shown) for trial in compared.trials], range(5)
    )
    sentence = parts.note(compared.sentence)
    return h("<h3>The runs of this sweep</h3>{table}{sentence}", table=table, sentence=sentence)


def _row(trial: Trial, shown: str) -> tuple[object, ...]:
    which = f"rank {trial.rank}, learning rate {trial.learning_rate:g}"
    return (
        trial.rank,
        f"{trial.learning_rate:g}",
        "" if trial.validation_loss is None else f"{trial.validation_loss:.3f}",
        "" if trial.step is None else f"{trial.step:,}",
        "" if trial.seconds is None else words.duration(trial.seconds),
        trial.state.value,
        parts.badge(trial.word, "accent" if trial.best else "plain") if trial.word else Markup(),
        parts.badge("shown", "accent")
        if trial.run == shown
        else parts.action("show", trial.run, "Use this one", f"the run with {which}"),
    )
