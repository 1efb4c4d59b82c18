"""The one way to HTML: templates written in the code, values escaped as they are put in."""

from collections.abc import Iterable
from typing import Any, LiteralString

from markupsafe import Markup, escape

from localft.advice import in_app

__all__ = ["Markup", "h", "join", "text"]


def h(template: LiteralString, **values: Any) -> Markup:
    """Fill a template of the code; every value is escaped, unless it is `Markup` and thus made the same way."""
    return Markup(template).format(**{name: in_app(value) for name, value in values.items()})


def text(value: object) -> Markup:
    """A text as it is, safe to put anywhere."""
    return escape(in_app(value))


def join(parts: Iterable[Markup]) -> Markup:
    """Pieces of HTML one after the other."""
    return Markup("").join(parts)
