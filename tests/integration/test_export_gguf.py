"""A GGUF made of base and adapter is the trained model: equal tokens and answers, logits as PEFT's merge has them."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy
import pytest

from localft.errors import UserError
from localft.export.children import run_child
from localft.export.judgement import check_engine, check_logits
from localft.export.quantizations import QUANTIZATIONS
from localft.export.reference import compare, logits
from localft.export.sizes import estimate_bytes
from localft.models.find import find_model
from tests.integration.export_models import Subject, make_subject, peft_merge
from tests.tiny_models import ARCHITECTURES, Architecture

pytestmark = pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is None, reason="needs llama-cpp-python")

WIDE = {"hidden_size": 256}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    subject = make_subject(tmp_path_factory.mktemp("llama"), "llama", **WIDE)
    subject.convert()
    return subject


def against_peft(subject: Subject, seen: dict[str, Any], base: Any = None) -> dict[str, float]:
    """The file's logits against those of PEFT's merge."""
    import torch
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(subject.base, dtype=torch.float32).eval()
    device, answers = torch.device("cpu"), seen["answers"]
    tuned = logits(peft_merge(subject), answers, device)
    chosen = [token for answer in answers for token in answer["answer"]]
    return compare(numpy.load(subject.folder / "logits.npy"), tuned, logits(base, answers, device), chosen)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_file_is_the_trained_model(architecture: Architecture, tmp_path: Path) -> None:
    subject = make_subject(tmp_path, architecture)
    made = subject.convert()
    assert made["pairs"] == 14
    assert made["by_rules"]
    seen = run_child("engine_checks", subject.engine_settings()).value
    assert {check.outcome for check in check_engine(seen, made["pre_tokenizer"], by_rules=True)} == {"passed"}
    assert seen["tokens"]["texts"] > 30
    figures = against_peft(subject, seen)
    assert figures["agreement"] == 1.0
    assert figures["relative"] < 0.02
    assert figures["effect"] == pytest.approx(1.0, abs=0.01)
    # The training must be visible in the logits, or nothing was shown.
    assert figures["trained"] > 0.3


@pytest.mark.parametrize("form", ["Q4_K_M", "Q5_K_M", "Q6_K"])
def test_small_forms_load_and_answer(llama: Subject, form: str) -> None:
    source, output = llama.folder / "model.gguf", llama.folder / f"{form}.gguf"
    order = {"source": str(source), "output": str(output), "quantization": form, "threads": 1}
    assert run_child("quantize", order).value["bytes"] == output.stat().st_size < source.stat().st_size / 2
    seen = run_child("engine_checks", llama.engine_settings(output.name)).value
    figures = against_peft(llama, seen)
    assert {check.outcome for check in check_logits({"figures": figures}, form)} == {"passed"}
    assert 0.9 < figures["effect"] < 1.1
    assert all(answer["answer"] for answer in seen["answers"])


@pytest.mark.parametrize("form", ["F16", "Q8_0"])
def test_forms_that_need_no_engine(llama: Subject, form: str) -> None:
    llama.convert(form, f"{form}.gguf")
    seen = run_child("engine_checks", llama.engine_settings(f"{form}.gguf")).value
    figures = against_peft(llama, seen)
    assert figures["relative"] < {"F16": 0.005, "Q8_0": 0.05}[form]
    assert figures["agreement"] + figures["ties"] / figures["steps"] == pytest.approx(1.0)


def test_estimated_sizes_are_those_of_the_files(llama: Subject) -> None:
    base = find_model(str(llama.base))
    for form in QUANTIZATIONS:
        path = llama.folder / ("model.gguf" if form.name == "BF16" else f"{form.name}.gguf")
        assert estimate_bytes(base, form.name) == pytest.approx(path.stat().st_size, rel=0.06)


def test_the_file_without_the_adapter_is_found_out(llama: Subject) -> None:
    order = llama.gguf_settings(output="untrained.gguf") | {"adapter": None}
    run_child("gguf", order)
    seen = run_child("engine_checks", llama.engine_settings("untrained.gguf")).value
    figures = against_peft(llama, seen)
    assert figures["effect"] == pytest.approx(0.0, abs=0.02)
    assert "failed" in {check.outcome for check in check_logits({"figures": figures}, "BF16")}


def test_a_tokenizer_with_other_rules_is_refused_before_the_weights_are_written(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    path = subject.base / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [{"type": "Punctuation"}, tokenizer["pre_tokenizer"]],
    }
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(UserError, match="a rule of the kind Punctuation"):
        subject.convert()
    assert not list(tmp_path.glob("model.gguf*"))


def test_a_name_for_the_rules_that_proves_wrong_is_refused(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    # What the run was trained with: the same rules by name, and other merges.
    tokenizer = json.loads((subject.base / "tokenizer.json").read_text())
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:20]
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "tokenizer.json").write_text(json.dumps(tokenizer))
    order = subject.gguf_settings()
    order["proof"]["tokenizer"] = str(tmp_path / "trained")
    with pytest.raises(UserError, match="other tokens than the model was trained on"):
        run_child("gguf", order)
    assert not list(tmp_path.glob("*.gguf"))


def test_an_architecture_that_llama_cpp_does_not_know_is_named(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    config = json.loads((subject.base / "config.json").read_text())
    (subject.base / "config.json").write_text(json.dumps(config | {"architectures": ["NobodyForCausalLM"]}))
    with pytest.raises(UserError, match="NobodyForCausalLM"):
        subject.convert()


def test_a_file_that_is_no_gguf_ends_only_the_child(llama: Subject) -> None:
    broken = llama.folder / "broken.gguf"
    content = bytearray((llama.folder / "model.gguf").read_bytes())
    for change in (slice(0, 4), slice(4, 16), slice(40, 400), slice(len(content) // 2, None)):
        damaged = bytearray(content)
        damaged[change] = b"" if change.stop is None else b"\xff" * (change.stop - change.start)
        broken.write_bytes(damaged)
        with pytest.raises(UserError):
            run_child("engine_checks", llama.engine_settings("broken.gguf"))
