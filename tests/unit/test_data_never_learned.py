"""No road leads a golden question into training: each leaves it out or refuses, and refuses where none can be read."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.checks import encoding_damage, leakage
from localft.data.checks.checking import check_version
from localft.data.examples import Example, Message
from localft.data.making import history
from localft.data.making.dividing import divide_anew
from localft.data.making.history import redo, restore, undo
from localft.data.making.importing import import_files
from localft.data.making.keeping import add_kept, count_kept, keep_example, keep_golden
from localft.data.making.taking import take_examples
from localft.data.making.writing import write_version
from localft.data.repairs.repairing import repair_version
from localft.data.rows.editing import add_example, change_example, change_turn, delete_example, example_at
from localft.data.splits.asking import ask
from localft.data.splits.golden import golden_among, golden_in, read_golden, refuse_learning_golden
from localft.data.versions import SPLITS, DatasetVersion, SourceFile, list_versions, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean
from tests.unit.test_data_editing import talk, write

Act = Callable[[], object]
ASKED = "What does the café on the corner cost us each month?"
MADE = SourceFile(name="made", bytes=1, sha256="0" * 64, shape="messages")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = create_project("Roads")
    import_files(made, [write(tmp_path, clean())])
    return made


def golden(project: Project, question: str = ASKED) -> None:
    keep_golden(project, [message.as_chat() for message in talk(question, "Wanted.")])


def importing(project: Project, folder: Path) -> Act:
    golden(project)
    path = write(folder, [*clean(), {"prompt": ASKED.upper(), "completion": "Learned."}])
    return lambda: import_files(project, [path])


def adding_kept_ones(project: Project, folder: Path) -> Act:
    golden(project)
    keep_example(project, [message.as_chat() for message in talk(ASKED, "Learned.")])
    keep_example(project, [message.as_chat() for message in talk("And what of the bakery?", "Learned.")])
    return lambda: add_kept(project)


def adding(project: Project, folder: Path) -> Act:
    golden(project)
    return lambda: add_example(project, newest_version(project), talk(ASKED, "Learned."))


def changing_a_turn(project: Project, folder: Path) -> Act:
    golden(project)
    return lambda: change_turn(project, newest_version(project), "train", 0, 0, ASKED)


def changing_a_whole_example(project: Project, folder: Path) -> Act:
    golden(project)
    version = newest_version(project)
    example = example_at(project, version, "train", 0)
    said = example.model_copy(update={"messages": (*talk("Hello", "Hi"), *talk(ASKED, "Learned."))})
    return lambda: change_example(project, version, "train", 0, said)


def taking_written_ones(project: Project, folder: Path) -> Act:
    golden(project)
    written = [Example(messages=tuple(talk(asked, "Learned."))) for asked in (ASKED, "What of the bakery?")]
    return lambda: take_examples(project, written, [MADE], "2 written")


def dividing(project: Project, folder: Path) -> Act:
    for example in load_split(project, newest_version(project).id, "test"):
        golden(project, example.prompt[-1].content)
    return lambda: divide_anew(project, newest_version(project), 7, (0.8, 0.1, 0.1))


def repairing_the_division(project: Project, folder: Path) -> Act:
    version = newest_version(project)
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    learned = splits["train"][0].model_copy(update={"row": 1000})
    write_version(project, {**splits, "test": [*splits["test"], learned]}, version.sources, [], 3, version.ratios)
    for example in splits["test"]:
        golden(project, example.prompt[-1].content)
    return lambda: repair_version(project, newest_version(project), [leakage.BETWEEN_SPLITS])


def repairing_texts(project: Project, folder: Path) -> Act:
    damaged = ASKED.encode().decode("latin-1")
    add_example(project, newest_version(project), talk(damaged, "Learned."))
    golden(project)
    return lambda: repair_version(project, newest_version(project), [encoding_damage.NAME])


def deleted(project: Project) -> DatasetVersion:
    """Make a golden question of what a version had for training; return that version."""
    before = newest_version(project)
    asked = example_at(project, before, "train", 0).prompt[-1].content
    delete_example(project, before, "train", 0)
    golden(project, asked)
    return before


def using_again(project: Project, folder: Path) -> Act:
    before = deleted(project)
    change_turn(project, newest_version(project), "train", 0, 1, "Another.")
    return lambda: restore(project, before)


def undoing(project: Project, folder: Path) -> Act:
    deleted(project)
    return lambda: undo(project, set())


def undoing_what_was_trained_on(project: Project, folder: Path) -> Act:
    deleted(project)
    return lambda: undo(project, {newest_version(project).id})


ROADS = (
    importing, adding_kept_ones, adding, changing_a_turn, changing_a_whole_example, taking_written_ones, dividing,
    repairing_the_division, repairing_texts, using_again, undoing, undoing_what_was_trained_on,
)  # fmt: skip
REFUSING = (adding, changing_a_turn, changing_a_whole_example)
AROUND = "Please answer the question: {} Answer briefly."


@pytest.mark.parametrize("question", [ASKED, "Who wrote Faust?"])
@pytest.mark.parametrize("shape", ["foreword", "later", "plain", "system", "in a system text"])
def test_a_golden_question_with_other_words_around_it_is_not_taken_in(
    shape: str, question: str, project: Project, tmp_path: Path
) -> None:
    asks = AROUND.format(question)
    keep_golden(project, [message.as_chat() for message in talk(question, "Wanted.")])
    text = Example(messages=(Message(role="assistant", content=f"A list of questions. {question}"),), plain="whole")
    system = {"system": question.upper(), "in a system text": f"You know all of the village. {question} Be brief."}
    made = {
        **{
            name: Example(messages=(Message(role="system", content=said), *talk("So?", "Learned.")))
            for name, said in system.items()
        },
        "foreword": Example(messages=tuple(talk(asks, "Learned."))),
        "later": Example(messages=(*talk("Hello", "Hi"), *talk(asks, "Learned."))),
        "plain": text,
    }[shape]
    other = Example(messages=tuple(talk("What of the bakery?", "It is closed.")))
    taken = take_examples(project, [made, other], [MADE], "2 written")
    # Among other words of plain text or a system text only a question of enough words is told.
    left = [] if shape in {"plain", "in a system text"} and question != ASKED else [made]
    assert [one.example for one in taken.left_out] == left
    if shape == "plain" or not left:
        return
    version = newest_version(project)
    rows: list[Any] = [{"messages": [turn.as_chat() for turn in made.messages]}, *clean()]
    report = import_files(project, [write(tmp_path, rows)])
    assert "golden question" in {one.kind for one in report.read.set_aside}
    with pytest.raises(UserError, match="golden questions"):
        change_example(project, version, "train", 0, made)
    with pytest.raises(UserError, match="golden questions"):
        add_example(project, version, made.messages)
    everything = {name: load_split(project, version.id, name) for name in SPLITS}
    everything["train"].append(made)
    taught = write_version(project, everything, version.sources, [], 3, version.ratios)
    with pytest.raises(UserError, match="1 training example asks a golden question"):
        refuse_learning_golden(project, taught.id)


def test_a_system_text_of_all_examples_that_holds_a_golden_question_is_refused_and_found(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden(project)
    before = newest_version(project)
    rows = [{"system": f"Think of this: {ASKED}", **row} for row in clean()]
    for system in (ASKED.lower(), f"Think of this: {ASKED} Then answer."):
        assert main(["data", "import", "roads", str(write(tmp_path, clean())), "--system", system]) == 1
        assert "This system prompt holds one of the golden questions" in capsys.readouterr().err
        with pytest.raises(UserError):
            import_files(project, [write(tmp_path, rows)])
    assert newest_version(project) == before
    kept = project.golden.read_bytes()
    project.golden.unlink()
    taught = import_files(project, [write(tmp_path, rows)]).version
    with pytest.raises(UserError, match="The model learns this question"):
        golden(project)
    project.golden.write_bytes(kept)
    train = load_split(project, taught.id, "train")
    assert len(golden_among(train, read_golden(project))) == len(train)
    found = [one for one in check_version(project, taught).findings if one.check == leakage.IN_GOLDEN]
    assert [one.count for one in found] == [len(train)]


def test_many_different_system_texts_are_each_looked_through() -> None:
    question = Example(messages=tuple(talk(ASKED, "Wanted.")))
    texts = [*map("The guest has the number {} here.".format, range(5_000)), f"Know: {ASKED}", ASKED, "The guest"]
    rows = [
        Example(messages=(Message(role="system", content=text), *talk(f"Number {n}?", "Yes.")))
        for n, text in enumerate(texts)
    ]
    assert golden_among(rows, [question]) == [5_000, 5_001]
    halves = ask(rows[:3_000])
    halves.join(ask(rows[3_000:]))
    assert golden_in(halves, [question]) == [5_000, 5_001]


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_no_road_leads_a_golden_question_into_training(
    road: Callable[[Project, Path], Act], project: Project, tmp_path: Path
) -> None:
    act = road(project, tmp_path)
    before = read_golden(project)
    if road in REFUSING:
        with pytest.raises(UserError, match="golden questions"):
            act()
    else:
        act()
    train = load_split(project, newest_version(project).id, "train")
    assert len(train) > 40
    assert golden_among(train, before) == []
    assert read_golden(project) == before


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_where_the_golden_questions_cannot_be_read_every_road_is_closed(
    road: Callable[[Project, Path], Act], project: Project, tmp_path: Path
) -> None:
    act = road(project, tmp_path)
    kept = count_kept(project)
    with project.golden.open("a", encoding="utf-8") as file:
        file.write('{"prompt": "torn')
    before = [one.id for one in list_versions(project).items]
    text = project.golden.read_bytes()
    with pytest.raises(
        UserError, match=r"Line \d+ of .*golden\.jsonl is no golden question.*Nothing was changed"
    ) as told:
        act()
    assert "Correct it, or delete the line" in (told.value.hint or "")
    assert ([one.id for one in list_versions(project).items], count_kept(project)) == (before, kept)
    assert project.golden.read_bytes() == text


def test_another_golden_question_is_not_written_behind_a_broken_one(project: Project) -> None:
    project.golden.write_text('{"prompt": "torn', encoding="utf-8")
    with pytest.raises(UserError, match="Nothing was changed"):
        golden(project)
    assert project.golden.read_text(encoding="utf-8") == '{"prompt": "torn'


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_file_with_nothing_in_it_holds_no_golden_questions(content: str, project: Project) -> None:
    project.golden.write_text(content, encoding="utf-8")
    add_example(project, newest_version(project), talk(ASKED, "Learned."))
    with pytest.raises(UserError, match="no golden questions yet"):
        read_golden(project)


def test_going_back_says_how_many_were_left_out(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = deleted(project)
    assert main(["data", "restore", "roads", before.id]) == 0
    told = "1 example left out of training: golden questions are never learned"
    assert told in capsys.readouterr().out
    now = change_turn(project, newest_version(project), "train", 0, 1, "Another.")
    assert now.total == before.total - 1
    assert main(["data", "undo", "roads"]) == 0
    assert told not in capsys.readouterr().out
    assert main(["data", "undo", "roads"]) == 0
    assert told in capsys.readouterr().out
    assert newest_version(project).undone_to == before.id


def test_an_import_kept_once_more_without_a_golden_question_is_undone_as_a_whole(project: Project) -> None:
    before = deleted(project)
    gone_back = undo(project, set())
    assert gone_back is not None
    assert (gone_back.left_out, gone_back.version.undone_to) == (1, before.id)
    assert undo(project, set()) is None
    assert list_versions(project).items == []


def test_what_has_become_a_golden_question_is_left_out_where_an_undo_is_taken_back(project: Project) -> None:
    before = newest_version(project)
    asked = load_split(project, before.id, "train")[0].prompt[-1].content
    assert undo(project, set()) is None
    golden(project, asked)
    now = redo(project, set())
    assert (now.left_out, now.version.total) == (1, before.total - 1)
    assert asked not in {one.prompt[-1].content for one in load_split(project, now.version.id, "train")}
    assert undo(project, set()) is None
    assert redo(project, set()).left_out == 1


def test_a_version_with_nothing_but_golden_questions_to_learn_is_not_used_again(project: Project) -> None:
    version = newest_version(project)
    few = Example(messages=(Message(role="user", content=ASKED), Message(role="assistant", content="Learned.")))
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    bad = write_version(project, {**splits, "train": [few]}, version.sources, [], 3, version.ratios)
    write_version(project, {**splits, "train": splits["test"]}, version.sources, [], 3, version.ratios)
    golden(project)
    with pytest.raises(UserError, match="All of its training examples ask golden questions"):
        restore(project, bad)


def test_an_undo_that_cannot_write_leaves_all_as_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = newest_version(project)
    newest = change_turn(project, first, "train", 0, 1, "Another answer.")
    learned = load_split(project, first.id, "train")[1].prompt[-1].content
    project.golden.write_text(json.dumps({"prompt": learned, "answer": "Wanted."}), encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(history, "write_version", full)
        with pytest.raises(OSError, match="No space"):
            undo(project, set())
    assert [one.id for one in list_versions(project).items] == [newest.id, first.id]
    gone_back = undo(project, set())
    assert gone_back
    assert gone_back.left_out == 1


def test_an_undo_goes_on_where_it_comes_to_what_was_there_already(project: Project) -> None:
    first = newest_version(project)
    learned = load_split(project, first.id, "train")[1].prompt[-1].content
    project.golden.write_text(json.dumps({"prompt": learned, "answer": "Wanted."}), encoding="utf-8")
    repaired = repair_version(project, first, [leakage.IN_GOLDEN])
    gone_back = undo(project, set())
    assert gone_back
    assert gone_back.version.id not in {repaired.id, first.id}
    assert gone_back.version.sha256 == repaired.sha256
    assert undo(project, set()) is None
