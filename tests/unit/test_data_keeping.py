"""Conversations kept out of a chat become examples beside those that are there, once."""

import json
from pathlib import Path

import pytest

from localft.data.examples import Example
from localft.data.making.history import redo, undo
from localft.data.making.importing import import_files, read_set_aside
from localft.data.making.keeping import add_kept, count_kept, keep_example, keep_golden, kept_path
from localft.data.versions import SPLITS, list_versions, load_split
from localft.errors import UserError
from localft.store.projects import Project, create_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = create_project("Support bot")
    rows = [json.dumps({"prompt": f"question {n}", "completion": f"answer {n}"}) for n in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, "broken"]), encoding="utf-8")
    import_files(project, [tmp_path / "a.jsonl"], seed=7, ratios=(0.6, 0.2, 0.2))
    return project


def chat(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def examples(project: Project, version_id: str) -> list[Example]:
    return [one for name in SPLITS for one in load_split(project, version_id, name)]


def test_kept_conversations_join_the_examples_which_keep_their_origin(project: Project) -> None:
    first = list_versions(project).items[0]
    assert keep_example(project, chat("a new question", "a new answer")) == 1
    assert keep_example(project, chat("question 3", "answer 3")) == 2
    version = add_kept(project)
    assert (version.total, version.seed, version.ratios) == (21, 7, (0.6, 0.2, 0.2))
    assert [source.name for source in version.sources] == ["a.jsonl", "kept.jsonl"]
    origins = {one.answer: (one.source, one.row) for one in examples(project, version.id)}
    assert origins == {
        **{one.answer: (one.source, one.row) for one in examples(project, first.id)},
        "a new answer": ("kept.jsonl", 1),
    }
    aside = [(row["source"], row["row"], row["reason"]) for row in read_set_aside(project, version.id)]
    assert aside[0][:2] == ("a.jsonl", 21)
    assert aside[1] == ("kept.jsonl", 2, "an exact duplicate of row 4 of a.jsonl")
    assert version.set_aside == len(aside) == 2
    assert count_kept(project) == 0 and not kept_path(project).exists()


def test_what_is_there_already_makes_no_version(project: Project) -> None:
    first = list_versions(project).items[0]
    keep_example(project, chat("question 3", "answer 3"))
    assert add_kept(project) == first
    assert len(list_versions(project).items) == 1 and count_kept(project) == 0


def test_nothing_kept_is_said(project: Project) -> None:
    with pytest.raises(UserError, match="No conversation was kept"):
        add_kept(project)


def test_a_failed_import_keeps_the_conversations(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    keep_example(project, chat("a new question", "a new answer"))
    monkeypatch.setattr("localft.data.making.importing.files.write_text", full)
    with pytest.raises(OSError):
        add_kept(project)
    assert count_kept(project) == 1 and len(list_versions(project).items) == 1


def test_a_kept_row_that_cannot_be_used_is_listed_and_not_lost_in_silence(project: Project) -> None:
    keep_example(project, chat("a new question", "k"))
    version = add_kept(project)
    assert version.total == 20
    assert [row["kind"] for row in read_set_aside(project, version.id)] == ["not JSON", "very short answer"]


def test_what_was_kept_at_different_times_is_told_apart(project: Project) -> None:
    for question in ("first", "second"):
        keep_example(project, chat(question, "an answer"))
        add_kept(project)
    keep_example(project, chat("first", "an answer"))
    keep_example(project, chat("third", "an answer"))
    version = add_kept(project)
    names = ["kept.jsonl", "kept.jsonl (2)", "kept.jsonl (3)"]
    assert [source.name for source in version.sources] == ["a.jsonl", *names]
    assert read_set_aside(project, version.id)[-1]["reason"] == "an exact duplicate of row 1 of kept.jsonl"


@pytest.mark.parametrize("trained_on", [False, True])
def test_an_undo_gives_the_kept_conversations_back_and_a_redo_takes_them_again(
    trained_on: bool, project: Project
) -> None:
    first = list_versions(project).items[0]
    keep_example(project, chat("a new question", "a new answer"))
    version = add_kept(project)
    keep_example(project, chat("a later question", "a later answer"))
    now = undo(project, {version.id} if trained_on else set())
    assert now is not None and now.version.sha256 == first.sha256
    assert count_kept(project) == 2
    assert redo(project, {version.id} if trained_on else set()).version == version
    assert count_kept(project) == 1
    undo(project, {version.id} if trained_on else set())
    assert count_kept(project) == 2
    again = add_kept(project)
    assert {"a new answer", "a later answer"} <= {one.answer for one in examples(project, again.id)}
    assert count_kept(project) == 0


def test_a_golden_question_counts_once_however_often_it_is_kept(project: Project) -> None:
    assert keep_golden(project, chat("a golden question", "this")) == 1
    assert keep_golden(project, chat("a golden question", "this")) == 1
    assert keep_golden(project, chat("another golden one", "that")) == 2
