"""Questions and answers as people type them: lines that begin with Q: and A:, each text going on to the next mark."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from localft.data.readers.encoding import Lines
from localft.data.readers.parsers.marks import MARK
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.rows import Found, Row, excerpt

LAYOUT = Layout(
    Shape.QUESTIONS, {"prompt": "question", "answer": "answer"}, "questions begin with Q: and answers with A:"
)


@dataclass
class _Text:
    """A question or an answer: the line on which it begins, its lines, and whether one of them cannot be decoded."""

    kind: str
    number: int
    lines: list[str] = field(default_factory=list)
    is_broken: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def read_questions(lines: Lines) -> Found | None:
    """Read pairs into rows, numbered by the line of their questions; None if the text does not begin with a question.

    A question without an answer, an answer without a question and a second answer are rows that say so.
    """
    first = next((line for line in lines.text if line is not None and line.strip()), "")
    if not asks(first):
        return None
    texts = list(_texts(lines))
    if not any(text.kind == "answer" for text in texts):
        return None
    return Found(list(_rows(texts)), lines.notes, LAYOUT)


def questions_in(text: str) -> Found | None:
    """The pairs in the text of a document, None where it is not made of them: each question has to have its answer.

    Headings above a question are passed over; where a PDF has put an answer to its question nothing is taken apart.
    """
    lines = text.split("\n")
    said = [number for number, line in enumerate(lines) if line.strip()]
    for number, following in zip(said, [*said[1:], len(lines)], strict=True):
        if lines[number].startswith("#") and (following < len(lines) and _goes_before(lines[following])):
            lines[number] = ""
    found = read_questions(Lines([*lines], [], []))
    pairs = list(found.rows) if found is not None else []
    return found if len(pairs) > 1 and all(row.values is not None for row in pairs) else None


def _goes_before(line: str) -> bool:
    return line.startswith("#") or asks(line)


def asks(line: str) -> bool:
    """Whether a line begins with the mark of a question."""
    mark = MARK.match(line)
    return mark is not None and _kind(mark) == "question"


def _kind(mark: re.Match[str]) -> str:
    return "question" if mark["asks"] else "answer"


def _sign(mark: re.Match[str]) -> str:
    return mark["sign"] or ":"


def _texts(lines: Lines) -> Iterator[_Text]:
    current: _Text | None = None
    sign = ""
    for number, line in enumerate(lines.text, start=1):
        shown = lines.raw[number - 1].decode("utf-8", errors="replace") if line is None else line
        mark = MARK.match(shown)
        # After "Q:" a line with "a)" is the first of a list.
        if mark is not None and (_kind(mark) == "question" or _sign(mark) == sign):
            sign = _sign(mark)
            if current is not None:
                yield current
            current = _Text(_kind(mark), number, [shown[mark.end() :]], line is None)
        elif current is not None:
            current.lines.append(shown)
            current.is_broken |= line is None
    if current is not None:
        yield current


def _rows(texts: list[_Text]) -> Iterator[Row]:
    asked: _Text | None = None
    for text in texts:
        if text.kind == "question":
            if asked is not None:
                yield _bad(asked, "a question without an answer")
            asked = text
        elif asked is None:
            yield _bad(text, "an answer without a question before it")
        else:
            yield _pair(asked, text)
            asked = None
    if asked is not None:
        yield _bad(asked, "a question without an answer")


def _pair(asked: _Text, answered: _Text) -> Row:
    if asked.is_broken or answered.is_broken:
        problem = "bytes that are not text in its encoding; save the file as UTF-8"
        return Row(asked.number, None, problem, "undecodable", excerpt(asked.text))
    return Row(asked.number, {"question": asked.text, "answer": answered.text})


def _bad(text: _Text, problem: str) -> Row:
    return Row(text.number, None, problem, "no pair", excerpt(text.text))
