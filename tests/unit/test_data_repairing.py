"""Repairs: each mends what its check finds, as a new version; differences are told; nothing is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft import paths
from localft.cli.main import main
from localft.data import versions
from localft.data.checks.checking import check_version, read_rows
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.stored_rows import StoredRows
from localft.data.examples import Example, Message
from localft.data.making.importing import import_files
from localft.data.making.writing import write_version
from localft.data.repairs.differing import compare_versions
from localft.data.repairs.mending import REPAIRS
from localft.data.repairs.repairing import repair_version, try_repair
from localft.data.versions import SPLITS, DatasetVersion, Split, list_versions, load_split, newest_version
from localft.errors import UserError
from localft.store.projects import Project, create_project
from tests.unit.test_data_checking import clean

LONG = "The quick brown fox jumps over the lazy dog while nobody in the whole village looks at the old church clock"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Repaired")


def bring_in(project: Project, tmp_path: Path, rows: list[Any]) -> DatasetVersion:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return import_files(project, [path]).version


def all_of(project: Project, version: DatasetVersion) -> list[Example]:
    return [example for name in SPLITS for example in load_split(project, version.id, name)]


def faulty(name: str) -> list[dict[str, Any]]:
    """Clean rows, some of which have one fault."""
    rows: list[dict[str, Any]] = [*clean()]
    if name in {"mixed formats", "invalid JSON"}:
        share = 60 if name == "mixed formats" else 0
        rows = [{**row, "completion": json.dumps({"text": row["completion"]})} for row in rows[:share]] + rows[share:]
        rows[4]["completion"] = '```json\n{"text": "fenced"}\n```'
        rows[5]["completion"] = '{"text": torn}'
    changes = {
        "contradictions": {1: (rows[0]["prompt"], "Other."), 2: (rows[0]["prompt"] + "!", rows[0]["completion"] + " ")},
        "near-duplicates": {1: (LONG, "Yes, it does."), 2: (LONG.upper() + "!", "Yes it does")},
        "encoding damage": {3: ("The file says GrÃ¼ÃŸe to all", "Grüße")},
        "format marks": {3: ("Hello", "Fine.<|im_end|>")},
        "refusals": {3: ("Hello", "I'm sorry, but I can't help with that.")},
        "placeholders": {3: ("Hello", "Dear [Your Name], welcome.")},
        "answers in circles": {3: ("Hello", "I am happy to help you with that and more. " * 8)},
        "invalid code": {3: ("Hello", "Try:\n```python\nx = (1,\n```")},
        "unfinished answers": {3: ("Hello", "The amber stands quietly beside the birch, as if it")},
        "open code fences": {3: ("Hello", "Try:\n```python\nx = 1"), 5: ("Bye", "Try:\n```python\nx = (1,")},
        "secrets": {3: ("Hello", "Use sk-abcdefghijklmnopqrstuvwx for it")},
        "bank account numbers": {3: ("Pay to DE89 3704 0044 0532 0130 00, thanks", "Yes.")},
        "social security numbers": {3: ("Mine is 536-22-1234, thanks", "Yes.")},
        "card numbers": {3: ("My card is 4111 1111 1111 1111, thanks", "Yes.")},
        "e-mail addresses": {3: ("Write to ann.lee@mail.com please", "Yes.")},
        "telephone numbers": {3: ("Call me at +49 170 1234567 today", "Yes.")},
    }
    if name == "other system prompts":
        return [{**row, "system": "Be brief." if n else "Be wordy."} for n, row in enumerate(rows)]
    if name == "roles out of order":
        twice = [{"role": "user", "content": "Hello"}, {"role": "user", "content": "Are you there?"}]
        return [*rows, {"messages": [*twice, {"role": "assistant", "content": "Yes, I am here."}]}]
    if name == "tool calls":
        torn = {"type": "function", "function": {"name": "find", "arguments": '{"text": torn}'}}
        asked = {"role": "user", "content": "Hello, where does it stand?"}
        return [*rows, {"messages": [asked, {"role": "assistant", "content": "", "tool_calls": [torn]}]}]
    for index, (prompt, completion) in changes.get(name, {}).items():
        rows[index] = {"prompt": prompt, "completion": completion}
    return rows


OF_ROWS = sorted(set(REPAIRS) - {"leakage", "golden questions learned", "rated bad"})


@pytest.mark.parametrize("name", OF_ROWS)
def test_what_is_found_is_mended(name: str, project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, faulty(name))
    before = [(split, load_split(project, version.id, split)) for split in SPLITS]
    assert name in {finding.check for finding in check_version(project, version).findings}
    repaired = repair_version(project, version, [name])
    assert name not in {finding.check for finding in check_version(project, repaired).findings}
    assert (repaired.parent, newest_version(project).id) == (version.id, repaired.id)
    assert repaired.note.startswith(f"{name}: ")
    assert [(split, load_split(project, version.id, split)) for split in SPLITS] == before, "the version before stays"
    found = compare_versions(project, version, repaired)
    assert 0 < len(found.removed) + len(found.changed) <= 3
    assert not found.added
    assert not found.moved


@pytest.mark.parametrize("name", [*OF_ROWS, "leakage"])
def test_many_are_mended_and_compared_as_few_are(
    name: str, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for other in (project, create_project("Many")):
        version = bring_in(other, tmp_path, faulty("near-duplicates" if name == "leakage" else name))
        if name == "leakage":
            version = leaking(other, version)
        repaired = repair_version(other, version, [name])
        assert isinstance(read_rows(other, repaired), StoredRows) == bool(found)
        difference = compare_versions(other, version, repaired)
        found.append((repaired.sha256, repaired.note, [[*rows] for rows in vars(difference).values()]))
        monkeypatch.setattr(versions, "MANY_BYTES", 0)
    assert found[0] == found[1]
    assert not [one for one in (paths.cache_dir() / "reading").iterdir() if one.is_dir()]


def test_where_no_answer_is_the_commonest_a_person_decides(project: Project, tmp_path: Path) -> None:
    rows = faulty("contradictions")
    rows[7] = {"prompt": rows[6]["prompt"], "completion": "Another."}
    version = bring_in(project, tmp_path, rows)
    (finding,) = [one for one in check_version(project, version).findings if one.check == "contradictions"]
    assert finding.count == 5
    assert finding.advice.endswith("For 2 of them no answer is the commonest: the repair leaves them to you.")
    repaired = repair_version(project, version, ["contradictions"])
    assert repaired.note == "contradictions: 1 deleted"
    (finding,) = [one for one in check_version(project, repaired).findings if one.check == "contradictions"]
    assert finding.count == 2
    assert finding.advice.endswith("For these no answer is the commonest: the repair leaves them to you.")
    with pytest.raises(UserError, match="nothing of contradictions can be mended"):
        repair_version(project, repaired, ["contradictions"])


def test_sql_that_could_not_be_read_is_no_reason_to_delete(project: Project, tmp_path: Path) -> None:
    rows = clean()
    rows[3]["completion"] = "Try:\n```sql\nFROBNICATE TABLE a TO 'b' OF;\n```"
    rows[5]["completion"] = "Try:\n```sql\nFROBNICATE TABLE a TO 'b' OF;"
    version = bring_in(project, tmp_path, rows)
    found = {one.check: one.severity for one in check_version(project, version).findings}
    assert "invalid code" not in found
    assert found["doubtful SQL"] == "warning"
    assert "doubtful SQL" not in REPAIRS
    assert repair_version(project, version, ["invalid code", "open code fences"]).note == "open code fences: 1 changed"


def test_plain_text_stays_where_answers_are_mended(project: Project, tmp_path: Path) -> None:
    pieces = [{"text": f"The story {n} of the old clock goes on without an end and"} for n in range(6)]
    version = bring_in(project, tmp_path, [*faulty("unfinished answers"), *pieces])
    assert repair_version(project, version, ["unfinished answers"]).note == "unfinished answers: 1 deleted"


def texts(project: Project, version: DatasetVersion, row: int) -> list[str]:
    return [message.content for one in all_of(project, version) if one.row == row for message in one.messages]


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("encoding damage", 4, ["The file says Grüße to all", "Grüße"]),
        ("format marks", 4, ["Hello", "Fine."]),
        ("secrets", 4, ["Hello", "Use [key] for it"]),
        ("bank account numbers", 4, ["Pay to [IBAN], thanks", "Yes."]),
        ("social security numbers", 4, ["Mine is [social security number], thanks", "Yes."]),
        ("card numbers", 4, ["My card is [card number], thanks", "Yes."]),
        ("e-mail addresses", 4, ["Write to [e-mail address] please", "Yes."]),
        ("telephone numbers", 4, ["Call me at [telephone number] today", "Yes."]),
        ("mixed formats", 5, [clean()[4]["prompt"], '{"text": "fenced"}']),
        ("mixed formats", 6, []),
        ("open code fences", 4, ["Hello", "Try:\n```python\nx = 1\n```"]),
        ("open code fences", 6, []),
        ("other system prompts", 1, ["Be brief.", clean()[0]["prompt"], clean()[0]["completion"]]),
        ("roles out of order", 61, ["Hello\n\nAre you there?", "Yes, I am here."]),
        ("near-duplicates", 2, [LONG, "Yes, it does."]),
        ("near-duplicates", 3, []),
        ("contradictions", 2, []),
    ],
)
def test_how_it_is_mended(name: str, row: int, expected: list[str], project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, faulty(name))
    assert texts(project, repair_version(project, version, [name]), row) == expected


def test_the_usual_system_prompt_is_that_of_conversations_and_plain_text_gets_none() -> None:
    plain = Example(messages=(Message(role="assistant", content="A text."),), plain="whole")
    said = (Message(role="user", content="Why?"), Message(role="assistant", content="So."))
    usual, odd = (Message(role="system", content=text) for text in ("Be brief.", "Be wordy."))
    chats = [Example(messages=(system, *said)) for system in (usual, usual, odd)]
    rows = [Row("train", number, one) for number, one in enumerate([*[plain] * 5, *chats])]
    version = DatasetVersion(
        id="any", created_at="", sources=(), seed=1, ratios=(0.8, 0.1, 0.1),
        counts={"train": len(rows), "validation": 0, "test": 0}, set_aside=0, sha256="",
    )  # fmt: skip
    mended = [row.example for row in REPAIRS["other system prompts"].rows(CheckContext(rows, version))]
    assert mended == [*[plain] * 5, *[chats[0]] * 3]


def test_several_repairs_make_one_version_and_name_what_they_did(project: Project, tmp_path: Path) -> None:
    rows = faulty("near-duplicates")
    rows[10] = {"prompt": "Write to ann.lee@mail.com please", "completion": "I shall."}
    version = bring_in(project, tmp_path, rows)
    repaired = repair_version(project, version, ["near-duplicates", "e-mail addresses"])
    assert repaired.note == "near-duplicates: 1 deleted; e-mail addresses: 1 changed"
    assert (version.total, repaired.total, len(list_versions(project).items)) == (60, 59, 2)


def test_a_dry_run_changes_nothing(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, faulty("refusals"))
    assert try_repair(project, version, ["refusals"]).difference.sentence == "1 deleted"
    assert newest_version(project).id == version.id


def test_a_dry_run_says_what_would_be_left(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = bring_in(project, tmp_path, faulty("refusals"))
    command = ["data", "repair", "repaired", "refusals", "--json"]
    assert main([*command, "--dry-run"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert (tried["dataset"], tried["parent"]) == (None, version.id)
    assert sum(tried["counts"].values()) == version.total - 1
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == tried["counts"]


def leaking(project: Project, version: DatasetVersion) -> DatasetVersion:
    """The version with one of two near rows in training, the other in test."""
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    near = [one for name in SPLITS for one in splits[name] if one.row in {2, 3}]
    kept = {name: [one for one in splits[name] if one.row not in {2, 3}] for name in SPLITS}
    torn: dict[Split, list[Example]] = {**kept, "train": [*kept["train"], near[0]], "test": [*kept["test"], near[1]]}
    return write_version(project, torn, version.sources, [], version.seed, version.ratios)


def test_leakage_of_an_older_version_is_found_and_mended(project: Project, tmp_path: Path) -> None:
    leaky = leaking(project, bring_in(project, tmp_path, faulty("near-duplicates")))
    report = check_version(project, leaky)
    assert {"leakage": 1}.items() <= {finding.check: finding.count for finding in report.findings}.items()
    repaired = repair_version(project, leaky, ["leakage"])
    assert "leakage" not in {finding.check for finding in check_version(project, repaired).findings}
    assert sorted(one.row for one in all_of(project, repaired)) == sorted(one.row for one in all_of(project, leaky))


def test_golden_questions_are_taken_out_of_training(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, clean())
    learned = load_split(project, version.id, "train")[0].prompt[-1].content
    project.golden.write_text(json.dumps({"prompt": learned.upper(), "answer": "This."}) + "\n", encoding="utf-8")
    report = check_version(project, version)
    assert ("golden questions learned", "problem", 1) in {
        (finding.check, finding.severity, finding.count) for finding in report.findings
    }
    repaired = repair_version(project, version, ["golden questions learned"])
    assert repaired.counts["train"] == version.counts["train"] - 1
    project.golden.write_text("no JSON\n", encoding="utf-8")
    checks = {finding.check: finding for finding in check_version(project, repaired).findings}
    assert "no golden question" in checks["golden questions"].meaning


def test_near_questions_with_other_labels_are_told(project: Project, tmp_path: Path) -> None:
    rows = clean()
    rows[1], rows[2] = {"prompt": LONG, "completion": "yes"}, {"prompt": f"{LONG} again", "completion": "no"}
    checks = {finding.check: finding for finding in check_version(project, bring_in(project, tmp_path, rows)).findings}
    assert (checks["near contradictions"].severity, checks["near contradictions"].count) == ("note", 2)


@pytest.mark.parametrize(
    ("names", "says"),
    [(["nonsense"], "no repair for 'nonsense'"), (["refusals"], "nothing of refusals can be mended")],
)
def test_what_cannot_be_mended_is_said(names: list[str], says: str, project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, clean())
    with pytest.raises(UserError, match=says):
        repair_version(project, version, names)
    assert len(list_versions(project).items) == 1


def test_a_repair_that_leaves_a_split_empty_is_refused(project: Project, tmp_path: Path) -> None:
    version = bring_in(project, tmp_path, clean())
    splits = {name: load_split(project, version.id, name) for name in SPLITS}
    refusing = [
        one.model_copy(
            update={"messages": (*one.prompt, one.messages[-1].model_copy(update={"content": "As an AI, I do not."}))}
        )
        for one in splits["test"]
    ]
    bad = write_version(project, {**splits, "test": refusing}, version.sources, [], version.seed, version.ratios)
    for act in (repair_version, try_repair):
        with pytest.raises(UserError, match="no example for test"):
            act(project, bad, ["refusals"])


def test_a_call_that_is_deleted_is_shown(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring_in(project, tmp_path, faulty("tool calls"))
    assert main(["data", "repair", project.slug, "tool calls", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert 'row 61 (train): find("{\\"text\\": torn}")' in told
