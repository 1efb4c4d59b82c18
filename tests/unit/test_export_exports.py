"""Before an export is started: what it would take, and what could not be finished."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from localft.errors import UserError
from localft.export import exports, ollama
from localft.export.card import Facts, base_name, write_card
from localft.export.certificate import Certificate, CertifiedFile, Check
from localft.export.exports import Export, ExportRecord, Target, check_order, estimate_sizes, list_exports, open_export
from localft.export.quantizations import find_quantization
from localft.export.sizes import estimate_bytes
from localft.jobs import JobOrder, JobState, JobView
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store.projects import Project, create_project
from localft.training.runs import Run
from tests.fake_ollama import fake_ollama


def model(parameters: int, **config: Any) -> BaseModel:
    return BaseModel(
        reference="owner/name", origin="hub", architecture="LlamaForCausalLM", parameters=parameters,
        weight_bytes=2 * parameters, context_length=4096, files={}, licence="apache-2.0", config=config,
    )  # fmt: skip


LLAMA_8B = model(
    8_030_261_248, hidden_size=4096, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8,
    intermediate_size=14336, vocab_size=128256, tie_word_embeddings=False,
)  # fmt: skip
QWEN_HALF_B = model(
    494_032_768, hidden_size=896, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2,
    intermediate_size=4864, vocab_size=151936, tie_word_embeddings=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("base", "form", "published"),
    [
        (LLAMA_8B, "Q4_K_M", 4.92e9),
        (LLAMA_8B, "Q5_K_M", 5.73e9),
        (LLAMA_8B, "Q6_K", 6.60e9),
        (LLAMA_8B, "Q8_0", 8.54e9),
        (LLAMA_8B, "F16", 16.07e9),
        # Rows of 896 do not divide into blocks of 256, so the small forms are larger than their names say.
        (QWEN_HALF_B, "Q4_K_M", 0.398e9),
        (QWEN_HALF_B, "Q8_0", 0.531e9),
    ],
)
def test_estimates_are_those_of_published_files(base: BaseModel, form: str, published: float) -> None:
    assert estimate_bytes(base, form) == pytest.approx(published, rel=0.01)


def test_a_config_that_does_not_say_whether_tables_are_shared() -> None:
    config = {name: value for name, value in LLAMA_8B.config.items() if name != "tie_word_embeddings"}
    assert estimate_bytes(model(LLAMA_8B.parameters, **config), "F16") == estimate_bytes(LLAMA_8B, "F16")


def test_an_unknown_shape_and_experts_are_estimated_by_their_number_of_weights() -> None:
    assert estimate_bytes(model(1_000_000_000), "F16") == pytest.approx(2e9, rel=0.02)
    experts = model(47_000_000_000, **{**LLAMA_8B.config, "num_local_experts": 8})
    assert estimate_bytes(experts, "F16") == pytest.approx(94e9, rel=0.02)


def test_one_form_is_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    def best(base: BaseModel) -> list[str]:
        return [row.quantization for row in estimate_sizes(base) if row.recommended]

    monkeypatch.setattr(exports, "has_engine", lambda: True)
    assert best(LLAMA_8B) == ["Q4_K_M"]
    assert best(QWEN_HALF_B) == ["Q8_0"]
    assert all(row.makeable for row in estimate_sizes(LLAMA_8B))
    monkeypatch.setattr(exports, "has_engine", lambda: False)
    assert best(LLAMA_8B) == ["Q8_0"]
    assert [row.quantization for row in estimate_sizes(LLAMA_8B) if not row.makeable] == ["Q4_K_M", "Q5_K_M", "Q6_K"]


def test_an_unknown_form_names_the_known_ones() -> None:
    assert find_quantization(" q4_k_m ").name == "Q4_K_M"
    with pytest.raises(UserError, match="Q3_K_S") as caught:
        find_quantization("Q3_K_S")
    assert "Q4_K_M" in caught.value.hint


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(exports, "model_folder", lambda model: Path())
    monkeypatch.setattr(exports, "has_engine", lambda: True)
    return create_project("Support bot")


def run_of(project: Project, base: BaseModel = QWEN_HALF_B, method: Any = "lora", weights: bool = True) -> Run:
    folder = project.runs / "one"
    (folder / "weights").mkdir(parents=True)
    if weights:
        (folder / "weights" / "manifest.json").write_text("{}")
        (folder / "weights" / "adapter_model.safetensors").write_bytes(bytes(5_000))
    recipe = Recipe(base_model=base.reference, dataset="none", settings=TrainingSettings(method=method))
    view = JobView(folder, cast(JobOrder, None), JobState.FINISHED, None, None, None)
    return Run(folder=folder, recipe=recipe, plan=None, base_model=base, job=view)


def refused(project: Project, run: Run, target: Target, form: str = "Q8_0") -> UserError:
    with pytest.raises(UserError) as caught:
        check_order(project, run, target, find_quantization(form))
    assert not list(project.exports.iterdir()) if project.exports.exists() else True
    return caught.value


def test_a_run_without_weights_cannot_be_exported(project: Project) -> None:
    assert "no weights yet" in refused(project, run_of(project, weights=False), "gguf").message


def test_a_run_whose_weights_were_deleted_is_named(project: Project) -> None:
    run = run_of(project)
    (run.folder / "weights" / "adapter_model.safetensors").unlink()
    error = refused(project, run, "gguf")
    assert error.message.startswith("The weights of the run one are gone from")
    assert "train again" in error.hint


def test_a_base_model_that_is_gone_is_told_before(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "model_folder", model_folder)
    assert refused(project, run_of(project), "merged").message == "The model owner/name is not downloaded yet."


def test_a_full_training_has_no_adapter(project: Project) -> None:
    assert "no adapter" in refused(project, run_of(project, method="full"), "adapter").message


def test_k_quants_without_llama_cpp_name_the_two_ways_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "has_engine", lambda: False)
    run = run_of(project)
    error = refused(project, run, "gguf", "Q4_K_M")
    assert "llama-cpp-python" in error.message
    assert "Q8_0" in error.hint and "Ollama" in error.hint
    check_order(project, run, "gguf", find_quantization("Q8_0"))


def test_the_usual_form_is_one_that_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    targets: tuple[Target, ...] = ("gguf", "ollama")
    for engine, forms in ((True, ["Q4_K_M", "Q4_K_M"]), (False, ["Q8_0", "Q4_K_M"])):
        monkeypatch.setattr(exports, "has_engine", lambda engine=engine: engine)
        assert [exports.usual_form(target) for target in targets] == forms


def test_without_ollama_its_target_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    run = run_of(project)
    error = refused(project, run, "ollama")
    assert error.message == "Ollama does not answer on this computer."
    assert "localft export support-bot --to gguf" in error.hint
    with fake_ollama(version="0.5.4") as old:
        monkeypatch.setenv("OLLAMA_HOST", old.address)
        error = refused(project, run, "ollama")
    assert "too old to take a file" in error.message and error.hint.startswith("Update Ollama")


def test_what_is_no_gguf_has_a_size_too(project: Project) -> None:
    assert exports.estimate_targets(run_of(project)) == {"adapter": 5_000, "merged": QWEN_HALF_B.weight_bytes}
    full = create_project("Full")
    assert exports.estimate_targets(run_of(full, method="full")) == {"merged": 5_000}


def test_too_little_disk_is_told_in_gigabytes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=2_000_000_000))
    error = refused(project, run_of(project, LLAMA_8B), "gguf", "Q4_K_M")
    assert error.message == "This export needs 23.1 GB of disk, and 2.0 GB are free."
    assert "smaller form" in error.hint


def test_each_target_needs_the_disk_that_it_fills(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(project, LLAMA_8B)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=65_000_000))
    check_order(project, run, "adapter", find_quantization("Q8_0"))
    for target, form, needed in (("merged", "Q8_0", "17.7 GB"), ("gguf", "Q8_0", "9.5 GB")):
        assert f"needs {needed} of disk" in refused(project, run, cast(Target, target), form).message
    # Ollama makes the smaller file itself.
    monkeypatch.setattr(exports, "has_engine", lambda: False)
    with fake_ollama() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        assert "needs 17.7 GB of disk" in refused(project, run, "ollama", "Q4_K_M").message


def test_too_little_memory_is_told_in_gigabytes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "read_memory", lambda: SimpleNamespace(available_bytes=1_000_000_000))
    assert "of memory, and 1.0 GB are free" in refused(project, run_of(project), "merged").message


def test_a_project_without_exports(project: Project) -> None:
    assert list_exports(project).items == []
    with pytest.raises(UserError, match="no export yet"):
        open_export(project)
    with pytest.raises(UserError, match=r"no export \.\./nothing"):
        open_export(project, "../nothing")


FILE = CertifiedFile(name="support-bot-Q8_0.gguf", bytes=531_000_000, sha256="a" * 64)
CERTIFICATE = Certificate(
    created_at="now",
    checks=(Check(name="Answers end", outcome="passed", detail="At <|im_end|>."),),
    files=(FILE,),
    versions={},
)


def test_the_commands_for_ollama_are_exact(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    (folder / "Modelfile").write_text("FROM ./x")
    record = ExportRecord(
        target="gguf", quantization="Q8_0", run="one", base_model="owner/name", files=(FILE,), created_at="", seconds=1
    )  # fmt: skip
    view = JobView(folder, cast(JobOrder, None), JobState.FINISHED, None, None, None)
    done = Export(folder, "id", view, record, CERTIFICATE)
    assert done.gguf == folder / FILE.name
    create, start = ollama.commands(done)
    assert create == f"ollama create support-bot-q8_0 -f '{folder / 'Modelfile'}'"
    assert start == "ollama run support-bot-q8_0"
    assert ollama.commands(Export(folder, "id", view, None, None)) == []


def card(base: BaseModel, **changes: Any) -> str:
    recipe = Recipe(base_model=base.reference, dataset="none", settings=TrainingSettings())
    facts: dict[str, Any] = {
        "name": "Support <b>bot</b> | #1", "base_model": base, "recipe": recipe, "dataset": None,
        "files": [(FILE.name, FILE.bytes)], "usage": ["ollama run bot"], "certificate": CERTIFICATE,
    }  # fmt: skip
    return write_card(Facts(**facts | changes))


def test_the_card_tells_what_the_model_is_made_of() -> None:
    text = card(QWEN_HALF_B, verdict="Better: 12 % to 84 %.", scores=[("Exact match", 0.12, 0.84)])
    assert text.startswith("---\n") and "base_model: owner/name" in text and "license: apache-2.0" in text
    assert "Better: 12 % to 84 %." in text and "| Exact match | 0.12 | 0.84 |" in text
    assert "| Answers end | passed | At &lt;\\|im_end\\|&gt;. |" in text
    assert "<b>" not in text
    assert "Not evaluated yet." in card(QWEN_HALF_B)


def test_the_card_does_not_tell_where_on_this_computer_the_base_lies() -> None:
    local = QWEN_HALF_B.model_copy(
        update={"reference": "/home/someone/models/base", "origin": "folder", "licence": None}
    )
    text = card(local)
    assert base_name(local) == "base"
    assert "/home/someone" not in text and "base_model:" not in text
    assert "not stated" in text
