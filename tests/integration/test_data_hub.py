"""The real hub client against a hub on this machine: what a dataset holds, its rows by ranges, what can go wrong."""

import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from huggingface_hub import constants

from localft import jobs
from localft.cli.main import main
from localft.data.hub.fetching import fetch_folder, forget, order_for, rows_path, start_fetch
from localft.data.hub.listing import look_up, settle_id
from localft.data.hub.order import FetchOrder
from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.jobs import JobOrder, JobState, JobView, Progress
from localft.store.projects import create_project
from localft.ui.views import data_hub as views
from tests.hub_server import COMMIT, CONVERTED_COMMIT, Hub, Repository, serve_hub

NAME = "someone/talks"


def parquet(first: int, count: int, group: int = 50, **columns: Any) -> bytes:
    numbers = range(first, first + count)
    table = pyarrow.Table.from_pylist(
        [{"question": f"question {n}?", "answer": f"answer {n} " + "x" * 200, **columns} for n in numbers]
    )
    sink = io.BytesIO()
    # Stored as it is, so that the bytes that travel can be told.
    pyarrow.parquet.write_table(table, sink, row_group_size=group, compression="none", use_dictionary=False)
    return sink.getvalue()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    """A hub with one dataset of two files; this process and the jobs it starts ask it instead of the real one."""
    with serve_hub() as server:
        files = {
            "data/train-00000-of-00002.parquet": parquet(0, 150),
            "data/train-00001-of-00002.parquet": parquet(150, 50),
            "data/test-00000-of-00001.parquet": parquet(200, 12),
            "talks.py": b"raise SystemExit('a script that must never run')",
        }
        server.datasets[NAME] = Repository(files, info={"cardData": {"license": "mit"}})
        values: dict[str, Any] = {
            "HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "",
            "HF_HOME": str(tmp_path / "hf"),
        }  # fmt: skip
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
        yield server


def fetched(order: FetchOrder) -> JobView:
    *_, last = jobs.follow(start_fetch(order).folder, 0.05)
    return last


def questions(path: Path) -> list[str]:
    return [one.prompt[0].content for one in read_files([path]).examples]


def test_a_dataset_says_what_it_holds_before_anything_is_fetched(hub: Hub) -> None:
    dataset = look_up(f"hub:{NAME}")
    assert (dataset.reference, dataset.revision, dataset.licence, dataset.is_converted) == (NAME, COMMIT, "mit", False)
    assert [(part.config, part.split, len(part.files)) for part in dataset.parts] == [
        ("default", "test", 1), ("default", "train", 2),
    ]  # fmt: skip
    assert dataset.part().split == "train"
    assert dataset.part().bytes == sum(len(hub.datasets[NAME].files[name]) for name, _ in dataset.part().files)
    with pytest.raises(UserError, match="no split 'dev'") as error:
        dataset.part(split="dev")
    assert "It has: test, train" in error.value.hint
    with pytest.raises(UserError, match="no configuration 'en'"):
        dataset.part("en")
    assert not any("resolve" in path for _, path, _ in hub.asked)


def test_the_rows_of_a_split_are_fetched_and_pinned(hub: Hub) -> None:
    dataset = look_up(NAME)
    order = order_for(dataset, dataset.part(), None)
    view = fetched(order)
    assert view.state is JobState.FINISHED, view.sentence
    assert questions(rows_path(order)) == [f"question {n}?" for n in range(200)]
    assert not list((fetch_folder(order) / "pieces").iterdir())
    project = create_project("Talks")
    version = import_files(project, [rows_path(order)]).version
    assert version.sources[0].origin == {
        "dataset": NAME, "revision": COMMIT, "config": "default", "split": "train",
    }  # fmt: skip
    assert version.sources[0].name == "someone--talks-default-train.parquet"
    asked = len(hub.asked)
    assert start_fetch(order).state is JobState.FINISHED
    assert len(hub.asked) == asked, "what is here is not asked for again"
    forget(order)
    assert not fetch_folder(order).exists()
    assert not any(path.endswith("talks.py") for _, path, _ in hub.asked)


def test_the_first_rows_need_the_first_bytes_only(hub: Hub) -> None:
    content = parquet(0, 120_000, group=120_000)
    hub.datasets[NAME].files = {"train.parquet": content}
    dataset = look_up(NAME)
    order = order_for(dataset, dataset.part(), 30)
    view = fetched(order)
    assert view.state is JobState.FINISHED, view.sentence
    assert questions(rows_path(order)) == [f"question {n}?" for n in range(30)]
    ranges = [header.removeprefix("bytes=").split("-") for _, path, header in hub.asked if "resolve" in path and header]
    assert sum(int(end) - int(start) + 1 for start, end in ranges) < len(content) / 2
    assert json.loads(pyarrow.parquet.read_schema(rows_path(order)).metadata[b"localft_origin"])["rows"] == "30"


def test_a_stopped_fetch_goes_on_where_it_was(hub: Hub) -> None:
    hub.datasets[NAME].files = {"train.parquet": parquet(0, 2000, group=100)}
    hub.delay = 0.15
    dataset = look_up(NAME)
    order = order_for(dataset, dataset.part(), 0)
    pieces = fetch_folder(order) / "pieces"
    folder = start_fetch(order).folder
    for _ in jobs.follow(folder, 0.05):
        if len(list(pieces.glob("*.parquet"))) >= 3:
            jobs.request_stop(folder)
    assert jobs.read(folder).state is JobState.STOPPED, jobs.read(folder).sentence
    kept = len(list(pieces.glob("*.parquet")))
    assert 3 <= kept < 20
    hub.delay = 0
    hub.asked.clear()
    view = fetched(order)
    assert view.state is JobState.FINISHED, view.sentence
    assert questions(rows_path(order)) == [f"question {n}?" for n in range(2000)]
    events = [json.loads(line) for line in (view.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    progress = [event for event in events if event["kind"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] == 2000
    assert all(event["unit"] == "rows" for event in progress)


def test_pictures_stay_on_the_hub_and_a_broken_line_is_tried_again(hub: Hub) -> None:
    hub.datasets[NAME].files = {"train.parquet": parquet(0, 40, image={"bytes": b"\x89PNG" * 100, "path": "a"})}
    hub.break_after = 0
    dataset = look_up(NAME)
    order = order_for(dataset, dataset.part(), None)
    view = fetched(order)
    assert view.state is JobState.FINISHED, view.sentence
    assert pyarrow.parquet.read_schema(rows_path(order)).names == ["question", "answer"]
    assert view.result is not None
    assert view.result.value["left_out"] == ["image"]


def test_the_hubs_conversion_is_taken_where_there_is_no_parquet(hub: Hub) -> None:
    hub.datasets[NAME] = Repository(
        {"talks.py": b"raise SystemExit", "talks.jsonl": b"{}"},
        converted={
            "en/partial-train/0000.parquet": parquet(0, 20),
            "de/train/0000.parquet": parquet(0, 20),
            "de/test/0000.parquet": parquet(20, 20),
        },
    )
    dataset = look_up(NAME)
    assert (dataset.revision, dataset.is_converted) == (CONVERTED_COMMIT, True)
    assert any("conversion" in note for note in dataset.notes)
    with pytest.raises(UserError, match="2 configurations: de, en") as error:
        dataset.part()
    assert "--config de" in error.value.hint
    assert dataset.part("en").described.startswith("en / train (")
    assert dataset.part("en").described.endswith("its first 5 GB)")
    order = order_for(dataset, dataset.part("de", "test"), None)
    assert fetched(order).state is JobState.FINISHED
    assert questions(rows_path(order))[0] == "question 20?"
    assert look_up(NAME, CONVERTED_COMMIT).part("de", "test").files == dataset.part("de", "test").files


def test_the_card_says_which_files_are_which(hub: Hub) -> None:
    configs = [
        {"config_name": "short", "data_files": [{"split": "train", "path": "a/*.parquet"}]},
        {"config_name": "long", "data_files": {"train": ["b/**/*.parquet"], "test": "c/t.parquet"}},
    ]
    names = ["a/one.parquet", "a/two.parquet", "b/x/three.parquet", "c/t.parquet", "d/other.parquet"]
    hub.datasets[NAME] = Repository(dict.fromkeys(names, b"PAR1"), info={"cardData": {"configs": configs}})
    found = {(part.config, part.split): [name for name, _ in part.files] for part in look_up(NAME).parts}
    assert found == {
        ("short", "train"): ["a/one.parquet", "a/two.parquet"],
        ("long", "train"): ["b/x/three.parquet"],
        ("long", "test"): ["c/t.parquet"],
    }


def test_a_renamed_dataset_is_found_and_said(hub: Hub) -> None:
    hub.renamed["old/talks"] = NAME
    dataset = look_up("old/talks")
    assert dataset.reference == NAME
    assert dataset.notes[0] == f"old/talks is called {NAME} now."


def test_what_cannot_be_had_is_a_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no dataset some/thing on the Hugging Face hub, or it is private"):
        look_up("some/thing")
    with pytest.raises(UserError, match="has no such revision"):
        look_up(NAME, "f" * 40)
    for name in ("hub:", "hub:a b", "hub:../x", "hub:a/b/c"):
        with pytest.raises(UserError, match="no name of a dataset"):
            settle_id(name)
    assert settle_id("https://huggingface.co/datasets/someone/talks") == NAME
    hub.datasets["some/script"] = Repository({"talks.py": b"raise SystemExit"})
    with pytest.raises(UserError, match="has no Parquet files") as error:
        look_up("some/script")
    assert "never runs a dataset's own code" in error.value.hint
    hub.datasets["some/gated"] = Repository(hub.datasets[NAME].files, gated="Access is restricted")
    dataset = look_up("some/gated")
    with pytest.raises(UserError, match="dataset some/gated is gated") as error:
        start_fetch(order_for(dataset, dataset.part(), None), dataset.gated)
    assert "https://huggingface.co/datasets/some/gated" in error.value.hint
    monkeypatch.setattr("localft.data.hub.fetching.ASK_FROM_BYTES", 1000)
    dataset = look_up(NAME)
    with pytest.raises(UserError, match="is large") as error:
        order_for(dataset, dataset.part(), None)
    assert "--rows 10000" in error.value.hint
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="offline mode is on"):
        look_up(NAME)


def test_a_damaged_file_ends_in_a_sentence(hub: Hub) -> None:
    hub.datasets[NAME].files = {"train.parquet": b"PAR1" + b"nothing of the kind" * 100}
    dataset = look_up(NAME)
    view = fetched(order_for(dataset, dataset.part(), None))
    assert view.state is JobState.FAILED
    assert view.result is not None
    assert "is damaged" in view.result.message


def test_the_command_lists_fetches_and_imports(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    project = create_project("Talks")
    command = ["data", "import", "talks", f"hub:{NAME}", "--split", "test", "--json"]
    assert main([*command, "--dry-run"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [(part["config"], part["split"]) for part in value["parts"]] == [("default", "test"), ("default", "train")]
    assert not any("resolve" in path for _, path, _ in hub.asked)
    assert main(command) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["examples"] == 12
    version = newest_version(project)
    assert (version.sources[0].origin["revision"], version.sources[0].origin["split"]) == (COMMIT, "test")
    assert main(["data", "import", "talks", f"hub:{NAME}", "--rows", "20", "--revision", COMMIT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["examples"] == 20
    assert newest_version(project).sources[0].origin["rows"] == "20"
    assert main(["data", "import", "talks", "a.jsonl", "--rows", "20"]) == 2
    assert "hub:" in capsys.readouterr().err


def test_a_dataset_is_known_by_its_address_and_missed_where_only_its_name_is_given(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    create_project("Talks")
    assert main(["data", "import", "talks", f"https://huggingface.co/datasets/{NAME}", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == NAME
    assert main(["data", "import", "talks", NAME]) == 1
    assert f"hub:{NAME}" in capsys.readouterr().err


def test_the_app_shows_parts_and_progress_without_trusting_names(hub: Hub) -> None:
    hub.datasets[NAME] = Repository({"<b>/train.parquet": parquet(0, 20)}, info={"gated": "auto"})
    shown = str(views.found(look_up(NAME)))
    assert "&lt;b&gt;" in shown
    assert "<b>/" not in shown
    assert "accept terms" in shown
    order = FetchOrder(reference=NAME, revision=COMMIT, config="c", split="s", files=(("train.parquet", 10),))
    moving = JobView(
        fetch_folder(order),
        JobOrder(worker="none", title="Fetch", created_at="2026-01-01T00:00:00Z"),
        JobState.RUNNING,
        Progress(50, 200, "rows", "Fetching", 25.0, 6.0, "2026-01-01T00:00:00Z"),
        None,
        None,
    )
    assert "50 of 200 rows, 25.0 rows/s, 6 s left" in str(views.fetching(moving))
