"""What a forward pass keeps is listed tensor by tensor as autograd keeps it; adapters are counted to the byte."""

import contextlib
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import bitsandbytes
import numpy
import peft
import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from localft.models.find import find_model
from localft.planning.activations import Kept, kept_by_layer, kept_by_recomputed_layer, window_bytes
from localft.planning.load import Load, Method, Precision
from localft.planning.memory import memory_by_cause
from localft.planning.model_shape import shape_of
from localft.training.batches import LEARNED, packed
from localft.training.kernels.attention import register_attention
from localft.training.kernels.lora import make_lean
from localft.training.loading import load_base
from localft.training.recompute import recompute_layers
from localft.training.rows import Row
from tests.allocation_meter import AllocationMeter
from tests.integration.test_training_catalogue import make_model

ARCHITECTURES = ["LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"]
ARCHITECTURES += ["Gemma3ForCausalLM", "Phi3ForCausalLM"]
LAYERS = 4
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


class Tuned:
    """A model that is about to train, with its shape; documents of one length, unless the load has others."""

    def __init__(self, folder: Path, architecture: str, load: Load, **changes: Any) -> None:
        slides = architecture.startswith(("Gemma", "Olmo3"))
        kinds: dict[str, Any] = {"layer_types": ["sliding_attention", "full_attention"] * 2} if slides else {}
        kinds |= {"no_rope_layers": [1] * LAYERS} if "SmolLM3" in architecture else {}
        base = find_model(str(make_model(folder, architecture, num_hidden_layers=LAYERS, **kinds | changes)))
        self.shape, self.load = shape_of(base), load
        # Weights that learn are fp32 whatever the products are computed in.
        precision = "fp32" if load.method == "full" else load.precision
        quantization = "nf4" if load.method == "qlora" else None
        model: Any = load_base(base, quantization=quantization, precision=precision, attention=register_attention())
        self.decoder = model.model
        if load.method != "full":
            options: dict[str, Any] = {"target_modules": "all-linear", "task_type": "CAUSAL_LM"}
            config = peft.LoraConfig(r=load.rank, lora_dropout=0.1 if load.dropout else 0.0, **options)
            model = peft.get_peft_model(model, config)
            for module in model.modules():
                if hasattr(module, "cast_input_dtype_enabled"):
                    setattr(module, "cast_input_dtype_enabled", False)  # noqa: B010 - a field torch does not know
            make_lean(model)
        self.model = model.train()

    def kept(self, recomputed: int) -> Counter[tuple[float, int]]:
        """(numbers a token, bytes of each) of all tensors that a forward pass keeps of its tokens."""
        lengths = {self.load.tokens, self.load.length}
        return Counter(
            (storage.nbytes() / size / self.load.tokens, size)
            for storage, size, shape in self._storages(recomputed)
            if not lengths.isdisjoint(shape)
        )

    def kept_bytes(self, recomputed: int) -> int:
        """Bytes of all tensors that a forward pass keeps, whatever their shape, but not of weights that it rounded."""
        weights = {tuple(part.shape) for part in self.model.parameters() if part.requires_grad}
        weights |= {shape[::-1] for shape in weights}
        return sum(storage.nbytes() for storage, _, shape in self._storages(recomputed) if shape not in weights)

    def _storages(self, recomputed: int) -> list[tuple[torch.UntypedStorage, int, tuple[int, ...]]]:
        """What a forward pass keeps: (storage, bytes of a number, shape of the last tensor that lies in it)."""
        recompute_layers(self.model, recomputed)
        rows = []
        for length in self.load.documents or (self.load.length,) * self.load.micro_batch:
            ids = numpy.arange(5, 5 + length, dtype=numpy.int32)
            rows.append(Row(ids, ids))
        batch = packed(rows)
        given = {name: value for name, value in batch.items() if name not in (LEARNED, "labels")}
        known = {part.untyped_storage().data_ptr() for part in self.model.parameters()}
        storages: dict[int, tuple[torch.UntypedStorage, int, tuple[int, ...]]] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            # The tables of the rotary embedding are the model's, made once for layers of a kind.
            is_table = storage.nbytes() == self.load.tokens * self.shape.head * tensor.element_size()
            if storage.data_ptr() not in known and not is_table:
                storages[storage.data_ptr()] = storage, tensor.element_size(), tuple(tensor.shape)
            return tensor

        half = torch.autocast("cpu", torch.bfloat16) if self.load.precision == "bf16" else contextlib.nullcontext()
        with half, torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            _held = self.decoder(**given, use_cache=False)
        return list(storages.values())


def listed(kept: list[Kept]) -> Counter[tuple[float, int]]:
    return Counter((float(one.width), one.size) for one in kept)


def assert_all_listed(tuned: Tuned) -> None:
    shape, load, kept = tuned.shape, tuned.load, [tuned.kept(count) for count in range(LAYERS)]
    # The first layer is another case: no gradient is needed of what it reads, where the embeddings are frozen.
    for more, fewer in pairwise(kept[1:]):
        assert more + listed(kept_by_recomputed_layer(shape, load)) == fewer + listed(kept_by_layer(shape, load))


@every_architecture
@pytest.mark.parametrize(
    "load",
    [
        Load("qlora", "bf16", False, rank=8, micro_batch=2, length=50, recomputed=0),
        Load("qlora", "fp32", False, rank=4, micro_batch=3, length=37, recomputed=0),
        Load("lora", "bf16", False, rank=6, micro_batch=1, length=60, recomputed=0),
        Load("lora", "bf16", False, rank=8, micro_batch=2, length=50, recomputed=0, dropout=True),
        Load("full", "fp32", False, rank=8, micro_batch=2, length=50, recomputed=0),
        Load("full", "bf16", False, rank=8, micro_batch=2, length=50, recomputed=0),
    ],
    ids=lambda load: f"{load.method}-{load.precision}" + "-dropout" * load.dropout,
)
def test_every_kept_tensor_is_listed(tmp_path: Path, architecture: str, load: Load) -> None:
    assert_all_listed(Tuned(tmp_path, architecture, load))


@pytest.mark.parametrize("architecture", ["MistralForCausalLM", "Gemma3ForCausalLM", "Phi3ForCausalLM"])
@pytest.mark.parametrize(
    ("method", "precision", "dropout"),
    [
        ("qlora", "bf16", False),
        ("lora", "fp32", False),
        ("lora", "bf16", True),
        ("full", "fp32", False),
        ("full", "bf16", False),
    ],
)
def test_documents_beyond_a_window_keep_what_is_listed_to_the_byte(
    tmp_path: Path, architecture: str, method: Method, precision: Precision, dropout: bool
) -> None:
    load = Load(method, precision, False, rank=8, micro_batch=1, length=1, recomputed=0, dropout=dropout)
    tuned = Tuned(tmp_path, architecture, load, sliding_window=16)
    for documents in [(17,), (50, 50), (64, 40, 40), (33, 33, 20, 16, 9), (16, 12)]:
        sizes: dict[str, Any] = {"micro_batch": len(documents), "length": max(documents), "budget": sum(documents)}
        load = tuned.load = replace(load, **sizes, documents=documents)
        shape, kept = tuned.shape, [tuned.kept_bytes(count) for count in range(LAYERS)]
        # The first layer is another case; of the others every second one has no window, or none of them.
        windows = [2] if architecture.startswith("Gemma") else [1, 2]
        for layer in (1, 2):
            own = load.tokens * sum(one.bytes_per_token for one in kept_by_layer(shape, load))
            own += window_bytes(shape, load) if layer in windows else 0
            again = load.tokens * sum(one.bytes_per_token for one in kept_by_recomputed_layer(shape, load))
            assert kept[layer] - kept[layer + 1] == own - again, documents


@pytest.mark.parametrize(
    "architecture", ["Olmo2ForCausalLM", "Olmo3ForCausalLM", "SmolLM3ForCausalLM", "GraniteForCausalLM"]
)
def test_other_architectures_of_attention_keep_the_same_when_lean(tmp_path: Path, architecture: str) -> None:
    load = Load("qlora", "bf16", False, rank=8, micro_batch=1, length=50, recomputed=0)
    assert_all_listed(Tuned(tmp_path, architecture, load))


@every_architecture
@pytest.mark.parametrize("rank", [4, 16])
def test_weights_adapter_and_optimiser_are_counted_to_the_byte(tmp_path: Path, architecture: str, rank: int) -> None:
    load = Load("qlora", "fp32", False, rank, 1, 32, recomputed=0)
    tuned = Tuned(tmp_path, architecture, load)
    memory = memory_by_cause(tuned.shape, load)
    layers = [module for module in tuned.model.modules() if isinstance(module, bitsandbytes.nn.Linear4bit)]
    quantised: list[Any] = [layer.weight for layer in layers]
    assert 2 * sum(weight.nbytes for weight in quantised) == tuned.shape.linear_parameters
    scales = sum(weight.quant_state.absmax.nbytes + weight.quant_state.state2.absmax.nbytes for weight in quantised)
    frozen = [part for part in tuned.model.parameters() if not part.requires_grad]
    weights = sum(part.nbytes for part in frozen) + scales
    # Blocks of scales are filled up: at most one number of four bytes a matrix.
    assert memory["weights"] <= weights <= memory["weights"] + 4 * len(quantised)
    trained = [part for part in tuned.model.parameters() if part.requires_grad]
    assert memory["adapter"] == sum(part.nbytes for part in trained)
    optimiser = torch.optim.AdamW(trained)
    for part in trained:
        part.grad = torch.zeros_like(part)
    optimiser.step()
    assert memory["gradients"] == sum(part.grad.nbytes for part in trained if part.grad is not None)
    moments = [state[name] for state in optimiser.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert memory["optimiser"] == sum(moment.nbytes for moment in moments)


def test_what_several_cards_exchange_has_room_of_its_own(tmp_path: Path) -> None:
    """A group of one is enough: torch makes the room as soon as there is a group."""
    load = Load("qlora", "fp32", False, 8, 1, 32, recomputed=0, cards=2)
    tuned = Tuned(tmp_path, "LlamaForCausalLM", load)
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1)
    try:
        with AllocationMeter(tuned.model) as meter:
            before = meter.peak()
            together = DistributedDataParallel(tuned.model)
            meter.reset()
            room = meter.peak() - before
        del together
    finally:
        distributed.destroy_process_group()
    alone = memory_by_cause(tuned.shape, replace(load, cards=1))["gradients"]
    assert memory_by_cause(tuned.shape, load)["gradients"] == alone + room
