"""Memory of a training run by cause, worked out from the model's shape alone.

Every formula counts bytes. The sum is an estimate of the peak that torch's allocator reports, meant to err upwards.
"""

from dataclasses import dataclass
from typing import Literal

from localft.planning.model_shape import ModelShape

Method = Literal["qlora", "lora", "full"]
Precision = Literal["bf16", "fp16", "fp32"]

# What 4-bit NormalFloat with double quantisation keeps per weight (Dettmers et al. 2023, section 3): half a byte, one
# 8-bit constant for 64 weights, and one 32-bit constant for 256 of those.
NF4_BYTES_PER_WEIGHT = 0.5 + 1 / 64 + 4 / (64 * 256)

# So many logits exist at once at most: 256 MiB in fp32.
MOST_LOGITS = 1 << 26

# What is there before a model: on a card the CUDA context, cuBLAS and cuDNN, else the interpreter with its libraries.
_RUNTIME_GPU = 700 * 2**20
_RUNTIME_CPU = 1_100 * 2**20

# The allocator rounds blocks up and keeps gaps; 5 % of what lives and dies within a step.
_FRAGMENTATION = 0.05


@dataclass(frozen=True)
class Load:
    """What memory depends on, beside the model: the method, the number type, and the shape of one micro-batch."""

    method: Method
    precision: Precision
    on_gpu: bool
    rank: int
    micro_batch: int
    length: int
    recomputed: int
    """So many layers keep their input only, and are computed again in the backward pass."""

    @property
    def tokens(self) -> int:
        """Tokens of the largest micro-batch, padding included: the longest examples come together."""
        return self.micro_batch * self.length

    @property
    def compute_bytes(self) -> int:
        """Bytes of a number in the matrix products."""
        return 4 if self.precision == "fp32" else 2


def memory_by_cause(shape: ModelShape, load: Load) -> dict[str, int]:
    """Bytes by cause, in the order of a stacked bar: what lies there all the time first, then what lives for a step."""
    trained = shape.parameters if load.method == "full" else shape.adapter_parameters(load.rank)
    step = {
        "activations": activation_bytes(shape, load),
        "loss": loss_bytes(shape, load),
        "buffers": buffer_bytes(shape, load),
    }
    step["buffers"] += int(_FRAGMENTATION * sum(step.values()))
    return {
        "weights": weight_bytes(shape, load),
        # Trained weights are kept in fp32 whatever the products are computed in: small updates vanish in 16 bits. For
        # a full fine-tune they are the weights counted above.
        "adapter": 0 if load.method == "full" else 4 * trained,
        "gradients": 4 * trained,
        # AdamW: a first and a second moment for each trained weight (Loshchilov & Hutter 2019).
        "optimiser": 8 * trained,
        **step,
        "runtime": _RUNTIME_GPU if load.on_gpu else _RUNTIME_CPU,
    }


def weight_bytes(shape: ModelShape, load: Load) -> int:
    """The base model: 4 bits for what qlora quantises, compute precision for the rest; fp32 where all are trained."""
    if load.method == "full":
        return 4 * shape.parameters
    if load.method == "lora":
        return load.compute_bytes * shape.parameters
    kept = shape.parameters - shape.linear_parameters
    return int(NF4_BYTES_PER_WEIGHT * shape.linear_parameters + load.compute_bytes * kept)


def activation_bytes(shape: ModelShape, load: Load) -> int:
    """What the forward pass saves for the backward pass.

    A recomputed layer keeps its input only (the residual stream, one hidden vector a token). These are the first ones:
    when their turn comes, one after the other is computed again in the room of those that are done, hence at least one.
    """
    recomputed = min(load.recomputed, shape.layers)
    kept = max(1, shape.layers - recomputed) * _layer_bytes_per_token(shape, load)
    return load.tokens * (recomputed * load.compute_bytes * shape.hidden + kept)


def _layer_bytes_per_token(shape: ModelShape, load: Load) -> int:
    """Bytes that one layer saves for one token; counted with `torch.autograd.graph.saved_tensors_hooks` on a Llama.

    With s bytes a number: the inputs of q/k/v and of gate/up (2h), the queries, keys and values for attention (q + 2k)
    and its output (q), four vectors of the SwiGLU block (4m), the inner vectors of seven adapters (7r); the norms work
    in fp32 and save their input (4h each). Norms of queries and keys save them in fp32 and once more normalised.
    """
    size = load.compute_bytes
    numbers = 2 * shape.hidden + 2 * shape.query + 2 * shape.key + 4 * shape.intermediate
    if load.method != "full":
        numbers += 7 * load.rank
    total = size * numbers + 4 * shape.norms * shape.hidden
    if shape.normalises_queries:
        total += (4 + size) * (shape.query + shape.key)
    return total


def loss_bytes(shape: ModelShape, load: Load) -> int:
    """The logits that exist at once, in fp32 and twice in compute precision; the final hidden states, those that
    predict a learned token (at most all), and their gradient, for a moment in fp32 too."""
    logits = min(load.tokens * shape.vocabulary, max(MOST_LOGITS, shape.vocabulary))
    return 8 * logits + (3 * load.compute_bytes + 4) * load.tokens * shape.hidden


def buffer_bytes(shape: ModelShape, load: Load) -> int:
    """Short-lived: the largest matrix, dequantised for its product; the widest activation. There is no mask."""
    largest = max(inputs * outputs for inputs, outputs in shape.linears)
    dequantised = load.compute_bytes * largest if load.method == "qlora" else 0
    widest = 3 * load.compute_bytes * load.tokens * shape.intermediate
    return dequantised + widest
