"""What a run would learn of an example: learned tokens marked, masked ones grey, cut ones struck through."""

from collections.abc import Sequence

from localft import words
from localft.data.rows.learning_preview import TokenPiece
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_LEGEND = Markup(
    '<ul class="lf-legend"><li><i style="background:var(--lf-learned)"></i>marked: learned</li>'
    "<li>grey: read, not learned</li><li>struck through: cut off, the example is too long</li></ul>"
)


def tokens(pieces: Sequence[TokenPiece], index: int, total: int) -> Markup:
    """One example as the model gets it."""
    learned = sum(piece.state == "learned" for piece in pieces)
    cut = sum(piece.state == "cut" for piece in pieces)
    said = f"Example {index + 1} of {total:,}: {words.counted(len(pieces), 'token')}, {learned:,} learned"
    said += f", {cut:,} cut off." if cut else "."
    body = join(_piece(piece) for piece in merged(pieces))
    return h(
        '{said}<div class="lf-tokens" tabindex="0" role="region" aria-label="Tokens of the example">{body}</div>'
        "{legend}",
        said=parts.note(said),
        body=body,
        legend=_LEGEND,
    )


def merged(pieces: Sequence[TokenPiece]) -> list[tuple[str, str]]:
    """Neighbouring tokens of one kind joined: (kind, text)."""
    runs: list[tuple[str, str]] = []
    for piece in pieces:
        if runs and runs[-1][0] == piece.state:
            runs[-1] = (piece.state, runs[-1][1] + piece.text)
        else:
            runs.append((piece.state, piece.text))
    return runs


def _piece(piece: tuple[str, str]) -> Markup:
    state, text = piece
    if state == "learned":
        return h("<mark>{text}</mark>", text=text)
    if state == "cut":
        return h("<del>{text}</del>", text=text)
    return h('<span class="lf-masked">{text}</span>', text=text)
