"""Memory of a training run by cause, worked out from the model's shape alone.

Every formula counts bytes. The sum is an estimate of the peak that torch's allocator reports, meant to err upwards.
"""

import math

from localft.planning.activations import kept_by_layer, kept_by_recomputed_layer, window_bytes
from localft.planning.load import Load
from localft.planning.model_shape import ModelShape

# What 4-bit NormalFloat with double quantisation keeps per weight (Dettmers et al. 2023, section 3): half a byte, one
# 8-bit constant for 64 weights, and one 32-bit constant for 256 of those.
NF4_BYTES_PER_WEIGHT = 0.5 + 1 / 64 + 4 / (64 * 256)

# So many logits exist at once at most: 256 MiB in fp32.
MOST_LOGITS = 1 << 26

# What cuBLAS keeps for its products once it has begun: measured on an H100; older cards take less.
_WORKSPACE_GPU = 64 * 2**20

# What is there before a model: on a card the CUDA context, cuBLAS and cuDNN, else the interpreter with its libraries.
_RUNTIME_GPU = 700 * 2**20
_RUNTIME_CPU = 1_100 * 2**20
# What NCCL keeps on each of several cards for its channels between them: an estimate, not measured.
_EXCHANGE_GPU = 256 * 2**20

# The allocator rounds blocks up, and gives a large one whole where less than 1 MiB of it would be left: of what lives
# and dies within a step 0.5 to 2.2 % on an H100, measured over models of 0.6 to 14 billion weights.
_ROUNDING = 0.025

# The causes that live for a step only; how large they are depends on kernels and the allocator too.
STEP = ("activations", "attention", "loss", "buffers")

# A process that computes on a card takes so much of the computer's own memory: torch with CUDA's libraries, and the
# driver's context (on Windows all of it is promised at once: pytorch/pytorch issues 12873 and 38645).
_HOST = 3 * 2**30


def memory_by_cause(shape: ModelShape, load: Load, step_correction: float = 1.0) -> dict[str, int]:
    """Bytes by cause, in the order of a stacked bar: what lies there all the time first, then what lives for a step.

    `step_correction` is what earlier runs taught about the latter: measured over predicted.
    """
    trained = trained_weights(shape, load)
    attention, others = kept_bytes(shape, load)
    step = {
        "activations": others,
        "attention": attention,
        "loss": loss_bytes(shape, load),
        "buffers": buffer_bytes(shape, load),
    }
    step["buffers"] += int(_ROUNDING * sum(step.values()))
    step = {cause: int(step_correction * count) for cause, count in step.items()}
    return {
        "weights": weight_bytes(shape, load),
        # Trained weights are kept in fp32 whatever the products are computed in: small updates vanish in 16 bits. For
        # a full fine-tune they are the weights counted above.
        "adapter": 0 if load.method == "full" else 4 * trained,
        "gradients": 4 * trained + bucket_bytes(trained, load.cards),
        "optimiser": moment_bytes(trained),
        **step,
        "runtime": _runtime_bytes(load),
    }


def trained_weights(shape: ModelShape, load: Load) -> int:
    """How many weights learn."""
    return shape.parameters if load.method == "full" else shape.adapter_parameters(load.rank)


def _runtime_bytes(load: Load) -> int:
    if not load.on_gpu:
        return _RUNTIME_CPU
    return _RUNTIME_GPU + channel_bytes(load.cards)


def moment_bytes(trained: int) -> int:
    """AdamW: a first and a second moment for each trained weight (Loshchilov & Hutter 2019)."""
    return 8 * trained


def bucket_bytes(trained: int, cards: int) -> int:
    """Of several cards together, torch keeps room to exchange gradients (DistributedDataParallel's buckets)."""
    return 4 * trained if cards > 1 else 0


def channel_bytes(cards: int) -> int:
    """What each of several cards keeps for its channels to the others, beside what torch's allocator tells."""
    return _EXCHANGE_GPU if cards > 1 else 0


def step_bytes(shape: ModelShape, load: Load) -> int:
    """What lives for a step only, while one micro-batch is learned."""
    memory = memory_by_cause(shape, load)
    return sum(memory[cause] for cause in STEP)


def host_bytes(shape: ModelShape, load: Load) -> int:
    """What a run on a card takes of the computer's own memory; 0 on a processor, where all of it is counted already.

    Each card has a process. The files are mapped, not read, and go to the card matrix by matrix, so a few of the
    largest exist at once: loading 600 million weights took 60 MB beside the model itself, 2.5 times its largest matrix
    that is quantised.
    """
    if not load.on_gpu:
        return 0
    largest = max(shape.vocabulary * shape.hidden, *(inputs * outputs for inputs, outputs in shape.linears))
    return load.cards * (_HOST + 3 * load.compute_bytes * largest)


def weight_bytes(shape: ModelShape, load: Load) -> int:
    """The base model: 4 bits for what qlora quantises, compute precision for the rest; fp32 where all are trained."""
    if load.method == "full":
        return 4 * shape.parameters
    if load.method == "lora":
        return load.compute_bytes * shape.parameters
    kept = shape.parameters - shape.linear_parameters
    return int(NF4_BYTES_PER_WEIGHT * shape.linear_parameters + load.compute_bytes * kept)


def kept_bytes(shape: ModelShape, load: Load) -> tuple[int, int]:
    """What the forward pass keeps for the backward pass: (in attention, elsewhere).

    Recomputed layers are the first ones: when their turn comes, one after the other is computed again in the room of
    those that are done.
    """
    recomputed = min(load.recomputed, shape.layers)
    attention, others = _layers_bytes(shape, load, shape.layers - recomputed)
    others += load.tokens * recomputed * sum(kept.bytes_per_token for kept in kept_by_recomputed_layer(shape, load))
    return attention, others


def _layers_bytes(shape: ModelShape, load: Load, count: int) -> tuple[int, int]:
    """What so many layers keep that are not recomputed: (in attention, elsewhere)."""
    layer = kept_by_layer(shape, load)
    # Layers of both kinds take turns.
    sliding = math.ceil(count * shape.sliding_layers / shape.layers)
    attention = count * load.tokens * sum(kept.bytes_per_token for kept in layer if kept.attention)
    attention += sliding * window_bytes(shape, load)
    others = count * load.tokens * sum(kept.bytes_per_token for kept in layer if not kept.attention)
    return attention, others


def loss_bytes(shape: ModelShape, load: Load) -> int:
    """The final hidden states; of those that predict a learned token a copy and its gradient, made once more for a
    moment; and the logits that exist at once. Where layers are recomputed, their first input and last output too."""
    states = (3 if load.recomputed else 1) * load.tokens + 3 * load.learned_tokens
    hidden = load.compute_bytes * states * shape.hidden
    if load.method != "full":
        return hidden + _logits_bytes(shape, load)
    # The gradient of a head that learns is made for each part, in both types, before it is added.
    head = (load.compute_bytes + 4) * shape.vocabulary * shape.hidden
    return hidden + 4 * load.tokens * shape.hidden + head + _logits_bytes(shape, load)


def _logits_bytes(shape: ModelShape, load: Load) -> int:
    """Of a frozen head, logits are there in fp32 and, where that is another, in compute precision; where they are
    limited, also the slope of the limit and a square. Of one that learns, autograd keeps their logarithms, and makes
    the gradients by both, in fp32."""
    count = min(load.learned_tokens * shape.vocabulary, max(MOST_LOGITS, shape.vocabulary))
    if load.method == "full":
        return 12 * count
    return (4 + (8 if shape.limits_logits else load.compute_bytes % 4)) * count


def buffer_bytes(shape: ModelShape, load: Load) -> int:
    """What the backward pass needs for a moment, in the room that the loss has left; weights that learn, rounded; work
    space of the products. There is no mask."""
    beyond = max(0, _backward_bytes(shape, load) - loss_bytes(shape, load))
    return beyond + rounded_bytes(shape, load) + (_WORKSPACE_GPU if load.on_gpu else 0)


def rounded_bytes(shape: ModelShape, load: Load) -> int:
    """Weights that learn, rounded by autocast for as long as a pass lasts."""
    if load.precision == "fp32" or load.is_lean:
        return 0
    whole = shape.linear_parameters + shape.vocabulary * shape.hidden
    return load.compute_bytes * (whole if load.method == "full" else shape.adapter_parameters(load.rank))


def _backward_bytes(shape: ModelShape, load: Load) -> int:
    """The gradient that comes from the loss; the largest matrix, dequantised for its product; gradients around the
    gated block, which is the widest; and one layer that is computed again, where none was kept whose room it could
    have."""
    largest = max(inputs * outputs for inputs, outputs in shape.linears)
    dequantised = load.compute_bytes * largest if load.method == "qlora" else 0
    # The lean block makes the gradients of joined gate and up apart before it joins them.
    widest = (5 if shape.joins_layers and load.is_lean else 3) * shape.intermediate + shape.hidden
    again = sum(_layers_bytes(shape, load, 1)) if load.recomputed >= shape.layers else 0
    incoming = load.learned_tokens * shape.hidden
    return dequantised + load.compute_bytes * (incoming + load.tokens * widest) + again
