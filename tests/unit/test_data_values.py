"""Values as a file spells them: the start of a long one is that of the whole."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.making.reading import read_files
from localft.data.shapes.rows import READ_OF_EXCERPT, excerpt
from localft.data.shapes.values import NumberText, start_of, to_text

TEXTS = st.text(st.sampled_from('ab "\\\n\tü😀'), max_size=30)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.integers(),
    st.sampled_from([NumberText("1.10"), "long " * 200, ""]),
    TEXTS,
)
VALUES = st.recursive(CELLS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_the_start_of_a_row_is_shown_as_the_whole_would_be(row: dict[str, Any]) -> None:
    assert excerpt(start_of(row, READ_OF_EXCERPT)) == excerpt(to_text(row))


@given(VALUES, st.integers(1, 60))
def test_the_start_of_a_value_has_so_many_characters_of_it(value: Any, length: int) -> None:
    whole = to_text({"value": value})
    assert start_of({"value": value}, length)[:length] == whole[:length]


def test_what_lies_behind_the_start_is_not_looked_at() -> None:
    assert start_of({"first": "x" * 500, "second": b"no text"}, 400).startswith('{"first": "xxx')


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_a_row_that_is_set_aside_shows_what_stood_there(ending: str, tmp_path: Path) -> None:
    rows = [
        '{"prompt": "first", "completion": NaN}',
        '{"prompt": "second", "completion": null, "score": -Infinity, "more": [NaN, {"a": NaN}]}',
        '{"prompt": "third", "completion": "an answer", "extra": NaN}',
    ]
    path = tmp_path / f"a.{ending}"
    path.write_text("\n".join(rows) if ending == "jsonl" else f"[{','.join(rows)}]", encoding="utf-8")
    result = read_files([path])
    assert [row.text for row in result.set_aside] == rows[:2]
    assert [one.answer for one in result.examples] == ["an answer"]


def test_not_a_number_is_no_value_wherever_it_stands(tmp_path: Path) -> None:
    tool = '{"type": "function", "function": {"name": "f", "parameters": {"default": NaN, "list": [NaN]}}}'
    asked, answered = '{"role": "user", "content": "q", "name": NaN}', '"role": "assistant", "content": {"a": NaN}'
    row = f'{{"messages": [{asked}, {{{answered}, "weight": NaN}}], "tools": [{tool}]}}'
    path = tmp_path / "a.jsonl"
    path.write_text(row, encoding="utf-8")
    [example] = read_files([path]).examples
    assert (example.messages[0].name, example.answer) == (None, '{"a": null}')
    assert example.tools[0]["function"] == {"name": "f", "parameters": {"list": [None]}}
