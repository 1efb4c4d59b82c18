"""The golden set as a thing to work on: listed, changed, deleted, imported; and nothing of it is ever lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.checks.leakage import IN_GOLDEN
from localft.data.making.golden_amount import half_interval, told_amount
from localft.data.making.golden_history import (
    OUTSIDE,
    last_change,
    list_changes,
    next_undo,
    restore_golden,
    undo_golden,
)
from localft.data.making.golden_import import import_golden
from localft.data.making.golden_set import (
    bring_back,
    change_golden,
    delete_golden,
    learned_rows,
    list_golden,
    list_gone,
)
from localft.data.making.importing import import_files
from localft.data.making.keeping import keep_golden
from localft.data.repairs.repairing import repair_version
from localft.data.rows.editing import add_golden
from localft.data.splits.golden import read_golden
from localft.data.versions import list_versions, newest_version
from localft.errors import UserError
from localft.evaluation.intervals import paired_share_interval
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean
from tests.unit.test_data_editing import talk, write


@pytest.fixture
def project() -> Project:
    return create_project("Gold")


def by_hand(project: Project, *rows: dict[str, Any]) -> bytes:
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    project.golden.write_bytes(content)
    return content


def asked(project: Project) -> list[str]:
    return [one.asked for one in list_golden(project)]


def three(project: Project) -> None:
    for name in ("first", "second", "third"):
        add_golden(project, talk(f"What is the {name} thing?", f"It is {name}."))


def test_the_list_says_where_a_question_came_from_as_far_as_that_is_known(project: Project) -> None:
    by_hand(project, {"prompt": "Who wrote this?", "answer": "I did.", "note": "mine"})
    add_golden(project, talk("And this?", "You."))
    keep_golden(project, [message.as_chat() for message in talk("Said in a chat?", "Yes.")])
    found = list_golden(project)
    assert [(one.number, one.asked, one.example.answer, one.origin) for one in found] == [
        (1, "Who wrote this?", "I did.", ""),
        (2, "And this?", "You.", "by hand"),
        (3, "Said in a chat?", "Yes.", "Chat"),
    ]
    assert [bool(one.when) for one in found] == [False, True, True]
    assert [one.number for one in list_golden(project, "CHAT")] == [3]
    assert [one.answer for one in read_golden(project)] == ["I did.", "You.", "Yes."]


def test_a_change_leaves_the_other_lines_as_they_were_written(project: Project) -> None:
    odd = b'{"prompt":  "Odd  spacing?", "answer": "1", "weight": 0.10, "big": 12345678901234567890123}'
    changed = b'{"prompt": "Capital of France?", "answer": "Lyon", "note": "geography", "id": 7}'
    project.golden.write_bytes(odd + b"\r\n\n" + changed + b"\n")
    one = list_golden(project)[1]
    now = change_golden(project, one.key, "Capital of France?", "Paris")
    assert (now.number, now.asked, now.example.answer) == (2, "Capital of France?", "Paris")
    lines = project.golden.read_bytes().splitlines()
    assert lines[0] == odd
    values = json.loads(lines[1])
    assert (values["note"], values["id"]) == ("geography", 7)
    assert values["messages"] == [
        {"role": "user", "content": "Capital of France?"},
        {"role": "assistant", "content": "Paris"},
    ]
    assert "prompt" not in values


@pytest.mark.parametrize("name", ["array", "utf-16"])
def test_a_file_that_is_no_plain_json_lines_is_changed_too(name: str, project: Project) -> None:
    rows = [{"prompt": f"Question {number}?", "answer": "é", "size": number} for number in range(3)]
    text = json.dumps(rows, indent=1) if name == "array" else "\n".join(json.dumps(row) for row in rows)
    project.golden.write_bytes(text.encode("utf-8" if name == "array" else "utf-16"))
    delete_golden(project, [list_golden(project)[0].key])
    assert asked(project) == ["Question 1?", "Question 2?"]
    assert json.loads(project.golden.read_bytes().splitlines()[0]) == rows[1]
    undo_golden(project)
    assert project.golden.read_bytes() == text.encode("utf-8" if name == "array" else "utf-16")


def test_earlier_turns_and_tools_of_a_conversation_stay(project: Project) -> None:
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "most": 3}}}]
    said = [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi"), ("user", "Where?"), ("assistant", "Here.")]
    by_hand(project, {"messages": [{"role": role, "content": text} for role, text in said], "tools": tools})
    one = list_golden(project)[0]
    assert (one.asked, one.system) == ("Where?", "Be brief.")
    now = change_golden(project, one.key, "When?", "Now.", system="Be kind.")
    assert [message.content for message in now.example.messages] == ["Be kind.", "Hello", "Hi", "When?", "Now."]
    assert now.example.tools == one.example.tools
    assert change_golden(project, now.key, "When?", "Now.").system == ""


def test_a_wanted_call_of_a_tool_stays_where_only_the_question_changes(project: Project) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    turns = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
    by_hand(project, {"messages": turns})
    assert main(["data", "golden", "edit", project.slug, "--number", "1", "--question", "Where is it?"]) == 0
    one = list_golden(project)[0]
    assert (one.asked, one.example.answer, one.example.messages[-1].tool_calls) == ("Where is it?", "", (call,))
    assert one.wanted == "[calls look_up]"
    now = change_golden(project, one.key, one.asked, "I do not know.")
    assert (now.example.answer, now.example.messages[-1].tool_calls) == ("I do not know.", ())


def test_what_is_no_question_is_there_already_or_is_learned_is_refused(project: Project, tmp_path: Path) -> None:
    three(project)
    import_files(project, [write(tmp_path, clean())])
    content = project.golden.read_bytes()
    first, second, _ = list_golden(project)
    learned = clean()[0]["prompt"]
    for question, answer, reason in (
        (" ", "x", "no golden question"),
        ("x", " ", "no golden question"),
        (first.asked, first.example.answer, "says already"),
        (second.asked, second.example.answer, "there already"),
        (learned if learned_by(project, learned) else clean()[1]["prompt"], "x", "The model learns this question"),
    ):
        with pytest.raises(UserError, match=reason):
            change_golden(project, first.key, question, answer)
    with pytest.raises(UserError, match="no such golden question"):
        change_golden(project, "gone", "x", "y")
    with pytest.raises(UserError, match="no such golden question"):
        delete_golden(project, [first.key, "gone"])
    assert project.golden.read_bytes() == content


def learned_by(project: Project, question: str) -> bool:
    path = project.datasets / newest_version(project).id / "train.jsonl"
    return json.dumps(question) in path.read_text(encoding="utf-8")


def test_every_change_is_undone_one_after_the_other(project: Project) -> None:
    three(project)
    states = [project.golden.read_bytes()]
    second = list_golden(project)[1]
    delete_golden(project, [second.key])
    states.append(project.golden.read_bytes())
    change_golden(project, list_golden(project)[0].key, "Changed?", "Yes.")
    assert undo_golden(project).what.startswith("1 changed: What is the first")
    assert project.golden.read_bytes() == states[1]
    change_golden(project, list_golden(project)[0].key, "Changed again?", "Yes.")
    undo_golden(project)
    assert project.golden.read_bytes() == states[1]
    assert undo_golden(project).what.startswith("1 deleted: What is the second")
    assert project.golden.read_bytes() == states[0]
    for _ in range(3):
        undo_golden(project)
    assert not project.golden.exists()
    with pytest.raises(UserError, match="no change of the golden questions to take back"):
        undo_golden(project)


def test_what_was_deleted_or_changed_is_brought_back_alone(project: Project) -> None:
    three(project)
    delete_golden(project, [list_golden(project)[1].key])
    change_golden(project, list_golden(project)[0].key, "What is first?", "This.")
    assert [one.asked for one in list_gone(project)] == ["What is the first thing?", "What is the second thing?"]
    back = bring_back(project, list_gone(project)[1].key)
    assert (back.asked, back.origin) == ("What is the second thing?", "by hand")
    assert asked(project) == ["What is first?", "What is the third thing?", "What is the second thing?"]
    with pytest.raises(UserError, match="no such golden question"):
        bring_back(project, back.key)
    undo_golden(project)
    assert asked(project) == ["What is first?", "What is the third thing?"]


def test_what_was_written_by_hand_is_a_state_like_any_other(project: Project) -> None:
    written = by_hand(project, {"prompt": "By hand?", "answer": "Yes."})
    three(project)
    assert [(change.what, change.found) for change in list_changes(project)][-1] == (OUTSIDE, True)
    broken = project.golden.read_bytes() + b'{"prompt": "torn'
    project.golden.write_bytes(broken)
    with pytest.raises(UserError, match="no golden question"):
        list_golden(project)
    waiting = last_change(project)
    assert waiting is not None and waiting.what == OUTSIDE
    assert undo_golden(project).what == OUTSIDE
    then = last_change(project)
    assert then is not None and then.what == "1 added: What is the third thing?"
    assert len(list_golden(project)) == 4
    for _ in range(3):
        undo_golden(project)
    assert project.golden.read_bytes() == written
    assert next_undo(list_changes(project)) is None
    outside = next(change for change in list_changes(project) if change.what == OUTSIDE and not change.found)
    restore_golden(project, outside.id)
    assert project.golden.read_bytes() == broken
    undo_golden(project)
    with pytest.raises(UserError, match="no change nothing"):
        restore_golden(project, "nothing")
    assert project.golden.read_bytes() == written


@pytest.mark.parametrize("step", ["write_bytes", "append_line"])
def test_a_change_that_dies_half_way_loses_nothing(
    step: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(project)
    before = project.golden.read_bytes()

    def die(*_: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space left"):
        broken.setattr(f"localft.data.making.golden_history.files.{step}", die)
        delete_golden(project, [list_golden(project)[1].key])
    assert len(list_golden(project)) == (3 if step == "write_bytes" else 2)
    add_golden(project, talk("What is the fourth thing?", "It is fourth."))
    undo_golden(project)
    if step == "append_line":
        undo_golden(project)
    assert project.golden.read_bytes() == before


def test_the_last_question_can_be_deleted_and_brought_back(project: Project) -> None:
    add_golden(project, talk("Only one?", "Yes."))
    delete_golden(project, [list_golden(project)[0].key])
    assert (list_golden(project), project.golden.exists()) == ([], False)
    with pytest.raises(UserError, match="no golden questions yet"):
        read_golden(project)
    bring_back(project, list_gone(project)[0].key)
    assert asked(project) == ["Only one?"]


def test_a_file_in_any_shape_is_imported_and_what_training_asks_is_told(project: Project, tmp_path: Path) -> None:
    import_files(project, [write(tmp_path, clean())])
    train = (project.datasets / newest_version(project).id / "train.jsonl").read_text(encoding="utf-8").splitlines()
    learned = json.loads(train[0])["messages"][0]["content"]
    table = tmp_path / "questions.csv"
    table.write_text(
        f'question,answer\n"{learned.upper()}!",x\nSomething else?,y\nSomething else?,y\n,z\n', encoding="utf-8"
    )
    done = import_golden(project, [table])
    assert (done.added, done.known, [row.row for row in done.set_aside]) == (2, 0, [4, 5])
    assert [one.origin for one in list_golden(project)] == ["questions.csv, row 2", "questions.csv, row 3"]
    assert learned_rows(project) == [0]
    before = newest_version(project)
    repaired = repair_version(project, before, [IN_GOLDEN])
    assert (repaired.counts["train"], learned_rows(project)) == (before.counts["train"] - 1, [])
    assert import_golden(project, [table])[:2] == (0, 2)
    undo_golden(project)
    assert list_golden(project) == []


def test_an_import_of_nothing_that_asks_is_refused(project: Project, tmp_path: Path) -> None:
    text = tmp_path / "manual.txt"
    text.write_text("A manual.\n\nIt asks nothing at all.\n", encoding="utf-8")
    with pytest.raises(UserError, match="text without questions"):
        import_golden(project, [text])
    assert not project.golden.exists()


def test_the_amount_is_told_against_what_is_advised() -> None:
    assert told_amount(0).startswith("There are no golden questions yet. 50 to 100")
    few = told_amount(12)
    assert few.startswith("12 golden questions; 50 to 100 are advised.")
    assert "± 28 percentage points; with 50 to ± 14, with 100 to ± 10" in few
    assert told_amount(1).startswith("1 golden question; ")
    assert "within the 50 to 100 advised: " in told_amount(50) and "within the 50" in told_amount(100)
    assert "more than the 100 advised, which is fine" in told_amount(101)


@pytest.mark.parametrize("count", [16, 48, 100, 400])
def test_the_interval_that_is_told_is_that_of_a_verdict(count: int) -> None:
    quarter = count // 8
    low, high = paired_share_interval(count // 2, quarter, quarter, count - count // 2 - 2 * quarter)
    assert (high - low) / 2 == pytest.approx(half_interval(count), rel=0.15)


def test_all_of_it_from_the_command_line(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*arguments: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["data", "golden", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert told("list", "gold")["count"] == 0
    assert told("add", "gold", "--question", "Where is it?", "--answer", "Here.", "--system", "Be brief.")["count"] == 1
    assert told("add", "gold", "--question", "When is it?", "--answer", "Now.")["count"] == 2
    edited = told("edit", "gold", "--number", "2", "--answer", "Soon.", "--system", "Be kind.")["question"]
    assert [one["content"] for one in edited["messages"]] == ["Be kind.", "When is it?", "Soon."]
    assert [one["number"] for one in told("list", "gold", "--search", "where")["questions"]] == [1]
    assert len(told("delete", "gold", "--number", "1")["deleted"]) == 1
    history = told("history", "gold")
    assert [one["messages"][-1]["content"] for one in history["gone"]] == ["Here.", "Now."]
    assert told("bring-back", "gold", "--number", "1")["brought_back"][0]["number"] == 2
    assert told("undo", "gold")["what"].startswith("1 brought back")
    assert told("restore", "gold", history["changes"][-1]["id"])["restored"] == history["changes"][-1]["id"]
    assert told("list", "gold")["questions"][0]["messages"][-1]["content"] == "Here."
    import_files(project, [write(tmp_path, clean())])
    file = write(tmp_path, clean()[:9])
    done = told("import", "gold", str(file), "--take-out")
    assert done["added"] == 9 and 0 < done["learned"] <= 9
    assert (newest_version(project).id, len(list_versions(project).items)) == (done["dataset"], 2)
    assert told("list", "gold")["learned"] == 0
    assert main(["data", "golden", "delete", "gold", "--number", "99"]) == 1
    assert "no golden question of this number" in capsys.readouterr().err
    assert main(["data", "golden", "list", "gold"]) == 0
    assert "Where is it?" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_change_spells_what_else_stands_in_a_file_of_another_encoding_as_it_was(
    project: Project, encoding: str
) -> None:
    line = '{"prompt": "What is it?", "answer": "That.", "score": 1.10, "huge": 1e999, "half": "\\ud800"}'
    project.golden.write_bytes(f"{line}\r\n".encode(encoding))
    assert asked(project) == ["What is it?"]
    add_golden(project, talk("And what is this thing?", "This."))
    assert project.golden.read_bytes().splitlines()[0] == line.encode()
    change_golden(project, list_golden(project)[0].key, "What is it?", "That one.")
    changed = project.golden.read_text("utf-8").splitlines()[0]
    assert '"score": 1.10, "huge": 1e999, "half": "\\ud800"' in changed


def test_lines_of_the_history_that_tell_nothing_are_passed_over(project: Project) -> None:
    three(project)
    with (project.folder / "golden_history" / "changes.jsonl").open("a") as log:
        log.write('{"id": "a"}\n{"id": "b", "when": "2026-01-01", "state": {}}\n{"id": 7, "when": "2026-01-01"}\n[1]\n')
    assert len(list_changes(project)) == 3
    assert main(["data", "golden", "history", project.slug]) == 0
    undo_golden(project)
    assert asked(project) == ["What is the first thing?", "What is the second thing?"]


@pytest.mark.parametrize("when", ["yesterday", 7, None, ["2026-01-01"]])
def test_a_moment_that_is_none_is_not_told(project: Project, when: object) -> None:
    by_hand(project, {"prompt": "What is it?", "answer": "That.", "kept": {"from": None, "when": when}})
    assert (list_golden(project)[0].origin, list_golden(project)[0].when) == ("", "")
    assert main(["data", "golden", "list", project.slug]) == 0
