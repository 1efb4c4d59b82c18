"""Long documents are read page by page: the same text, in the same memory."""

import gc
import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from localft.data.readers.documents import read_document
from localft.data.readers.opening import open_files
from localft.data.readers.parsers import pdf as parser
from tests.documents_made import pdf, placed


def pages(count: int) -> bytes:
    """Pages with a header, a heading, a divided sentence, and their numbers."""
    return pdf(
        [
            [
                (72, 800, 10, "A manual"),
                (72, 770, 20, f"Chapter {number + 1}"),
                *placed([f"Line {line} of page {number} is a well-known one" for line in range(30)], top=740),
                (72, 30, 10, f"{number + 1}"),
            ]
            for number in range(count)
        ],
        "T",
    )


def read(content: bytes, path: Path) -> list[dict[str, Any]]:
    with path.open("w+b") as spool:
        return list(parser.records(io.BytesIO(content), spool))


def test_every_page_has_its_text_without_what_pages_repeat(tmp_path: Path) -> None:
    about, *found = read(pages(6), tmp_path / "spool")
    assert about == {"title": "T", "pages": 6}
    assert [page["number"] for page in found] == [1, 2, 3, 4, 5, 6]
    for number, page in enumerate(found):
        assert page["text"].startswith(f"# Chapter {number + 1}\n\nLine 0 of page {number} is a well-known one")
        assert page["text"].endswith(f"Line 29 of page {number} is a well-known one")


def test_this_process_does_not_hold_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manual.pdf"
    path.write_bytes(pages(6))
    monkeypatch.setattr(Path, "read_bytes", lambda _path: pytest.fail("it is read as a whole"))
    (contents,) = open_files(path)
    assert contents.bytes == path.stat().st_size
    assert next((row.values or {})["place"] for row in contents.rows).startswith("page")
    assert read_document(path).sha256 == contents.sha256


def test_more_pages_take_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (8, 8, 200):
        content = pages(count)
        gc.collect()
        with (tmp_path / "spool").open("w+b") as spool:
            tracemalloc.start()
            found = 0
            for number, record in enumerate(parser.records(io.BytesIO(content), spool)):
                found += "text" in record
                # How much rubbish lies about until Python looks for it depends on whatever ran before.
                if number % 8 == 0:
                    gc.collect()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert found == count
    # The first round has what is kept of modules, too. Of 25 times as many pages the text alone would be four times
    # as much.
    assert peaks[2] < 3 * peaks[1]
