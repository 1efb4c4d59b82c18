"""A GGUF made of base and adapter is the trained model: equal tokens and answers, logits as PEFT's merge has them."""

import contextlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from localft.errors import UserError
from localft.export import quantize
from localft.export.children import ChildDied, run_child
from localft.export.exports import has_engine
from localft.export.judgement import check_engine, check_logits
from localft.export.quantizations import QUANTIZATIONS
from localft.export.reference import compare, logits
from localft.export.sizes import estimate_bytes
from localft.models.find import find_model
from tests.integration.export_models import Subject, convert, make_subject, peft_merge
from tests.integration.sentencepiece_models import make_sentencepiece_subject
from tests.tiny_models import ARCHITECTURES, Architecture

pytestmark = pytest.mark.skipif(not has_engine(), reason="needs llama-cpp-python")

FULL = Path("/dev/full")
DIRECT = tuple(form.name for form in QUANTIZATIONS if form.direct)
SMALL = tuple(form.name for form in QUANTIZATIONS if not form.direct)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Subject, Any]]:
    """Each architecture with what became of it, and a wide Llama in every direct form and without its adapter."""
    folder = tmp_path_factory.mktemp("subjects")
    made = {name: make_subject(folder / name, name) for name in ARCHITECTURES}
    # k-quants come in blocks of 256.
    wide = make_subject(folder / "wide", "llama", hidden_size=256)
    orders = [subject.gguf_settings() for subject in made.values()]
    orders += [wide.gguf_settings(form, f"{form}.gguf") for form in DIRECT]
    orders.append(wide.gguf_settings(output="untrained.gguf") | {"adapter": None})
    results = convert(*orders)
    return {name: (subject, result) for (name, subject), result in zip(made.items(), results, strict=False)} | {
        "wide": (wide, results[len(made) :])
    }


@pytest.fixture(scope="module")
def wide(subjects: dict[str, tuple[Subject, Any]]) -> Subject:
    return subjects["wide"][0]


def ask(subject: Subject, file: str) -> dict[str, Any]:
    return run_child("engine_checks", subject.engine_settings(file)).value


def against_peft(subject: Subject, seen: dict[str, Any]) -> dict[str, float]:
    """The file's logits against those of PEFT's merge."""
    import torch
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(subject.base, dtype=torch.float32).eval()
    device, answers = torch.device("cpu"), seen["answers"]
    tuned = logits(peft_merge(subject), answers, device)
    chosen = [token for answer in answers for token in answer["answer"]]
    return compare(numpy.load(subject.folder / "logits.npy"), tuned, logits(base, answers, device), chosen)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_file_is_the_trained_model(architecture: Architecture, subjects: dict[str, tuple[Subject, Any]]) -> None:
    subject, made = subjects[architecture]
    assert made["pairs"] == 14
    assert made["by_rules"]
    seen = ask(subject, "model.gguf")
    assert {check.outcome for check in check_engine(seen, made["pre_tokenizer"], by_rules=True)} == {"passed"}
    assert seen["tokens"]["texts"] > 30
    figures = against_peft(subject, seen)
    assert figures["agreement"] == 1.0
    assert figures["relative"] < 0.02
    assert figures["effect"] == pytest.approx(1.0, abs=0.01)
    # The training must be visible in the logits, or nothing was shown.
    assert figures["trained"] > 0.3


def test_sentencepiece_tokenizers_make_the_same_tokens(tmp_path: Path) -> None:
    subjects = [make_sentencepiece_subject(tmp_path / kind, kind) for kind in ("mistral", "gemma3")]
    for subject, made in zip(subjects, convert(*(one.gguf_settings() for one in subjects)), strict=True):
        assert made["pre_tokenizer"] is None
        seen = ask(subject, "model.gguf")
        assert {check.outcome for check in check_engine(seen, None, by_rules=False)} == {"passed"}
        assert seen["tokens"]["different_texts"] == 0
        assert seen["stops"]["ending"] == list(subject.chat_format.stop_tokens)


@pytest.mark.parametrize("form", SMALL)
def test_small_forms_load_and_answer(wide: Subject, form: str) -> None:
    source, output = wide.folder / "BF16.gguf", wide.folder / f"{form}.gguf"
    order = {"source": str(source), "output": str(output), "quantization": form, "threads": 1}
    assert run_child("quantize", order).value["bytes"] == output.stat().st_size < source.stat().st_size / 2
    seen = ask(wide, output.name)
    figures = against_peft(wide, seen)
    assert {check.outcome for check in check_logits({"figures": figures}, form)} == {"passed"}
    assert 0.9 < figures["effect"] < 1.1
    assert all(answer["answer"] for answer in seen["answers"])


@pytest.mark.parametrize("form", DIRECT)
def test_forms_that_need_no_engine(wide: Subject, form: str) -> None:
    figures = against_peft(wide, ask(wide, f"{form}.gguf"))
    assert figures["relative"] < {"F16": 0.005, "BF16": 0.02, "Q8_0": 0.05}[form]
    assert figures["agreement"] + figures["ties"] / figures["steps"] == pytest.approx(1.0)


@pytest.mark.parametrize("form", DIRECT)
def test_estimated_sizes_are_those_of_the_files(wide: Subject, form: str) -> None:
    base = find_model(str(wide.base))
    assert estimate_bytes(base, form) == pytest.approx((wide.folder / f"{form}.gguf").stat().st_size, rel=0.06)


def test_the_file_without_the_adapter_is_found_out(wide: Subject) -> None:
    figures = against_peft(wide, ask(wide, "untrained.gguf"))
    assert figures["effect"] == pytest.approx(0.0, abs=0.02)
    assert "failed" in {check.outcome for check in check_logits({"figures": figures}, "BF16")}


def test_what_llama_cpp_cannot_hold_is_refused_before_the_weights_are_written(tmp_path: Path) -> None:
    punctuation, merges, nobody = (make_subject(tmp_path / name) for name in ("punctuation", "merges", "nobody"))
    path = punctuation.base / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    merges_order = merges.gguf_settings()
    steps = [{"type": "Punctuation"}, tokenizer["pre_tokenizer"]]
    path.write_text(json.dumps(tokenizer | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}))
    # Trained with the same rules by name, but with other merges: the name proves wrong.
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:20]
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "tokenizer.json").write_text(json.dumps(tokenizer))
    merges_order["proof"]["tokenizer"] = str(tmp_path / "trained")
    config = json.loads((nobody.base / "config.json").read_text())
    (nobody.base / "config.json").write_text(json.dumps(config | {"architectures": ["NobodyForCausalLM"]}))
    said = convert(punctuation.gguf_settings(), merges_order, nobody.gguf_settings())
    assert "it splits text by a rule of the kind Punctuation" in said[0]
    assert "other tokens than the model was trained on" in said[1]
    assert "NobodyForCausalLM" in said[2]
    assert not list(tmp_path.rglob("*.gguf*"))


def test_a_damaged_file_ends_only_the_child(wide: Subject) -> None:
    broken = wide.folder / "broken.gguf"
    content = (wide.folder / "BF16.gguf").read_bytes()
    for start, end in ((0, 4), (4, 16), (40, 400), (len(content) // 2, len(content))):
        middle = b"" if end == len(content) else b"\xff" * (end - start)
        broken.write_bytes(content[:start] + middle + content[end:])
        with contextlib.suppress(ChildDied):
            assert ask(wide, "broken.gguf").keys() == {"refusal"}


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told_as_such(wide: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("x.gguf.part", "logits.npy"):
        (tmp_path / name).symlink_to(FULL)
    with pytest.raises(UserError, match="The disk is full"):
        run_child("gguf", wide.gguf_settings() | {"output": str(tmp_path / "x.gguf")})
    with pytest.raises(UserError, match="The disk is full"):
        run_child("engine_checks", wide.engine_settings("BF16.gguf") | {"logits": str(tmp_path / "logits.npy")})
    order = {"source": str(wide.folder / "BF16.gguf"), "output": str(tmp_path / "x.gguf"), "threads": 1}
    with pytest.raises(UserError, match="could not quantise"):
        run_child("quantize", order | {"quantization": "Q6_K"})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(OSError, match="No space left"):
        quantize.run(order | {"quantization": "Q6_K"}, lambda *_: None)
