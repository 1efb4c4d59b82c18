"""In which form an answer is given: as data for a program, laid out with Markdown, as a list, or as plain text."""

import re
from typing import Any, Literal

from localft.data.texts.code_blocks import is_document, parse_strictly

Form = Literal["JSON", "XML", "Markdown", "a list", "plain text"]
FORMS: tuple[Form, ...] = ("JSON", "XML", "Markdown", "a list", "plain text")
FOR_PROGRAMS: tuple[Form, ...] = ("JSON", "XML")
"""Forms that a program reads: where it meets another one, it fails."""

# Elements alone make XML; of HTML in prose there is text before or behind.
_XML = re.compile(r"\A<(?:\?xml|([A-Za-z_][\w:.-]*)[\s>/]).*>\Z", re.DOTALL)
_ITEM = re.compile(r"^[^\S\n]*(?:[-*+•·]|\d{1,3}[.)])[^\S\n]+\S", re.MULTILINE)
_MARKUP = re.compile(
    r"^#{1,6} \S|^[^\S\n]*\|.*\|[^\S\n]*$|^ {0,3}(?:```|~~~)|\*\*[^*\n]+\*\*|__[^_\n]+__|\]\(\S+\)", re.MULTILINE
)
# A text without any of these has none of that, which is told faster.
_MARKUP_SIGNS = ("#", "|", "```", "~~~", "**", "__", "](")
_FENCED = re.compile(r"\A(?:```|~~~)\s*(?:json|xml)?\s*\n(.*?)\n?\s*(?:```|~~~)\Z", re.DOTALL | re.IGNORECASE)
_FEWEST_ITEMS = 2


def form_of(answer: str) -> Form:
    """The form of a whole answer. What stands in one code fence counts as what it is."""
    text = answer.strip()
    fenced = _FENCED.match(text) if text.startswith(("```", "~~~")) else None
    inside = fenced[1].strip() if fenced else text
    if is_json(inside):
        return "JSON"
    if _is_xml(inside):
        return "XML"
    if any(sign in text for sign in _MARKUP_SIGNS) and _MARKUP.search(text):
        return "Markdown"
    return "a list" if "\n" in text and len(_ITEM.findall(text)) >= _FEWEST_ITEMS else "plain text"


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON object or array and nothing else."""
    bare = text.strip()
    if not (bare.startswith("{") and bare.endswith("}")) and not (bare.startswith("[") and bare.endswith("]")):
        return False
    try:
        parse_strictly(bare)
    except (ValueError, RecursionError):
        return False
    return True


def fields_of(answer: str) -> dict[str, Any] | None:
    """The fields of an answer that is a JSON object; None of any other."""
    bare = answer.strip()
    if not bare.startswith("{") or not bare.endswith("}"):
        return None
    try:
        return parse_strictly(bare)
    except (ValueError, RecursionError):
        return None


def keys_of(answer: str) -> tuple[str, ...] | None:
    """The names of the fields of an answer that is a JSON object, sorted; None of any other."""
    fields = fields_of(answer)
    return None if fields is None else tuple(sorted(fields))


def _is_xml(text: str) -> bool:
    match = _XML.match(text)
    return match is not None and (match[1] is None or text.endswith((f"</{match[1]}>", "/>"))) and is_document(text)
