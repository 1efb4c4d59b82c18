"""What a forward pass keeps for the backward pass, tensor by tensor.

The counts are those of `localft.training` on transformers' models: they are compared with what autograd really keeps,
for each architecture, in tests/integration/test_planning_activations.py.
"""

from typing import NamedTuple

from localft.planning.load import Load
from localft.planning.model_shape import ModelShape

_FP32 = 4


class Kept(NamedTuple):
    """One tensor [tokens, width]: what it is, numbers a token, bytes of each, and whether attention keeps it."""

    what: str
    width: int
    size: int
    attention: bool = False

    @property
    def bytes_per_token(self) -> int:
        return self.width * self.size


def kept_by_layer(shape: ModelShape, load: Load) -> list[Kept]:
    """What one layer keeps, if it is not recomputed."""
    return _attention(shape, load) + _norms(shape, load) + _linears(shape, load) + _gated_block(shape, load)


def kept_by_recomputed_layer(shape: ModelShape, load: Load) -> list[Kept]:
    """What is left of a layer that is computed again in the backward pass: its input."""
    return [Kept("input", shape.hidden, _FP32 if load.method == "full" else load.compute_bytes)]


def _attention(shape: ModelShape, load: Load) -> list[Kept]:
    """SDPA keeps what it multiplies, its result, and the logarithm of each row's total in fp32 (Dao 2023).

    The results of documents are put together, which is a copy; where one call attends to all of them there is none.
    """
    size = load.compute_bytes
    kept = [
        Kept("queries", shape.query, size, True),
        Kept("keys", shape.key, size, True),
        Kept("values", _values(shape), size, True),
        Kept("attended", shape.query, size, True),
        Kept("log totals", shape.heads, _FP32, True),
    ]
    return kept if load.drops_inputs or load.attends_at_once else [*kept, Kept("input of o", shape.query, size, True)]


def _values(shape: ModelShape) -> int:
    """Where one layer makes queries, keys and values, the values are a view that holds all three."""
    return shape.query + 2 * shape.key if shape.joins_layers else shape.key


def window_bytes(shape: ModelShape, load: Load) -> int:
    """What a layer with a window keeps beyond that, in bytes, of longer documents, which are attended to part by part.

    Keys and values for each head, in place of those of a few heads unless shorter documents need these; and the masks,
    in the type of the products: documents of one length stand side by side and share them, but of documents whose
    lengths are not known each may have another. Where all weights learn, keys are turned in fp32, and each part rounds
    its own. Less than nothing, where the values were a view of more.
    """
    longer = load.beyond(shape.window)
    if not shape.window or load.attends_at_once:
        return 0
    tokens = min(load.tokens, sum(longer))
    rounds, alone = load.method == "full" and load.precision != "fp32", tokens == load.tokens
    replaced = (shape.key if rounds or alone else 0) + (_values(shape) if alone else 0)
    numbers = (2 * shape.query - replaced) * tokens
    for length in longer:
        twice = sum(keys for _, keys in _parts(length, shape.window)) - length
        numbers += shape.query * twice if rounds else 0
    for length in set(longer) if load.documents else longer:
        numbers += sum(queries * keys for queries, keys in _parts(length, shape.window))
    return load.compute_bytes * numbers


def _parts(length: int, window: int) -> list[tuple[int, int]]:
    """(queries, keys): blocks of so many queries as the window is wide, and the keys from the first that one sees."""
    blocks = ((start, min(start + window, length)) for start in range(0, length, window))
    return [(end - start, end - max(0, start - window + 1)) for start, end in blocks]


def _norms(shape: ModelShape, load: Load) -> list[Kept]:
    """A frozen norm keeps its input. One that learns keeps it in fp32, its normalised input, and a number a row."""
    # (width, rows a token, bytes of a normalised number). Gemma, with four norms, multiplies in fp32; others in the
    # type of the input, which for hidden states is fp32.
    norms = [(shape.hidden, 1, _FP32)] * shape.norms
    if shape.normalises_queries:
        size = _FP32 if shape.norms == 4 else load.compute_bytes
        norms += [(shape.query, shape.heads, size), (shape.key, shape.key_heads, size)]
    if load.method != "full":
        return [Kept("input of a norm", width, load.compute_bytes) for width, _, _ in norms]
    kept = []
    for width, rows, size in norms:
        kept += [Kept("input of a norm", width, _FP32), Kept("normalised input", width, size)]
        kept += [Kept("root mean squares", rows, _FP32)]
    return kept


def _linears(shape: ModelShape, load: Load) -> list[Kept]:
    """The inputs of the linear layers of a layer, and of the inner products of their adapters."""
    size, readers = load.compute_bytes, (1, 1) if shape.joins_layers else (3, 2)
    inner = [Kept("inner product", load.rank, size)] * len(shape.linears)
    if load.method == "full":
        # Norms answer in fp32; each layer that reads one rounds it anew.
        copies = 2 if load.precision == "fp32" else sum(readers)
        return [Kept("rounded input", shape.hidden, size)] * copies
    if load.drops_inputs:
        inputs = [width for width, _ in shape.linears]
        return inner + [Kept(what, width, size) for width in inputs for what in ("dropout mask", "dropped input")]
    return inner + [Kept("output of a norm", shape.hidden, size)] * 2


def _gated_block(shape: ModelShape, load: Load) -> list[Kept]:
    """gate and up; without the lean block also f(gate), and their product where the next layer keeps its input."""
    size, width = load.compute_bytes, shape.intermediate
    both = (
        [Kept("gate and up", 2 * width, size)]
        if shape.joins_layers
        else [Kept("gate", width, size), Kept("up", width, size)]
    )
    if load.is_lean:
        return both
    more = [Kept("activated gate", width, size)]
    return both + more if load.drops_inputs else [*both, *more, Kept("input of down", width, size)]
