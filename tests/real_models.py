"""Models of real size with random weights, and cards of other sizes than the one that is there.

What memory and time a run takes depends on shapes, not on what the weights say. So a folder is written as the hub would
give it, from a published configuration, and loaded as every other model is: tensor by tensor, each quantised as it
comes, so that the whole in 16 bits is never on the card. Layers are written one at a time, all with equal numbers.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from localft.assets import asset
from localft.hardware import Hardware

_LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128_256, "head_dim": 128,
    "num_key_value_heads": 8, "max_position_embeddings": 131_072, "rms_norm_eps": 1e-5, "rope_theta": 500_000.0,
}  # fmt: skip
_QWEN3: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": 151_936, "head_dim": 128,
    "num_key_value_heads": 8, "max_position_embeddings": 40_960, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0,
}  # fmt: skip

# The shapes of the config.json files on the hub; the scaling of positions is left out, it changes no shape.
CONFIGS: dict[str, dict[str, Any]] = {
    "Qwen3-0.6B": {
        **_QWEN3, "hidden_size": 1_024, "intermediate_size": 3_072, "num_hidden_layers": 28, "num_attention_heads": 16,
        "tie_word_embeddings": True,
    },
    "Qwen3-4B": {
        **_QWEN3, "hidden_size": 2_560, "intermediate_size": 9_728, "num_hidden_layers": 36, "num_attention_heads": 32,
        "tie_word_embeddings": True,
    },
    "Llama-3.2-3B": {
        **_LLAMA, "hidden_size": 3_072, "intermediate_size": 8_192, "num_hidden_layers": 28, "num_attention_heads": 24,
        "tie_word_embeddings": True,
    },
    "Llama-3.1-8B": {
        **_LLAMA, "hidden_size": 4_096, "intermediate_size": 14_336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "tie_word_embeddings": False,
    },
    "Qwen3-14B": {
        **_QWEN3, "hidden_size": 5_120, "intermediate_size": 17_408, "num_hidden_layers": 40, "num_attention_heads": 40,
        "tie_word_embeddings": False,
    },
}  # fmt: skip

# What is left of a card beside the desktop and the driver.
_FREE_SHARE = 0.93


def model_config(config: dict[str, Any]) -> Any:
    """The configuration as transformers has it, with the marks of the tokenizer that is written beside it."""
    import transformers

    marks = json.loads((asset("starter-model") / "config.json").read_text(encoding="utf-8"))
    tokens = {name: marks[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id") if name in marks}
    return transformers.AutoConfig.for_model(**config, **tokens, dtype="bfloat16")


def empty_model(config: dict[str, Any]) -> Any:
    """The model without memory for its weights."""
    import torch
    import transformers

    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(model_config(config), dtype=torch.bfloat16)


def write_model(folder: Path, config: dict[str, Any]) -> Path:
    """Write a model of this configuration with random weights and the starter model's tokenizer; return the folder."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for path in asset("starter-model").iterdir():
        if path.name != "config.json" and path.suffix != ".safetensors":
            shutil.copy(path, folder)
    model_config(config).save_pretrained(folder)
    torch.manual_seed(0)
    parts, known = list(_parts(empty_model(config))), dict[tuple[int, ...], Any]()
    weight_map, total = {}, 0
    for number, shapes in enumerate(parts, 1):
        name = f"model-{number:05}-of-{len(parts):05}.safetensors"
        # A file must not hold one tensor under two names.
        tensors = {key: _weights(shape, known).clone() for key, shape in shapes.items()}
        save_file(tensors, folder / name, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(tensors, name)
        total += sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def _parts(model: Any) -> Iterator[dict[str, tuple[int, ...]]]:
    """Names and shapes of the weights: what stands around the layers, then layer by layer."""
    tied = set(model._tied_weights_keys or ()) if model.config.tie_word_embeddings else set()
    shapes = {name: tuple(weights.shape) for name, weights in model.state_dict().items() if name not in tied}
    layers = [f"model.layers.{number}." for number in range(model.config.num_hidden_layers)]
    yield {name: shape for name, shape in shapes.items() if not name.startswith("model.layers.")}
    for layer in layers:
        yield {name: shape for name, shape in shapes.items() if name.startswith(layer)}


def _weights(shape: tuple[int, ...], known: dict[tuple[int, ...], Any]) -> Any:
    """Random matrices, made once for each shape; norms are ones."""
    import torch

    if shape not in known:
        ones = torch.ones(shape, dtype=torch.bfloat16)
        known[shape] = ones if len(shape) == 1 else torch.empty(shape, dtype=torch.bfloat16).normal_(std=0.02)
    return known[shape]


def with_card_of(hardware: Hardware, gigabytes: float) -> Hardware:
    """The computer with its first card cut to so many GiB, a desktop running on it."""
    total = int(gigabytes * 2**30)
    card = replace(hardware.gpus[0], total_bytes=total, free_bytes=int(_FREE_SHARE * total))
    return replace(hardware, gpus=(card,))


def allowed_bytes(gigabytes: float, runtime_bytes: int) -> int:
    """What torch may take of a card of so many GiB, beside a desktop and the process's own context."""
    return int(_FREE_SHARE * gigabytes * 2**30) - runtime_bytes


def limit_card(gigabytes: float, runtime_bytes: int) -> None:
    """Let this process take no more of the card than one of so many GiB would give."""
    import torch

    share = allowed_bytes(gigabytes, runtime_bytes) / torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, share), 0)
