"""An export is a job: it survives a kill, goes on where it was, and calls nothing done that is not proved."""

import contextlib
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from localft import jobs
from localft.errors import Stopped, UserError
from localft.export import ollama, worker
from localft.export.archives import file_sha256
from localft.export.certificate import Check
from localft.export.exports import Export, has_engine, list_exports, open_export, read_export, start_export
from localft.jobs import JobContext, JobOrder, JobState
from localft.jobs.records import JobProcess
from localft.models.rendering import render
from localft.store import files
from localft.store.projects import Project
from localft.training.runs import Run, open_run
from tests.fake_ollama import FakeOllama, fake_ollama
from tests.job_help import end_now, wait_for
from tests.trained_run import copy_into_home, make_trained_run, new_project

needs_engine = pytest.mark.skipif(not has_engine(), reason="needs llama-cpp-python")
SECONDS = 240


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("export")
    project = new_project(folder / "project", "Support bot")
    make_trained_run(project, folder / "model", hidden_size=256)
    return project


@pytest.fixture(scope="module")
def proved(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an export that was interrupted between its proof and its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALFT_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(worker, "prove_gguf", looked_at)
        project = copy_into_home(made)
        context = here(project, open_run(project), "gguf")
        worker.run(context)
    (context.folder / "export.json").unlink()
    return context.folder


@pytest.fixture
def project(made: Project, home: Path) -> Project:
    return copy_into_home(made)


@pytest.fixture
def run(project: Project) -> Run:
    return open_run(project)


def looked_at(*arguments: Any) -> list[Check]:
    """In place of the proof, which has tests of its own."""
    return [Check(name="Looked at", outcome="passed", detail="By a test.")]


def to_ollama(project: Project, run: Run, proved: Path, **settings: Any) -> JobContext:
    """An order for Ollama of which the file is made and proved already."""
    context = here(project, run, "ollama", **settings)
    for name in ("support-bot-BF16.gguf", "Modelfile", "certificate.json"):
        shutil.copy(proved / name, context.folder)
    return context


def finished(folder: Path) -> Export:
    for view in jobs.follow(folder):
        last = view
    assert last.state is JobState.FINISHED, (folder / "worker.log").read_text()[-3000:]
    return read_export(folder)


def here(project: Project, run: Run, target: str, **settings: Any) -> JobContext:
    """An order that is worked on in this process."""
    folder = project.exports / files.new_id()
    values = {
        "project": project.slug, "run": run.id, "target": target, "quantization": "BF16", "ollama_name": "support-bot",
        "ollama_quantizes": False, "system_prompt": None, **settings,
    }  # fmt: skip
    order = JobOrder(worker="localft.export.worker", title="x", project=project.slug, created_at="", settings=values)
    order.save(folder / "job.json")
    return JobContext(folder, order)


def event_names(folder: Path) -> list[str]:
    return [str(event.get("name")) for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "step"]


def kill_in(folder: Path, stage: str) -> None:
    """Kill the worker while the process of a stage runs, and wait until that one has noticed."""
    found: list[psutil.Process] = []

    def there() -> bool:
        worker_process = psutil.Process(JobProcess.load(folder / "process.json").pid)
        found[:] = [worker_process, *worker_process.children(recursive=True)]
        # One that ends meanwhile has no command line any more.
        with contextlib.suppress(psutil.NoSuchProcess):
            return any(process.cmdline()[-2:] == ["localft.export.child", stage] for process in found[1:])
        return False

    wait_for(there, SECONDS)
    end_now(folder)
    psutil.wait_procs(found, timeout=SECONDS)


@needs_engine
def test_killed_in_each_of_its_stages_it_goes_on_and_proves_what_it_made(
    project: Project, run: Run, server: FakeOllama
) -> None:
    started = start_export(project, run, "ollama", "Q4_K_M")
    for stage in ("gguf", "quantize", "engine_checks", "reference", "handing_over"):
        kill_in(started.folder, stage)
        assert jobs.read(started.folder).state is JobState.INTERRUPTED
        assert open_export(project).record is None
        jobs.resume(started.folder)
    done = finished(started.folder)
    assert event_names(started.folder) == [
        "gguf",
        "quantize",
        "engine_checks",
        "engine_checks",
        "reference",
        "handing_over",
    ]
    assert done.record and done.gguf and done.certificate
    assert done.gguf.name == "support-bot-Q4_K_M.gguf"
    assert done.certificate.proved
    assert len(done.certificate.checks) == 10 and {check.outcome for check in done.certificate.checks} == {"passed"}
    assert done.certificate.files[0].sha256 == file_sha256(done.gguf)
    assert not (done.folder / ".work").exists()
    assert "FROM ./support-bot-Q4_K_M.gguf" in (done.folder / "Modelfile").read_text()
    assert "PARAMETER stop" in (done.folder / "Modelfile").read_text()
    assert "| Answers end | passed |" in (done.folder / "README.md").read_text()
    assert [export.id for export in list_exports(project).items] == [done.id]
    assert ollama.commands(done)[1] == "ollama run support-bot"
    assert server.models.keys() == {"support-bot:latest"}


def test_asked_to_stop_it_leaves_no_process_behind(project: Project, run: Run) -> None:
    started = start_export(project, run, "merged")
    wait_for(lambda: (started.folder / "model").exists() or psutil.Process().children(recursive=True), SECONDS)
    jobs.request_stop(started.folder)
    for view in jobs.follow(started.folder):
        last = view
    assert last.state in {JobState.STOPPED, JobState.FINISHED}
    assert open_export(project).record is None or last.state is JobState.FINISHED
    wait_for(
        lambda: not [one for one in psutil.process_iter(["cmdline"]) if str(started.folder) in str(one.info)], SECONDS
    )


def test_the_merged_model_is_asked_itself(project: Project, run: Run) -> None:
    context = here(project, run, "merged")
    worker.run(context)
    done = read_export_of(context)
    assert [check.outcome for check in done.certificate.checks] == ["passed"] * 4
    assert done.record.files[0].name == "model/model.safetensors"
    assert done.gguf is None
    assert (done.folder / "model" / "README.md").exists()


def read_export_of(context: JobContext) -> Any:
    """The export without its job, which runs in this process."""
    from localft.export.certificate import Certificate
    from localft.export.exports import ExportRecord

    record = ExportRecord.load(context.folder / "export.json") if (context.folder / "export.json").exists() else None
    certificate = Certificate.load(context.folder / "certificate.json")
    return Export(context.folder, context.folder.name, None, record, certificate)  # ty: ignore[invalid-argument-type]


def test_stopped_unproved_and_proved(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    share_a_system_prompt(project, run)
    context = here(project, run, "gguf")
    (context.folder / "stop").touch()
    with pytest.raises(Stopped):
        worker.run(context)
    (context.folder / "stop").unlink()

    failed = Check(name="It is the tuned model, not the base", outcome="failed", detail="0 % of the training.")
    monkeypatch.setattr(worker, "prove_gguf", lambda *arguments: [failed])
    with pytest.raises(UserError, match="Not proved") as caught:
        worker.run(context)
    assert "support-bot-BF16.unproved.gguf" in caught.value.hint
    assert (context.folder / "support-bot-BF16.unproved.gguf").exists()
    assert not (context.folder / "support-bot-BF16.gguf").exists()
    assert not (context.folder / "export.json").exists()
    assert not read_export_of(context).certificate.proved

    monkeypatch.setattr(worker, "prove_gguf", looked_at)
    assert worker.run(context)["message"].startswith("Exported")
    assert read_export_of(context).certificate.proved
    assert 'SYSTEM """Sort "tickets".\nBe brief."""\n' in (context.folder / "Modelfile").read_text()


def share_a_system_prompt(project: Project, run: Run) -> None:
    system = {"role": "system", "content": 'Sort "tickets".\nBe brief.', "learn": True}
    for path in (project.datasets / run.recipe.dataset).glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps({**row, "messages": [system, *row["messages"]]}) + "\n" for row in rows))


@pytest.fixture
def server(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    def as_trained(messages: list[dict[str, Any]]) -> str:
        return render(run.chat_format, messages, add_generation_prompt=True)

    with fake_ollama(render=as_trained) as state:
        monkeypatch.setenv("OLLAMA_HOST", state.address)
        yield state


def test_one_click_to_ollama(project: Project, run: Run, server: FakeOllama, proved: Path) -> None:
    context = to_ollama(project, run, proved)
    server.fail_create = "no space left on device"
    with pytest.raises(UserError, match="no space left"):
        worker.run(context)
    server.fail_create = ""
    answer = worker.run(context)
    # The file was proved already: it is handed over again, not made again.
    assert set(event_names(context.folder)) == {"handing_over"}
    done = read_export_of(context)
    assert done.record.ollama_name == "support-bot" and done.record.answer == "Paris"
    assert "In Ollama as support-bot" in answer["message"]
    outcomes = {check.name: check.outcome for check in done.certificate.checks}
    assert outcomes["Ollama makes the same text of conversations"] == "passed"
    assert outcomes["Ollama answers a test question"] == "passed"
    order = server.models["support-bot:latest"]
    assert order["parameters"]["stop"] == list(run.chat_format.stop_tokens)
    assert order["files"] == {done.record.files[0].name: f"sha256:{done.record.files[0].sha256}"}
    assert "quantize" not in order


def test_a_rendering_of_ollamas_own_is_told(project: Project, run: Run, server: FakeOllama, proved: Path) -> None:
    server.render = lambda messages: "<|im_start|>something else"
    message = worker.run(to_ollama(project, run, proved))["message"]
    assert "this check failed: Ollama makes the same text" in message


def test_an_attempt_that_failed_after_the_model_was_made_goes_on(
    project: Project, run: Run, server: FakeOllama, proved: Path
) -> None:
    context = to_ollama(project, run, proved)
    server.trouble["/api/chat"] = "drops"
    with pytest.raises(UserError, match="connection to Ollama broke"):
        worker.run(context)
    assert "support-bot:latest" in server.models
    server.trouble.clear()
    worker.run(context)
    (context.folder / "export.json").unlink()
    worker.run(context)
    names = [check.name for check in read_export_of(context).certificate.checks]
    assert len(names) == len(set(names)) == 3
    # The next export takes its place, also after this one was deleted.
    shutil.rmtree(context.folder)
    worker.run(to_ollama(project, run, proved))


def test_an_ollama_that_hangs_can_be_stopped(project: Project, run: Run, server: FakeOllama, proved: Path) -> None:
    context = to_ollama(project, run, proved)
    server.trouble["/api/create"] = "hangs"
    stopping = threading.Thread(target=lambda: server.hung.wait() and (context.folder / "stop").touch())
    stopping.start()
    with pytest.raises(Stopped):
        worker.run(context)
    stopping.join()
    (context.folder / "stop").unlink()
    server.trouble.clear()
    worker.run(context)


def test_a_system_prompt_that_no_modelfile_holds(
    project: Project, run: Run, server: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = 'Answer in three quotes: """yes""".'
    context = here(project, run, "gguf", system_prompt=prompt)
    with pytest.raises(UserError, match="three double quotes"):
        worker.run(context)
    assert not event_names(context.folder)
    monkeypatch.setattr(worker, "prove_gguf", looked_at)
    context = here(project, run, "ollama", system_prompt=prompt)
    worker.run(context)
    assert server.models["support-bot:latest"]["system"] == prompt
    assert not (context.folder / "Modelfile").exists()


def test_a_model_that_localft_did_not_make_is_not_overwritten(
    project: Project, run: Run, server: FakeOllama, proved: Path
) -> None:
    server.models["support-bot:latest"] = {"parameters": {}}
    with pytest.raises(UserError, match="already has a model named support-bot"):
        worker.run(to_ollama(project, run, proved))
    assert server.models == {"support-bot:latest": {"parameters": {}}}


def test_ollama_quantises_where_llama_cpp_is_missing(
    project: Project, run: Run, server: FakeOllama, proved: Path
) -> None:
    worker.run(to_ollama(project, run, proved, quantization="Q4_K_M", ollama_quantizes=True))
    assert server.models["support-bot:latest"]["quantize"] == "q4_K_M"


def test_the_adapter_needs_neither_engine_nor_examples(project: Project, run: Run) -> None:
    shutil.rmtree(project.datasets)
    context = here(project, run, "adapter")
    worker.run(context)
    done = read_export_of(context)
    assert done.record.files[0].name == "adapter_model.safetensors"
    assert str(run.recipe.base_model) not in (done.folder / "README.md").read_text()
