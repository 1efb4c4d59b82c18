"""A grammar of files: tables and documents of every format, whole ones, and with every fault that was thought of."""

import io
import random
import zipfile
from functools import partial
from typing import Any

import pyarrow.ipc
from hypothesis import strategies as st

from tests.documents_made import docx, paragraph, pdf, placed
from tests.malformed import writers
from tests.malformed.trying import Input
from tests.malformed.writers import Pair

_NASTY = st.sampled_from(
    [
        "", " ", "\n", "\t", "\0", "\r\n", "\ufeff", "\u2028", "\x85", "\x1f", "\u202e", "\U0001f600", "e\u0301",
        "\ufffe", "=1+1", "@SUM(A1)", "+49 30", "-5", "'", '"', '""', ",", ";", "|", "\\", "\\u0041", "NaN", "null",
        "true", "1e400", "1.10", "00012", "9" * 40, "_x0041_", "<script>", "&amp;", "]]>", "<think>", "<|im_end|>",
        "{{x}}", "%s", "../..", "prompt,answer", '{"prompt": "x"}', "[[[[", "Q: x", "A: y", "sep=;", "#DIV/0!",
    ]
)  # fmt: skip
TEXT = st.lists(_NASTY | st.text(max_size=8), max_size=5).map("".join)
# Two halves that stand together are a character.
BROKEN_TEXT = st.lists(_NASTY | st.sampled_from(["\ud800", "\udfff", "x\udc80y"]), max_size=4).map(
    lambda parts: "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
_SUFFIXES = [
    "",
    ".txt",
    ".md",
    ".json",
    ".jsonl",
    ".csv",
    ".tsv",
    ".parquet",
    ".arrow",
    ".xlsx",
    ".zip",
]


def pairs_of(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[Pair]]:
    return st.lists(st.tuples(text, text), min_size=1, max_size=6)


def _whole(suffix: str, write: Any, pairs: st.SearchStrategy[list[Pair]]) -> st.SearchStrategy[Input]:
    return pairs.map(lambda rows: Input(f"whole{suffix}", write(rows), tuple(rows), whole=True))


_VALID = TEXT.map(lambda text: text.encode("utf-8", errors="replace").decode())


# A bare carriage return ends a line for some programs and not for others, and a row of blank cells is no row.
def _written(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if "".join(pair).strip()]


_CELLS = pairs_of(_VALID.map(lambda text: text.replace("\r", "").replace("\0", ""))).map(_written)
TABLES = st.one_of(
    _whole(".jsonl", writers.jsonl, pairs_of(TEXT | BROKEN_TEXT)),
    _whole(".jsonl", partial(writers.jsonl, plain=True), pairs_of(_VALID)),
    _whole(".json", writers.array, pairs_of(TEXT | BROKEN_TEXT)),
    _whole(".json", partial(writers.array, indent=1), pairs_of(TEXT)),
    _whole(".json", writers.wrapped, pairs_of(TEXT)),
    _whole(".csv", writers.table, _CELLS),
    _whole(".csv", partial(writers.table, delimiter=";", end="\r\n"), _CELLS),
    _whole(".tsv", partial(writers.table, delimiter="\t"), _CELLS),
    _whole(".parquet", writers.parquet, pairs_of(_VALID)),
    _whole(".arrow", writers.arrow, pairs_of(_VALID)),
    _whole(".arrow", partial(writers.arrow, make=pyarrow.ipc.new_stream), pairs_of(_VALID)),
)
_ENCODINGS = st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252", "koi8-r", "shift-jis", "utf-7"])


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[Input] = TABLES) -> Input:
    """A file after something happened to its bytes."""
    one = draw(whole)
    content = bytearray(one.content)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["cut", "flip", "insert", "twice", "swap"]))
        at = draw(st.integers(0, max(0, len(content) - 1)))
        if kind == "cut":
            del content[at : at + draw(st.integers(1, 40))]
        elif kind == "flip" and content:
            content[at] = draw(st.integers(0, 255))
        elif kind == "insert":
            content[at:at] = draw(
                st.sampled_from([b"\0", b"\xff", b"\xed\xa0\x80", b'"', b"\n", b"{", b"]", b"\xc3", b"\x80"])
            )
        elif kind == "twice":
            content[at:at] = content[at : at + 60]
        else:
            content = content[at:] + content[:at]
    return Input(one.name, bytes(content))


@st.composite
def encoded(draw: st.DrawFn) -> Input:
    """A text format in another encoding, or under another name."""
    one = draw(TABLES)
    try:
        content = one.content.decode("utf-8").encode(draw(_ENCODINGS), errors="replace")
    except UnicodeDecodeError:
        content = one.content
    return Input(f"other{draw(st.sampled_from(_SUFFIXES))}", content)


@st.composite
def raw_json(draw: st.DrawFn) -> Input:
    """Lines that are nearly JSON: deep, doubled, huge, torn."""
    deep = draw(st.integers(1, 3_000))
    lines = st.sampled_from(
        [
            '{"prompt": "a", "prompt": "b", "answer": "c"}', '{"prompt": "q", "answer": ' + "9" * deep + "}",
            '{"prompt": "q", "answer": 1e' + "9" * min(deep, 300) + "}", "[" * deep + "]" * deep, '{"a":' * deep,
            '{"prompt": "q", "answer": {"b": [' + "{}," * 20 + "{}]}}", '{"prompt": "q", "answer": "\\ud800"}',
            '{"prompt": "q", "answer": NaN}', '{"prompt": ["x"], "answer": {"role": 1}}', "null", "[]", "{}", '"', "\\",
            '{"messages": ' + "[" * deep + "]" * deep + "}", '{"messages": [{"role": "user", "content": null}]}',
            '{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{"}]}',
            '{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": '
            '"{\\"name\\": \\"f\\", \\"arguments\\": {\\"a\\": ' + "[" * deep + '"}], "tools": "["}',
            '{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": {"name": "f", '
            '"arguments": {"a": 1e999}}}], "tools": "[{\\"name\\": 7}]"}',
            '{"text": "only text"}', '{"prompt": "q", "answer": "fine"}', "prompt,answer", "\ufeff{}",
        ]
    )  # fmt: skip
    chosen = draw(st.lists(lines, min_size=1, max_size=6))
    return Input(f"raw{draw(st.sampled_from(['.jsonl', '.json', '.csv', '.txt', '']))}", "\n".join(chosen).encode())


@st.composite
def archives(draw: st.DrawFn) -> Input:
    """Archives with odd names, other archives, and what shrinks too much."""
    names = st.sampled_from(
        [
            "a.jsonl",
            "../b.csv",
            "/abs/c.json",
            "C:\\d.jsonl",
            "e/../../f.txt",
            ".hidden",
            "g.zip",
            "h.xlsx",
            "",
            "i\n.csv",
        ]
    )
    contents = st.one_of(
        TABLES.map(lambda one: one.content),
        st.binary(max_size=40),
        st.just(bytes(3 << 20)),
        pairs_of(_VALID).map(lambda pairs: writers.archive({"x.jsonl": writers.jsonl(pairs)})),
    )
    files = draw(st.dictionaries(names, contents, max_size=3))
    method = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        for name, value in files.items():
            made.writestr(zipfile.ZipInfo(name or "x"), value, method)
    made_of = bytearray(content.getvalue())
    if draw(st.booleans()) and made_of:
        made_of[draw(st.integers(0, len(made_of) - 1))] = draw(st.integers(0, 255))
    return Input("made.zip", bytes(made_of) + draw(st.sampled_from([b"", b"junk"])))


IN_PROCESS = st.one_of(
    TABLES, TABLES, damaged(), damaged(), encoded(), raw_json(), archives(),
    st.builds(Input, st.sampled_from(_SUFFIXES).map(lambda suffix: f"any{suffix}"), st.binary(max_size=300)),
    st.builds(Input, st.just("any.txt"), TEXT.map(lambda text: text.encode("utf-8", errors="surrogatepass"))),
)  # fmt: skip
# U+FFFE and U+FFFF are no characters: what Excel writes for them stays as it is written.
_XML_TEXT = _VALID.map(lambda text: text.replace("\r", "").replace("\ufffe", "").replace("\uffff", ""))
_FORMULAS = st.sampled_from(
    ["<f>1+1</f>", "<f>1+1</f><v>25</v>", "<v>1e400</v>", "<v>NaN</v>", "<v>-0.1</v>", "<v></v>", "<v>x</v>", "<is/>"]
)


_OF_FORMATS = st.sampled_from(
    [
        "0",
        "#",
        "?",
        "0.00",
        ",",
        "%",
        ";",
        '"',
        "\\",
        "_",
        "*",
        "[Red]",
        "[$€-407]",
        "[>1]",
        "E+00",
        "/",
        "@",
        "y",
        "General",
    ]
)


@st.composite
def books(draw: st.DrawFn) -> Input:
    """Workbooks with formulas, errors, merged cells, and references that lead anywhere."""
    kind = draw(st.sampled_from(["n", "e", "b", "s", "str", "d", "z"]))
    place = draw(st.sampled_from(["B2", "B1048576", "XFD3", "A0", "2B", "", "ZZZZ9", "B2:C3"]))
    code = "".join(draw(st.lists(_OF_FORMATS, max_size=6)))
    odd = f'<c r="{place}" t="{kind}" s="{draw(st.sampled_from(["0", "1", "9", "x"]))}">{draw(_FORMULAS)}</c>'
    rows = (
        writers.texts(1, *writers.HEADER) + writers.row(2, writers.cell("A2", "q"), odd) + writers.texts(3, "q", "good")
    )
    merged = draw(st.sampled_from(["B2:B3", "A1:XFD1048576", "B3:B2", "A1:A1", "x", ""]))
    more = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if draw(st.booleans()) else ""
    dimension = draw(st.sampled_from(["A1", "A1:XFD1048576", "x"]))
    return Input("odd.xlsx", writers.workbook(rows, more, dimension, writers.styles(code)))


def _documents() -> st.SearchStrategy[Input]:
    words = st.lists(_XML_TEXT, min_size=1, max_size=5)
    html = words.map(lambda parts: Input("a.html", "<p>".join(parts).encode()))
    word = words.map(lambda parts: Input("a.docx", docx(*(paragraph(_escaped(part)) for part in parts))))
    lines = st.lists(
        st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=60), min_size=1, max_size=8
    )
    return html | word | lines.map(lambda parts: Input("a.pdf", pdf([placed(parts)])))


def _escaped(text: str) -> str:
    allowed = "".join(character for character in text if character >= " " and character not in "\ufffe\uffff")
    return allowed.replace("&", "&amp;").replace("<", "&lt;")


BOOKS = _whole(".xlsx", writers.sheet, pairs_of(_XML_TEXT).map(_written))
_NAMED = st.builds(Input, st.sampled_from(["any.html", "any.pdf", "any.docx", "any.xls"]), st.binary(max_size=300))
IN_CHILD = st.one_of(_NAMED, BOOKS, books(), damaged(BOOKS), damaged(books()), _documents(), damaged(_documents()))


def chooser(seed: int, share: float) -> bool:
    """Whether the input of this number is one that a child reads, which takes a hundred times as long."""
    return random.Random(seed).random() < share
