"""The numbers of a model that memory and time depend on, read from its config.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localft.models.base_model import BaseModel


@dataclass(frozen=True)
class ModelShape:
    """A decoder-only transformer.

    `query` and `key` are the widths of the query and of the key (and value) projections, heads x head size, and `head`
    is that size. `head_is_tied`: the output head is the embedding table itself. `normalises_queries` (Qwen3, Gemma 3,
    OLMo 2): queries and keys pass a norm of their own. `norms` counts the norms of a layer over the hidden width.
    `joins_layers` (Phi-3): one linear layer makes queries, keys and values, another gate and up. `limits_logits`
    (Gemma 2): they pass a tanh. In `sliding_layers` of the layers a token sees the `window` last ones only.
    `gates_queries` (Qwen3.5): the query projection also makes a gate for what was attended. `other_layers` of them mix
    tokens by other means than attention, and `other_linears` are (inputs, outputs) of the linear layers of one.
    """

    hidden: int
    intermediate: int
    layers: int
    query: int
    key: int
    vocabulary: int
    head_is_tied: bool
    parameters: int
    normalises_queries: bool = False
    norms: int = 2
    head: int = 128
    joins_layers: bool = False
    limits_logits: bool = False
    window: int = 0
    sliding_layers: int = 0
    gates_queries: bool = False
    other_layers: int = 0
    other_linears: tuple[tuple[int, int], ...] = ()

    @property
    def heads(self) -> int:
        """Attention heads of the queries."""
        return max(1, self.query // self.head)

    @property
    def key_heads(self) -> int:
        """Attention heads of the keys and values."""
        return max(1, self.key // self.head)

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding table, and of the head where it is a table of its own: these are never quantised."""
        return self.vocabulary * self.hidden * (1 if self.head_is_tied else 2)

    @property
    def linear_parameters(self) -> int:
        """Weights of the linear layers in the blocks: what is multiplied with each token, and what qlora quantises.

        All but the embeddings where that is much more or less than the shape says: other kinds of layers, or a shape
        that was guessed.
        """
        rest = max(0, self.parameters - self.embedding_parameters)
        by_shape = sum(inputs * outputs for inputs, outputs in self._all_linears())
        return by_shape if 0.95 * rest <= by_shape <= rest else rest

    @property
    def linears(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of the linear layers of a block that attends: q, k, v, o, gate, up, down, or joined."""
        if self.joins_layers:
            return (
                (self.hidden, self.query + 2 * self.key),
                (self.query, self.hidden),
                (self.hidden, 2 * self.intermediate),
                (self.intermediate, self.hidden),
            )
        return (
            (self.hidden, 2 * self.query if self.gates_queries else self.query),
            (self.hidden, self.key),
            (self.hidden, self.key),
            (self.query, self.hidden),
            (self.hidden, self.intermediate),
            (self.hidden, self.intermediate),
            (self.intermediate, self.hidden),
        )

    def adapter_parameters(self, rank: int) -> int:
        """Weights of a LoRA adapter on every linear layer: A is rank x inputs, B is outputs x rank (Hu et al. 2021)."""
        return rank * sum(inputs + outputs for inputs, outputs in self._all_linears())

    def _all_linears(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of the linear layers of all blocks."""
        return [*(self.layers - self.other_layers) * self.linears, *self.other_layers * self.other_linears]


def shape_of(base_model: BaseModel) -> ModelShape:
    """Read a model's shape from its config.json, or guess it from its size where that says too little."""
    config = base_model.config.get("text_config") or base_model.config
    needed = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    if not all(isinstance(config.get(name), int) for name in needed):
        return guess_shape(base_model.parameters)
    return _shape_from(config, base_model)


def _shape_from(config: Mapping[str, Any], base_model: BaseModel) -> ModelShape:
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    head = int(config.get("head_dim") or hidden // heads)
    architecture = base_model.architecture.lower()
    intermediate, query = _intermediate(config), heads * head
    other_layers, other_mixers = _other_layers(config, architecture)
    gated = ((hidden, intermediate), (hidden, intermediate), (intermediate, hidden))
    window, sliding_layers = _sliding(config, architecture)
    tied = config.get("tie_word_embeddings", base_model.config.get("tie_word_embeddings"))
    return ModelShape(
        hidden=hidden,
        intermediate=intermediate,
        layers=int(config["num_hidden_layers"]),
        query=query,
        key=int(config.get("num_key_value_heads") or heads) * head,
        vocabulary=int(config["vocab_size"]),
        # Gemma ties without saying so; transformers' own default is to tie.
        head_is_tied=True if tied is None else bool(tied),
        parameters=base_model.parameters,
        normalises_queries=any(name in architecture for name in ("qwen3", "gemma3", "olmo2", "olmo3")),
        norms=4 if "gemma" in architecture else 2,
        head=head,
        joins_layers="phi3" in architecture,
        limits_logits=bool(config.get("final_logit_softcapping")),
        window=window,
        sliding_layers=sliding_layers,
        gates_queries="qwen3_5" in architecture,
        other_layers=other_layers,
        other_linears=(*other_mixers, *gated) if other_layers else (),
    )


def _intermediate(config: Mapping[str, Any]) -> int:
    """The width of the gated block. LFM2 says it before two thirds of it are taken and rounded up."""
    width = int(config.get("block_ff_dim") or config.get("intermediate_size") or 4 * int(config["hidden_size"]))
    if not config.get("block_auto_adjust_ff_dim"):
        return width
    multiple = int(config.get("block_multiple_of") or 256)
    width = int(float(config.get("block_ffn_dim_multiplier") or 1.0) * int(2 * width / 3))
    return -(-width // multiple) * multiple


def _other_layers(config: Mapping[str, Any], architecture: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """(layers without attention, linear layers that mix tokens in one of them); what is not said is as published."""
    hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
    kinds = config.get("layer_types")
    if "lfm2" in architecture:
        # Six of 16 layers attend in the published models.
        count = kinds.count("conv") if kinds else layers * 10 // 16
        return count, ((hidden, 3 * hidden), (hidden, hidden))
    if "qwen3_5" not in architecture:
        return 0, ()
    count = kinds.count("linear_attention") if kinds else layers - layers // 4
    value_heads = int(config.get("linear_num_value_heads") or 2 * int(config["num_attention_heads"]))
    keys = int(config.get("linear_num_key_heads") or 16) * int(config.get("linear_key_head_dim") or 128)
    values = value_heads * int(config.get("linear_value_head_dim") or 128)
    mixers = ((hidden, 2 * keys + values), (hidden, values), *2 * ((hidden, value_heads),), (values, hidden))
    return count, mixers


def _sliding(config: Mapping[str, Any], architecture: str) -> tuple[int, int]:
    """(window, layers with it)."""
    window, layers = config.get("sliding_window") or 0, int(config["num_hidden_layers"])
    if not window or config.get("use_sliding_window") is False:
        return 0, 0
    if kinds := config.get("layer_types"):
        return int(window), sum(kind == "sliding_attention" for kind in kinds)
    # Gemma says, or leaves to its type, every which layer is a whole one; others slide in all.
    usual = next((every for name, every in (("gemma2", 2), ("gemma3for", 6)) if name in architecture), None)
    pattern = config.get("sliding_window_pattern") or usual
    return int(window), layers - layers // int(pattern) if pattern else layers


# Published shapes to guess from, by number of parameters: hidden, intermediate, layers, query, key, vocabulary, tied.
_KNOWN = (
    (3_000_000, (192, 512, 6, 192, 96, 2_048, True)),
    (135_000_000, (576, 1_536, 30, 576, 192, 49_152, True)),
    (600_000_000, (1_024, 3_072, 28, 2_048, 1_024, 151_936, True)),
    (1_720_000_000, (2_048, 6_144, 28, 2_048, 1_024, 151_936, True)),
    (4_020_000_000, (2_560, 9_728, 36, 4_096, 1_024, 151_936, True)),
    (8_030_000_000, (4_096, 14_336, 32, 4_096, 1_024, 128_256, False)),
    (14_770_000_000, (5_120, 17_408, 40, 5_120, 1_024, 151_936, False)),
)


def guess_shape(parameters: int) -> ModelShape:
    """The shape of the known model of the nearest size, with the true number of parameters.

    For lists of models of which no config.json is at hand.
    """
    _, values = min(_KNOWN, key=lambda known: abs(known[0] - parameters))
    hidden, intermediate, layers, query, key, vocabulary, tied = values
    return ModelShape(hidden, intermediate, layers, query, key, vocabulary, tied, parameters)
