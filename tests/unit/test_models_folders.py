"""Models in folders: what is read of them, and each reason for which one is refused."""

import struct
from pathlib import Path
from typing import Any

import pytest

from localft.errors import UserError
from localft.models.download import is_present, model_folder
from localft.models.find import find_model
from localft.models.inspection import has_experts, refuse_experts
from localft.models.tokens import TextTokenizer
from tests.model_folders import make_model_folder, write_json, write_safetensors


def test_a_folder_is_described_from_its_headers(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "small")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Small\n", encoding="utf-8")
    (folder / "optimizer.pt").write_bytes(b"x")
    model = find_model(str(folder))
    assert (model.name, model.origin, model.architecture) == ("small", "folder", "LlamaForCausalLM")
    assert (model.parameters, model.weight_bytes) == (640, (folder / "model.safetensors").stat().st_size)
    assert (model.context_length, model.licence, model.has_chat_template) == (256, "apache-2.0", True)
    assert "optimizer.pt" not in model.files
    assert is_present(model)
    assert model_folder(model) == folder.resolve()


def test_several_weight_files_count_once_and_copies_do_not(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    for number in (1, 2):
        write_safetensors(folder / f"model-0000{number}-of-00002.safetensors", {"w": [10, 10]})
    write_safetensors(folder / "consolidated.safetensors", {"w": [20, 10]})
    model = find_model(str(folder))
    assert model.parameters == 200
    assert "consolidated.safetensors" not in model.files


def test_weights_are_found_under_the_names_that_makers_give_them(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    name = "model.safetensors-00001-of-00001.safetensors"
    (folder / "model.safetensors").rename(folder / name)
    model = find_model(str(folder))
    assert (model.parameters, name in model.files) == (640, True)


def test_a_vision_models_context_is_that_of_its_language_part(tmp_path: Path) -> None:
    config = {"text_config": {"max_position_embeddings": 4096}, "architectures": ["Gemma3ForConditionalGeneration"]}
    assert find_model(str(make_model_folder(tmp_path / "m", config=config))).context_length == 4096


def test_numbers_that_a_config_leaves_to_its_type_are_known(tmp_path: Path) -> None:
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "num_attention_heads": 16}
    config = {"text_config": text, "model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"]}
    model = find_model(str(make_model_folder(tmp_path / "m", config=config)))
    assert model.context_length == 131_072
    assert model.config["text_config"] == {
        **text, "vocab_size": 262_208, "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 131_072,
        "sliding_window": 4096,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["pytorch_model.bin"], "pickle"),
        (["model.pt"], "pickle"),
        (["small-q4.gguf"], "GGUF"),
        (["adapter_config.json", "adapter_model.safetensors"], "adapter"),
        ([], "no weights"),
    ],
)
def test_a_folder_without_usable_weights_is_refused(tmp_path: Path, names: list[str], reason: str) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    for name in names:
        (folder / name).write_bytes(b"{}")
    with pytest.raises(UserError, match=reason):
        find_model(str(folder))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"model_type": "mystery", "auto_map": {"AutoModel": "modeling.py"}}, "code of its own"),
        ({"_attn_implementation_internal": "someone/kernel"}, "code of its own"),
        ({"attn_implementation": "someone/kernel"}, "code of its own"),
        ({"text_config": {"_experts_implementation": "someone/kernel"}}, "code of its own"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised already"),
        ({"architectures": ["BertModel"]}, "answers in text"),
        ({"architectures": []}, "answers in text"),
        ({"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True}, "answers in text"),
    ],
)
def test_a_model_that_localft_cannot_use_is_refused(tmp_path: Path, config: dict[str, Any], reason: str) -> None:
    folder = make_model_folder(tmp_path / "m", config=config)
    with pytest.raises(UserError, match=reason):
        find_model(str(folder))


def test_a_tokenizer_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    folder = make_model_folder(
        tmp_path / "m", config={"model_type": "mystery"}, tokenizer_config={"auto_map": {"AutoTokenizer": ["t.py"]}}
    )
    with pytest.raises(UserError, match="code of its own"):
        find_model(str(folder))


def test_code_beside_an_architecture_that_transformers_contains_is_ignored(tmp_path: Path) -> None:
    config = {"model_type": "phi3", "architectures": ["Phi3ForCausalLM"], "auto_map": {"AutoModel": "modeling.py"}}
    assert find_model(str(make_model_folder(tmp_path / "m", config=config))).architecture == "Phi3ForCausalLM"


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        folder = make_model_folder(tmp_path / f"without-{name}")
        (folder / name).unlink()
        with pytest.raises(UserError, match=f"no {name}"):
            find_model(str(folder))
    folder = make_model_folder(tmp_path / "damaged")
    (folder / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"damaged config\.json"):
        find_model(str(folder))
    write_json(folder / "config.json", [1])
    with pytest.raises(UserError, match=r"damaged config\.json"):
        find_model(str(folder))


@pytest.mark.parametrize("content", [b"", b"\x08", struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 3) + b"[1]"])
def test_damaged_weights_are_named(tmp_path: Path, content: bytes) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors"):
        find_model(str(folder))


def test_weights_that_end_too_early_are_named(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="damaged or incomplete"):
        find_model(str(folder))


@pytest.mark.parametrize(
    "reference", ["", "nothing", "a/b/c", "../x", "a--b/c", "owner/", "/no/such/folder", "CON", "a\0b"]
)
def test_a_reference_that_is_nothing_is_a_sentence(reference: str) -> None:
    with pytest.raises(UserError):
        find_model(reference)


def test_a_model_that_changed_after_it_was_found_is_not_present(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    model = find_model(str(folder))
    (folder / "tokenizer.json").unlink()
    assert not is_present(model)
    with pytest.raises(UserError, match="gone"):
        model_folder(model)


def test_a_damaged_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m")
    (folder / "tokenizer.json").write_text('{"version": "1.0"}', encoding="utf-8")
    with pytest.raises(UserError, match=r"tokenizer\.json is damaged"):
        TextTokenizer(folder)


def test_limits_inside_a_tokenizer_file_do_not_shorten_texts(tmp_path: Path) -> None:
    import json

    folder = make_model_folder(tmp_path / "m")
    values = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    values["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    write_json(folder / "tokenizer.json", values)
    tokenizer = TextTokenizer(folder)
    text = "The quick brown fox jumps"
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    ("config", "mixes"),
    [
        ({"model_type": "qwen3_moe", "num_experts": 128, "num_experts_per_tok": 8}, True),
        ({"model_type": "mixtral"}, True),
        ({"model_type": "olmoe", "num_experts": 64}, True),
        ({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "num_local_experts": 16}}, True),
        ({"model_type": "gemma4", "text_config": {"model_type": "gemma4_text", "num_experts": None}}, False),
        ({"model_type": "granitemoehybrid", "num_local_experts": 0}, False),
        ({"model_type": "qwen3"}, False),
    ],
)
def test_a_mixture_of_experts_is_known_by_its_config(config: dict[str, Any], mixes: bool, tmp_path: Path) -> None:
    """It is found, to chat with, and refused where it would be trained."""
    base = find_model(str(make_model_folder(tmp_path / "m", config=config)))
    assert has_experts(base.config) is mixes
    if mixes:
        with pytest.raises(UserError, match="mixture of experts") as told:
            refuse_experts(base)
        assert "chatted with" in told.value.hint
    else:
        refuse_experts(base)
