"""A GGUF file answers through llama.cpp as the same weights answer through transformers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localft.errors import UserError
from localft.models.rendering import portable_template
from localft.serving.endpoint import Answer, Delta, Sampling
from localft.serving.llama_cpp_engine import LlamaCppEndpoint
from localft.serving.service import endpoint, start_service, stop_service, wait_ready
from localft.serving.transformers_engine import TransformersEngine
from localft.training.runs import Run
from tests.tiny_gguf import write_tiny_gguf
from tests.trained_run import copy_into_home, make_trained_run, new_project, task_examples

pytest.importorskip("llama_cpp")

EXAMPLES = task_examples()[1]
CONVERSATIONS: list[list[dict[str, Any]]] = [[message.as_chat() for message in row.prompt] for row in EXAMPLES]
GREEDY = Sampling(max_tokens=16)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("gguf")
    project = new_project(folder / "project")
    run = make_trained_run(project, folder / "model", architecture="qwen3", method="full")
    tokenizer = Path(run.recipe.base_model) / "tokenizer.json"
    (run.folder / "weights" / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return run


@pytest.fixture(scope="module")
def file(run: Run) -> Path:
    tuned = run.folder / "weights"
    export = run.folder.parent.parent / "exports" / "one"
    export.mkdir(parents=True)
    return write_tiny_gguf(tuned, export / "tuned.gguf", portable_template(run.chat_format))


@pytest.fixture(scope="module")
def engine(run: Run) -> Iterator[TransformersEngine]:
    engine = TransformersEngine(run)
    yield engine
    engine.close()


@pytest.mark.parametrize("format_known", [True, False])
def test_a_file_answers_as_the_model_it_was_made_of(
    run: Run, file: Path, engine: TransformersEngine, format_known: bool
) -> None:
    gguf = LlamaCppEndpoint(file, run.chat_format if format_known else None)
    try:
        assert gguf.context_length == 512
        for conversation, example in zip(CONVERSATIONS[:6], EXAMPLES, strict=False):
            assert gguf.encode(conversation) == engine.encode(conversation).ids
            *pieces, answer = gguf.chat(conversation, GREEDY)
            *_, wanted = engine.endpoint("tuned").chat(conversation, GREEDY)
            assert isinstance(answer, Answer)
            assert isinstance(wanted, Answer)
            assert answer.text == wanted.text == example.answer
            assert (answer.prompt_tokens, answer.completion_tokens) == (wanted.prompt_tokens, wanted.completion_tokens)
            assert answer.finish == "stop"
            assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == answer.text
        assert [answer.text for _, answer in gguf.chat_many(CONVERSATIONS[:3], GREEDY)] == [
            example.answer for example in EXAMPLES[:3]
        ]
    finally:
        gguf.close()


def test_length_stop_texts_and_seeds_hold(run: Run, file: Path) -> None:
    gguf = LlamaCppEndpoint(file, run.chat_format, context_length=200)
    try:
        assert gguf.context_length == 256

        def ask(sampling: Sampling) -> Answer:
            *_, last = gguf.chat(CONVERSATIONS[0], sampling)
            assert isinstance(last, Answer)
            return last

        assert (ask(Sampling(max_tokens=2)).completion_tokens, ask(Sampling(max_tokens=2)).finish) == (2, "length")
        assert ask(Sampling(stop=('"category',))).text == "{"
        varied = Sampling(temperature=2.0, max_tokens=12, seed=3)
        assert ask(varied).text == ask(varied).text
        with pytest.raises(UserError, match="loaded for 256"):
            list(gguf.chat([{"role": "user", "content": "The fox " * 150}], GREEDY))
        stream: Any = gguf.chat(CONVERSATIONS[0], GREEDY)
        next(stream)
        stream.close()
        assert ask(GREEDY).text == EXAMPLES[0].answer
    finally:
        gguf.close()


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        LlamaCppEndpoint(tmp_path / "missing.gguf")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(UserError, match=r"cannot load broken\.gguf"):
        LlamaCppEndpoint(tmp_path / "broken.gguf")


def test_a_file_without_a_template_says_so(run: Run, tmp_path: Path) -> None:
    path = write_tiny_gguf(run.folder / "weights", tmp_path / "bare.gguf")
    with pytest.raises(UserError, match="no chat template"):
        LlamaCppEndpoint(path)


def test_nothing_is_complained_about_at_the_end_of_the_program(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from localft.serving.llama_cpp_engine import LlamaCppEndpoint as Open; "
        "model = Open(Path(sys.argv[1]), context_length=512); model.close()"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", program, str(file)], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stderr == ""
    assert ended.stdout == ""


def test_an_export_is_served_with_the_format_of_its_run(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from localft.jobs import JobOrder
    from localft.store import files
    from localft.store.projects import Project, ProjectInfo

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    source = run.folder.parent.parent
    project = copy_into_home(Project(source, ProjectInfo.load(source / "project.json")))
    folder = project.exports / "one"
    order = JobOrder(worker="x", title="Export", created_at=files.now(), settings={"run": run.id})
    order.save(folder / "job.json")

    class Export:
        pass

    export: Any = Export()
    export.folder = folder
    service = wait_ready(start_service(project, export=export))
    try:
        assert service.models == ("gguf",)
        assert service.job.order.settings["run"] == run.id
        *_, answer = endpoint(service, "gguf").chat(CONVERSATIONS[0], GREEDY)
        assert isinstance(answer, Answer)
        assert answer.text == EXAMPLES[0].answer
    finally:
        stop_service(service)
