"""The form of an answer is told by what it is as a whole."""

import pytest

from localft.data.texts.answer_forms import form_of, is_json, keys_of


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ('{"a": 1}', "JSON"),
        (" [1, 2]\n", "JSON"),
        ('```json\n{"a": 1}\n```', "JSON"),
        ('Here it is: {"a": 1}', "plain text"),
        ("[Anna] said so [there]", "plain text"),
        ("<a><b/></a>", "XML"),
        ("<?xml version='1.0'?><a/>", "XML"),
        ("<br>", "plain text"),
        ("<b>So</b> it is <b>said</b>", "plain text"),
        ("# Title\n\nText", "Markdown"),
        ("It is **very** good", "Markdown"),
        ("Do this:\n```python\nx = 1\n```", "Markdown"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "Markdown"),
        ("See [there](https://example.org).", "Markdown"),
        ("- one\n- two", "a list"),
        ("1. one\n2. two", "a list"),
        ("- one thing only", "plain text"),
        ("2 * 3 * 4 is 24.", "plain text"),
        ("", "plain text"),
    ],
)
def test_forms(answer: str, form: str) -> None:
    assert form_of(answer) == form


def test_fields_are_named_whatever_their_order() -> None:
    assert keys_of('{"b": 1, "a": {"c": 2}}') == ("a", "b")
    assert keys_of("{}") == ()
    assert keys_of("[1]") is None
    assert keys_of('{"b": 1,}') is None
    assert keys_of("{" * 50_000 + "}") is None
    assert not is_json("[" * 50_000 + "]")


def test_many_empty_lines_are_gone_through_once() -> None:
    # Gone through from each of them, it would take hours.
    empty = "\n" * 1_000_000
    assert form_of(f"- one{empty}- two") == "a list"
    assert form_of(f"one|{empty}two") == "plain text"
