"""Every architecture of the catalogue can be fine-tuned: a tiny model of each goes through a whole run."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from localft.jobs import JobContext, JobOrder, JobState
from localft.models.catalogue import catalogue
from localft.models.find import find_model
from localft.planning.model_shape import shape_of
from localft.store import files
from localft.training.loading import load_tuned
from localft.training.order import read_order
from localft.training.runs import open_run, read_metrics
from localft.training.worker import load_for_training
from tests.forked_jobs import Nursery
from tests.sample_projects import make_project, prepare
from tests.tiny_models import make_tiny_model

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent"),
    pytest.mark.usefixtures("one_thread"),
]

ARCHITECTURES = sorted({entry.architecture for entry in catalogue()})

TEXT: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 512, "tie_word_embeddings": True,
}  # fmt: skip
VISION = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
# What makes the kind of a layer, and what changes logits, is kept; the rest is as small as it can be.
CHANGES: dict[str, dict[str, Any]] = {
    "gemma3_text": {"sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"]},
    "granite": {"logits_scaling": 8.0, "embedding_multiplier": 12.0, "residual_multiplier": 0.22},
    "lfm2": {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False},
    "olmo3": {"sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"]},
    "phi3": {"partial_rotary_factor": 0.75},
    "qwen3_5": {
        "layer_types": ["linear_attention", "full_attention"], "linear_key_head_dim": 16, "linear_value_head_dim": 16,
        "linear_num_key_heads": 2, "linear_num_value_heads": 4,
    },
    "smollm3": {"no_rope_layers": [1, 0]},
}  # fmt: skip
CHANGES["gemma3"] = CHANGES["gemma3_text"]
VISION_CHANGES = {
    "gemma3": {"image_size": 28, "patch_size": 14},
    "qwen3_5": {"depth": 1, "num_heads": 2, "out_hidden_size": 64, "num_position_embeddings": 4},
}
# These mix tokens by other ways than attention, or are not shown to keep documents apart yet.
PADDED = {"GraniteForCausalLM", "Lfm2ForCausalLM", "Olmo2ForCausalLM", "Olmo3ForCausalLM", "SmolLM3ForCausalLM"}
PADDED |= {"Qwen3_5ForConditionalGeneration"}


def make_model(folder: Path, architecture: str, **changes: Any) -> Path:
    """A tiny model folder of an architecture of the catalogue, with the tokenizer of the other tiny models."""
    make_tiny_model(folder)
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tokens = {name: value for name, value in settings.items() if name.endswith("_token_id") or name == "vocab_size"}
    kind = next(entry.config["model_type"] for entry in catalogue() if entry.architecture == architecture)
    text = TEXT | CHANGES.get(kind, {}) | tokens | changes
    if architecture.endswith("ForConditionalGeneration"):
        vision = VISION | VISION_CHANGES[kind]
        more = {"mm_tokens_per_image": 4} if kind == "gemma3" else {}
        config = transformers.AutoConfig.for_model(kind, text_config=text, vision_config=vision, **tokens, **more)
    else:
        config = transformers.AutoConfig.for_model(kind, **text)
    torch.manual_seed(0)
    model = getattr(transformers, architecture)(config)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 3, 1
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_learns_by_every_fast_path_that_is_right_for_it(nursery: Nursery, tmp_path: Path, architecture: str) -> None:
    base = find_model(str(make_model(tmp_path / "model", architecture)))
    assert base.architecture == architecture
    project = make_project()
    folder = prepare(project, base, epochs=2, learning_rate=5e-3)
    nursery.finish(folder)
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    events = files.read_lines(folder / "events.jsonl")[0]
    (paths,) = [event for event in events if event["kind"] == "fast_paths"]
    assert {name: paths[name] for name in ("head", "packed", "lean")} == {
        "head": True,
        "packed": architecture not in PADDED,
        "lean": True,
    }
    losses = [loss for _, loss in read_metrics(run).validation_loss]
    assert min(losses) < losses[0] - 0.05
    model, _ = load_tuned(run)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad(), model.disable_adapter():
        before = model(ids).logits
    with torch.no_grad():
        assert (model(ids).logits - before).abs().max() > 1e-3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_trained_is_what_the_formula_counts_and_no_more(tmp_path: Path, architecture: str) -> None:
    """Weights of the adapter to the last one; none on the way from pictures to the language model."""
    base = find_model(str(make_model(tmp_path / "model", architecture)))
    folder = prepare(make_project(), base, rank=8)
    model, _ = load_for_training(read_order(JobContext(folder, JobOrder.load(folder / "job.json"))))
    trained = {name: weights.numel() for name, weights in model.named_parameters() if weights.requires_grad}
    assert sum(trained.values()) == shape_of(base).adapter_parameters(8), sorted(trained)
    assert not [name for name in trained if "vision" in name or "visual" in name or "projector" in name]
