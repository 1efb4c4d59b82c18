"""Fast paths are used where they compute the same on this device, and left out with a word where they do not."""

import contextlib
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch

from localft.training.batches import padded
from localft.training.kernels import attention, lora
from localft.training.kernels.attention import register_attention
from localft.training.kernels.lora import make_plain
from localft.training.loading import load_base
from localft.training.losses import plain_token_losses, token_losses
from localft.training.parity import switch_on
from localft.training.recompute import recompute_layers
from localft.training.rows import IGNORED, Row
from tests.sample_projects import make_base_model

PLAIN = contextlib.nullcontext()


def make_rows() -> list[Row]:
    chooser = numpy.random.default_rng(0)
    rows = []
    for length in (9, 12, 14, 30):
        ids = chooser.integers(5, 300, size=length).astype(numpy.int32)
        rows.append(Row(ids, numpy.where(numpy.arange(length) > 3, ids, IGNORED).astype(numpy.int32)))
    return rows


@pytest.fixture
def model(tmp_path: Path) -> Any:
    base = load_base(make_base_model(tmp_path), quantization="nf4", attention=register_attention())
    config = peft.LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", lora_dropout=0.1)
    return peft.get_peft_model(base, config).train()


def weights(model: Any) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.parameters() if weight.requires_grad]


def test_all_are_switched_on_and_leave_no_trace(model: Any) -> None:
    before, numbers = weights(model), torch.get_rng_state()
    paths = switch_on(model, make_rows(), 30, 0, PLAIN)
    assert paths == (True, True, True, ())
    assert all(torch.equal(one, other) for one, other in zip(weights(model), before, strict=True))
    assert torch.equal(torch.get_rng_state(), numbers)
    assert model.training and all(weight.grad is None for weight in model.parameters())


def test_documents_that_read_each_other_are_padded(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_one(query: Any, key: Any, value: Any, lengths: Any) -> Any:
        yield query, key, value

    monkeypatch.setattr(attention, "_equal_documents", as_one)
    paths = switch_on(model, make_rows(), 30, 0, PLAIN)
    assert (paths.packed, paths.lean) == (False, True)
    assert "padded instead" in paths.warnings[0]


def test_an_adapter_with_other_gradients_stays_pefts(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = lora.adapter_gradients

    def wrong(*given: Any) -> Any:
        v, da, db = right(*given)
        return v, 1.05 * da, db

    monkeypatch.setattr(lora, "adapter_gradients", wrong)
    paths = switch_on(model, make_rows(), 30, 0, PLAIN)
    assert (paths.packed, paths.lean) == (True, False)
    assert "PEFT's own is used" in paths.warnings[0]
    assert not [name for name, module in model.named_modules() if "forward" in vars(module)]
    token_losses(model, padded(make_rows(), 0)).sum().backward()


def test_a_model_with_an_output_of_its_own_keeps_it(model: Any) -> None:
    base = model.get_base_model()
    original = base.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        output.logits = 0.5 * output.logits
        return output

    base.forward = forward
    paths = switch_on(model, make_rows(), 30, 0, PLAIN)
    assert (paths.head, paths.packed, paths.lean) == (False, True, True)
    assert "more memory" in paths.warnings[0]
    assert paths.token_losses is plain_token_losses


def test_a_model_whose_output_layer_is_not_known_keeps_all_logits_and_says_so(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model.get_base_model(), "get_output_embeddings", lambda: None)
    paths = switch_on(model, make_rows(), 30, 0, PLAIN)
    assert (paths.head, paths.packed) == (False, True)
    assert "all of them are kept" in paths.warnings[0]
    assert paths.token_losses is plain_token_losses


def test_learned_tokens_in_the_middle_of_a_long_row_are_compared_too(model: Any) -> None:
    base, ids = model.get_base_model(), numpy.random.default_rng(1).integers(5, 300, size=400).astype(numpy.int32)
    learned = (numpy.arange(400) > 100) & (numpy.arange(400) < 110)
    original = base.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        output.logits = 0.5 * output.logits
        return output

    base.forward = forward
    paths = switch_on(model, [Row(ids, numpy.where(learned, ids, IGNORED).astype(numpy.int32))], 400, 0, PLAIN)
    assert not paths.head


def test_long_rows_are_compared_by_their_ends(model: Any) -> None:
    ids = numpy.random.default_rng(1).integers(5, 300, size=400).astype(numpy.int32)
    rows = [Row(ids, numpy.where(numpy.arange(400) > 390, ids, IGNORED).astype(numpy.int32))]
    seen = []
    model.get_base_model().model.embed_tokens.register_forward_hook(lambda _, given, __: seen.append(given[0].numel()))
    assert switch_on(model, rows, 400, 0, PLAIN) == (True, True, True, ())
    assert set(seen) == {256}


def test_no_more_tokens_are_compared_than_the_run_has_room_for(model: Any) -> None:
    ids = numpy.random.default_rng(1).integers(5, 300, size=400).astype(numpy.int32)
    seen = []
    model.get_base_model().model.embed_tokens.register_forward_hook(lambda _, given, __: seen.append(given[0].numel()))
    assert switch_on(model, [Row(ids, ids)], 400, 0, PLAIN, most_tokens=40) == (True, True, True, ())
    assert set(seen) == {40}


def test_what_the_run_recomputes_is_recomputed_in_the_comparison_too(model: Any) -> None:
    """Else the comparison would keep all layers of a model of which the plan keeps none."""
    passes = []
    block = model.get_base_model().model.layers[0].mlp
    block.register_forward_pre_hook(lambda *_: passes.append(None))
    switch_on(model, make_rows(), 30, 0, PLAIN)
    kept = len(passes)
    make_plain(model)
    recompute_layers(model, 2)
    assert switch_on(model, make_rows(), 30, 0, PLAIN) == (True, True, True, ())
    assert len(passes) - kept == 2 * kept
