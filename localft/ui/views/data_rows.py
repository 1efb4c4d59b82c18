"""The table of examples: where each is, how it begins, what a person thinks of it."""

from localft import words
from localft.data.row_ratings import Mark, content_key
from localft.data.rows.browsing import BrowsedRow, RowPage
from localft.data.shapes.rows import excerpt
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_TONES: dict[Mark, parts.Tone] = {"good": "good", "bad": "bad", "none": "plain"}


def table(page: RowPage, choosy: bool, besides: str = "") -> Markup:
    """One page of examples, with what can be done with each; `besides` is said above it."""
    said = h("<p class='lf-note' role='status'>{said}</p>", said=f"{_said(page, choosy)} {besides}".strip())
    if not page.rows:
        return said
    rows = [
        (
            h("{split}<br>{number}", split=row.split, number=f"{row.index + 1:,}"),
            _begins(row),
            f"{row.length:,}",
            _rating(row),
            _buttons(row),
        )
        for row in page.rows
    ]
    return said + parts.table("Examples", ["Where", "Begins with", "Characters", "Rated", ""], rows, numbers=[2])


def _said(page: RowPage, choosy: bool) -> str:
    count = words.counted(page.count, "example")
    found = f"{count} {'fits' if page.count == 1 else 'fit'}" if choosy else count
    sealed = f"; {words.counted(page.sealed, 'test example')} sealed" if page.sealed else ""
    return f"{found}, page {page.page:,} of {page.pages:,}{sealed}."


def _begins(row: BrowsedRow) -> Markup:
    asked = next((one.content for one in row.example.messages if one.role == "user"), row.example.messages[0].content)
    return h(
        '<span class="lf-clip">{asked}</span><span class="lf-clip lf-note">{answer}</span>',
        asked=excerpt(asked),
        answer=excerpt(row.example.answer),
    )


def _rating(row: BrowsedRow) -> Markup:
    badges = [parts.badge(row.rating.mark, _TONES[row.rating.mark])] if row.rating.mark != "none" else []
    badges += [parts.badge("edited", "accent")] if row.example.edited else []
    note = h('<br><span class="lf-note">{note}</span>', note=row.rating.note) if row.rating.note else Markup()
    return h("{badges}{note}", badges=join(h("{badge} ", badge=badge) for badge in badges), note=note)


def _buttons(row: BrowsedRow) -> Markup:
    place = f"{row.split}:{row.index}:{content_key(row.example)}"
    where = f"{row.split} {row.index + 1:,}"
    names = (("open", "Open"), ("good", "Good"), ("bad", "Bad"))
    buttons = join(h("{button} ", button=parts.action(name, place, shown, where)) for name, shown in names)
    return h('<div class="lf-actions">{buttons}</div>', buttons=buttons)
