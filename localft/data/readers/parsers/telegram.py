"""A chat as Telegram Desktop exports it for reading: a page (messages.html), message by message."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from localft.data.readers.parsers.markdown import tree_of

_SOURCE_LINE_END = re.compile(r"\s*\n\s*")


def records(content: BinaryIO, _spool: BinaryIO) -> Iterator[dict[str, object]]:
    """The name of the chat first, then each message (of a page in UTF-8) with what it says of itself.

    Who writes several in a row is named in the first of them. What only parts the days is passed over.

    Raises:
        Refused: it is nested too deeply.
    """
    tree = tree_of(content.read().decode("utf-8", errors="replace"))
    yield {"chat": _text(tree.select_one(".page_header .text"))}
    writer = ""
    for message in tree.select("div.message"):
        kinds = set(message.get("class") or [])
        if "service" in kinds:
            if not str(message.get("id") or "").startswith("message-"):
                yield {"is_notice": True}
            continue
        body = message.find("div", class_="body")
        if body is None:
            continue
        named = _within(body, "from_name")
        writer = _text(named, own=True) if named is not None else writer if "joined" in kinds else ""
        date = _within(body, "date")
        yield {
            "from": writer,
            "date": str(date.get("title") or "") if date is not None else "",
            "text": _text(_within(body, "text")),
            "is_forwarded": _within(body, "forwarded") is not None,
        }


def _within(body: Any, kind: str) -> Any:
    """The part of a message itself, none of a message that it passes on."""
    return body.find("div", class_=kind, recursive=False)


def _text(tag: Any, own: bool = False) -> str:
    """The text of a part; `own`: without that of the parts within it. A line ends where the page breaks it."""
    if tag is None:
        return ""
    pieces = []
    for piece in tag.children if own else tag.descendants:
        if piece.name == "br":
            pieces.append("\n")
        elif piece.name is None:
            pieces.append(_SOURCE_LINE_END.sub(" ", str(piece)))
    return "\n".join(line.rstrip() for line in "".join(pieces).split("\n")).strip()
