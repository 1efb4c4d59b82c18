"""Datasets of the hub: what was found, and how far fetching is."""

from localft import words
from localft.data.hub.listing import HubDataset
from localft.jobs import JobView
from localft.ui.views import parts
from localft.ui.views.html import Markup, h

_SHOWN_PARTS = 50


def found(dataset: HubDataset) -> Markup:
    """The parts of a dataset with their sizes, and what people should know about it."""
    rows = [
        (part.config, part.split, words.size(part.bytes), f"{len(part.files):,}")
        for part in dataset.parts[:_SHOWN_PARTS]
    ]
    table = parts.table("Parts of the dataset", ["Configuration", "Split", "Size", "Files"], rows, numbers=[2, 3])
    more = len(dataset.parts) - _SHOWN_PARTS
    rest = parts.note(f"{more:,} more; choose below.") if more > 0 else Markup()
    gated = ["Its owner wants you to accept terms on its page first."] if dataset.gated else []
    return h(
        "<p><strong>{name}</strong> at {revision}</p>{notes}{table}{rest}",
        name=dataset.reference,
        revision=dataset.revision[:12],
        notes=parts.sentences([*dataset.notes, *gated]),
        table=table,
        rest=rest,
    )


def fetching(view: JobView) -> Markup:
    """How far it is, how fast, how long."""
    progress = view.progress
    if progress is None or not progress.total:
        return parts.progress(None, view.sentence) + parts.note(view.sentence)
    facts = [f"{int(progress.done):,} of {int(progress.total):,} {progress.unit}"]
    if progress.rate:
        facts.append(words.rate(progress.rate, progress.unit))
    if progress.seconds_left is not None:
        facts.append(f"{words.duration(progress.seconds_left)} left")
    label = f"{view.sentence}: {', '.join(facts)}"
    return parts.progress(progress.fraction, label) + parts.note(label)


def fetched(view: JobView) -> Markup:
    """The rows are in the drop zone; columns without text were left on the hub."""
    value = view.result.value if view.result is not None else {}
    left_out = [str(name) for name in value.get("left_out", [])]
    rest = f" Left out, since they hold no text: {', '.join(left_out)}." if left_out else ""
    return parts.done(f"{words.counted(int(value.get('rows', 0)), 'row')} fetched; look at them below.{rest}")
