"""What the files of a model say about it, and the reasons for which one is refused; no weights are loaded."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from localft.advice import Advice
from localft.errors import UserError
from localft.models.base_model import BaseModel

# Model types that today's transformers contains: their models may name code of their own in "auto_map" and do without.
NATIVE_TYPES = frozenset({
    "cohere", "cohere2", "exaone4", "falcon", "gemma", "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text",
    "glm", "glm4", "gpt2", "gpt_neox", "granite", "granitemoe", "granitemoehybrid", "granitemoeshared", "helium",
    "hunyuan_v1_dense", "lfm2", "llama", "ministral", "ministral3", "mistral", "mistral3", "mixtral", "nemotron",
    "olmo", "olmo2", "olmo3", "olmoe", "phi", "phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "smollm3",
    "stablelm", "starcoder2",
})  # fmt: skip
# Numbers that models of these types leave to transformers' own defaults. Gemma 3 with pictures says neither how many
# tokens it knows nor how many it reads.
LEFT_OUT: dict[str, dict[str, int]] = {
    "gemma3_text": {
        "vocab_size": 262_208, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "max_position_embeddings": 131_072, "sliding_window": 4096,
    },
}  # fmt: skip
# How configs say how many experts share the work of a layer; those of these types leave it to transformers' defaults.
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts", "num_routed_experts")
_OF_EXPERTS = re.compile(r".*moe.*|mixtral|gpt_oss|deepseek_v[23]|dbrx|jamba|llama4.*")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt")
_LARGEST_HEADER = 100_000_000
_WANTED = re.compile(
    r"[^/]+\.(json|jinja|txt|model)|tokenizer\.model\.v\d|(LICEN[CS]E|NOTICE|USE_POLICY|README)[^/]*", re.IGNORECASE
)
_WHOLE_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")


def required_files(sizes: Mapping[str, int], where: str) -> dict[str, int]:
    """Choose, among the files of a model (name to bytes), those that localft needs.

    Raises:
        UserError: there are no safetensors (only pickles, only GGUF, an adapter), no config or no tokenizer.
    """
    top = {name: size for name, size in sizes.items() if "/" not in name}
    weights = {name: size for name, size in top.items() if _WHOLE_WEIGHTS.fullmatch(name)}
    if not weights:
        # "consolidated" files repeat the weights under other names; adapters are not weights of a whole model.
        others = {name: size for name, size in top.items() if name.endswith(".safetensors")}
        weights = {name: size for name, size in others.items() if not name.startswith(("consolidated", "adapter_"))}
    if not weights:
        raise _without_weights(top, where)
    if "config.json" not in top:
        raise UserError(f"{where} has no config.json, so it is not a model that localft can use.", _CHOOSE_ANOTHER)
    if "tokenizer.json" not in top:
        raise UserError(f"{where} has no tokenizer.json.", _CHOOSE_ANOTHER)
    wanted = {name: size for name, size in top.items() if _WANTED.fullmatch(name)}
    return {**wanted, **weights}


_CHOOSE_ANOTHER = Advice(
    "Choose another model: `localft models` lists some that work.",
    "Choose another model: the table in Start lists some that work.",
)


def _without_weights(top: Mapping[str, int], where: str) -> UserError:
    if "adapter_config.json" in top:
        return UserError(
            f"{where} is an adapter (LoRA), not a whole model.", "Choose the base model that it was trained on."
        )
    if any(name.endswith(_PICKLES) for name in top):
        return UserError(
            f"{where} has its weights only as pickle files, which can run any code when they are opened.",
            "Choose a version of the model with .safetensors files.",
        )
    if any(name.endswith(".gguf") for name in top):
        return UserError(
            f"{where} is a GGUF model: it can be chatted with, but not trained.",
            "Choose the original model with .safetensors files; localft exports a GGUF afterwards.",
        )
    return UserError(f"{where} has no weights (.safetensors files).", _CHOOSE_ANOTHER)


def refuse_unusable(config: Mapping[str, Any], tokenizer_config: Mapping[str, Any], where: str) -> None:
    """Refuse a model that wants its own code to run, that is quantised already, or that does not write text.

    Raises:
        UserError: with the reason.
    """
    own_code = "auto_map" in config and config.get("model_type") not in NATIVE_TYPES
    own_tokenizer = "auto_map" in tokenizer_config and config.get("model_type") not in NATIVE_TYPES
    if own_code or own_tokenizer or _names_foreign_kernels(config):
        raise UserError(
            f"{where} wants to run code of its own on this computer, which localft never allows.",
            "Choose a model of an architecture that transformers contains, such as Llama, Qwen or Gemma.",
        )
    if config.get("quantization_config"):
        kind = config["quantization_config"]
        kind = kind.get("quant_method", "unknown") if isinstance(kind, Mapping) else "unknown"
        raise UserError(
            f"{where} is quantised already ({kind}).",
            "Choose the original model: localft quantises it itself while it trains.",
        )
    architecture = _architecture(config)
    writes = architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration"))
    if not writes or config.get("is_encoder_decoder"):
        raise UserError(
            f"{where} is not a model that answers in text (architecture {architecture or 'unknown'}).", _CHOOSE_ANOTHER
        )


def has_experts(config: Mapping[str, Any]) -> bool:
    """Tell whether each token passes only some parts of a layer, experts; a model of such a type may have none."""
    parts = [config, *(part for part in config.values() if isinstance(part, Mapping))]
    counts = [part[name] for part in parts for name in _EXPERTS if isinstance(part.get(name), int)]
    if counts:
        return max(counts) > 1
    return any(_OF_EXPERTS.fullmatch(str(part.get("model_type", ""))) for part in parts)


def refuse_experts(base_model: BaseModel) -> None:
    """Refuse to train a mixture of experts; it can be chatted with.

    Its experts are no linear layers of their own: they would stay in 16 bits where 4 are planned, and adapters on them
    do not learn.

    Raises:
        UserError: it is one.
    """
    if has_experts(base_model.config):
        raise UserError(
            f"{base_model.name} is a mixture of experts, and localft trains only models without experts.",
            Advice(
                "Choose a dense model, such as one of those that `localft models` lists; this one can be chatted with.",
                "Choose a dense model, such as one of those in Start; this one can be chatted with.",
            ),
        )


def _names_foreign_kernels(value: Any) -> bool:
    """Tell whether a config asks for an implementation from elsewhere: transformers would fetch and run its code."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if "_implementation" in str(key) and (str(key).endswith("_internal") or "/" in str(item)):
                return True
            if _names_foreign_kernels(item):
                return True
    return isinstance(value, list) and any(_names_foreign_kernels(item) for item in value)


def _architecture(config: Mapping[str, Any]) -> str:
    architectures = config.get("architectures")
    return str(architectures[0]) if isinstance(architectures, list) and architectures else ""


def read_config(folder: Path, where: str) -> dict[str, Any]:
    """Read the config.json of a model, with the numbers that its type leaves to transformers' defaults filled in.

    Raises:
        UserError: it is not a JSON object.
    """
    config = read_object(folder / "config.json", where)
    text = config.get("text_config")
    if isinstance(text, dict):
        return {**config, "text_config": {**_defaults(text), **text}}
    return {**_defaults(config), **config}


def _defaults(config: Mapping[str, Any]) -> dict[str, int]:
    return LEFT_OUT.get(str(config.get("model_type")), {})


def context_length(config: Mapping[str, Any]) -> int:
    """The longest text in tokens that a config promises; 2,048 where it does not say."""
    for part in (config.get("text_config"), config):
        if isinstance(part, Mapping):
            for key in ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length"):
                if isinstance(part.get(key), int) and part[key] > 0:
                    return int(part[key])
    return 2048


def read_object(path: Path, where: str) -> dict[str, Any]:
    """Read a JSON file of a model; {} where it does not exist.

    Raises:
        UserError: it is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} has a damaged {path.name}: {error}.", "Download the model again.") from error
    if not isinstance(value, dict):
        raise UserError(f"{where} has a damaged {path.name}: it is not a JSON object.", "Download the model again.")
    return value


def count_parameters(paths: Iterable[Path], where: str) -> int:
    """Count the weights in safetensors files from their headers alone.

    A file begins with the header's length (8 bytes, little-endian) and the header: JSON with the shape of each tensor.

    Raises:
        UserError: a file is damaged or shorter than its header says.
    """
    total = 0
    for path in paths:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            try:
                if length > _LARGEST_HEADER:
                    raise ValueError("the header is too long")
                header = json.loads(file.read(length))
                end = 0
                for name, tensor in header.items():
                    if name != "__metadata__":
                        total += _product(tensor["shape"])
                        end = max(end, int(tensor["data_offsets"][1]))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise _damaged(path, where) from error
        if path.stat().st_size < 8 + length + end:
            raise _damaged(path, where)
    return total


def _product(shape: list[int]) -> int:
    product = 1
    for size in shape:
        product *= int(size)
    return product


def _damaged(path: Path, where: str) -> UserError:
    return UserError(f"{where} has a damaged or incomplete file: {path.name}.", "Download the model again.")


def inspect_folder(
    folder: Path,
    reference: str,
    origin: Literal["hub", "folder", "bundled"],
    revision: str | None = None,
    expected: Mapping[str, int] | None = None,
) -> BaseModel:
    """Describe the model in a folder. `expected` are the files that it should have, where that is known.

    Raises:
        UserError: the folder holds no model, or one that localft refuses.
    """
    where = f"The model {reference}" if origin != "folder" else f"The folder {folder}"
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.", "Check the spelling of the path.")
    sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    files = dict(expected or required_files(sizes, where))
    config = read_config(folder, where)
    tokenizer_config = read_object(folder / "tokenizer_config.json", where)
    refuse_unusable(config, tokenizer_config, where)
    weights = [name for name in files if name.endswith(".safetensors")]
    has_template = "chat_template.jinja" in sizes or bool(tokenizer_config.get("chat_template"))
    return BaseModel(
        reference=reference,
        origin=origin,
        revision=revision,
        folder=str(folder) if origin == "folder" else None,
        architecture=_architecture(config),
        parameters=count_parameters((folder / name for name in weights), where),
        weight_bytes=sum(files[name] for name in weights),
        context_length=context_length(config),
        files=files,
        licence=read_licence(folder / "README.md"),
        has_chat_template=has_template,
        config=config,
    )


def read_licence(readme: Path) -> str | None:
    """The licence that a model card names in its head, None where it names none."""
    if not readme.is_file():
        return None
    head = readme.read_bytes()[:65_536].decode("utf-8", errors="replace").partition("\n---")[0]
    found = dict(re.findall(r"^(license|license_name):[ \t]*([\w.+-]+)[ \t]*$", head, re.MULTILINE))
    return found.get("license_name") or found.get("license")
