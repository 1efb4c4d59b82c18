"""The models of real size that cards are measured with: published shapes, loaded as every other model is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from localft.hardware import Gpu, read_hardware
from localft.models.find import find_model
from localft.planning.device import device_of
from localft.planning.model_shape import shape_of
from localft.training.loading import load_base
from tests.real_models import CONFIGS, empty_model, with_card_of, write_model

# As the pages of the hub count them.
PUBLISHED = {
    "Qwen3-0.6B": 596_049_920,
    "Qwen3-4B": 4_022_468_096,
    "Llama-3.2-3B": 3_212_749_824,
    "Llama-3.1-8B": 8_030_261_248,
    "Qwen3-14B": 14_768_307_200,
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_shapes_are_the_published_ones(name: str) -> None:
    assert sum(weights.numel() for weights in empty_model(CONFIGS[name]).parameters()) == PUBLISHED[name]


@pytest.mark.parametrize("name", ["Qwen3-0.6B", "Llama-3.1-8B"])
def test_what_is_written_is_found_and_loaded_in_four_bits(name: str, tmp_path: Path) -> None:
    small = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = {**CONFIGS[name], **small, "vocab_size": 2_048, "head_dim": 32, "num_key_value_heads": 2}
    base = find_model(str(write_model(tmp_path / "model", config)))
    expected = empty_model(config)
    assert base.parameters == sum(weights.numel() for weights in expected.parameters())
    assert shape_of(base).layers == 3
    model = load_base(base, quantization="nf4", device=torch.device("cpu"))
    logits = model(torch.tensor([[5, 6, 7, 8]])).logits
    assert logits.shape == (1, 4, 2_048) and bool(logits.isfinite().all())
    assert not [name for name, weights in model.named_parameters() if weights.is_meta]
    assert {type(module).__name__ for module in model.model.layers.modules()} >= {"Linear4bit"}


def test_another_card_is_what_the_plan_sees() -> None:
    card = Gpu(0, "GPU-1", "NVIDIA H100 80GB HBM3", 80 * 2**30, 79 * 2**30, (9, 0))
    computer = read_hardware()
    imitated = with_card_of(replace(computer, gpus=(card,)), 12)
    assert device_of(imitated).memory == int(0.93 * 12 * 2**30)
    assert device_of(imitated).name.startswith("H100")
