"""The real hub client against a hub on this machine: look up, download, stop, resume, and what can go wrong."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from localft import jobs
from localft.cli.main import main
from localft.errors import UserError
from localft.jobs import JobState, JobView
from localft.models.base_model import STARTER
from localft.models.catalogue import catalogue
from localft.models.download import is_present, model_folder, refuse_without_space, start_download
from localft.models.find import find_for_plan, find_model, search_hub
from localft.models.templates import chat_format_for
from tests.hub_server import COMMIT, Hub, Repository, serve_hub
from tests.job_help import end_now
from tests.model_folders import make_model_folder, write_safetensors
from tests.sample_projects import make_project

NAME = "someone/small"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    """A hub with one model of 8 MB; this process and the jobs it starts ask it instead of the real one."""
    with serve_hub() as server:
        folder = make_model_folder(tmp_path / "original")
        write_safetensors(folder / "model.safetensors", {"weight": [2000, 2000]})
        (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
        files = {path.name: path.read_bytes() for path in folder.iterdir()} | {"pytorch_model.bin": b"pickle"}
        info = {"safetensors": {"parameters": {"BF16": 4_000_000}, "total": 4_000_000}, "cardData": {"license": "mit"}}
        server.repositories[NAME] = Repository(files, info=info)
        point_at(server.url, tmp_path / "hf", monkeypatch)
        yield server


def point_at(url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the client of this process (constants) and of jobs (environment) to an address."""
    values: dict[str, Any] = {
        "HF_ENDPOINT": url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home), "HF_TOKEN": "",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))


def wait_for(view: JobView, done: Callable[[JobView], bool], seconds: float = 60) -> JobView:
    deadline = time.monotonic() + seconds
    for now in jobs.follow(view.folder, 0.05):
        if done(now) or not now.state.alive:
            return now
        assert time.monotonic() < deadline, f"still {now.state}: {now.sentence}"
    return jobs.read(view.folder)


def finished(view: JobView) -> JobView:
    ended = wait_for(view, lambda now: not now.state.alive)
    assert ended.state is JobState.FINISHED, (ended.sentence, (view.folder / "worker.log").read_text(encoding="utf-8"))
    return ended


def weights_requests(hub: Hub) -> list[str]:
    """The Range headers of all requests for the weights' contents."""
    return [part for method, path, part in hub.asked if method == "GET" and path.endswith("model.safetensors")]


def test_a_model_is_known_before_its_weights_are_fetched(hub: Hub) -> None:
    model = find_model(NAME)
    assert (model.reference, model.revision, model.parameters, model.licence) == (NAME, COMMIT, 4_000_000, "mit")
    assert model.weight_bytes == len(hub.repositories[NAME].files["model.safetensors"])
    assert "pytorch_model.bin" not in model.files
    assert model.config["model_type"] == "llama"
    assert model.has_chat_template
    assert not is_present(model)
    assert not weights_requests(hub)
    with pytest.raises(UserError, match="not downloaded yet"):
        model_folder(model)


def test_a_download_ends_with_a_usable_model_without_pickles(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    model = find_model(NAME)
    view = finished(start_download(model))
    assert view.progress is not None
    assert view.progress.done == view.progress.total == sum(model.files.values())
    folder = model_folder(model)
    for name, content in hub.repositories[NAME].files.items():
        if name != "pytorch_model.bin":
            assert (folder / name).read_bytes() == content
    assert not (folder / "pytorch_model.bin").exists()
    assert chat_format_for(model).end_of_turn == "<|im_end|>"
    # The cache is as the hub's own client would have left it: that finds everything in it, and fetches nothing.
    asked = len(hub.asked)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    from huggingface_hub import scan_cache_dir, snapshot_download

    assert snapshot_download(NAME, local_files_only=True) == str(folder)
    assert not scan_cache_dir().warnings
    assert find_model(NAME).revision == COMMIT
    assert find_model(NAME, COMMIT).files.keys() == model.files.keys()
    assert len(hub.asked) == asked


def test_a_stopped_download_goes_on_where_it_was(hub: Hub) -> None:
    model = find_model(NAME)
    hub.delay = 0.03
    view = wait_for(start_download(model), lambda now: now.progress is not None and now.progress.done > 3_000_000)
    assert view.progress is not None
    assert view.progress.rate is not None
    assert view.progress.seconds_left is not None
    assert start_download(model).folder == view.folder, "a second start finds the first"
    jobs.request_stop(view.folder)
    stopped = wait_for(view, lambda now: not now.state.alive)
    assert stopped.state is JobState.STOPPED
    assert not is_present(model)
    assert chat_format_for(model).end_of_turn == "<|im_end|>", "the small files come first, and are enough for tokens"
    hub.delay = 0.0
    finished(start_download(model))
    assert is_present(model)
    first, second = weights_requests(hub)
    assert first == ""
    assert int(second.removeprefix("bytes=").removesuffix("-")) >= 2_000_000


def test_a_killed_download_goes_on_where_it_was(hub: Hub) -> None:
    model = find_model(NAME)
    hub.delay = 0.03
    view = wait_for(start_download(model), lambda now: now.progress is not None and now.progress.done > 3_000_000)
    end_now(view.folder)
    assert jobs.read(view.folder).state is JobState.INTERRUPTED
    hub.delay = 0.0
    finished(start_download(model))
    assert is_present(model)
    assert weights_requests(hub)[-1].startswith("bytes=")


def test_a_broken_connection_is_taken_up_again(hub: Hub) -> None:
    model = find_model(NAME)
    hub.break_after = 5_000_000
    finished(start_download(model))
    folder = model_folder(model)
    assert (folder / "model.safetensors").read_bytes() == hub.repositories[NAME].files["model.safetensors"]
    assert len(weights_requests(hub)) == 2


def test_a_damaged_partial_file_is_noticed_and_fetched_anew(hub: Hub, tmp_path: Path) -> None:
    model = find_model(NAME)
    content = hub.repositories[NAME].files["model.safetensors"]
    blobs = tmp_path / "hf" / "hub" / "models--someone--small" / "blobs"
    partial = blobs / f"{hashlib.sha256(content).hexdigest()}.localft.incomplete"
    partial.write_bytes(b"x" * 2_000_000)
    view = wait_for(start_download(model), lambda now: not now.state.alive)
    assert view.state is JobState.FAILED
    assert "damaged on its way" in view.sentence
    finished(start_download(model))
    assert (model_folder(model) / "model.safetensors").read_bytes() == content


def test_too_little_space_is_said_before_anything_is_fetched(hub: Hub) -> None:
    model = find_model(NAME)
    huge = model.model_copy(update={"files": {**model.files, "model-2.safetensors": 10**17}})
    with pytest.raises(UserError, match="100,000,0") as caught:
        start_download(huge)
    assert "HF_HOME" in caught.value.hint
    assert not weights_requests(hub)


def test_what_is_here_already_of_an_unfinished_file_needs_no_space(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = find_model(NAME)
    disk = shutil.disk_usage(tmp_path)._replace(free=205_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    with pytest.raises(UserError, match="free"):
        refuse_without_space(model)
    partial = tmp_path / "hf" / "hub" / "models--someone--small" / "blobs" / "abc.localft.incomplete"
    partial.write_bytes(bytes(4_000_000))
    refuse_without_space(model)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_that_is_not_whole_is_fetched_anew(hub: Hub, name: str) -> None:
    model = find_model(NAME)
    finished(start_download(model))
    path = model_folder(model) / name
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_present(model)
    finished(start_download(model))
    assert (model_folder(model) / name).read_bytes() == hub.repositories[NAME].files[name]


def test_weights_are_counted_from_the_files_where_the_hub_knows_only_a_part(hub: Hub) -> None:
    hub.repositories[NAME].info["safetensors"] = {"parameters": {"BF16": 528}, "total": 528}
    assert find_model(NAME).parameters == 4_000_000


def test_only_pickles_and_remote_code_are_refused_before_weights_are_fetched(hub: Hub) -> None:
    whole = hub.repositories[NAME].files
    pickles = {name: content for name, content in whole.items() if not name.endswith(".safetensors")}
    hub.repositories["someone/pickles"] = Repository(pickles)
    own_code = {"model_type": "mystery", "architectures": ["MysteryForCausalLM"], "auto_map": {"AutoModel": "m.py"}}
    hub.repositories["someone/code"] = Repository({**whole, "config.json": json.dumps(own_code).encode()})
    with pytest.raises(UserError, match="only as pickle files"):
        find_model("someone/pickles")
    with pytest.raises(UserError, match="code of its own"):
        find_model("someone/code")
    assert not weights_requests(hub)


def test_a_model_that_does_not_exist_is_a_sentence(hub: Hub) -> None:
    with pytest.raises(UserError, match="There is no model someone/nothing"):
        find_model("someone/nothing")
    with pytest.raises(UserError, match="no such revision"):
        find_model(NAME, "no-such-branch")


@pytest.mark.parametrize(
    ("token", "answer", "words"),
    [
        (None, "Access to model someone/small is restricted.", ["accept the terms", "hf auth login"]),
        ("hf_x", "Access to model someone/small is restricted and you are not in the authorized list.", ["no access"]),
        (
            "hf_x",
            "Your request to access model someone/small is awaiting a review from the repo authors.",
            ["answered"],
        ),
    ],
)
def test_a_gated_model_is_explained_step_by_step(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str | None, answer: str, words: list[str]
) -> None:
    hub.repositories[NAME].gated = answer
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(UserError) as caught:
        find_model(NAME)
    for word in words:
        assert word in str(caught.value)
    assert "https://huggingface.co/someone/small" in caught.value.hint


def test_a_file_flagged_by_the_hubs_scan_is_refused(hub: Hub) -> None:
    hub.repositories[NAME].info["securityRepoStatus"] = {
        "scansDone": True, "filesWithIssues": [{"path": "model.safetensors", "level": "unsafe"}],
    }  # fmt: skip
    with pytest.raises(UserError, match="security scan"):
        find_model(NAME)


def test_without_a_network_what_is_here_still_works(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finished(start_download(find_model(NAME)))
    point_at("http://127.0.0.1:9", tmp_path / "hf", monkeypatch)
    assert find_model(NAME).revision == COMMIT
    with pytest.raises(UserError, match="cannot be reached"):
        find_model("someone/other")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert is_present(find_model(NAME))
    with pytest.raises(UserError, match="offline mode is on"):
        find_model("someone/other")
    with pytest.raises(UserError, match="cannot be searched"):
        search_hub("small")


def test_a_look_up_alone_does_not_pass_for_a_download(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    find_model(NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="not downloaded"):
        find_model(NAME)


def test_a_newer_revision_that_was_only_looked_up_leaves_the_older_one_usable(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(start_download(find_model(NAME)))
    hub.repositories[NAME].commit = "b" * 40
    asked = len(hub.asked)
    assert find_model(NAME).revision == COMMIT
    assert len(hub.asked) == asked, "a downloaded model is taken without asking the hub"
    assert find_model(NAME, "main").revision == "b" * 40
    assert find_model(NAME).revision == COMMIT
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert find_model(NAME).revision == COMMIT
    assert find_model(NAME, "main").revision == COMMIT


def test_a_search_lists_models_with_what_is_known_of_them(hub: Hub) -> None:
    found = search_hub("small")
    assert [(entry.reference, entry.parameters, entry.licence) for entry in found] == [(NAME, 4_000_000, "mit")]
    assert found[0].download_bytes == 8_000_000
    assert search_hub("nothing like it") == []


def test_what_the_hub_does_not_give_is_planned_from_the_catalogue(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(train=24)
    gated = next(entry.reference for entry in catalogue() if entry.gated)
    hub.repositories[gated] = replace(hub.repositories[NAME], gated="Access to this model is restricted.")
    assert find_for_plan(gated).is_described_only
    with pytest.raises(UserError, match="is gated"):
        find_model(gated)
    assert main(["plan", project.slug, "--base-model", gated, "--json"]) == 0
    answer, said = capsys.readouterr()
    assert f"{gated} is planned from localft's own table of models" in said
    planned = json.loads(answer)
    assert planned["base_model"] == gated
    assert planned["plan"]["memory"]["weights"] > 0
    # To train it, it has to be here.
    assert main(["train", project.slug, "--base-model", gated]) == 1
    assert "is gated" in capsys.readouterr().err
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    listed = [entry.reference for entry in catalogue() if entry.reference != STARTER]
    assert all(find_for_plan(reference).is_described_only for reference in listed)
    with pytest.raises(UserError, match="offline mode is on"):
        find_for_plan("someone/unknown")
    assert not is_present(find_for_plan(listed[0]))
