"""Merging by the names on disk: as PEFT merges, each part exactly once, and nothing silently left out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from localft.errors import UserError
from localft.export import adapter_files, merged
from localft.export.adapter import Adapter
from localft.export.children import run_child
from localft.export.merge import MergePlan
from localft.export.tensor_names import disk_names
from tests.integration.export_models import Subject, add_adapter, make_subject, peft_merge, sha256


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return make_subject(tmp_path_factory.mktemp("llama"))


@pytest.fixture
def copy(llama: Subject, tmp_path: Path) -> Subject:
    """The same, for a test that breaks something."""
    for folder in (llama.base, llama.adapter):
        shutil.copytree(folder, tmp_path / folder.name)
    return Subject(tmp_path / "base", tmp_path / "adapter", llama.chat_format, tmp_path)


def silent(done: float, total: float, message: str) -> None:
    """Nobody watches."""


def write_merged(subject: Subject) -> dict[str, torch.Tensor]:
    order = {
        "model": str(subject.base), "adapter": str(subject.adapter), "tokenizer": str(subject.base),
        "chat_template": subject.chat_format.template, "output": str(subject.folder / "merged"),
    }  # fmt: skip
    merged.run(order, silent)
    tensors: dict[str, torch.Tensor] = {}
    for path in sorted((subject.folder / "merged").glob("*.safetensors")):
        tensors |= load_file(path)
    return tensors


def one_rounding_apart(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    """Equal but for the last place: PEFT adds in bfloat16 what is added here in float32 and rounded once."""
    return torch.allclose(ours.float(), theirs.float(), rtol=2**-7, atol=1e-6)


def test_the_merged_files_are_pefts_merge(llama: Subject) -> None:
    ours = write_merged(llama)
    theirs = peft_merge(llama, dtype=torch.bfloat16).state_dict()
    base = load_file(llama.base / "model.safetensors")
    assert ours.keys() == base.keys()
    changed = 0
    for name, tensor in ours.items():
        assert tensor.dtype == torch.bfloat16
        assert one_rounding_apart(tensor, theirs[name])
        changed += not torch.equal(tensor, base[name])
    assert changed == 14
    exact = peft_merge(llama).state_dict()
    differing = [name for name in ours if not torch.equal(ours[name], exact[name].to(torch.bfloat16))]
    assert not differing
    model = transformers.AutoModelForCausalLM.from_pretrained(llama.folder / "merged", dtype=torch.float32)
    ids = torch.arange(20)[None]
    assert torch.allclose(model(ids).logits, peft_merge(llama)(ids).logits, atol=0.05)
    tokenizer = transformers.AutoTokenizer.from_pretrained(llama.folder / "merged")
    assert getattr(tokenizer, "chat_template", None) == llama.chat_format.template


def test_a_model_in_several_files_stays_in_several(copy: Subject) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(copy.base, dtype=torch.bfloat16)
    (copy.base / "model.safetensors").unlink()
    model.save_pretrained(copy.base, max_shard_size="60KB")
    shards = sorted(path.name for path in copy.base.glob("*.safetensors"))
    assert len(shards) > 2
    ours = write_merged(copy)
    assert sorted(path.name for path in (copy.folder / "merged").glob("*.safetensors")) == shards
    theirs = peft_merge(copy).state_dict()
    assert all(torch.equal(tensor, theirs[name].to(torch.bfloat16)) for name, tensor in ours.items())


def remake(copy: Subject, **options: Any) -> None:
    """Another adapter for the same base."""
    shutil.rmtree(copy.adapter)
    model = transformers.AutoModelForCausalLM.from_pretrained(copy.base, dtype=torch.bfloat16)
    add_adapter(model, copy.adapter, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"use_rslora": True},
        {"alpha_pattern": {"q_proj": 3, "1.mlp.down_proj": 64}, "rank_pattern": {"k_proj": 2}},
        {"target_modules": ["embed_tokens", "q_proj"], "save_embedding_layers": False},
        {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
        {"target_modules": ["o_proj", "lm_head"]},
    ],
    ids=["rank-stabilised", "patterns", "embedding", "whole module", "output layer"],
)
def test_every_kind_of_change_is_merged_as_peft_does(copy: Subject, options: dict[str, Any]) -> None:
    options = {name: value for name, value in options.items() if name != "save_embedding_layers"}
    remake(copy, **options)
    path = copy.adapter / "adapter_model.safetensors"
    # PEFT saves a copy of the base model's embedding beside an adapter of it; what is not trained is left out here.
    tensors = {name: tensor for name, tensor in load_file(path).items() if "base_layer" not in name}
    if "lm_head" in options.get("modules_to_save", []):
        tensors = {name: tensor + 0.5 if "lm_head" in name else tensor for name, tensor in tensors.items()}
    save_file(tensors, path, {"format": "pt"})
    theirs = peft_merge(copy).state_dict()
    ours = write_merged(copy)
    assert all(one_rounding_apart(tensor, theirs[name].to(torch.bfloat16)) for name, tensor in ours.items())


def test_the_bias_of_an_adapter_is_merged(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, "qwen2")
    shutil.rmtree(subject.adapter)
    model = transformers.AutoModelForCausalLM.from_pretrained(subject.base, dtype=torch.bfloat16)
    add_adapter(model, subject.adapter, target_modules=["q_proj", "v_proj"], lora_bias=True)
    theirs = peft_merge(subject).state_dict()
    ours = write_merged(subject)
    assert not torch.equal(ours["model.layers.0.self_attn.q_proj.bias"].float(), torch.zeros(64))
    assert all(torch.equal(tensor, theirs[name].to(torch.bfloat16)) for name, tensor in ours.items())


def rename(change: Callable[[str], str]) -> Callable[[Subject], None]:
    def break_it(copy: Subject) -> None:
        path = copy.adapter / "adapter_model.safetensors"
        save_file({change(name): tensor for name, tensor in load_file(path).items()}, path, {"format": "pt"})

    return break_it


def configure(**changes: Any) -> Callable[[Subject], None]:
    def break_it(copy: Subject) -> None:
        path = copy.adapter / "adapter_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return break_it


def drop_one(copy: Subject) -> None:
    path = copy.adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    del tensors[min(tensors)]
    save_file(tensors, path, {"format": "pt"})


def other_shape(copy: Subject) -> None:
    path = copy.adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if "q_proj.lora_B" in name)
    save_file({**tensors, name: tensors[name][:32].contiguous()}, path, {"format": "pt"})


def twice_on_disk(copy: Subject) -> None:
    """The same layer under two names, of which transformers understands both."""
    path = copy.base / "model.safetensors"
    tensors = load_file(path)
    name = "model.layers.0.self_attn.q_proj.weight"
    save_file({**tensors, name.removeprefix("model."): tensors[name] + 1}, path, {"format": "pt"})


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (rename(lambda name: name.replace("layers.1.", "layers.7.")), "no tensor of the base model"),
        (rename(lambda name: name.replace("model.layers", "language_model.model.layers")), "no tensor of the base"),
        (rename(lambda name: name.replace("q_proj.lora_A", "q_proj.lora_C")), "cannot be merged"),
        (twice_on_disk, "2 tensors of the base model"),
        (drop_one, "only one of its two matrices"),
        (other_shape, "has the shape"),
        (configure(use_dora=True), "use_dora"),
        (configure(init_lora_weights="pissa"), "init_lora_weights"),
        (configure(trainable_token_indices=[1]), "trainable_token_indices"),
        (configure(option_of_tomorrow=3), "option_of_tomorrow"),
        (configure(peft_type="IA3"), "IA3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_merged_exactly_is_refused(
    copy: Subject, break_it: Callable[[Subject], None], sentence: str
) -> None:
    break_it(copy)
    with pytest.raises(UserError, match=sentence):
        write_merged(copy)


def test_an_adapter_of_shared_embeddings_is_refused(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, "qwen3")
    rename(lambda name: name.replace("model.layers.0.mlp.up_proj", "lm_head"))(subject)
    with pytest.raises(UserError, match="shares between its input and its output"):
        write_merged(subject)


def test_a_part_that_never_arrives_is_missed_unless_it_changes_nothing(llama: Subject) -> None:
    plan = MergePlan(Adapter(llama.adapter, llama.base), llama.base)
    weights = load_file(llama.base / "model.safetensors")
    *most, last = sorted(plan.changed)
    for name in most:
        plan.apply(name, weights[name])
    with pytest.raises(UserError, match="1 of 14 adapter parts would be missing"):
        plan.finish()
    plan.apply(last, weights[last])
    assert plan.finish() == 14


def seeing_model(folder: Path) -> Subject:
    """A Gemma 3 that sees: its language model has other names inside the model than on disk."""
    text = make_subject(folder / "text", "gemma3")
    config = transformers.Gemma3Config(
        text_config=transformers.AutoConfig.from_pretrained(text.base).to_dict(),
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 16, "patch_size": 8,
        },
        mm_tokens_per_image=1, image_token_index=5, boi_token_index=6, eoi_token_index=7,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.Gemma3ForConditionalGeneration(config).to(torch.bfloat16)
    model.save_pretrained(folder / "base")
    for path in text.base.glob("*token*"):
        shutil.copy(path, folder / "base")
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.bfloat16)
    return Subject(folder / "base", add_adapter(loaded, folder / "adapter"), text.chat_format, folder)


def test_names_inside_the_model_that_differ_from_those_on_disk(tmp_path: Path) -> None:
    subject = seeing_model(tmp_path)
    adapter = Adapter(subject.adapter, subject.base)
    on_disk = set(disk_names(subject.base))
    named_alike = [change for change in adapter.changes if change.parameter in on_disk]
    assert len(named_alike) < len(adapter.changes)
    ours = write_merged(subject)
    theirs = peft_merge(subject)
    theirs.save_pretrained(tmp_path / "peft")
    expected = load_file(tmp_path / "peft" / "model.safetensors")
    assert ours.keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name].to(torch.bfloat16)) for name, tensor in ours.items())


def test_a_gguf_has_no_place_for_trained_eyes(tmp_path: Path) -> None:
    subject = seeing_model(tmp_path)
    order = subject.gguf_settings()
    with pytest.raises(UserError, match="would be missing from the file"):
        run_child("gguf", order)
    assert not (tmp_path / "model.gguf").exists()
    path = subject.adapter / "adapter_model.safetensors"
    # Trained on text alone, the matrices B of the eyes are still zero: nothing is lost.
    tensors = {name: tensor * ("vision" not in name) for name, tensor in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})
    assert run_child("gguf", order).value["pairs"] > 14
    if seen := _ask(subject):
        answer = seen["answers"][0]
        model = peft_merge(subject)
        ids = torch.tensor([answer["prompt"] + answer["answer"][:-1]])
        logits = model(ids).logits[0, -len(answer["answer"]) :].float()
        file = numpy.load(tmp_path / "logits.npy")[: len(answer["answer"])]
        assert numpy.allclose(file, logits.detach().numpy(), atol=0.05)


def _ask(subject: Subject) -> dict[str, Any]:
    pytest.importorskip("llama_cpp")
    return run_child("engine_checks", subject.engine_settings(answers=1)).value


def merged_as_peft_does(folder: Path, config: Any, **options: Any) -> frozenset[str]:
    """Merge a random adapter of a tiny model of `config` both ways; return the names on disk that changed."""
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder / "base")
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    add_adapter(loaded, folder / "adapter", **options)
    plan = MergePlan(Adapter(folder / "adapter", folder / "base"), folder / "base")
    weights = load_file(folder / "base" / "model.safetensors")
    ours = {name: plan.apply(name, tensor) if name in plan.changed else tensor for name, tensor in weights.items()}
    plan.finish()
    base = transformers.AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    theirs: Any = peft.PeftModel.from_pretrained(base, str(folder / "adapter"))
    theirs.merge_and_unload().save_pretrained(folder / "peft")
    expected = load_file(folder / "peft" / "model.safetensors")
    assert ours.keys() == expected.keys()
    assert all(torch.allclose(tensor, expected[name], atol=1e-6) for name, tensor in ours.items())
    return plan.changed


def test_tensors_that_transformers_splits_while_loading(tmp_path: Path) -> None:
    config = transformers.AutoConfig.for_model(
        "hrm_text", vocab_size=64, hidden_size=32, intermediate_size=64, num_attention_heads=2, num_key_value_heads=2,
        head_dim=16, num_hidden_layers=2, num_layers=2, max_position_embeddings=64,
    )  # fmt: skip
    changed = merged_as_peft_does(tmp_path, config, target_modules=["gate_proj", "k_proj", "o_proj"])
    assert any("gate_up_proj" in name for name in changed)


@pytest.mark.parametrize("kind", ["qwen3_moe", "mixtral"])
def test_experts_that_transformers_joins_while_loading(kind: str, tmp_path: Path) -> None:
    config = transformers.AutoConfig.for_model(
        kind, vocab_size=64, hidden_size=32, intermediate_size=48, moe_intermediate_size=16, num_experts=4,
        num_local_experts=4, num_experts_per_tok=2, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        head_dim=16, tie_word_embeddings=False,
    )  # fmt: skip
    # What the training asks for; PEFT extends it to the experts by itself.
    changed = merged_as_peft_does(tmp_path, config, target_modules="all-linear")
    assert any("experts.3." in name for name in changed)
    assert any("q_proj" in name for name in changed)


def test_the_adapter_itself_is_copied_without_this_computers_paths(llama: Subject, tmp_path: Path) -> None:
    order = {
        "adapter": str(llama.adapter), "model": str(llama.base), "base_name": "owner/name",
        "chat_template": llama.chat_format.template, "output": str(tmp_path),
    }  # fmt: skip
    assert adapter_files.run(order, silent)["pairs"] == 14
    assert sha256(tmp_path / "adapter_model.safetensors") == sha256(llama.adapter / "adapter_model.safetensors")
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == "owner/name"
    assert str(llama.base) not in "".join(path.read_text(errors="ignore") for path in tmp_path.glob("*.json"))
    model = transformers.AutoModelForCausalLM.from_pretrained(llama.base)
    assert peft.PeftModel.from_pretrained(model, str(tmp_path))


def test_a_file_with_gaps_is_not_rewritten_as_if_it_had_none(copy: Subject) -> None:
    path = copy.base / "model.safetensors"
    content = bytearray(path.read_bytes())
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    last = max((info["data_offsets"], name) for name, info in header.items() if name != "__metadata__")[1]
    start, end = header[last]["data_offsets"]
    header[last]["data_offsets"] = [start + 2, end + 2]
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + content[8 + length :] + b"\0\0")
    with pytest.raises(Exception, match=r"damaged|[Ii]nvalid|offset"):
        write_merged(copy)
