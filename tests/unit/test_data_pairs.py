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
