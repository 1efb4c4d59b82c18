"""A text with columns in braces, filled from each row: "Translate into {language}: {text}"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from localft.data.shapes.conversation import BadRow
from localft.data.shapes.values import is_missing, to_text
from localft.errors import UserError

_HINT = "Write a column's name in braces, as in {question}; a brace itself is written twice: {{ or }}."
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Template:
    """The parts of a template in their order: texts as they are, and the names of columns.

    Names are nothing but names: no attribute, index, format or expression is looked for in them.
    """

    parts: tuple[tuple[str, bool], ...]

    @property
    def columns(self) -> list[str]:
        """The columns that it names, each once."""
        return list(dict.fromkeys(part for part, is_column in self.parts if is_column))

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text for a row.

        Raises:
            BadRow: a column that it names is missing or empty there.
            BadValue: a value is no text.
        """
        for column in self.columns:
            if column not in values:
                raise BadRow("missing column", f"it has no column {column!r}, which the template names")
            if is_missing(values[column]):
                raise BadRow("empty column", f"the column {column!r}, which the template names, is empty")
        return "".join(to_text(values[part]) if is_column else part for part, is_column in self.parts)


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        UserError: a brace stands alone, or holds nothing.
    """
    parts: list[tuple[str, bool]] = []
    literal, end = "", 0
    for match in _TOKEN.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match[0] in {"{{", "}}"}:
            literal += match[0][0]
            continue
        name = match[1]
        if name is None:
            shown = text[match.start() : match.start() + 30]
            raise UserError(f"A brace of the template stands alone, at {shown!r}.", _HINT)
        if not name.strip():
            raise UserError("The template has braces with no column in them.", _HINT)
        parts += [(literal, False), (name, True)]
        literal = ""
    parts.append((literal + text[end:], False))
    return Template(tuple(part for part in parts if part[0]))


def nearest(name: str, names: Iterable[str]) -> str:
    """ "Did you mean …?" with the name that is most like another one, "" where none is."""
    by_form = {_form(known): known for known in names}
    near = get_close_matches(_form(name), by_form, n=1)
    return f"Did you mean {by_form[near[0]]!r}?" if near else ""


def _form(name: str) -> str:
    return " ".join(name.split()).casefold()
