"""Word documents (DOCX): headings, lists, tables and footnotes as Markdown, without pictures and page headers."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from localft.data.readers.parsers.child import Refused
from localft.data.readers.parsers.markdown import title_of, to_markdown, tree_of

_MOST_BYTES = 512 << 20
_PROPERTIES = "docProps/core.xml"


def records(content: BinaryIO, _spool: BinaryIO) -> Iterator[dict[str, object]]:
    """The document as one record: its title, and its text as Markdown.

    Raises:
        Refused: it is damaged, or larger than it says.
    """
    import zipfile

    import mammoth

    try:
        with zipfile.ZipFile(content) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MOST_BYTES:
                raise Refused(f"holds more than {_MOST_BYTES >> 20} MB")
            title = _title(parts)
        page = mammoth.convert_to_html(
            content,
            convert_image=mammoth.images.img_element(lambda _image: {}),
            style_map="p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh",
        )
    except (MemoryError, Refused):
        raise
    except Exception as error:
        raise Refused(f"cannot be read as a Word document ({type(error).__name__}: {str(error)[:150]})") from error
    tree = tree_of(page.value)
    yield {"title": title or title_of(tree), "text": to_markdown(tree)}


def _title(parts: Any) -> str:
    """What the document's properties call it; "" where they do not, or cannot be read."""
    from xml.etree import ElementTree

    if _PROPERTIES not in parts.namelist():
        return ""
    try:
        root = ElementTree.fromstring(parts.read(_PROPERTIES))  # noqa: S314 - the child has its limits
    except ElementTree.ParseError:
        return ""
    return " ".join((root.findtext("{http://purl.org/dc/elements/1.1/}title") or "").split())
