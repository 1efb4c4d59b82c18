"""Services as jobs: started, found, asked by the openai client, in the way of other work, ended."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest

from localft import jobs
from localft.errors import UserError
from localft.jobs import JobState
from localft.serving.endpoint import Answer, Delta, Sampling
from localft.serving.service import (
    Service,
    endpoint,
    find_service,
    list_services,
    read_service,
    start_service,
    stop_service,
    wait_ready,
)
from localft.store.projects import Project, create_project
from localft.training.runs import open_run
from tests.job_help import end_now, wait_for
from tests.trained_run import copy_into_home, make_trained_run, new_project, task_examples

EXAMPLE = task_examples()[1][0]
QUESTION: list[dict[str, Any]] = [message.as_chat() for message in EXAMPLE.prompt]
GREEDY = Sampling(max_tokens=16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("service")
    project = new_project(folder / "project")
    make_trained_run(project, folder / "model")
    return project


@pytest.fixture
def project(trained: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    # Two workers beside each other are slower with two threads each.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    project = copy_into_home(trained)
    yield project
    for service in list_services():
        stop_service(service)


def test_a_service_from_its_start_to_its_end(project: Project) -> None:
    service = start_service(project)
    assert not service.ready
    assert start_service(project).folder == service.folder
    with pytest.raises(UserError, match="not being served at the moment"):
        endpoint(service, "base")
    seen: list[str] = []
    service = wait_ready(service, on_change=lambda view: seen.append(view.sentence))
    assert service.models == ("base", "tuned")
    assert any("Loading" in sentence for sentence in seen)
    _ask_through_our_endpoint(service)
    _ask_through_the_openai_client(service)
    _look_for_the_token(service)
    found = find_service(project, open_run(project))
    assert found is not None
    assert (found.url, found.token) == (service.url, service.token)

    # Another service of the same models, at a port of its own choice, needs the card: the first makes room.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    second = wait_ready(start_service(project, port=port, token="", idle_minutes=0.01))
    assert second.url == f"http://127.0.0.1:{port}/v1"
    first = jobs.read(service.folder)
    assert (first.state, first.sentence) == (JobState.FINISHED, "Made room for other work that needs the card.")
    assert read_service(service.folder).url == ""
    *_, last = jobs.follow(second.folder)
    assert last.sentence.startswith("Nobody asked anything for")
    assert find_service(project) is None


def _ask_through_our_endpoint(service: Service) -> None:
    texts = {}
    for name in service.models:
        *pieces, answer = endpoint(service, name).chat(QUESTION, GREEDY)
        assert isinstance(answer, Answer)
        assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == answer.text
        assert answer.completion_tokens > 0
        assert answer.first_token_seconds is not None
        texts[name] = answer.text
    assert texts["tuned"] == EXAMPLE.answer != texts["base"]
    with pytest.raises(UserError, match="no model gguf here, only base, tuned"):
        endpoint(service, "gguf")


def _ask_through_the_openai_client(service: Service) -> None:
    client = openai.OpenAI(base_url=service.url, api_key=service.token, max_retries=0)
    assert [model.id for model in client.models.list()] == ["base", "tuned"]
    messages: Any = QUESTION
    whole = client.chat.completions.create(model="tuned", messages=messages, temperature=0)
    assert whole.choices[0].message.content == EXAMPLE.answer
    assert whole.usage is not None
    assert whole.usage.completion_tokens > 0
    stream = client.chat.completions.create(model="tuned", messages=messages, temperature=0, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == EXAMPLE.answer
    # A stream that nobody reads on does not stand in the way of the next question.
    broken = client.chat.completions.create(model="base", messages=messages, stream=True, max_tokens=400)
    next(iter(broken))
    broken.close()
    assert client.chat.completions.create(model="tuned", messages=messages).choices[0].message.content == EXAMPLE.answer
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=service.url, api_key="guess", max_retries=0).models.list()


def _look_for_the_token(service: Service) -> None:
    """It is in one file that only this user can read, and nowhere else."""
    holders = [path.name for path in service.folder.rglob("*") if path.is_file() and service.token in _text(path)]
    assert holders == ["token"]
    if os.name == "posix":
        assert (service.folder / "token").stat().st_mode & 0o777 == 0o600
    process = psutil.Process(json.loads(_text(service.folder / "process.json"))["pid"])
    assert not any(service.token in argument for argument in process.cmdline())
    assert all(connection.laddr.ip == "127.0.0.1" for connection in process.net_connections() if connection.laddr)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_a_base_model_is_served_before_anything_was_trained(project: Project, tmp_path: Path) -> None:
    base = open_run(project).base_model
    empty = create_project("Nothing trained yet")
    service = start_service(empty, base_model=base)
    assert start_service(empty, base_model=base).folder == service.folder
    service = wait_ready(service)
    assert service.models == ("base",)
    *_, answer = endpoint(service, "base").chat(QUESTION, GREEDY)
    assert isinstance(answer, Answer)
    stop_service(service)
    *_, of_run = endpoint(wait_ready(start_service(project)), "base").chat(QUESTION, GREEDY)
    assert isinstance(of_run, Answer)
    assert (of_run.text, of_run.prompt_tokens) == (answer.text, answer.prompt_tokens)
    gone = base.model_copy(update={"folder": str(tmp_path / "gone")})
    with pytest.raises(UserError, match="is gone"):
        start_service(empty, base_model=gone)


def test_a_port_in_use_is_named(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"The port {port} cannot be used"):
            wait_ready(start_service(project, port=port))


def test_a_killed_service_is_not_found_and_can_be_started_again(project: Project) -> None:
    service = start_service(project)
    wait_for(lambda: (service.folder / "started.json").exists())
    end_now(service.folder)
    assert find_service(project) is None
    with pytest.raises(UserError, match="stopped unexpectedly"):
        wait_ready(service)
    again = start_service(project)
    assert again.folder != service.folder
    stop_service(again)
    assert not jobs.read(again.folder).state.alive


def test_a_project_without_a_run_or_weights_is_told_so(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run yet"):
        start_service(new_project(tmp_path / "empty", "Empty"))
    (open_run(project).folder / "weights" / "manifest.json").unlink()
    with pytest.raises(UserError, match="no weights yet"):
        start_service(project)
    assert list_services() == []
