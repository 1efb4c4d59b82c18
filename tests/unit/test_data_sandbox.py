"""The child that parses: what it may use, what it may do, and what is said when it ends."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pydantic
import pytest

from localft.data.readers import sandbox
from localft.data.readers.parsers import child
from localft.data.readers.sandbox import Limits, parse
from localft.errors import UserError
from tests.documents_made import docx, paragraph

Any_Record = dict[str, Any]


def workbook(rows: int) -> bytes:
    book = openpyxl.Workbook()
    for number in range(rows):
        book.worksheets[0].append([f"question {number} {'x' * 200}", "y" * 200])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


BIG = workbook(4_000)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(seconds=0.1), r"takes longer than 0\.1 s"),
        (Limits(memory=24 << 20), r"needs more than 25\.2 MB of memory|broke off"),
        (Limits(answers=100_000), r"holds more than 100 kB of text"),
    ],
)
def test_a_parser_gets_no_more_than_its_limits(limits: Limits, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        parse("workbook", BIG, "big.xlsx", Any_Record, limits=limits)
    assert caught.value.message.startswith("big.xlsx ")
    assert caught.value.hint


def test_within_its_limits_all_comes_back() -> None:
    found = parse("workbook", BIG, "big.xlsx", Any_Record)
    assert len([record for record in found if "number" in record]) == 4_000


def test_memory_is_watched_where_the_system_sets_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # As on macOS: the child is told of a limit that it does not reach, and the parent looks.
    monkeypatch.setattr(
        sandbox.json, "dumps", lambda request: json.JSONEncoder().encode({**request, "memory": 8 << 30})
    )
    with pytest.raises(UserError, match="of memory to read"):
        parse("workbook", BIG, "big.xlsx", Any_Record, limits=Limits(memory=24 << 20))


def test_only_known_parsers_run() -> None:
    for name in ("os", "child", "../x", ""):
        with pytest.raises(UserError, match="broke off"):
            parse(name, b"x", "a.pdf", Any_Record)


def test_an_answer_of_another_form_is_not_believed() -> None:
    class Page(pydantic.BaseModel):
        nothing_like_it: int

    with pytest.raises(UserError, match="answered nonsense"):
        list(parse("docx", docx(paragraph("text")), "a.docx", Page))


@pytest.mark.parametrize(
    ("event", "details"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("subprocess.Popen", ("ls", ["ls"], None, None)),
        ("os.system", (b"ls",)),
        ("open", ("/tmp/file", "w", 1)),
    ],
)
def test_a_parser_reaches_nothing_outside(event: str, details: tuple[Any, ...]) -> None:
    with pytest.raises(PermissionError):
        child._guard(event, details)


def test_a_parser_may_read_its_own_libraries() -> None:
    child._guard("open", (__file__, "r", 0))
    child._guard("import", ("bs4",))


def test_a_word_document_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO(docx(paragraph("text")))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as more, more.open("word/media/a.bin", "w") as part:
        for _ in range(520):
            part.write(bytes(1 << 20))
    assert len(content.getvalue()) < 1_000_000
    with pytest.raises(UserError, match="holds more than 512 MB"):
        parse("docx", content.getvalue(), "bomb.docx", Any_Record)
