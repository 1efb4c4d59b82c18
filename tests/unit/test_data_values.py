"""Values as a file spells them: the start of a long one is that of the whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localft.data.shapes.rows import READ_OF_EXCERPT, excerpt
from localft.data.shapes.values import NumberText, start_of, to_text

TEXTS = st.text(st.sampled_from('ab "\\\n\tü😀'), max_size=30)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
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
