"""The samples are what their generator writes and what their index says; the data checks find the right things."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from localft.assets import asset
from localft.data.checks.checking import CheckReport, check_version
from localft.data.making.importing import ImportReport, import_files
from localft.store.projects import create_project

BUILD = Path(__file__).parent.parent.parent / "build"
SAMPLES = asset("samples")
INDEX = json.loads((SAMPLES / "index.json").read_text("utf-8"))
CLEAN = [sample for sample in INDEX if sample["id"] != "dirty"]


def _imported(file: str) -> tuple[ImportReport, CheckReport]:
    project = create_project("Sample")
    report = import_files(project, [SAMPLES / file])
    return report, check_version(project, report.version)


def test_samples_are_what_the_generator_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    from make_samples import write_samples

    write_samples(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in SAMPLES.iterdir()}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (SAMPLES / path.name).read_bytes(), path.name


@pytest.mark.parametrize("sample", CLEAN, ids=lambda sample: sample["id"])
def test_clean_samples_pass_the_data_checks(sample: dict[str, object]) -> None:
    file = str(sample["file"])
    content = (SAMPLES / file).read_bytes()
    assert b"\r" not in content
    content.decode("utf-8")
    report, checked = _imported(file)
    assert report.read.set_aside == []
    assert report.version.total == sample["rows"]
    assert checked.verdict == "ready"
    assert [finding.check for finding in checked.findings if finding.severity != "note"] == []


def _triage() -> list[tuple[str, str, str]]:
    lines = (SAMPLES / "support-triage.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line)["messages"] for line in lines]
    assert all([message["role"] for message in row] == ["system", "user", "assistant"] for row in rows)
    return [(row[0]["content"], row[1]["content"], row[2]["content"]) for row in rows]


def test_triage_answers_are_compact_json_of_balanced_labels() -> None:
    answers = [json.loads(answer) for _, _, answer in _triage()]
    assert all(
        json.dumps(found, separators=(",", ":")) == raw for found, (_, _, raw) in zip(answers, _triage(), strict=True)
    )
    assert all(set(answer) == {"category", "urgency"} for answer in answers)
    for key, kinds in (("category", 5), ("urgency", 3)):
        counts = Counter(answer[key] for answer in answers)
        assert len(counts) == kinds
        assert max(counts.values()) < 1.3 * min(counts.values()), counts
    assert {prompt for prompt, _, _ in _triage()} == {CLEAN[0]["system_prompt"]}


def test_triage_tickets_are_all_different() -> None:
    grams = []
    for _, ticket, _ in _triage():
        words = re.findall(r"\w+", ticket.lower())
        grams.append({tuple(words[place : place + 3]) for place in range(len(words) - 2)})
    closest = max(len(one & two) / len(one | two) for one, two in combinations(grams, 2))
    assert closest < 0.8


def test_the_dirty_sample_holds_the_faults_its_index_lists() -> None:
    lines = (SAMPLES / "dirty.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    dirty = next(sample for sample in INDEX if sample["id"] == "dirty")
    expected = dirty["lines"]
    assert len(lines) == dirty["rows"] == sum(expected.values())
    report, checked = _imported("dirty.jsonl")
    found = Counter(row.kind for row in report.read.set_aside)
    assert found == {
        "not JSON": expected["broken JSON"],
        "not an object": expected["not an object"],
        "undecodable": expected["undecodable bytes"],
        "last message not the assistant's": expected["last message not the assistant's"],
        "too few messages": expected["too few messages"],
        "empty content": expected["empty content"],
        "unknown role": expected["unknown role"],
        "exact duplicate": expected["exact duplicate"],
        "very short answer": expected["very short answer"],
    }
    assert report.version.total == len(lines) - found.total() - expected["empty line"]
    assert checked.verdict == "fix"
    assert {"contradictions", "secrets"} <= {finding.check for finding in checked.findings}
