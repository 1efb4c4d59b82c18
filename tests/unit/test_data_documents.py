"""Documents: headings, lists and tables are kept, what stands around is not, and each passage has its place."""

import random
from pathlib import Path

import pytest

from localft.data.readers.documents import Document, is_document, read_document
from localft.errors import UserError
from tests.documents_made import docx, paragraph, pdf, placed, table


def read(folder: Path, content: bytes | str, name: str) -> Document:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_document(path)


@pytest.mark.parametrize("name", ["a.txt", "b.MD", "c.html", "d.htm", "e.pdf", "f.docx"])
def test_what_is_a_document(name: str) -> None:
    assert is_document(Path(name))


@pytest.mark.parametrize("name", ["a.jsonl", "b.csv", "c", "d.xlsx", "e.doc"])
def test_what_is_none(name: str) -> None:
    assert not is_document(Path(name))


PAGE = """<!doctype html><html><head><title>The &amp; title</title><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><div role="banner">Banner</div><script>alert("x")</script>
<h1>Setup</h1><p>Read <b>all</b> of <a href="https://example.org">it</a>, snake_case *too*.<p>Second.
<ul><li>one<li>two</ul><h2>Use</h2><pre><code class="language-python">def f():
    return 1</code></pre>
<table><tr><th>a<th>b<tr><td>1<td>2</table><div hidden>unseen</div><footer>Imprint</footer></body></html>"""


def test_a_web_page(tmp_path: Path) -> None:
    found = read(tmp_path, PAGE, "page.html")
    assert found.title == "The & title"
    assert found.text == (
        "# Setup\n\nRead **all** of it, snake_case *too*.\n\nSecond.\n\n- one\n- two\n\n## Use\n\n"
        "```python\ndef f():\n    return 1\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    )
    assert [part.name for part in found.parts] == ["section 1: Setup", "section 2: Use"]
    assert found.place(found.text.index("def f"), found.text.index("return")) == "section 2: Use"
    assert found.place(0, len(found.text)) == "section 1: Setup to section 2: Use"


def test_of_a_page_with_an_article_only_that_is_read(tmp_path: Path) -> None:
    page = "<body><div>Cookies!</div><article><p>Text.</p></article><div>More like this</div></body>"
    assert read(tmp_path, page, "a.html").text == "Text."


def test_a_page_says_its_encoding(tmp_path: Path) -> None:
    page = '<meta charset="koi8-r"><p>Привет, мир</p>'
    found = read(tmp_path, page.encode("koi8-r"), "a.html")
    assert found.text == "Привет, мир"
    assert found.notes == ("a.html is not UTF-8; it was read as KOI8-R.",)


@pytest.mark.parametrize("charset", ["undefined", "unicode_escape", "idna", "utf-16", "base64", "no-such"])
def test_a_page_may_say_an_encoding_that_it_cannot_have(charset: str, tmp_path: Path) -> None:
    page = f'<meta charset="{charset}"><p>Grüße, C:\\new\\xfc, schön</p>'
    assert read(tmp_path, page.encode("cp1252"), "a.html").text.replace("\\\\", "\\") == "Grüße, C:\\new\\xfc, schön"


def test_a_deeply_nested_page_is_text_or_a_sentence(tmp_path: Path) -> None:
    assert read(tmp_path, "<div>" * 2_000 + "deep" + "</div>" * 2_000, "a.html").text == "deep"


def test_a_word_document(tmp_path: Path) -> None:
    body = [
        paragraph("before"),
        paragraph("Setup", heading=1),
        paragraph("Grüße &amp; more"),
        paragraph("Parts", heading=2),
        table([["a", "b"], ["1", "2"]]),
    ]
    found = read(tmp_path, docx(*body, title="My book"), "book.docx")
    assert found.title == "My book"
    assert found.text.startswith("before\n\n# Setup\n\nGrüße & more\n\n## Parts\n\n|")
    assert "| 1 | 2 |" in found.text
    assert [part.name for part in found.parts] == ["the beginning", "section 1: Setup", "section 2: Parts"]
    assert found.place(0, 3) == "the beginning"


def test_a_word_document_by_another_name(tmp_path: Path) -> None:
    assert read(tmp_path, docx(paragraph("text")), "a.txt").text == "text"


HEAD = [(72.0, 810.0, 20.0, "A big heading")]
BODY = placed(["This is the first line of a para-", "graph that goes on and on until it", "is done."], top=770)


def test_a_pdf(tmp_path: Path) -> None:
    pages = [[*HEAD, *BODY, *placed(["Another paragraph.", "• a point"], top=700)], placed(["The second page."]), []]
    found = read(tmp_path, pdf(pages, title="Handbook"), "a.pdf")
    assert found.title == "Handbook"
    assert found.text == (
        "# A big heading\n\nThis is the first line of a paragraph that goes on and on until it is done.\n\n"
        "Another paragraph.\n\n- a point\n\nThe second page."
    )
    assert found.place(0, 5) == "page 1"
    assert found.place(0, len(found.text)) == "pages 1 to 2"
    assert found.notes == ("a.pdf: 1 page of 3 without text: empty, or pictures.",)


def test_what_every_page_repeats_is_left_out(tmp_path: Path) -> None:
    pages = [
        [(72, 820, 9, "The Handbook"), *placed([f"Text of page number {word}."]), (300, 20, 9, f"- {number} -")]
        for number, word in enumerate(["one", "two", "three", "four", "five"], start=1)
    ]
    found = read(tmp_path, pdf(pages), "a.pdf")
    assert found.text == "\n\n".join(f"Text of page number {word}." for word in ("one", "two", "three", "four", "five"))


def test_what_every_page_repeats_is_left_out_in_whatever_order_it_is_drawn(tmp_path: Path) -> None:
    words = ["one", "two", "three", "four", "five"]
    pages = [
        [(300, 20, 9, f"Page {number}"), (72, 820, 9, "The Handbook"), (400, 820, 9, "Company Ltd"),
         *placed([f"Text of page number {word}.", "The same line within the text of each page."])]
        for number, word in enumerate(words, start=1)
    ]  # fmt: skip
    found = read(tmp_path, pdf(pages), "a.pdf").text
    assert not any(said in found for said in ("Page", "Handbook", "Company"))
    assert all(f"Text of page number {word}." in found for word in words)
    assert found.count("The same line within the text of each page.") == len(words)


def test_chapters_are_no_page_numbers(tmp_path: Path) -> None:
    pages = [
        placed(
            [
                f"Chapter {number // 2 + 1}" if number % 2 == 0 else "More of it.",
                f"Text {word}.",
                f"Part two, {number + 5}",
            ]
        )
        for number, word in enumerate(["one", "two", "three", "four", "five", "six"])
    ]
    found = read(tmp_path, pdf(pages), "a.pdf").text
    assert "Chapter 1" in found and "Chapter 3" in found
    assert "Part two" not in found


def test_a_sentence_that_goes_on_over_the_page_is_one(tmp_path: Path) -> None:
    pages = [placed(["It is suitable for"]), placed(["revising the text."]), placed(["Another sentence."])]
    found = read(tmp_path, pdf(pages), "a.pdf")
    assert found.text == "It is suitable for revising the text.\n\nAnother sentence."
    assert found.place(found.text.index("revising"), found.text.index("revising") + 5) == "page 2"


def test_a_hyphen_that_the_document_writes_elsewhere_stays(tmp_path: Path) -> None:
    lines = ["A well-known word stands here in a long line,", "and it stands here once more: it is so well-", "known."]
    assert "so well-known." in read(tmp_path, pdf([placed(lines)]), "a.pdf").text


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (pdf([[], []]), "scan.pdf", "has no text: its pages are pictures"),
        (pdf([BODY], locked=True), "a.pdf", "protected by a password"),
        (pdf([BODY])[:200], "a.pdf", "is a damaged PDF"),
        (b"no pdf at all", "a.pdf", "is a damaged PDF"),
        (b"no word at all", "a.docx", "is not a Word document, whatever its name says"),
        (docx(paragraph("text"))[:-40], "a.docx", "damaged ZIP archive"),
        (docx(paragraph("<broken")), "a.docx", "cannot be read as a Word document"),
        (docx(paragraph(" ")), "a.docx", "has no text"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.docx", "of the old kind"),
        (b"\xd0\xcf\x11\xe0" + bytes(60) + "EncryptedPackage".encode("utf-16-le"), "a.docx", "by a password"),
        (b"<script>x</script>", "a.html", "has no text"),
        (b"  \n ", "a.txt", "is empty"),
        (b"\x89PNG and more", "a.txt", "is a picture, not a text file"),
        (b"\x00\x01\x02" * 40, "a.md", "is a binary file"),
    ],
)
def test_what_is_no_document_is_a_sentence(content: bytes, name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read(tmp_path, content, name)
    assert name in caught.value.message
    assert caught.value.hint


def test_markdown_has_its_sections(tmp_path: Path) -> None:
    text = "intro\n\n# One #\r\nbody\n```\n# no heading\n```\n## Two\nmore"
    found = read(tmp_path, text, "a.md")
    assert found.text == text.replace("\r\n", "\n")
    assert found.title == "One"
    assert [part.name for part in found.parts] == ["the beginning", "section 1: One", "section 2: Two"]


@pytest.mark.parametrize(
    ("line", "name"),
    [("# Two words ##", "Two words"), ("#\tC#  ", "C#"), ("## # #", "#"), ("# a" + " " * 100_000 + "b", "a")],
)
def test_headings_may_be_closed_and_may_be_long(line: str, name: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"{line}\n\nText.\n", "a.md")
    assert [part.name.strip() for part in found.parts] == [f"section 1: {name}"]


def test_plain_text_has_lines(tmp_path: Path) -> None:
    found = read(tmp_path, "# no heading\n\nthird\nfourth\n", "notes.txt")
    assert (found.title, found.parts) == ("notes", ())
    assert found.place(0, 5) == "line 1"
    assert found.place(found.text.index("third"), found.text.index("fourth") + 6) == "lines 3 to 4"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_text_of_any_encoding(encoding: str, tmp_path: Path) -> None:
    assert read(tmp_path, "Grüße aus Köln, schön war es.".encode(encoding), "a.txt").text == (
        "Grüße aus Köln, schön war es."
    )


@pytest.mark.parametrize("suffix", ["pdf", "docx"])
def test_damage_ends_with_text_or_a_sentence(suffix: str, tmp_path: Path) -> None:
    content = pdf([[*HEAD, *BODY]] * 3) if suffix == "pdf" else docx(*[paragraph("some text")] * 20)
    chooser = random.Random(0)
    for _ in range(6):
        bad = bytearray(content)
        for _ in range(chooser.randint(1, 20)):
            bad[chooser.randrange(len(bad))] = chooser.randrange(256)
        try:
            assert read(tmp_path, bytes(bad), f"a.{suffix}").text
        except UserError as error:
            assert error.hint
