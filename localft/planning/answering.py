"""Memory that answers take which are written in the middle of training, worked out from the model's shape alone."""

from localft.planning.load import Load
from localft.planning.memory import rounded_bytes
from localft.planning.model_shape import ModelShape

# Logits of the next token: in compute precision, in fp32, and a copy that may be changed.
_LOGITS = 3


def answer_bytes(shape: ModelShape, load: Load, prompts: int, prompt_tokens: int, new_tokens: int) -> int:
    """What lives while so many prompts, padded to the longest, are answered side by side; meant to err upwards.

    Keys and values of all layers are kept, and made anew for a layer when a token is added; reading the prompts needs
    more only for the layer at hand, and for a mask where they are padded or a window hides a part of them.
    """
    # Where all weights learn, keys are turned in fp32.
    size = 4 if load.method == "full" else load.compute_bytes
    tokens, read = prompts * (prompt_tokens + new_tokens), prompts * prompt_tokens
    cache = 2 * shape.key * size * tokens * (shape.layers + 1)
    # A norm computes in fp32; attention repeats keys and values for each head.
    block, attention = 4 * shape.intermediate, 6 * shape.query + 4 * shape.key
    layer = read * (size * (2 * shape.hidden + max(block, attention)) + 12 * shape.hidden)
    masked = prompts > 1 or 0 < shape.window < prompt_tokens
    mask = (1 + size) * read * prompt_tokens if masked else 0
    logits = 4 * _LOGITS * prompts * shape.vocabulary
    largest = max(inputs * outputs for inputs, outputs in shape.linears)
    dequantised = load.compute_bytes * largest if load.method == "qlora" else 0
    return cache + layer + mask + logits + dequantised + rounded_bytes(shape, load)
