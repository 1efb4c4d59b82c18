"""PDF, a page at a time: its lines with their place and size, by pdfium; `paragraphs` makes text of them."""

import ctypes
import json
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO

from localft.data.readers.parsers.child import Refused
from localft.data.readers.parsers.paragraphs import Line, pages_to_markdown

_MOST_PAGES = 1_000_000
_PASSWORD = 4


class _Pages:
    """The lines of each page, put by in a file, of which one page at a time is held."""

    def __init__(self, spool: BinaryIO) -> None:
        self._spool, self._starts = spool, array("Q", [0])
        self.has_text = False

    def append(self, lines: list[Line]) -> None:
        """Add the next page."""
        content = json.dumps([[*vars(line).values()] for line in lines]).encode("ascii")
        self._spool.seek(self._starts[-1])
        self._starts.append(self._starts[-1] + self._spool.write(content))
        self.has_text = self.has_text or bool(lines)

    def __iter__(self) -> Iterator[list[Line]]:
        for place, start in enumerate(self._starts[:-1]):
            self._spool.seek(start)
            content = self._spool.read(self._starts[place + 1] - start)
            yield [Line(*values) for values in json.loads(content)]


def records(content: BinaryIO, spool: BinaryIO) -> Iterator[dict[str, object]]:
    """First the title and the number of pages, then each page that has text: its number from 1, and its Markdown.

    Raises:
        Refused: it is damaged, protected by a password, too long, or has no text at all.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise Refused("is protected by a password", "Save a copy without the password and try again.") from error
        raise Refused("is a damaged PDF", "Make it again from its source.") from error
    count = len(document)
    if count > _MOST_PAGES:
        raise Refused(f"has more than {_MOST_PAGES:,} pages", "Divide it into smaller files.")
    pages = _Pages(spool)
    for index in range(count):
        pages.append(_lines(document, index))
    if not pages.has_text:
        raise Refused(
            "has no text: its pages are pictures, as a scanner makes them",
            "Run text recognition (OCR) on it first, and save it as a PDF with text.",
        )
    title = " ".join(str(document.get_metadata_dict().get("Title") or "").split())
    yield {"title": title, "pages": count}
    for number, text in enumerate(pages_to_markdown(pages), start=1):
        if text:
            yield {"number": number, "text": text}


def _lines(document: Any, index: int) -> list[Line]:
    """The lines of a page as pdfium finds them; none where the page is damaged."""
    import pypdfium2

    try:
        page = document[index]
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    lines = list(_measured(text))
    text.close()
    page.close()
    return lines


def _measured(page: Any) -> Iterator[Line]:
    from pypdfium2 import raw

    codes = [raw.FPDFText_GetUnicode(page, position) for position in range(raw.FPDFText_CountChars(page))]
    start = 0
    for end in [position for position, code in enumerate(codes) if code in (10, 13)] + [len(codes)]:
        first, last = start, end - 1
        start = end + 1
        while first <= last and codes[first] in (0, 32, 160):
            first += 1
        while last >= first and codes[last] in (0, 32, 160):
            last -= 1
        if first <= last:
            yield _line(page, codes[first : last + 1], first, last)


def _line(page: Any, codes: list[int], first: int, last: int) -> Line:
    units = b"".join(code.to_bytes(2, "little") if code < 0x10000 else chr(code).encode("utf-16-le") for code in codes)
    text = units.decode("utf-16-le", errors="replace").replace("\0", "")
    left, top, _, low = _box(page, first)
    _, high, right, bottom = _box(page, last)
    # Of two ends that differ, for example by a footnote's mark, the larger is the line's size.
    return Line(text, left, right, top, bottom, round(max(top - low, high - bottom), 1))


def _box(page: Any, position: int) -> tuple[float, float, float, float]:
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(page, position, ctypes.byref(box))
    return box.left, box.top, box.right, box.bottom
