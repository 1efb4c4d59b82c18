"""How long a run takes: floating-point operations per token, over what the device achieves of its peak."""

from localft.planning.device import Device
from localft.planning.load import Load
from localft.planning.model_shape import ModelShape

# The share of its peak that a card reaches in fine-tuning with large micro-batches. Published runs with transformers on
# GeForce cards lie between 0.2 and 0.45.
_GPU_SHARE = 0.38
# Each micro-batch also reads and dequantises every weight once, which costs as much as computing so many tokens.
_TOKENS_OF_READING = 400
# Beside the arithmetic a processor spends this long per layer of a micro-batch, forward and backward: some 150 small
# operations through Python. On tiny models it is most of the time.
_CPU_SECONDS_PER_LAYER = 0.004

# Between two cards of a consumer's computer, in bytes a second: PCIe 4.0 with eight lanes each, through the processor.
_LINK = 8e9

# Loading the libraries and the model, before the first step.
START_SECONDS = 20.0


def flops_per_token(shape: ModelShape, load: Load) -> float:
    """Operations to train on one token.

    A product with a weight takes 2 forward and 2 backward for the input's gradient; with a frozen base no gradient of
    the weight is computed, nor one of the head. A recomputed layer repeats its forward pass; a head that learns is
    computed in parts, twice forward. Preference pairs are read by the model without its adapter first.
    Attention within a sequence of S tokens: 2 q S per layer forward, 2.5 times that backward (causal).
    """
    head = shape.vocabulary * shape.hidden
    attention = 2 * shape.query * load.length * shape.layers
    again = min(load.recomputed, shape.layers) / shape.layers
    read = 1 if load.compares else 0
    passes = (6 if load.method == "full" else 4) + 2 * again + 2 * read
    attention_passes = 3.5 + again + read
    head_passes = (8 if load.method == "full" else 4) + 2 * read
    return passes * shape.linear_parameters + head_passes * head + attention_passes * attention


def exchange_seconds(trained: int, cards: int) -> float:
    """How long cards exchange the gradients of so many trained weights, fp32, once a step.

    Each sends and receives 2 (n - 1) / n of them (ring all-reduce: Patarasuk and Yuan 2009).
    """
    return 2 * (cards - 1) / cards * 4 * trained / _LINK


def tokens_per_second(shape: ModelShape, load: Load, mean_tokens: float, device: Device) -> float:
    """Tokens trained in a second, padding not counted, for micro-batches of `mean_tokens`."""
    work = flops_per_token(shape, load) * mean_tokens
    if device.on_gpu:
        seconds = work / (device.flops * _GPU_SHARE) * (1 + _TOKENS_OF_READING / max(1.0, mean_tokens))
    else:
        seconds = work / device.flops + _CPU_SECONDS_PER_LAYER * shape.layers
    return mean_tokens / seconds
