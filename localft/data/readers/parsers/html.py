"""Web pages: the text of one, without what stands around it."""

from collections.abc import Iterator
from typing import BinaryIO

from localft.data.readers.parsers.markdown import title_of, to_markdown, tree_of


def records(content: BinaryIO, _spool: BinaryIO) -> Iterator[dict[str, object]]:
    """The page (UTF-8) as one record: its title, and its text as Markdown.

    Raises:
        Refused: it is nested too deeply.
    """
    tree = tree_of(content.read().decode("utf-8", errors="replace"))
    yield {"title": title_of(tree), "text": to_markdown(tree)}
