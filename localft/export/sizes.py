"""How large a GGUF would be, worked out from the numbers in config.json alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localft.models.base_model import BaseModel

# Bits per weight of llama.cpp's blocks (ggml-common.h): a block holds its weights and the scales they share.
_BITS = {"Q4_K": 4.5, "Q5_0": 5.5, "Q5_1": 6.0, "Q5_K": 5.5, "Q6_K": 6.5625, "Q8_0": 8.5, "16": 16.0, "F32": 32.0}
_BLOCK = {"Q4_K": 256, "Q5_K": 256, "Q6_K": 256, "Q8_0": 32, "Q5_0": 32, "Q5_1": 32}
# Where rows do not divide into blocks of 256, llama.cpp takes the next larger form with blocks of 32, else 16 bits.
_FALLBACK = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
# (most matrices, half of the value and down projections, the output matrix)
_MIXTURES = {
    "Q4_K_M": ("Q4_K", "Q6_K", "Q6_K"),
    "Q5_K_M": ("Q5_K", "Q6_K", "Q6_K"),
    "Q6_K": ("Q6_K", "Q6_K", "Q6_K"),
    "Q8_0": ("Q8_0", "Q8_0", "Q8_0"),
    "BF16": ("16", "16", "16"),
    "F16": ("16", "16", "16"),
}
# What the vocabulary takes in the file, for each entry: its text, its kind, its merge, their lengths.
_VOCABULARY_BYTES = 50
_OTHER_BYTES = 20_000


@dataclass(frozen=True)
class _Matrix:
    """A matrix of the model: its role decides the form it gets, its row length whether that form is possible."""

    weights: int
    row: int
    role: str


def estimate_bytes(model: BaseModel, quantization: str) -> int:
    """The bytes of a model as GGUF in one form. A model of unknown shape is taken as one big matrix."""
    most, half, output = _MIXTURES[quantization]
    bits = 0.0
    for matrix in _matrices(model):
        if matrix.role == "half":
            bits += matrix.weights * (_bits(half, matrix.row) + _bits(most, matrix.row)) / 2
        elif matrix.role == "small":
            bits += matrix.weights * _BITS["F32"]
        else:
            bits += matrix.weights * _bits(output if matrix.role == "output" else most, matrix.row)
    vocabulary = int(_text_config(model.config).get("vocab_size") or 0)
    return int(bits / 8) + vocabulary * _VOCABULARY_BYTES + _OTHER_BYTES


def _bits(form: str, row: int) -> float:
    if row % _BLOCK.get(form, 1):
        form = _FALLBACK.get(form, "16")
    if row % _BLOCK.get(form, 1):
        form = "16"
    return _BITS[form]


def _text_config(config: dict[str, Any]) -> dict[str, Any]:
    """The numbers of the language model inside a model that also sees or hears."""
    inner = config.get("text_config")
    return {**config, **inner} if isinstance(inner, dict) else config


def _matrices(model: BaseModel) -> Iterator[_Matrix]:
    config = _text_config(model.config)
    try:
        hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        heads, inner = int(config["num_attention_heads"]), int(config["intermediate_size"])
        vocabulary = int(config["vocab_size"])
    except (KeyError, TypeError, ValueError):
        yield _Matrix(model.parameters, 256, "plain")
        return
    groups = int(config.get("num_key_value_heads") or heads)
    size = int(config.get("head_dim") or hidden // heads)
    tied = bool(config.get("tie_word_embeddings"))
    embedding = vocabulary * hidden
    attention = layers * 2 * heads * size * hidden
    keys = layers * groups * size * hidden
    down = layers * hidden * inner
    dense = embedding * (1 if tied else 2) + attention + 2 * keys + 3 * down
    yield _Matrix(embedding, hidden, "output" if tied else "plain")
    if not tied:
        yield _Matrix(embedding, hidden, "output")
    yield _Matrix(attention // 2, hidden, "plain")
    yield _Matrix(attention // 2, heads * size, "plain")
    yield _Matrix(keys, hidden, "plain")
    yield _Matrix(keys, hidden, "half")
    # What a model has beyond a dense one of these numbers lies in its experts.
    experts = model.parameters - dense if _has_experts(config) else 0
    if experts > 0:
        yield _Matrix(3 * down + experts, 256, "plain")
    else:
        yield _Matrix(2 * down, hidden, "plain")
        yield _Matrix(down, inner, "half")
    yield _Matrix((2 * layers + 1) * hidden, hidden, "small")


def _has_experts(config: dict[str, Any]) -> bool:
    return any(config.get(name) for name in ("num_experts", "num_local_experts", "n_routed_experts"))
