"""Preference pairs: read in every shape that people keep them in, set aside where they are none."""

from pathlib import Path

import pytest

from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.shapes.detecting import Shape
from localft.data.versions import iterate_split
from localft.store.projects import create_project


def jsonl(path: Path, *rows: str) -> Path:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


PAIRS = {
    "texts": '{"prompt": "q", "chosen": "good one", "rejected": "bad one", "system": "s"}',
    "turns": '{"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "good one"}], '
    '"rejected": [{"role": "assistant", "content": "bad one"}], "system": "s"}',
    "conversations": '{"chosen": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, '
    '{"role": "assistant", "content": "good one"}], "rejected": [{"role": "system", "content": "s"}, '
    '{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad one"}], "prompt": "q"}',
    "OpenAI": '{"input": {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]}, '
    '"preferred_output": [{"role": "assistant", "content": "good one"}], '
    '"non_preferred_output": [{"role": "assistant", "content": "bad one"}]}',
    # UltraFeedback has the better conversation a second time.
    "with messages": '{"prompt": "q", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": '
    '"good one"}], "system": "s", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": '
    '"good one"}], "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad one"}]}',
    # As LLaMA-Factory has them.
    "ShareGPT": '{"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"}], '
    '"chosen": {"from": "gpt", "value": "good one"}, "rejected": {"from": "gpt", "value": "bad one"}}',
}


@pytest.mark.parametrize("row", PAIRS.values(), ids=PAIRS)
def test_preference_pairs_are_read_in_every_shape(tmp_path: Path, row: str) -> None:
    result = read_files([jsonl(tmp_path / "a.jsonl", row)])
    assert result.shape is Shape.PREFERENCE
    (example,) = result.examples
    assert [(turn.role, turn.content) for turn in example.messages] == [
        ("system", "s"),
        ("user", "q"),
        ("assistant", "good one"),
    ]
    assert example.rejected == "bad one"
    assert [turn.content for turn in example.worse.messages] == ["s", "q", "bad one"]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ('{"prompt": "q", "chosen": "same", "rejected": " same"}', "nothing to prefer"),
        ('{"prompt": "q", "chosen": "good one", "rejected": ""}', "empty content"),
        ('{"prompt": "q", "chosen": "good one", "rejected": null}', "empty content"),
        ('{"chosen": "good one", "rejected": "bad one"}', "empty content"),
        (
            '{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}], '
            '"rejected": [{"role": "user", "content": "other"}, {"role": "assistant", "content": "bad"}]}',
            "no common prompt",
        ),
        (
            '{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}], "rejected": []}',
            "no common prompt",
        ),
    ],
)
def test_what_is_no_pair_is_set_aside(tmp_path: Path, row: str, kind: str) -> None:
    result = read_files([jsonl(tmp_path / "a.jsonl", row)], strict=False)
    assert not result.examples
    assert [one.kind for one in result.set_aside] == [kind]


def test_pairs_may_come_from_mapped_columns(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", '{"ask": "q", "yes": "good one", "no": "bad one"}')
    (example,) = read_files([path], {"prompt": "ask", "answer": "yes", "rejected": "no"}).examples
    assert (example.answer, example.rejected) == ("good one", "bad one")


def test_pairs_that_differ_in_the_worse_answer_only_are_no_duplicates(tmp_path: Path) -> None:
    rows = [f'{{"prompt": "q", "chosen": "good one", "rejected": "bad {number}"}}' for number in (1, 2, 2)]
    assert [one.rejected for one in read_files([jsonl(tmp_path / "a.jsonl", *rows)]).examples] == ["bad 1", "bad 2"]


def test_a_version_counts_its_pairs_and_keeps_both_answers(tmp_path: Path) -> None:
    pairs = [f'{{"prompt": "question {n}", "chosen": "good {n}", "rejected": "bad {n}"}}' for n in range(12)]
    plain = [f'{{"prompt": "another {n}", "completion": "answer {n}"}}' for n in range(3)]
    project = create_project("Pairs")
    version = import_files(project, [jsonl(tmp_path / "a.jsonl", *pairs), jsonl(tmp_path / "b.jsonl", *plain)]).version
    assert (version.total, version.pairs) == (15, 12)
    kept = [example for split in version.counts for example in iterate_split(project, version.id, split)]
    assert sorted(one.rejected for one in kept if one.rejected) == sorted(f"bad {n}" for n in range(12))
    assert all(one.rejected.replace("bad", "good") == one.answer for one in kept if one.rejected)


def test_a_conversation_beside_an_empty_pair_is_taken_as_it_is(tmp_path: Path) -> None:
    talk = '[{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]'
    result = read_files([jsonl(tmp_path / "a.jsonl", f'{{"messages": {talk}, "chosen": null, "rejected": null}}')])
    assert result.shape is Shape.MESSAGES
    assert result.examples[0].answer == "an answer"


@pytest.mark.parametrize("said", ["label", "kto_tag"])
@pytest.mark.parametrize("answered", [
    '"prompt": "q", "completion": "an answer"',
    '"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]',
])  # fmt: skip
def test_an_answer_that_its_file_calls_unwanted_is_never_learned(tmp_path: Path, said: str, answered: str) -> None:
    rows = [f'{{{answered}, "{said}": {wanted}}}' for wanted in ("true", "false")]
    result = read_files([jsonl(tmp_path / "a.jsonl", *rows)])
    assert [one.row for one in result.examples] == [1]
    assert [(one.row, one.kind) for one in result.set_aside] == [(2, "unwanted answer")]
    assert result.set_aside[0].reason == f"the column {said} says that this answer is not wanted"


def test_a_label_that_is_none_of_true_and_false_says_nothing_about_the_answer(tmp_path: Path) -> None:
    row = '{"prompt": "q %s", "completion": "an answer", "label": %s}'
    path = jsonl(tmp_path / "a.jsonl", row % (1, "0"), row % (2, '"billing"'), row % (3, "null"))
    assert len(read_files([path]).examples) == 3
    (tmp_path / "b.csv").write_text("prompt,completion,label\nq,an answer,False\nr,another,True\n", encoding="utf-8")
    assert [one.row for one in read_files([tmp_path / "b.csv"]).examples] == [3]
    mapped = read_files([tmp_path / "b.csv"], mapping={"label": "label"})
    assert [one.label for one in mapped.examples] == ["False", "True"]


def test_what_was_said_before_a_question_of_alpaca_is_kept(tmp_path: Path) -> None:
    row = '{"instruction": "q", "input": "", "output": "an answer", "history": %s}'
    path = jsonl(tmp_path / "a.jsonl", row % '[["hi", "hello"], ["who?", "me"]]', row % "[]", row % '"once"')
    result = read_files([path])
    assert [turn.content for turn in result.examples[0].messages] == ["hi", "hello", "who?", "me", "q", "an answer"]
    assert [len(one.messages) for one in result.examples] == [6, 2]
    assert [(one.row, one.kind) for one in result.set_aside] == [(3, "not a conversation")]
