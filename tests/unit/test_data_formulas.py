"""A table of text carries no formula, wherever a program divides it, and is read back as it was."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.exports.table import Row, Table, table_of
from localft.data.readers.apostrophes import before_cell, within_cell, without_apostrophes
from localft.data.readers.csv_file import as_exported, read_csv
from localft.data.readers.encoding import read_lines

# What begins a formula, what divides, what is passed over, what goes on, and what ends it all.
PIECES = [*"=+-@＝－", *";\t|\n,", *"\" '", *"a1é(![)]}:*&.?$", "- a", "- b: c.", "+ a", "cmd", "=1+1", "\n- ", "---"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
# As a spreadsheet shows the cell: what is before the sign stays out of sight.
FORMULA = re.compile(r"""[ "]*[=+\-@＝＋－＠][=+\-@＝＋－＠ ]*[^)\]}>*/,:;?~`^&%<|=+\-@＝＋－＠ ]""")
POINT = re.compile(r"[ \"]*[-+][ \t]+[^\W\d][^(|!\[（｜！［]*$")
# A name, the quotation mark that ends a text, and what comes after it, which no program can join to a name.
END_OF_TEXT = re.compile(r"(?<=[\w.?])\"(?:,.*)?$", re.DOTALL)
ROLES = ("system", "user", "assistant")


def written(*texts: tuple[str, ...]) -> bytes:
    rows = [
        Row(
            "train",
            Example(messages=tuple(Message(role=role, content=text) for role, text in zip(ROLES, said, strict=True))),
        )
        for said in texts
    ]
    table = table_of(rows)
    return b"".join(map(Table.line, [table.names, *map(table.cells, rows)]))


def formulas(file: bytes, delimiter: str, quotes: bool) -> list[str]:
    """The cells that a spreadsheet would take for formulas; `quotes` says whether it sees quotation marks at all."""
    text = file.decode()
    rows = (
        csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
        if quotes
        else (line.split(delimiter) for line in text.split("\n"))
    )
    cells = [cell for row in rows for cell in row]
    return [one for one in cells if FORMULA.match(one) and not POINT.match(END_OF_TEXT.sub("", one))]


@pytest.mark.parametrize(
    "text", [";=1+1", '\n=HYPERLINK("http://x")', "|@SUM(1)", "\t+1", 'x; "－1', " =1", "a;'=1", ";="]
)
@pytest.mark.parametrize("place", range(3))
def test_what_a_text_says_is_no_formula_where_it_is_divided(text: str, place: int) -> None:
    said = ["s, t", "question, q", "answer, a"]
    said[place] = text
    file = written(tuple(said))
    for delimiter in ",;\t|":
        assert not formulas(file, delimiter, quotes=True)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=3))
@settings(max_examples=500, deadline=None)
def test_no_cell_is_a_formula_however_it_is_divided(texts: list[tuple[str, str, str]]) -> None:
    file = written(*texts)
    for delimiter in ",;\t|":
        assert not formulas(file, delimiter, quotes=True)
    for delimiter in ";\t|":
        assert not formulas(file, delimiter, quotes=False)


@given(TEXTS)
@settings(max_examples=2000, deadline=None)
def test_what_is_written_is_read_as_it_was(text: str) -> None:
    inside = within_cell(text)
    cell = before_cell(inside)
    quoted = ["a"] * (cell != inside) + ["a*"] * (inside != text)
    assert without_apostrophes(cell, "a", quoted) == text
    assert without_apostrophes(cell, "b", quoted) == cell


@given(TEXTS, TEXTS)
@settings(max_examples=2000, deadline=None)
def test_two_texts_are_never_written_alike(one: str, other: str) -> None:
    assert (within_cell(one) == within_cell(other)) is (one == other)


def test_a_whole_table_is_read_as_it_was(tmp_path: Path) -> None:
    texts = ("=s;=1", "q;'=1\n- point\n- call(1)", " =2\n+1")
    path = tmp_path / "out.csv"
    path.write_bytes(written(texts))
    said = path.read_text("utf-8")
    assert "q;''=1\n- point\n'- call(1)" in said
    assert said.endswith(",system system* prompt* answer answer*\n")
    values = [row.values for row in read_csv(read_lines(path.read_bytes(), path.name), path.name)]
    assert [{name: one[name] for name in ("system", "prompt", "answer")} for one in values if one] == [
        dict(zip(("system", "prompt", "answer"), texts, strict=True))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a list:\n- one\n- two, that is more\n  - deeper; and so on\n+ three",
        "---\ntitle\n---\n",
        "well ;-) or |---|---|\n",
        "first => second; -> third\n=> fourth",
        "- a point alone",
        "x = 1; y = 2 | z",
        "a\n==========\n",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert within_cell(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\n- a&cmd|' /C calc'!A0", "\n'- a&cmd|' /C calc'!A0"),
        ('\n- a+{1;2}+W("x")', '\n\'- a+{1;2}+W("x")'),
        ("\n- a&", "\n'- a&"),
        ("\n-1", "\n'-1"),
        ("|- a", "|'- a"),
        ("a\n--", "a\n'--"),
    ],
)
def test_a_point_that_could_call_something_is_none(text: str, kept: str) -> None:
    assert within_cell(text) == kept


def test_only_what_localft_has_put_there_is_taken_away() -> None:
    said = {"prompt": "'=1;'=2", "answer": "'=1;'=2", "system": "'=1;'=2", "localft_quoted": "answer system*"}
    assert as_exported(said) == {"prompt": "'=1;'=2", "answer": "=1;'=2", "system": "'=1;=2"}


@pytest.mark.parametrize("piece", [";", '" ', "'", "=", "- ", "\n- a", ";- a", ";'", "= ", "\t=", ';"', "\n-\t"])
def test_the_search_goes_through_a_text_once(piece: str) -> None:
    """Each would take minutes if the text after a place were gone through again for the next."""
    text = piece * (400_000 // len(piece))
    for whole in (text, f";{text}", f"\n{text}", f" {text}", f";={text}"):
        assert without_apostrophes(within_cell(whole), "a", ["a*"]) == whole
