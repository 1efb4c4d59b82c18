"""Checks of many examples as jobs: a report is kept as long as everything that it says still holds."""

import json
from pathlib import Path

import pytest

from localft.data.making.importing import import_files
from localft.data.row_ratings import RowRating, rate_example
from localft.data.versions import load_split
from localft.data.works import background
from localft.data.works.background import start_check
from localft.jobs import JobOrder
from localft.store.projects import create_project


def test_what_was_rated_meanwhile_is_checked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def start(folder: Path, order: JobOrder) -> None:
        started.append(folder.name)

    monkeypatch.setattr(background.jobs, "start", start)
    project = create_project("p")
    rows = [json.dumps({"prompt": f"question {n}", "completion": f"answer {n}"}) for n in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    version = import_files(project, [tmp_path / "a.jsonl"]).version
    one, other = load_split(project, version.id, "train")[:2]
    start_check(project, version, None)
    rate_example(project, one, RowRating("bad"))
    start_check(project, version, None)
    rate_example(project, other, RowRating("good"))
    start_check(project, version, None)
    rate_example(project, one, RowRating("none"))
    start_check(project, version, None)
    first, bad, good, taken_back = started
    assert first == taken_back != bad == good
