"""The rest of the checklist: what is found by the splits, golden questions, ratings and the base model's chat format.

As for the other items: exactly one fault gives exactly its finding, and its repair ends it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.checks.checking import check_version
from localft.data.examples import Message
from localft.data.making.writing import write_version
from localft.data.repairs.repairing import repair_version
from localft.data.row_ratings import RowRating, rate_example
from localft.data.versions import SPLITS, Split, load_split
from localft.models.find import find_model
from tests.clean_examples import prose
from tests.model_folders import make_model_folder
from tests.unit.test_data_checklist import added_by, bring_in, calling, told


def test_what_leaks_into_the_test_split_is_found_and_mended(tmp_path: Path) -> None:
    nearly = {**prose()[7], "prompt": prose()[7]["prompt"].upper()}
    project, version = bring_in("Leaky", [*prose(), nearly], tmp_path)
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    twins = [one for name in SPLITS for one in splits[name] if one.row in {8, 121}]
    kept = {name: [one for one in splits[name] if one.row not in {8, 121}] for name in SPLITS}
    torn: dict[Split, list[Any]] = {**kept, "train": [*kept["train"], twins[0]], "test": [*kept["test"], twins[1]]}
    before = told(check_version(project, version))
    leaky = write_version(project, torn, version.sources, [], version.seed, version.ratios)
    assert set(added_by(told(check_version(project, leaky)), before)) == {"leakage"}
    repaired = repair_version(project, leaky, ["leakage"])
    assert added_by(told(check_version(project, repaired)), before) == {}


@pytest.mark.parametrize("held", ["validation", "test"])
@pytest.mark.parametrize("nearly", [False, True])
def test_what_is_held_out_and_asked_within_a_conversation_of_training_is_found_and_mended(
    held: Split, nearly: bool, tmp_path: Path
) -> None:
    project, version = bring_in("Leaky", prose(), tmp_path)
    splits: dict[Split, list[Any]] = {name: load_split(project, version.id, name) for name in SPLITS}
    before = told(check_version(project, version))
    asked = "Where in the old harbour does the grey heron that we saw on Sunday build its nest every single spring?"
    again = asked.replace("spring", "summer") if nearly else f"Please answer: {asked.upper()}"
    alone, within = splits["train"][0], splits["train"][1]
    question = alone.model_copy(update={"messages": (Message(role="user", content=asked), *alone.messages[1:])})
    talk = (*within.messages, Message(role="user", content=again), Message(role="assistant", content="Near it."))
    conversation = within.model_copy(update={"messages": talk})
    torn: dict[Split, list[Any]] = {
        **splits,
        "train": [*splits["train"][2:], conversation],
        held: [*splits[held], question],
    }
    leaky = write_version(project, torn, version.sources, [], version.seed, version.ratios)
    report = check_version(project, leaky)
    assert set(added_by(told(report), before)) == {"leakage"}
    finding = next(one for one in report.findings if one.check == "leakage")
    assert finding.count == 1
    assert finding.places.total == 1
    repaired = repair_version(project, leaky, ["leakage"])
    assert added_by(told(check_version(project, repaired)), before) == {}
    homes = [
        name for name in SPLITS for one in load_split(project, repaired.id, name) if one in (question, conversation)
    ]
    assert len(homes) == 2
    assert len(set(homes)) == 1


def test_what_many_conversations_go_on_with_is_no_question_of_its_own(tmp_path: Path) -> None:
    rows = prose()
    talks = [
        {
            "messages": [
                {"role": "user", "content": row["prompt"]},
                {"role": "assistant", "content": row["completion"]},
                {"role": "user", "content": "Could you explain that once more?"},
                {"role": "assistant", "content": f"Certainly. {row['completion']}"},
            ]
        }
        for row in rows[60:]
    ]
    alone = {"prompt": "Could you explain that once more?", "completion": "What would you like to have explained?"}
    report = check_version(*bring_in("Talks", [*rows[:60], *talks, alone], tmp_path))
    assert "leakage" not in told(report)
    assert report.counts["train"] > 80


def test_golden_questions_that_are_learned_or_not_covered_are_found(tmp_path: Path) -> None:
    project, version = bring_in("Golden", prose(), tmp_path)
    before = told(check_version(project, version))
    learned = load_split(project, version.id, "train")[0].prompt[-1].content
    project.golden.write_text(json.dumps({"prompt": learned, "answer": "So."}) + "\n", encoding="utf-8")
    assert added_by(told(check_version(project, version)), before) == {"golden questions learned": "problem"}
    repaired = repair_version(project, version, ["golden questions learned"])
    project.golden.write_text(
        json.dumps({"prompt": "When does Jupiter rise over Reykjavik tonight?", "answer": "At nine."}) + "\n",
        encoding="utf-8",
    )
    assert added_by(told(check_version(project, repaired)), before) == {"golden questions not covered": "note"}


def test_what_the_chat_format_of_the_base_model_refuses_is_found(tmp_path: Path) -> None:
    strict = (
        "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('Tools are unknown') }}{% endif %}"
        "{{ m.content + '<|im_end|>' }}{% endfor %}"
    )
    model = find_model(str(make_model_folder(tmp_path / "model", strict)))
    before = told(check_version(*bring_in("Clean", prose(), tmp_path), model, max_length=4_096))
    refused = [*prose(), calling(json.dumps({"barn": "red"}), 4)]
    assert added_by(told(check_version(*bring_in("Tools", refused, tmp_path))), before) == {}
    report = check_version(*bring_in("Refused", refused, tmp_path), model, max_length=4_096)
    assert added_by(told(report), before) == {"chat format": "problem"}
    finding = next(one for one in report.findings if one.check == "chat format")
    assert finding.count == finding.places.total == 1
    assert finding.meaning == "1 example does not fit into the model's chat format."
    assert report.verdict == "fix"


def test_what_is_rated_bad_is_found_and_mended(tmp_path: Path) -> None:
    project, version = bring_in("Rated", prose(), tmp_path)
    before = told(check_version(project, version))
    bad = load_split(project, version.id, "train")[3]
    rate_example(project, bad, RowRating("bad"))
    rate_example(project, load_split(project, version.id, "train")[4], RowRating("good", "Just so."))
    report = check_version(project, version)
    assert added_by(told(report), before) == {"rated bad": "warning"}
    finding = next(one for one in report.findings if one.check == "rated bad")
    assert finding.meaning == "1 example is rated bad, and still there."
    assert list(finding.places.of("train")) == [3]
    repaired = repair_version(project, version, ["rated bad"])
    assert added_by(told(check_version(project, repaired)), before) == {}
    assert bad not in load_split(project, repaired.id, "train")
