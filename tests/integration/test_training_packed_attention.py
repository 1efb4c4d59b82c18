"""Packed attention on tiny real models: losses and gradients of the rows one by one, and no document sees another."""

import copy
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch
import transformers
from torch.nn.functional import cross_entropy

from localft.training.kernels import attention
from localft.training.kernels.attention import NAME, attend_by_document, can_pack, packed_batch, register_attention
from localft.training.loading import load_base
from localft.training.packing import pack
from localft.training.rows import IGNORED, Row
from tests.sample_projects import make_base_model

WINDOW = 8
# Of one token, of equal length side by side, of the window and twice its size, and longer ones.
LENGTHS = (29, 24, 16, 9, 9, 8, 3, 1, 1)

SHAPE: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
GEMMA: dict[str, Any] = SHAPE | {
    "head_dim": 16,
    "sliding_window": WINDOW,
    "query_pre_attn_scalar": 24,
    "layer_types": ["sliding_attention", "full_attention"],
}
SECOND_LAYER_SLIDES: dict[str, Any] = {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}
VISION: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}


def _gemma_with_vision() -> Any:
    return transformers.Gemma3Config(text_config=GEMMA, vision_config=VISION, mm_tokens_per_image=4)


CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**SHAPE),
    "mistral": lambda: transformers.MistralConfig(**SHAPE, sliding_window=WINDOW),
    "qwen2": lambda: transformers.Qwen2Config(**SHAPE, **SECOND_LAYER_SLIDES),
    "qwen3": lambda: transformers.Qwen3Config(**SHAPE, **SECOND_LAYER_SLIDES, head_dim=32),
    "gemma3": lambda: transformers.Gemma3TextConfig(**GEMMA),
    "gemma3 with vision": _gemma_with_vision,
    "phi3": lambda: transformers.Phi3Config(**SHAPE, sliding_window=WINDOW),
}
architectures = pytest.mark.parametrize("architecture", CONFIGS)


def make_model(architecture: str, implementation: str = NAME) -> Any:
    register_attention()
    torch.manual_seed(0)
    config = CONFIGS[architecture]()
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation=implementation)
    # As they are made, weights are so small that attention is nearly uniform and could hide a fault.
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and "embed" not in name:
            torch.nn.init.normal_(parameter, std=0.15)
    return model


def make_rows(lengths: Sequence[int] = LENGTHS) -> list[Row]:
    """Rows of random tokens, about half of them learned."""
    chooser = numpy.random.default_rng(1)
    rows = []
    for length in lengths:
        ids = chooser.integers(3, 250, size=length).astype(numpy.int32)
        labels = numpy.where(chooser.random(length) < 0.5, ids, numpy.int32(IGNORED))
        labels[-1] = ids[-1]
        rows.append(Row(ids, labels))
    return rows


def summed_loss(model: Any, inputs: dict[str, Any]) -> torch.Tensor:
    inputs = dict(inputs)
    labels = inputs.pop("labels")
    logits = model(**inputs, use_cache=False).logits[0, :-1]
    return cross_entropy(logits, labels[0, 1:], ignore_index=IGNORED, reduction="sum")


def one_by_one(rows: Sequence[Row]) -> list[dict[str, torch.Tensor]]:
    """Each row as a batch of its own, for transformers' own attention."""
    return [
        {"input_ids": torch.tensor(row.token_ids[None]).long(), "labels": torch.tensor(row.labels[None]).long()}
        for row in rows
    ]


def learn(model: Any, batches: Sequence[dict[str, Any]]) -> tuple[float, dict[str, torch.Tensor]]:
    """The summed loss of batches, and the gradient of every weight that has one."""
    model.train()
    model.zero_grad()
    total = 0.0
    for batch in batches:
        loss = summed_loss(model, batch)
        if loss.requires_grad:
            loss.backward()
        total += loss.item()
    return total, {
        name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None
    }


def assert_equal_learning(model: Any, rows: Sequence[Row]) -> None:
    """A packed micro-batch has the loss and gradients of its rows one by one under transformers' own SDPA, to 1e-5."""
    model.set_attn_implementation("sdpa")
    expected_loss, expected = learn(model, one_by_one(rows))
    model.set_attn_implementation(NAME)
    loss, gradients = learn(model, [packed_batch(pack(rows))])
    assert loss == pytest.approx(expected_loss, rel=1e-6)
    assert gradients.keys() == expected.keys()
    assert gradients
    # A bias of keys has no gradient in exact arithmetic: what rounding leaves there is measured by the largest one.
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in gradients.items():
        scale = max(float(expected[name].abs().max()), 1e-2 * largest)
        assert float((gradient - expected[name]).abs().max()) <= 1e-5 * scale, name


@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "checkpointed"])
@architectures
def test_a_packed_batch_learns_what_its_rows_would(architecture: str, checkpointing: bool) -> None:
    model = make_model(architecture)
    if checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    assert_equal_learning(model, make_rows())


@architectures
def test_a_single_document_learns_what_its_row_would(architecture: str) -> None:
    assert_equal_learning(make_model(architecture), make_rows([29]))


def test_adapters_on_a_4_bit_base_learn_what_the_rows_would(tmp_path: Path) -> None:
    base = load_base(make_base_model(tmp_path, "qwen3"), quantization="nf4")
    base.set_attn_implementation(register_attention())
    torch.manual_seed(0)
    model = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    # B starts at zero, and with it the gradient of A; any other B will do.
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(parameter, std=0.1)
    assert_equal_learning(model, make_rows())


@pytest.mark.parametrize("use_cache", [False, True])
@architectures
def test_no_document_sees_another(architecture: str, use_cache: bool) -> None:
    """Also where a cache is made, with which transformers' own mask would let them."""
    model = make_model(architecture).eval()
    batch = packed_batch(pack(make_rows()))
    del batch["labels"]
    boundaries = batch["document_boundaries"].tolist()
    with torch.no_grad():
        before = model(**batch, use_cache=use_cache).logits[0]
        for start, end in pairwise(boundaries):
            changed = batch | {"input_ids": batch["input_ids"].clone()}
            changed["input_ids"][0, start:end] = 255 - changed["input_ids"][0, start:end]
            after = model(**changed, use_cache=use_cache).logits[0]
            assert torch.equal(before[:start], after[:start])
            assert torch.equal(before[end:], after[end:])
            assert not torch.allclose(before[start:end], after[start:end])


@architectures
def test_without_documents_it_is_the_usual_attention(architecture: str) -> None:
    """Padding on either side, no mask at all, and generation with a cache: the same numbers, not just close ones."""
    ours, usual = make_model(architecture).eval(), make_model(architecture, "sdpa").eval()
    ids = torch.randint(3, 250, (3, 21), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[0, :7] = 0
    mask[1, -5:] = 0
    with torch.no_grad():
        for arguments in ({}, {"attention_mask": mask}):
            assert torch.equal(ours(input_ids=ids, **arguments).logits, usual(input_ids=ids, **arguments).logits)
        mask[1] = 1
        options = {"attention_mask": mask, "max_new_tokens": 12, "do_sample": False, "pad_token_id": 0}
        assert torch.equal(ours.generate(ids, **options), usual.generate(ids, **options))


@architectures
def test_nothing_is_read_back_from_the_card(architecture: str) -> None:
    """On the meta device tensors have no contents: whatever asked one for its value would fail."""
    with torch.device("meta"):
        config = CONFIGS[architecture]()
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation=register_attention())
    batch = packed_batch(pack(make_rows()))
    del batch["labels"]
    on_card = {name: part.to("meta") if isinstance(part, torch.Tensor) else part for name, part in batch.items()}
    model.train()
    model(**on_card, use_cache=False).logits.sum().backward()
    first = model.get_input_embeddings().weight.grad
    assert first is not None and first.is_meta


@architectures
def test_no_mask_is_made_or_kept(architecture: str) -> None:
    model = make_model(architecture)
    rows = make_rows([40, 40, 41])
    tokens = sum(len(row) for row in rows)
    shapes = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        summed_loss(model, packed_batch(pack(rows)))
    assert shapes
    assert not [shape for shape in shapes if shape.count(tokens) > 1]


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@architectures
def test_a_model_with_another_attention_fails_on_a_packed_batch(architecture: str, implementation: str) -> None:
    """It must not let the documents read each other in silence."""
    model = make_model(architecture, implementation)
    with pytest.raises(RuntimeError, match=r"size|shape|expand"):
        model(**packed_batch(pack(make_rows())))


def reference_varlen(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_q: torch.Tensor,
    cu_seq_k: torch.Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float | None,
    window_size: tuple[int, int],
) -> torch.Tensor:
    """What torch documents of `varlen_attn`, with a full mask: [tokens, heads, head size], window (left, right)."""
    assert torch.equal(cu_seq_q, cu_seq_k)
    assert max_q == max_k == int(cu_seq_q.diff().max())
    assert cu_seq_q.dtype == torch.int32
    groups = query.shape[1] // key.shape[1]
    at = torch.arange(len(query))
    document = torch.bucketize(at, cu_seq_q, right=True)
    left, right = window_size
    allowed = (document[:, None] == document) & (at <= at[:, None] + right)
    if left >= 0:
        allowed &= at >= at[:, None] - left
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = torch.einsum("qhd,khd->hqk", query, key) * (query.shape[-1] ** -0.5 if scale is None else scale)
    return torch.einsum("hqk,khd->qhd", scores.masked_fill(~allowed, float("-inf")).softmax(-1), value)


@pytest.mark.parametrize("heads", [2, 6])
@pytest.mark.parametrize("scaling", [None, 0.3])
@pytest.mark.parametrize("window", [None, 1, 7, 16, 40])
def test_both_ways_to_attend_are_the_same(
    monkeypatch: pytest.MonkeyPatch, window: int | None, scaling: float | None, heads: int
) -> None:
    """Against plain arithmetic with the meaning that torch gives to the arguments of its function."""
    torch.manual_seed(0)
    packed = pack(make_rows())
    tokens = sum(packed.lengths)
    states: Any = [torch.randn(1, count, tokens, 8, requires_grad=True) for count in (heads, 2, 2)]
    weights = torch.randn(1, tokens, heads, 8)
    documents: dict[str, Any] = {
        "document_lengths": packed.lengths,
        "document_boundaries": torch.from_numpy(packed.boundaries),
        "sliding_window": window,
        "scaling": scaling,
    }
    results = []
    for function in (None, reference_varlen):
        monkeypatch.setattr(attention, "_varlen_for", lambda query, dropout, function=function: function)
        attended, _ = attend_by_document(torch.nn.Module(), *states, None, **documents)
        assert attended.shape == weights.shape
        results.append([attended, *torch.autograd.grad((attended * weights).sum(), states)])
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, atol=2e-6)


@pytest.mark.parametrize("window", [None, 7])
def test_torch_accepts_the_arguments_of_its_function(monkeypatch: pytest.MonkeyPatch, window: int | None) -> None:
    """Without a card only shapes can be tried, forward and backward."""
    from torch.nn.attention.varlen import varlen_attn

    monkeypatch.setattr(attention, "_varlen_for", lambda query, dropout: attention.for_groups(varlen_attn))
    packed = pack(make_rows())
    tokens = sum(packed.lengths)
    shapes = [(1, count, tokens, 16) for count in (4, 2, 2)]
    states: Any = [torch.empty(shape, dtype=torch.bfloat16, device="meta", requires_grad=True) for shape in shapes]
    boundaries = torch.from_numpy(packed.boundaries).to("meta")
    attended, _ = attend_by_document(
        torch.nn.Module(),
        *states,
        None,
        sliding_window=window,
        document_lengths=packed.lengths,
        document_boundaries=boundaries,
    )
    assert attended.shape == (1, tokens, 4, 16)
    gradients = torch.autograd.grad(attended.sum(), states)
    assert [gradient.shape for gradient in gradients] == shapes


@pytest.mark.parametrize("name", ["softcap", "s_aux", "position_bias"])
def test_more_than_causal_attention_is_refused(name: str) -> None:
    states: Any = [torch.randn(1, 2, 5, 8) for _ in range(3)]
    with pytest.raises(ValueError, match="more than causal attention"):
        attend_by_document(torch.nn.Module(), *states, None, document_lengths=(2, 3), **{name: torch.ones(1)})


def test_documents_that_do_not_fit_the_tokens_are_refused() -> None:
    states: Any = [torch.randn(1, 2, 5, 8) for _ in range(3)]
    with pytest.raises(ValueError, match=r"6 tokens in all do not fit queries \[1, 2, 5, 8\]"):
        attend_by_document(torch.nn.Module(), *states, None, document_lengths=(2, 4))


@architectures
def test_the_architectures_tried_here_can_be_packed(architecture: str) -> None:
    assert can_pack(CONFIGS[architecture](), 256)


def test_other_architectures_are_not_packed() -> None:
    for config in (transformers.Gemma2Config(), transformers.MambaConfig(), transformers.GptOssConfig()):
        assert not can_pack(config, 10)
    both_ways = copy.copy(CONFIGS["gemma3"]())
    both_ways.use_bidirectional_attention = True
    assert not can_pack(both_ways, 10)


def test_positions_that_stretch_with_the_longest_document_are_not_packed() -> None:
    rope = {"rope_type": "longrope", "rope_theta": 10_000.0, "short_factor": [1.0] * 8, "long_factor": [2.0] * 8}
    config = transformers.Phi3Config(**SHAPE, original_max_position_embeddings=64, rope_parameters=rope)
    assert can_pack(config, 64)
    assert not can_pack(config, 65)


def test_a_model_that_caps_its_scores_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="does not support"):
        transformers.AutoModelForCausalLM.from_config(
            transformers.Gemma2Config(**SHAPE, head_dim=16), attn_implementation=register_attention()
        )


def test_a_saved_model_does_not_name_the_attention(tmp_path: Path) -> None:
    make_model("llama").save_pretrained(tmp_path)
    assert NAME not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_a_function_that_knows_groups_by_itself_is_not_told_of_them() -> None:
    """As torch's was before 2.12."""
    assert attention.for_groups(reference_varlen) is reference_varlen
