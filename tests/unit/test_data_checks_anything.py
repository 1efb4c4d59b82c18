"""Whatever stands in the examples: checks and repairs say something about it, or nothing, and never fail."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.checks import checking
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.turn_order import disorder, in_order
from localft.data.examples import Example, Message
from localft.data.repairs.mending import REPAIRS
from localft.data.texts.answer_forms import FORMS, form_of
from localft.data.texts.code_blocks import closing_fence, code_blocks, fault_of
from localft.data.texts.phrases import find_phrases
from localft.data.texts.topics import find_topics
from localft.data.versions import DatasetVersion

PIECES = (
    "```", "```json\n", "```python\n", "~~~", "\n", "{", "}", "[", "]", '"', "'", "\\", "<a>", "</a>", "<?xml", "|",
    "**", "- ", "1. ", "def f(", "lambda:", "not ", "-", "...", "…", "#", "TODO", "[Name]", "as an AI",
    "I'm sorry, but I can't", "Ã¼", "\ufffd", "\x00", "\u200b", "<think>", "<|im_end|>",
    "4111 1111 1111 1111", "a@b.co", "word ", "Wo ist mein Paket? ", "我的订单在哪里", "?", ".", ",", " ", "🙂",
    "null", "NaN", "1e999", "9" * 40,
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.text(max_size=60),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5).map(
        json.dumps
    ),
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=5), max_size=4).map(json.dumps),
)
CALL: dict[str, Any] = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXTS,
    learn=st.booleans(),
    tool_calls=st.sampled_from([(), (), (), (CALL,)]),
)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """An example as far as reading guarantees it: a question, an answer at the end, no turn without words or calls."""
    before = draw(st.lists(MESSAGES, max_size=4))
    question = Message(role="user", content=draw(TEXTS))
    answer = Message(role="assistant", content=draw(TEXTS))
    turns = [
        turn if turn.content.strip() or turn.tool_calls else turn.model_copy(update={"content": "x"})
        for turn in (*before, question, answer)
    ]
    return Example(messages=tuple(turns), source="any.jsonl", row=1, rejected=draw(st.sampled_from(["", "no"])))


@st.composite
def contexts(draw: st.DrawFn) -> CheckContext:
    """Some examples, many times each, so that all checks have enough of them."""
    drawn = draw(st.lists(examples(), min_size=1, max_size=6))
    repeated = [one.model_copy(update={"row": number}) for number in range(20) for one in drawn]
    rows = [Row("test" if n % 5 == 0 else "train", n, one) for n, one in enumerate(repeated)]
    version = DatasetVersion(
        id="any", created_at="", sources=(), seed=1, ratios=(0.8, 0.1, 0.1),
        counts={"train": len(rows), "validation": 0, "test": 0}, set_aside=0, sha256="",
    )  # fmt: skip
    return CheckContext(rows, version, golden=draw(st.lists(examples(), max_size=2)))


@settings(max_examples=60, deadline=None)
@given(contexts())
def test_every_check_says_something_sound(context: CheckContext) -> None:
    for make in checking._CHECKS:
        check = make()
        for row in context.rows:
            check.look(row)
        for finding in check.findings(context):
            assert finding.count > 0
            assert finding.meaning.strip().endswith(".")
            assert finding.advice
            assert all(row.text.isprintable() for row in finding.rows)


@settings(max_examples=60, deadline=None)
@given(contexts(), st.sampled_from(sorted(set(REPAIRS) - {"leakage"})))
def test_every_repair_leaves_examples(context: CheckContext, name: str) -> None:
    for row in REPAIRS[name].rows(context):
        assert row.example.messages[-1].role == "assistant"
        assert any(turn.role == "user" for turn in row.example.messages)
        assert all(turn.content.strip() or turn.tool_calls for turn in row.example.messages)


@settings(max_examples=300, deadline=None)
@given(
    TEXTS | st.text(st.characters(categories=["Cs", "P", "L"])),
    st.sampled_from(["json", "jsonl", "python", "toml", "xml", "js", "rust", "", "yaml"]),
)
def test_code_is_looked_at_whatever_it_is(text: str, language: str) -> None:
    fault = fault_of(language, text)
    assert fault is None or fault
    assert form_of(text) in FORMS
    assert all(block.closed for block in code_blocks(closing_fence(text)))


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_what_is_put_in_order_is_in_order(messages: list[Message]) -> None:
    mended = in_order(messages)
    if not disorder(messages) and messages[-1].role == "assistant":
        assert mended is not None
    assert mended is None or disorder(mended) == ""


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=8), st.integers(1, 30))
def test_topics_and_phrases_of_anything(texts: list[str], times: int) -> None:
    topics = find_topics(texts * times)
    placed = [place for group in topics.groups for place in group.members]
    assert sorted(placed) == sorted(set(placed))
    assert len(placed) + topics.alone == len(texts) * times
    assert 0 <= find_phrases(texts * times).repeated <= 1
