"""The golden questions: what is asked, which answer is wanted, where each came from, and what there was before."""

from collections.abc import Sequence

from localft import words
from localft.data.making.golden_history import Change
from localft.data.making.golden_set import GoldenQuestion
from localft.data.shapes.rows import excerpt
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_MOST_CHANGES, _MOST_GONE, _SPOKEN = 20, 50, 60


def amount(told: str, learned: int) -> Markup:
    """How many there are and what that means; and that training asks some of them, with the way out."""
    said = h("<p>{told}</p>", told=told)
    if not learned:
        return said
    asks = "training example asks" if learned == 1 else "training examples ask"
    warning = f"{learned:,} {asks} nearly what golden questions ask: these measure only what is never learned."
    button = parts.action("take-out", "", f"Take {'it' if learned == 1 else 'them'} out of training")
    return h(
        '{said}<div class="lf-message lf-warn" role="status">{warning} {button}</div>',
        said=said,
        warning=warning,
        button=button,
    )


def table(found: Sequence[GoldenQuestion], first: int, shown: int, is_search: bool) -> Markup:
    """Some of the questions that were found, from a position on, each with what can be done with it."""
    if not found:
        return parts.note("No golden question says that.") if is_search else Markup()
    page = found[first : first + shown]
    rows = [(f"{one.number:,}", _says(one), _origin(one), _buttons(one)) for one in page]
    if len(page) == len(found) and not is_search:
        where = ""
    else:
        where = f"{first + 1:,} to {first + len(page):,} of {words.counted(len(found), 'golden question')}."
    said = h('<p class="lf-note" role="status">{where}</p>', where=where) if where else Markup()
    headings = ["No.", "Question and wanted answer", "From", ""]
    return said + parts.table("Golden questions", headings, rows, numbers=[0])


def _says(one: GoldenQuestion) -> Markup:
    return h(
        '<span class="lf-clip">{asked}</span><span class="lf-clip lf-note">{answer}</span>',
        asked=excerpt(one.asked),
        answer=excerpt(one.wanted),
    )


def _origin(one: GoldenQuestion) -> Markup:
    when = words.moment(one.when) if one.when else ""
    return h('{origin}<br><span class="lf-note">{when}</span>', origin=one.origin or "golden.jsonl", when=when)


def _buttons(one: GoldenQuestion) -> Markup:
    where = f"golden question {one.number:,}"
    buttons = [
        parts.action(name, one.key, shown, where) for name, shown in (("change", "Change"), ("delete", "Delete"))
    ]
    return h('<div class="lf-actions">{buttons}</div>', buttons=join(h("{one} ", one=one) for one in buttons))


def last_change(change: Change | None) -> Markup:
    """What was changed last, and the button that takes it back; nothing where there is nothing to take back."""
    if change is None:
        return Markup()
    button = parts.action("undo", change.id, "Take it back", "the last change of the golden questions")
    return h('<p class="lf-note">Last change: {what} {button}</p>', what=change.what, button=button)


def earlier(changes: Sequence[Change], gone: Sequence[GoldenQuestion]) -> Markup:
    """The changes, newest first, and the questions of earlier states that are there no more."""
    if not changes:
        return parts.note("Nothing has been changed here yet.")
    return h("{gone}{changes}", gone=_gone(gone), changes=_changes(changes))


def _gone(gone: Sequence[GoldenQuestion]) -> Markup:
    if not gone:
        return parts.note("None of the questions was deleted or changed.")
    rows = [
        (_says(one), _alone(parts.action("bring-back", one.key, "Bring back", excerpt(one.asked)[:_SPOKEN])))
        for one in gone[:_MOST_GONE]
    ]
    table = parts.table("Deleted or changed", ["Question and wanted answer", ""], rows, hide_caption=False)
    return h("{table}{rest}", table=table, rest=_rest(len(gone) - _MOST_GONE))


def _changes(changes: Sequence[Change]) -> Markup:
    rows = [
        (
            words.moment(one.when),
            one.what,
            _alone(parts.action("restore", one.id, "Use again", words.moment(one.when))) if position else Markup(),
        )
        for position, one in enumerate(changes[:_MOST_CHANGES])
    ]
    table = parts.table("Changes, newest first", ["Made", "What", ""], rows, hide_caption=False)
    return h("{table}{rest}", table=table, rest=_rest(len(changes) - _MOST_CHANGES))


def _alone(button: Markup) -> Markup:
    return h('<div class="lf-actions">{button}</div>', button=button)


def _rest(more: int) -> Markup:
    return (
        parts.note(f"{more:,} more: `localft data golden history` on the command line lists them all.")
        if more > 0
        else Markup()
    )
