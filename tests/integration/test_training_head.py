"""The loss of an output head whose gradient is made in the forward pass: the same numbers, without the logits."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers
from torch.nn.functional import cross_entropy

from localft.training.batches import padded
from localft.training.kernels import head as heads
from localft.training.kernels.head import Head, head_losses, head_of
from localft.training.loading import load_base
from localft.training.losses import plain_token_losses, token_losses
from localft.training.rows import IGNORED, Row
from tests.sample_projects import make_base_model
from tests.tiny_models import ARCHITECTURES, Architecture

WIDTH, VOCABULARY, POSITIONS = 16, 50, 37
BF16 = torch.bfloat16
CHANGES = pytest.mark.parametrize(
    ("scale", "limit"), [(1.0, None), (0.25, None), (1.0, 2.0), (3.0, 1.5)], ids=["plain", "scaled", "limited", "both"]
)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of eight positions, the last of five."""
    monkeypatch.setattr(heads, "_MOST_POSITIONS", 8)


def make_head(scale: float = 1.0, limit: float | None = None, *, bias: bool = False, frozen: bool = True) -> Head:
    torch.manual_seed(0)
    return Head(torch.nn.Linear(WIDTH, VOCABULARY, bias).requires_grad_(not frozen), scale, limit)


def make_positions() -> tuple[torch.Tensor, torch.Tensor]:
    """(hidden states, labels)"""
    chooser = torch.Generator().manual_seed(1)
    hidden = 3 * torch.randn(POSITIONS, WIDTH, generator=chooser)
    return hidden.requires_grad_(), torch.randint(0, VOCABULARY, (POSITIONS,), generator=chooser)


def reference(hidden: torch.Tensor, labels: torch.Tensor, head: Head) -> torch.Tensor:
    scores = head.scale * head.layer(hidden).float()
    if head.limit:
        scores = head.limit * torch.tanh(scores / head.limit)
    return cross_entropy(scores, labels, reduction="sum")


@CHANGES
@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "learning"])
@pytest.mark.parametrize("bias", [False, True], ids=["", "bias"])
@pytest.mark.usefixtures("few_at_once")
def test_loss_and_gradients_are_those_of_autograd(scale: float, limit: float | None, bias: bool, frozen: bool) -> None:
    head = make_head(scale, limit, bias=bias, frozen=frozen)
    hidden, labels = make_positions()
    learning = [hidden, *(part for part in head.layer.parameters() if part.requires_grad)]
    expected = reference(hidden, labels, head)
    gradients = torch.autograd.grad(7 * expected, learning)
    loss = head_losses(hidden, labels, head).sum()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for found, wanted in zip(torch.autograd.grad(7 * loss, learning), gradients, strict=True):
        assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-5)


def summed(hidden: torch.Tensor, labels: torch.Tensor, head: Head) -> torch.Tensor:
    return head_losses(hidden, labels, head).sum()


@CHANGES
def test_in_bf16_it_is_as_near_to_fp32_as_autograd(scale: float, limit: float | None) -> None:
    hidden, labels = make_positions()
    exact = torch.autograd.grad(reference(hidden, labels, make_head(scale, limit)), hidden)[0]
    head = make_head(scale, limit)
    head.layer.to(BF16)
    errors = []
    for way in (summed, reference):
        rounded = hidden.detach().to(BF16).requires_grad_()
        gradient = torch.autograd.grad(way(rounded, labels, head), rounded)[0]
        errors.append(float((gradient.float() - exact).norm() / exact.norm()))
    assert errors[0] <= 1.2 * errors[1] + 1e-3


def test_the_scale_of_fp16_training_does_not_overflow() -> None:
    """A loss is multiplied by 65,536 there, which fp16 cannot hold; most gradients times that it can."""
    head = make_head()
    hidden, labels = make_positions()
    by_hidden = torch.autograd.grad(head_losses(hidden, labels, head).sum(), hidden)[0]
    small = (hidden.detach().half()).requires_grad_()
    head.layer.half()
    found = torch.autograd.grad(head_losses(small, labels, head).sum() * 65_536, small)[0]
    held = by_hidden.abs() * 65_536 < 60_000
    assert held.any()
    assert torch.allclose(found[held].float() / 65_536, by_hidden[held], rtol=0.02, atol=2e-3)


@pytest.mark.usefixtures("few_at_once")
def test_only_the_gradient_is_kept() -> None:
    hidden, labels = make_positions()
    shapes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda kept: shapes.append(kept.shape) or kept, lambda kept: kept):
        head_losses(hidden, labels, make_head()).sum()
    assert shapes == [hidden.shape]
    with torch.no_grad():
        assert not head_losses(hidden, labels, make_head()).sum().requires_grad


def make_rows() -> list[Row]:
    chooser = numpy.random.default_rng(0)
    rows = []
    for length in (5, 9, 12):
        ids = chooser.integers(5, 60, size=length).astype(numpy.int32)
        rows.append(Row(ids, numpy.where(chooser.random(length) < 0.6, ids, IGNORED).astype(numpy.int32)))
    return rows


def assert_same_learning(model: Any) -> None:
    """Loss, and gradients by everything that is trained, are those of the model's own logits."""
    batch, results = padded(make_rows(), 0), []
    for losses_of in (plain_token_losses, token_losses):
        model.zero_grad()
        loss = losses_of(model, batch).sum()
        loss.backward()
        results.append((loss.item(), [weight.grad for weight in model.parameters() if weight.grad is not None]))
    assert results[1][0] == pytest.approx(results[0][0], rel=1e-5)
    assert len(results[0][1]) == len(results[1][1]) > 0
    for found, wanted in zip(results[1][1], results[0][1], strict=True):
        assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("learning_head", [False, True], ids=["frozen", "learning"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_learns_the_same(tmp_path: Path, architecture: Architecture, learning_head: bool) -> None:
    model = load_base(make_base_model(tmp_path, architecture)).requires_grad_(True)
    model.get_output_embeddings().requires_grad_(learning_head)
    assert_same_learning(model)


SMALL = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "pad_token_id": 0, "tie_word_embeddings": True, "sliding_window": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "scale", "limit"),
    [
        ("granite", {"logits_scaling": 8.0}, 0.125, None),
        ("cohere", {"logit_scale": 0.0625}, 0.0625, None),
        ("gemma2", {"final_logit_softcapping": 0.5}, 1.0, 0.5),
    ],
)
def test_architectures_that_change_their_logits_learn_the_same(
    name: str, changes: dict[str, float], scale: float, limit: float | None
) -> None:
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(name, **SMALL, **changes))
    head = head_of(model)
    assert (head.scale, head.limit) == (scale, limit)
    assert_same_learning(model.train())
    model.get_output_embeddings().requires_grad_(False)
    assert_same_learning(model)
