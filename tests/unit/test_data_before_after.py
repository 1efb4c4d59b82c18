"""What a change changed is readable: what was said before, and what is said now, whatever part it is in."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.checks.finding import Row
from localft.data.examples import Example, Message
from localft.data.making.dividing import divide_anew
from localft.data.making.importing import import_files
from localft.data.repairs.before_after import before_and_after, said
from localft.data.repairs.differing import Difference
from localft.data.repairs.summary import summarise
from localft.data.rows.editing import change_turn
from localft.data.splits.sealing import SEALED_TEXT
from localft.data.versions import Split, newest_version
from localft.store.projects import create_project
from localft.ui.views import data_history


def row(system: str = "Be kind.", split: Split = "train", **more: object) -> Row:
    said_so = (("system", system), ("user", "When do you open?"), ("assistant", "At nine."))
    messages = tuple(Message.model_validate({"role": role, "content": text}) for role, text in said_so)
    return Row(split, 0, Example.model_validate({"messages": messages, "source": "a.jsonl", "row": 3, **more}))


def test_a_changed_system_prompt_is_told() -> None:
    before, after = before_and_after(row(), row("Be brief."), 300)
    assert before.startswith("system: Be kind.\nuser: When")
    assert after.startswith("system: Be brief.\nuser: When")


def test_a_rejected_answer_a_label_and_what_is_learned_are_told() -> None:
    rejected = before_and_after(row(rejected="Late."), row(rejected="Never."), 80)
    assert [text.splitlines()[-1] for text in rejected] == ["rejected: Late.", "rejected: Never."]
    assert [text.splitlines()[-1] for text in before_and_after(row(), row(label="hours"), 300)] == [
        "label: none",
        "label: hours",
    ]
    masked = row()
    turns = (*masked.example.messages[:2], masked.example.messages[2].model_copy(update={"learn": False}))
    unlearned = Row("train", 0, masked.example.model_copy(update={"messages": turns}))
    assert "assistant (not learned): At nine." in before_and_after(masked, unlearned, 300)[1]


def test_a_long_text_begins_a_little_before_the_difference() -> None:
    texts = before_and_after(row("so " * 400 + "kind"), row("so " * 400 + "brief"), 60)
    assert all(text.startswith("…") and len(text) == 61 for text in texts)
    assert ["kind" in texts[0], "brief" in texts[1]] == [True, True]


@pytest.mark.parametrize(("one", "other"), [("test", "train"), ("train", "test"), ("test", "test")])
def test_a_test_example_stays_sealed(one: Split, other: Split) -> None:
    assert before_and_after(row(split=one), row("Be brief.", split=other), 300) == (SEALED_TEXT, SEALED_TEXT)
    assert said(row(split="test")) == SEALED_TEXT


def test_the_page_shows_it() -> None:
    changed = Difference(added=(), removed=(), changed=((row(), row("Be brief.")),), moved=())
    page = str(data_history.difference(summarise(changed)))
    assert "Be kind." in page
    assert "Be brief." in page


def test_the_command_says_before_and_after_and_from_where_to_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = create_project("Sizes")
    file = tmp_path / "sizes.jsonl"
    lines = [json.dumps({"prompt": f"Size {n}?", "answer": f"answer {n}"}) + "\n" for n in range(60)]
    file.write_text("".join(lines), encoding="utf-8")
    import_files(project, [file])
    change_turn(project, newest_version(project), "train", 0, 1, "another answer")
    assert main(["data", "diff", "sizes"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "  before: user: Size " in told[-2] and "assistant: answer " in told[-2]
    assert "   after: user: Size " in told[-1] and "assistant: another answer" in told[-1]
    divide_anew(project, newest_version(project), seed=7, ratios=(0.5, 0.3, 0.2))
    assert main(["data", "diff", "sizes"]) == 0
    assert "(validation to train): " in capsys.readouterr().out
