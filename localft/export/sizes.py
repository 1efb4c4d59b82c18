"""How large a GGUF would be, worked out from the numbers in config.json alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localft.models.base_model import BaseModel
from localft.planning.model_shape import ModelShape, shape_of

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
    return int(bits / 8) + shape_of(model).vocabulary * _VOCABULARY_BYTES + _OTHER_BYTES


def _bits(form: str, row: int) -> float:
    if row % _BLOCK.get(form, 1):
        form = _FALLBACK.get(form, "16")
    if row % _BLOCK.get(form, 1):
        form = "16"
    return _BITS[form]


def _matrices(model: BaseModel) -> Iterator[_Matrix]:
    config = model.config.get("text_config") or model.config
    if not all(isinstance(config.get(name), int) for name in ("hidden_size", "num_hidden_layers", "vocab_size")):
        yield _Matrix(model.parameters, 256, "plain")
        return
    shape = shape_of(model)
    embedding = shape.vocabulary * shape.hidden
    *others, (down_row, down_width) = shape.linears
    value_row, value_width = shape.linears[2]
    plain = [pair for index, pair in enumerate(others) if index != 2]
    dense = shape.layers * sum(row * width for row, width in shape.linears)
    tied = _is_tied(model, config, shape, dense)
    yield _Matrix(embedding, shape.hidden, "output" if tied else "plain")
    if not tied:
        yield _Matrix(embedding, shape.hidden, "output")
    for row, width in plain:
        yield _Matrix(shape.layers * row * width, row, "plain")
    yield _Matrix(shape.layers * value_row * value_width, value_row, "half")
    yield _Matrix(shape.layers * down_row * down_width, down_row, "half")
    yield _Matrix((shape.norms * shape.layers + 1) * shape.hidden, shape.hidden, "small")
    if _has_experts(config):
        # What a model has beyond a dense one of these numbers lies in its experts.
        yield _Matrix(max(0, model.parameters - dense - embedding * (1 if tied else 2)), 256, "plain")


def _is_tied(model: BaseModel, config: Mapping[str, Any], shape: ModelShape, dense: int) -> bool:
    """Whether one table serves input and output; where the config does not say, the number of weights does."""
    told = config.get("tie_word_embeddings", model.config.get("tie_word_embeddings"))
    if told is not None:
        return bool(told)
    beyond = model.parameters - dense
    return _has_experts(config) or beyond < 1.9 * shape.vocabulary * shape.hidden


def _has_experts(config: Mapping[str, Any]) -> bool:
    return any(config.get(name) for name in ("num_experts", "num_local_experts", "n_routed_experts"))
