"""Pieces that several tabs are made of: the sentence on top, messages, cards, badges, tables, empty states."""

from collections.abc import Iterable, Sequence
from typing import Literal

from localft.ui.views.html import Markup, h, join, text

Tone = Literal["plain", "accent", "good", "warn", "bad"]


def state(sentence: str, next_step: str = "") -> Markup:
    """The sentence on top of a tab: where one is, whether it is good, and what is next."""
    rest = h(' <span class="lf-next">{step}</span>', step=next_step) if next_step else Markup()
    return h('<p class="lf-state">{sentence}{rest}</p>', sentence=sentence, rest=rest)


def note(sentence: str) -> Markup:
    """A quiet sentence."""
    return h('<p class="lf-note">{sentence}</p>', sentence=sentence)


def error(message: str, hint: str = "") -> Markup:
    """What went wrong and what to do, announced to screen readers at once."""
    after = h(" <span>{hint}</span>", hint=hint) if hint else Markup()
    return h(
        '<div class="lf-message lf-bad" role="alert"><strong>{message}</strong>{after}</div>',
        message=message,
        after=after,
    )


def done(message: str, tone: Tone = "good") -> Markup:
    """What was done, announced politely."""
    return h('<div class="lf-message lf-{tone}" role="status">{message}</div>', tone=tone, message=message)


def badge(word: str, tone: Tone = "plain") -> Markup:
    """A word in a frame; the colour only repeats what the word says."""
    return h('<span class="lf-badge lf-{tone}">{word}</span>', word=word, tone=tone)


def card(title: str, body: Markup, tone: Tone = "plain") -> Markup:
    """A framed piece with a heading."""
    return h(
        '<section class="lf-card lf-card-{tone}"><h3>{title}</h3>{body}</section>', title=title, body=body, tone=tone
    )


def empty(title: str, why: str, how: str = "") -> Markup:
    """What stands where something will be: what belongs here, why it matters, how it gets there."""
    after = h("<p>{how}</p>", how=how) if how else Markup()
    return h(
        '<section class="lf-empty"><h3>{title}</h3><p>{why}</p>{after}</section>', title=title, why=why, after=after
    )


def facts(rows: Iterable[tuple[str, object]]) -> Markup:
    """Names with their values, as a definition list."""
    items = join(h("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value) for name, value in rows)
    return h('<dl class="lf-facts">{items}</dl>', items=items)


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Iterable[int] = (),
    hide_caption: bool = True,
) -> Markup:
    """A table; the columns `numbers` (0-based) are set right in tabular figures.

    It scrolls sideways in a narrow window.
    """
    right = set(numbers)
    head = join(
        h('<th scope="col"{kind}>{name}</th>', name=name, kind=_number(index, right))
        for index, name in enumerate(headings)
    )
    body = join(h("<tr>{cells}</tr>", cells=_cells(row, right)) for row in rows)
    hidden = Markup(' class="lf-hidden"') if hide_caption else Markup()
    return h(
        '<div class="lf-scroll" role="region" aria-label="{label}" tabindex="0"><table class="lf-table">'
        "<caption{hidden}>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
        label=caption,
        hidden=hidden,
        caption=caption,
        head=head,
        body=body,
    )


def _number(index: int, right: set[int]) -> Markup:
    return Markup(' class="lf-number"') if index in right else Markup()


def _cells(row: Sequence[object], right: set[int]) -> Markup:
    return join(h("<td{kind}>{cell}</td>", cell=cell, kind=_number(index, right)) for index, cell in enumerate(row))


def action(name: str, value: str, words: str, described: str = "", primary: bool = False) -> Markup:
    """A button inside HTML; the tab's handler receives `name` and `value`.

    `described` tells it apart for screen readers.
    """
    label = h(' aria-label="{words}: {described}"', words=words, described=described) if described else Markup()
    kind = "lf-button lf-primary" if primary else "lf-button"
    return h(
        '<button type="button" class="{kind}" data-action="{name}" data-value="{value}"{label}>{words}</button>',
        kind=kind,
        name=name,
        value=value,
        words=words,
        label=label,
    )


def folded(title: str, body: Markup, opened: bool = False) -> Markup:
    """A part that folds out, or is `opened` already."""
    return h(
        '<details class="lf-fold"{opened}><summary>{title}</summary>{body}</details>',
        opened=Markup(" open") if opened else "",
        title=title,
        body=body,
    )


def verbatim(words: str) -> Markup:
    """A text of the user's or a model's exactly as it is, line breaks and all."""
    return h('<div class="lf-verbatim">{words}</div>', words=words)


def progress(fraction: float | None, label: str) -> Markup:
    """A bar with its meaning in words; without a fraction it only says that something goes on."""
    if fraction is None:
        return h('<div class="lf-progress lf-waiting" role="progressbar" aria-label="{label}"></div>', label=label)
    percent = f"{100 * max(0.0, min(1.0, fraction)):.0f}"
    return h(
        '<div class="lf-progress" role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
        'aria-valuenow="{percent}"><span style="width:{percent}%"></span></div>',
        label=label,
        percent=percent,
    )


def sentences(lines: Iterable[str]) -> Markup:
    """A list of short sentences."""
    return h('<ul class="lf-list">{items}</ul>', items=join(h("<li>{line}</li>", line=text(line)) for line in lines))
