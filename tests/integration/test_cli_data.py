"""The data doctor in the terminal: check, repair, see what changed, go back, on the sample that is dirty on purpose."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.assets import asset
from localft.cli.main import main
from localft.store.projects import create_project


@pytest.fixture
def dirty() -> None:
    create_project("Dirty")
    assert main(["data", "import", "dirty", str(asset("samples") / "dirty.jsonl")]) == 0


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["data", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("dirty")
def test_from_findings_to_a_clean_version_and_back(capsys: pytest.CaptureFixture[str]) -> None:
    report = answer(capsys, "check", "dirty")["report"]
    assert report["verdict"] == "fix"
    mendable = answer(capsys, "repair", "dirty")["repairs"]
    assert {"contradictions", "near-duplicates", "mixed formats", "secrets", "card numbers"} <= set(mendable)
    tried = answer(capsys, "repair", "dirty", "--all", "--dry-run")
    repaired = answer(capsys, "repair", "dirty", "--all")
    assert tried["removed"] == repaired["removed"]
    assert (tried["dataset"], tried["counts"]) == (None, repaired["counts"])
    assert repaired["parent"] == tried["parent"] != repaired["dataset"]
    assert sum(repaired["counts"].values()) == sum(report["counts"].values()) - len(repaired["removed"])
    left = {finding["check"] for finding in answer(capsys, "check", "dirty")["report"]["findings"]}
    assert not left & set(mendable)
    difference = answer(capsys, "diff", "dirty")
    assert (difference["earlier"], difference["later"]) == (repaired["parent"], repaired["dataset"])
    assert difference["removed"] == repaired["removed"]
    assert [one["id"] for one in answer(capsys, "versions", "dirty")["versions"]] == [
        repaired["dataset"],
        repaired["parent"],
    ]
    undone = answer(capsys, "undo", "dirty")
    gone_back = {"undone": repaired["dataset"], "dataset": repaired["parent"], "left_out": 0}
    assert undone == {"project": "dirty", **gone_back}
    assert answer(capsys, "check", "dirty")["report"] == report


@pytest.mark.usefixtures("dirty")
def test_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "check", "dirty"])
    assert "Repair (near-duplicates): keep the first of each" in capsys.readouterr().out
    assert main(["data", "repair", "dirty", "card numbers"]) == 0
    printed = capsys.readouterr()
    assert "1 changed:" in printed.out
    assert "card numbers: 1 changed" in printed.out
    assert "localft data undo dirty" in printed.err
    assert main(["data", "versions", "dirty"]) == 0
    assert "imported from dirty.jsonl" in capsys.readouterr().out
    assert main(["data", "diff", "dirty"]) == 0
    assert "1 changed." in capsys.readouterr().out
    assert main(["data", "repair", "dirty", "card numbers"]) == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert main(["data", "repair", "dirty", "secrets", "--all"]) == 2
    assert main(["data", "diff", "dirty", "a", "b", "c"]) == 2
    assert main(["data", "diff", "dirty", "a"]) == 1
    assert "no version 'a'" in capsys.readouterr().err


@pytest.mark.usefixtures("dirty")
def test_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    before = answer(capsys, "show", "dirty", "--first", "2", "--rows", "1")["examples"][0]
    changed = answer(capsys, "edit", "dirty", "--example", "2", "--text", "Another answer.")
    after = answer(capsys, "show", "dirty", "--first", "2", "--rows", "1")["examples"][0]
    assert (after["messages"][-1]["content"], after["messages"][:-1]) == ("Another answer.", before["messages"][:-1])
    deleted = answer(capsys, "edit", "dirty", "--example", "2", "--delete")
    assert deleted["parent"] == changed["dataset"]
    assert deleted["counts"]["train"] == changed["counts"]["train"] - 1
    added = answer(capsys, "add", "dirty", "--question", "Anything new?", "--answer", "Yes.", "--system", "Be short.")
    assert added["counts"][added["split"]] == deleted["counts"][added["split"]] + 1
    assert answer(capsys, "add", "dirty", "--question", "Is this golden?", "--answer", "Yes.", "--golden") == {
        "project": "dirty",
        "golden": 1,
    }
    assert main(["data", "add", "dirty", "--question", "is this golden", "--answer", "No."]) == 1
    assert "never learned" in capsys.readouterr().err
    assert main(["data", "edit", "dirty", "--example", "1"]) == 2
    assert main(["data", "edit", "dirty", "--example", "1", "--turn", "9", "--text", "x"]) == 1
    assert len(answer(capsys, "versions", "dirty")["versions"]) == 4


@pytest.mark.usefixtures("dirty")
def test_examples_are_taken_away_and_brought_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    counts = answer(capsys, "check", "dirty")["report"]["counts"]
    for name in ("out.jsonl", "out.csv"):
        assert answer(capsys, "export", "dirty", str(tmp_path / name))["examples"] == sum(counts.values())
        read = answer(capsys, "import", "dirty", str(tmp_path / name), "--dry-run")
        assert (read["examples"], read["set_aside"]) == (sum(counts.values()), [])
    part = answer(
        capsys, "export", "dirty", str(tmp_path / "part.csv"), "--split", "test", "--split", "validation", "--open-test"
    )
    assert part["examples"] == counts["test"] + counts["validation"]
    assert main(["data", "export", "dirty", str(tmp_path / "part.csv")]) == 1
    assert "is there already" in capsys.readouterr().err


def test_groups_stay_together_however_they_are_divided(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    create_project("Groups")
    rows = "".join(f"question {n},answer {n},customer {n % 12}\n" for n in range(120))
    (tmp_path / "rows.csv").write_text(f"prompt,answer,customer\n{rows}")
    answer(capsys, "import", "groups", str(tmp_path / "rows.csv"), "--map", "group=customer")
    divided = answer(capsys, "split", "groups", "--ratios", "0.5", "0.25", "0.25", "--seed", "7")
    assert divided["counts"] == {"train": 60, "validation": 30, "test": 30}
    homes: dict[str, set[str]] = {}
    for split in divided["counts"]:
        for one in answer(capsys, "show", "groups", "--split", split, "--rows", "120", "--open-test")["examples"]:
            homes.setdefault(one["group"], set()).add(split)
    assert len(homes) == 12
    assert all(len(home) == 1 for home in homes.values())
    difference = answer(capsys, "diff", "groups")
    assert difference["moved"] and not difference["removed"]
    assert main(["data", "split", "groups", "--ratios", "0.5", "0.5", "0.5"]) == 1
    assert "sum to 1" in capsys.readouterr().err
