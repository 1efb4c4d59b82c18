"""An example that is changed as a whole: what a draft makes of it, and what is refused as an import would."""

import json
from collections.abc import Callable

import pytest

from localft.data.examples import Example, Message
from localft.data.rows.drafting import ExampleDraft, TurnDraft, drafted
from localft.data.rows.spelling import read_spelled, spelled
from localft.errors import UserError

CALL = {"id": "1", "type": "function", "function": {"name": "find", "arguments": {"place": "Kiel", "day": None}}}
TALK = Example(
    messages=(
        Message(role="system", content="Be brief.\r\n"),
        Message(role="user", content="\n  Where?\x00"),
        Message(role="assistant", content="", tool_calls=(CALL,), learn=False),
        Message(role="tool", content="found", tool_call_id="1", name="find"),
        Message(role="assistant", content="<think>\nhm\n</think>\n\nThere."),
    ),
    tools=({"type": "function", "function": {"name": "find"}},),
    source="a.jsonl",
    row=3,
    group="g",
)
PAIR = Example(
    messages=(Message(role="user", content="Hi?"), Message(role="assistant", content="Hello.")), rejected="What."
)
TEXT = Example(messages=(Message(role="assistant", content="Once upon a time."),), plain="part", place="page 2")


def contents(example: Example) -> list[str]:
    return [message.content for message in example.messages]


@pytest.mark.parametrize("example", [TALK, PAIR, TEXT])
def test_what_nobody_touched_stays_the_same(example: Example) -> None:
    assert drafted(example, ExampleDraft.of(example)) == example
    assert read_spelled(example, spelled(example)) == example


def test_turns_are_added_moved_changed_and_taken_out() -> None:
    draft = ExampleDraft.of(TALK)
    more = draft.with_added(5, TurnDraft(role="user", content="Sure?")).with_added(
        6, TurnDraft(role="assistant", content="Yes.", learn=False)
    )
    made = drafted(TALK, more)
    assert made.messages[:5] == TALK.messages
    assert (made.messages[6].role, made.messages[6].learn) == ("assistant", False)
    assert (made.source, made.row, made.group, made.tools) == ("a.jsonl", 3, "g", TALK.tools)
    assert contents(drafted(TALK, draft.without(2).without(2))) == [
        "Be brief.\r\n", "\n  Where?\x00", "<think>\nhm\n</think>\n\nThere.",
    ]  # fmt: skip
    assert contents(drafted(PAIR, ExampleDraft.of(PAIR).with_added(0, TurnDraft(content="A")).moved(0, 1))) == [
        "Hi?", "A", "Hello.",
    ]  # fmt: skip
    assert drafted(TALK, draft.with_turn(2, learn=True)).messages[2].learn
    assert contents(drafted(TALK, draft.with_turn(4, content="Here.")))[-1] == "Here."


def test_the_system_prompt_is_changed_added_and_taken_away() -> None:
    assert contents(drafted(TALK, ExampleDraft.of(TALK).with_system("Be long.")))[0] == "Be long."
    assert drafted(TALK, ExampleDraft.of(TALK).with_system(" ")).messages == TALK.messages[1:]
    added = drafted(PAIR, ExampleDraft.of(PAIR).with_system("Be kind."))
    assert (added.messages[0].role, contents(added)[0], added.rejected) == ("system", "Be kind.", "What.")


def test_calls_and_tools_are_json() -> None:
    draft = ExampleDraft.of(TALK)
    called = drafted(TALK, draft.with_turn(2, tool_calls='[{"id": "9", "function": {"name": "go", "arguments": {}}}]'))
    assert called.messages[2].tool_calls == ({"id": "9", "function": {"name": "go", "arguments": {}}},)
    one = drafted(TALK, draft.model_copy(update={"tools": '{"type": "function", "function": {"name": "go", "n": 1}}'}))
    assert one.tools == ({"type": "function", "function": {"name": "go", "n": 1}},)
    assert drafted(TALK, draft.model_copy(update={"tools": " "})).tools == ()
    assert drafted(TALK, draft.with_turn(3, name="", tool_call_id="2")).messages[3].name is None


def test_what_only_another_role_can_have_goes_with_the_role() -> None:
    draft = ExampleDraft.of(TALK).with_turn(2, role="user", content="What?").with_turn(3, role="assistant")
    made = drafted(TALK, draft)
    assert (made.messages[2].tool_calls, made.messages[3].tool_call_id) == ((), None)


@pytest.mark.parametrize(
    ("example", "draft", "says"),
    [
        (TALK, ExampleDraft.of(TALK).without(4), "the last message is the tool's"),
        (TALK, ExampleDraft.of(TALK).with_turn(4, learn=False), "each answer has a weight of 0"),
        (TALK, ExampleDraft.of(TALK).with_turn(1, content=" "), r"message 2 \(user\) is empty"),
        (TALK, ExampleDraft.of(TALK).with_turn(2, tool_calls="[{]"), "the calls of tools in turn 3 are not JSON"),
        (TALK, ExampleDraft.of(TALK).with_turn(2, tool_calls="[1]"), "tool_calls of turn 3 are not a list of objects"),
        (TALK, ExampleDraft.of(TALK).with_turn(2, tool_calls='[{"a": 1, "a": 2}]'), "the key 'a' occurs twice"),
        (TALK, ExampleDraft.of(TALK).model_copy(update={"tools": '"x"'}), "the tools are not a list of objects"),
        (TALK, ExampleDraft(turns=(TurnDraft(was=9), TurnDraft(was=4, role="assistant"))), "turns of another example"),
        (TALK, ExampleDraft(turns=()), "no list of turns|conversation is empty|fewer than two"),
        (TALK, ExampleDraft.of(TALK).with_turn(4, content="\ud800"), "surrogate"),
        (PAIR, ExampleDraft.of(PAIR).model_copy(update={"rejected": " Hello. "}), "the worse answer"),
        (PAIR, ExampleDraft.of(PAIR).without(0), "fewer than two messages"),
        (TEXT, ExampleDraft.of(TEXT).with_turn(0, content=" "), "the text is empty"),
        (TEXT, ExampleDraft.of(TEXT).with_added(1, TurnDraft(content="x")), "plain text has no turns"),
    ],
)
def test_what_would_be_no_example_is_refused(example: Example, draft: ExampleDraft, says: str) -> None:
    with pytest.raises(UserError, match=says):
        drafted(example, draft)


def test_a_pair_is_made_and_unmade() -> None:
    assert drafted(PAIR, ExampleDraft.of(PAIR).model_copy(update={"rejected": " "})).rejected == ""
    assert drafted(TALK, ExampleDraft.of(TALK).model_copy(update={"rejected": "No. "})).rejected == "No. "


@pytest.mark.parametrize(
    "move", [lambda d: d.moved(0, 2), lambda d: d.without(-1), lambda d: d.with_turn(2, role="user")]
)
def test_a_turn_that_is_not_there(move: Callable[[ExampleDraft], ExampleDraft]) -> None:
    with pytest.raises(UserError, match="The example has 2 turns"):
        move(ExampleDraft.of(PAIR))


def test_json_changes_everything_at_once() -> None:
    said = {"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B.", "weight": 1}]}
    made = read_spelled(TALK, json.dumps(said))
    assert (contents(made), made.tools, made.source) == (["A?", "B."], (), "a.jsonl")
    assert read_spelled(PAIR, json.dumps({"text": "Told."})).text == "Told."
    assert read_spelled(TEXT, json.dumps(said)).plain == ""
    shown = json.dumps({"number": 1, **TALK.model_dump(mode="json", exclude_defaults=True)})
    assert read_spelled(TALK, shown) == TALK
    assert read_spelled(TEXT, json.dumps(TEXT.model_dump(mode="json", exclude_defaults=True))) == TEXT


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", r"not JSON: .*\(line 1\)"),
        ("[]", "no object with messages or a text"),
        ("{}", "conversation is empty"),
        ('{"mesages": []}', "unknown field 'mesages'; 'messages' is one"),
        ('{"messages": [{"role": "user", "contents": "x"}]}', "unknown field 'contents'; 'content' is one"),
        ('{"messages": 5}', "not a list of turns"),
        ('{"text": " "}', "the text is empty"),
        (
            '{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}], "rejected": "y"}',
            "the worse answer",
        ),
    ],
)
def test_json_that_is_no_example(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_spelled(PAIR, text)


def test_the_worse_answer_may_be_a_turn_as_an_export_has_it() -> None:
    asked = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]
    worse = [{"role": "assistant", "content": "C."}]
    assert read_spelled(PAIR, json.dumps({"messages": asked, "rejected": worse})).rejected == "C."
    assert read_spelled(PAIR, json.dumps({"messages": asked, "rejected": " \n"})).rejected == ""


@pytest.mark.parametrize(
    "worse", [{"a": "C."}, [{"role": "user", "content": "C."}], [{"role": "assistant", "content": "C."}] * 2]
)
def test_what_is_no_text_is_no_worse_answer(worse: object) -> None:
    asked = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]
    with pytest.raises(UserError, match="worse answer is no"):
        read_spelled(PAIR, json.dumps({"messages": asked, "rejected": worse}))


def test_tools_that_are_nested_too_deeply_are_refused() -> None:
    tools = '[{"a": ' + "[" * 400 + "]" * 400 + "}]"
    with pytest.raises(UserError, match="nested too deeply"):
        drafted(TALK, ExampleDraft.of(TALK).model_copy(update={"tools": tools}))
