"""Conversations written as one text, in words or with the marks of chat templates, are recognised, with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.making.reading import read_files
from localft.data.shapes.detecting import Shape
from localft.data.shapes.transcripts import is_transcript, transcript

SAID = (
    "\n\nHuman: How do I boil {n} eggs?\n\nAssistant: For how long?"
    "\n\nHuman: Ten minutes.\nSoft, please.\n\nAssistant: {a}"
)


def read(tmp_path: Path, rows: list[Any]) -> Any:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_files([path])


def test_pairs_of_whole_conversations(tmp_path: Path) -> None:
    rows = [
        {"chosen": SAID.format(n=n, a="Then six.\n\nNot ten."), "rejected": SAID.format(n=n, a="No idea.")}
        for n in range(4)
    ]
    found = read(tmp_path, rows)
    assert (found.shape, len(found.examples)) == (Shape.PREFERENCE, 4)
    assert found.reason == (
        "the column chosen answers better than rejected; "
        "the column chosen holds conversations with Human: and Assistant: in turn"
    )
    one = found.examples[2]
    assert [(turn.role, turn.content) for turn in one.messages] == [
        ("user", "How do I boil 2 eggs?"),
        ("assistant", "For how long?"),
        ("user", "Ten minutes.\nSoft, please."),
        ("assistant", "Then six.\n\nNot ten."),
    ]
    assert one.rejected == "No idea."


def test_a_text_column_and_plain_text_beside_it(tmp_path: Path) -> None:
    rows = [*({"text": SAID.format(n=n, a="So.")} for n in range(3)), {"text": "Human: is a word of a story."}]
    found = read(tmp_path, rows)
    assert [len(one.messages) for one in found.examples] == [4, 4, 4, 1]
    assert found.shape is Shape.MIXED
    assert "3 rows: the column text holds conversations with Human: and Assistant: in turn" in found.reason
    assert [bool(one.plain) for one in found.examples] == [False, False, False, True]


def test_a_prompt_that_waits_for_its_answer(tmp_path: Path) -> None:
    asked = SAID.format(n=3, a="")
    found = read(tmp_path, [{"prompt": asked, "chosen": " Six minutes.", "rejected": " Ten."}])
    assert [turn.role for turn in found.examples[0].messages] == ["user", "assistant", "user", "assistant"]
    assert (found.examples[0].answer, found.examples[0].rejected) == (" Six minutes.", " Ten.")
    assert "the column prompt holds conversations" in found.reason


def test_what_is_torn_is_set_aside(tmp_path: Path) -> None:
    good = SAID.format(n=1, a="Fine.")
    rows = [
        {"chosen": good, "rejected": SAID.format(n=1, a="Bad.")},
        {"chosen": good, "rejected": SAID.format(n=2, a="Bad.")},
        {"chosen": good, "rejected": "\n\nHuman: How do I boil 1 eggs?"},
    ]
    found = read(tmp_path, rows)
    assert [(one.row, one.kind) for one in found.set_aside] == [(2, "no common prompt"), (3, "not a conversation")]


def test_only_texts_that_begin_so_are_transcripts() -> None:
    assert not is_transcript("He said:\n\nHuman: x\n\nAssistant: y")
    assert not is_transcript("Human: x")
    assert not is_transcript(["Human: x\n\nAssistant: y"])
    inside = transcript("Human: a\nAssistant: is a word here\n\nAssistant: b Human: c")
    assert [turn.content for turn in inside] == ["a\nAssistant: is a word here", "b Human: c"]


TALK = [
    ("system", "You cook."),
    ("user", "How long for soft eggs?"),
    ("assistant", "Six minutes.\n\nNot ten."),
    ("user", "Thanks."),
    ("assistant", "Enjoy <b>them</b>."),
]
# What stands before and behind a turn, and before and behind all of them.
MARKS = {
    "ChatML": ("<|im_start|>{role}\n", "<|im_end|>\n", "", ""),
    "Llama 3": (
        "<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>", "<|begin_of_text|>", "<|end_of_text|>",
    ),
    "Gemma": ("<start_of_turn>{role}\n", "<end_of_turn>\n", "<bos>", "<eos>"),
    "Zephyr and Phi": ("<|{role}|>\n", "</s>\n", "<s>", ""),
    "### Human": ("### {role}: ", "", "", ""),
}  # fmt: skip
NAMES = {"Gemma": {"assistant": "model"}, "### Human": {"user": "Human", "assistant": "Assistant", "system": "System"}}


@pytest.mark.parametrize("kind", MARKS)
def test_the_marks_of_a_chat_template_are_turns_and_no_text_to_learn(kind: str, tmp_path: Path) -> None:
    begin, end, first, last = MARKS[kind]
    names = NAMES.get(kind, {})
    turns = "".join(f"{begin.format(role=names.get(role, role))}{said}{end}" for role, said in TALK)
    found = read(tmp_path, [{"text": f"{first}{turns}{last}"}])
    assert found.shape is Shape.TRANSCRIPTS
    assert kind in found.reason
    assert [(turn.role, turn.content) for turn in found.examples[0].messages] == TALK


def test_the_system_text_of_llama_2_stands_within_the_first_question(tmp_path: Path) -> None:
    turns = [said for _, said in TALK]
    text = "<s>[INST] <<SYS>>\n{}\n<</SYS>>\n\n{} [/INST] {} </s><s>[INST] {} [/INST] {} </s>".format(*turns)
    found = read(tmp_path, [{"text": text}])
    assert found.reason == "the column text holds conversations marked as Llama 2 and Mistral have them"
    assert [(turn.role, turn.content) for turn in found.examples[0].messages] == TALK


@pytest.mark.parametrize("foreword", ["", "Below is an instruction that describes a task. Write a response.\n\n"])
def test_the_prompt_of_alpaca_is_a_question(foreword: str, tmp_path: Path) -> None:
    asked = f"{foreword}### Instruction:\nShorten it.\n\n### Input:\nA long text.\n\n### Response:\n"
    found = read(tmp_path, [{"text": f"{asked}A text."}, {"prompt": asked, "completion": "Short."}])
    assert not found.set_aside
    for one, answer in zip(found.examples, ("A text.", "Short."), strict=True):
        assert [(turn.role, turn.content) for turn in one.messages] == [
            ("user", "Shorten it.\n\nA long text."),
            ("assistant", answer),
        ]


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>user\nhello<|im_end|> lost <|im_start|>assistant\nhi<|im_end|>",
        "<|im_start|>narrator\nhello<|im_end|><|im_start|>assistant\nhi<|im_end|>",
        "<|im_start|>user\nnobody answers<|im_end|>",
        "[INST] nobody answers",
        "In ChatML a turn begins with <|im_start|>user and <|im_start|>assistant.",
        "### Instruction:\na\n\n### Response:\nb\n\n### Instruction:\nc\n\n### Response:\nd",
        "### Instruction: is a heading of the manual.",
    ],
)
def test_a_text_that_is_not_written_so_throughout_stays_a_text(text: str, tmp_path: Path) -> None:
    (example,) = read(tmp_path, [{"text": text}]).examples
    assert (example.plain, example.text) == ("whole", text)


def test_a_role_is_known_by_the_same_words_in_marks_and_in_lists(tmp_path: Path) -> None:
    said = [
        ("developer", "Be brief."),
        ("human", "Is it open?"),
        ("model", "I ask."),
        ("ipython", "yes"),
        ("gpt", "Yes."),
    ]
    marked = "".join(f"<|im_start|>{who}\n{what}<|im_end|>\n" for who, what in said)
    listed = [{"role": who, "content": what} for who, what in said]
    for row in ({"text": marked}, {"messages": listed}):
        [one] = read(tmp_path, [row]).examples
        assert [turn.role for turn in one.messages] == ["system", "user", "assistant", "tool", "assistant"]
