"""Lean LoRA against PEFT's own, on tiny real models of six architectures, on plain bases and bases in 4 bits."""

import contextlib
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import bitsandbytes
import peft
import pytest
import torch
import transformers
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from localft.training.kernels import low_rank
from localft.training.kernels.lora import make_lean
from localft.training.kernels.mlp import make_block_lean
from localft.training.kernels.norm import make_norm_lean
from tests.saved_tensors import saved_bytes
from tests.tiny_models import CHAT_TEMPLATE, CORPUS, make_tokenizer

CONFIGS = {
    "llama": transformers.LlamaConfig,
    "mistral": transformers.MistralConfig,
    "qwen2": transformers.Qwen2Config,
    "qwen3": transformers.Qwen3Config,
    "gemma3": transformers.Gemma3TextConfig,
    "phi3": transformers.Phi3Config,
}
LAYERS = 2
BF16 = torch.bfloat16


class Base(NamedTuple):
    """Which tiny model: its architecture, whether its linear layers are in 4 bits, the type of the rest."""

    architecture: str
    quantized: bool
    kind: torch.dtype = torch.float32


def load(folder: Path, base: Base, **changes: Any) -> Any:
    """The base model; its weights are numbers of bf16 whatever type it is loaded in."""
    values: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 192, "head_dim": 16, "vocab_size": 300}
    values |= {"num_hidden_layers": LAYERS, "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0}
    if base.architecture == "gemma3":
        values |= {"sliding_window": 64, "query_pre_attn_scalar": 16}
    torch.manual_seed(0)
    config = CONFIGS[base.architecture](**values | changes)
    made = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for name, weight in made.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(weight, 1.0, 0.2)
    made.bfloat16().save_pretrained(folder / "base")
    options: dict[str, Any] = {}
    if base.quantized:
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=base.kind,
        )
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder / "base", dtype=base.kind, device_map={"": "cpu"}, **options
    )
    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            # Some processors repack weights for inference; see localft.training.loading.
            module.support_avx512bf16_for_cpu = False
    return model


def adapt(model: Any, **changes: Any) -> Any:
    """PEFT's model with an adapter that changes something: B is not zero. The adapter is fp32."""
    settings: dict[str, Any] = {"r": 8, "lora_alpha": 12, "target_modules": "all-linear"}
    config = peft.LoraConfig(**settings | changes)
    adapted = peft.get_peft_model(model, config)
    torch.manual_seed(1)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, 0.0, 0.05)
    for module in adapted.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            setattr(module, "cast_input_dtype_enabled", False)  # noqa: B010 - torch types a module's fields as tensors
    return adapted


def tokens(rows: int = 2, length: int = 24) -> torch.Tensor:
    return torch.randint(5, 300, (rows, length), generator=torch.Generator().manual_seed(2))


def compute_in(kind: torch.dtype) -> Any:
    return contextlib.nullcontext() if kind == torch.float32 else torch.autocast("cpu", kind)


def results(model: Any, kind: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    """Logits, and the gradient of each adapter weight."""
    model.zero_grad()
    ids = tokens()
    with compute_in(kind):
        logits = model(input_ids=ids, use_cache=False).logits
    torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten()).backward()
    found = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(gradient.dtype == torch.float32 for gradient in found.values())
    return {"logits": logits.detach().float(), **found}


def error(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> dict[str, float]:
    """The root mean square error of each result over the root mean square of what was expected."""
    return {name: float((found[name] - value).norm() / value.norm()) for name, value in expected.items()}


EVERY_BASE = pytest.mark.parametrize("quantized", [False, True], ids=["plain", "nf4"])
EVERY_ARCHITECTURE = pytest.mark.parametrize("architecture", CONFIGS)


@EVERY_BASE
@EVERY_ARCHITECTURE
def test_logits_and_gradients_are_those_of_peft(tmp_path: Path, architecture: str, quantized: bool) -> None:
    model = adapt(load(tmp_path, Base(architecture, quantized)))
    expected = results(model)
    linears = sum(hasattr(module, "lora_A") for module in model.modules())
    assert make_lean(model) == linears > 0
    assert max(error(results(model), expected).values()) < 1e-5
    decoder = model.get_base_model().model
    assert all(
        "forward" in vars(module) for module in decoder.modules() if type(module).__name__.endswith(("MLP", "Norm"))
    )
    assert make_lean(model) == 0


@EVERY_BASE
@EVERY_ARCHITECTURE
def test_in_bf16_it_is_as_near_to_fp32_as_peft(tmp_path: Path, architecture: str, quantized: bool) -> None:
    exact = results(adapt(load(tmp_path, Base(architecture, quantized))))
    model = adapt(load(tmp_path, Base(architecture, quantized, BF16)))
    theirs = error(results(model, BF16), exact)
    make_lean(model)
    ours = error(results(model, BF16), exact)
    gradients = [name for name in exact if name != "logits"]
    assert ours["logits"] <= 1.1 * theirs["logits"] + 1e-4
    mean_ours, mean_theirs = (sum(side[name] for name in gradients) / len(gradients) for side in (ours, theirs))
    print(
        f"{architecture}: error of logits {ours['logits']:.4f} (PEFT {theirs['logits']:.4f}), of gradients "
        f"{mean_ours:.4f} ({mean_theirs:.4f})"
    )
    assert mean_ours <= 1.1 * mean_theirs + 1e-4


def test_outside_autocast_it_computes_in_the_type_of_its_input(tmp_path: Path) -> None:
    model = adapt(load(tmp_path, Base("llama", True, BF16)))
    make_lean(model)
    with torch.no_grad():
        assert model(input_ids=tokens()).logits.dtype == BF16
        with compute_in(BF16):
            expected = model(input_ids=tokens()).logits
        assert torch.equal(model(input_ids=tokens()).logits, expected)


def trl_trainer(model: Any, folder: Path, config: peft.LoraConfig | None) -> Any:
    """TRL's trainer as it comes, but for the checkpointing of activations."""
    return SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder), activation_checkpointing=False, bf16=True, use_cpu=True, report_to="none"
        ),
        train_dataset=Dataset.from_dict({"input_ids": tokens().tolist()}),
        processing_class=make_tokenizer(tuple(CORPUS), CHAT_TEMPLATE),
        peft_config=config,
    )


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        # The proportions of Llama 3.1 8B, of Qwen3 4B and of Gemma 3 4B, a sixteenth or less as wide.
        ("llama", {"hidden_size": 256, "intermediate_size": 896, "num_attention_heads": 16, "num_key_value_heads": 4}),
        ("qwen3", {"hidden_size": 160, "intermediate_size": 608, "num_attention_heads": 16, "num_key_value_heads": 4}),
        ("gemma3", {"hidden_size": 160, "intermediate_size": 640, "num_attention_heads": 8, "num_key_value_heads": 4}),
    ],
)
def test_it_keeps_a_third_less_than_trl(
    tmp_path: Path, architecture: str, shape: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    lora = peft.LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
    ids = tokens(2, 64)

    def measure(model: Any) -> float:
        decoder = model.get_base_model().model
        with torch.autocast("cpu", BF16):
            run = lambda: decoder(input_ids=ids, use_cache=False)  # noqa: E731 - measured in two lines
            return saved_bytes(run, model.parameters()) / 1024 / (ids.numel() * LAYERS)

    base = Base(architecture, True, BF16)
    trl = trl_trainer(load(tmp_path, base, **shape), tmp_path / "trl", lora).model
    assert all(weight.dtype == BF16 for weight in trl.parameters() if weight.requires_grad)
    model = peft.get_peft_model(load(tmp_path, base, **shape), lora)
    default = measure(model)
    for module in model.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            setattr(module, "cast_input_dtype_enabled", False)  # noqa: B010 - torch types a module's fields as tensors
    uncast = measure(model)
    make_lean(model)
    ours, theirs = measure(model), measure(trl)
    with capsys.disabled():
        print(
            f"\n{architecture}: KiB kept per token and layer: {ours:.2f}; TRL {theirs:.2f} ({ours / theirs - 1:+.0%}); "
            f"PEFT's defaults {default:.2f}, without casts {uncast:.2f}"
        )
    assert ours <= 0.7 * theirs


def test_the_saved_adapter_is_peft_s(tmp_path: Path) -> None:
    model = adapt(load(tmp_path, Base("qwen3", True)))
    names = set(model.state_dict())
    make_lean(model)
    assert set(model.state_dict()) == names
    model.save_pretrained(tmp_path / "adapter")
    plain = peft.PeftModel.from_pretrained(load(tmp_path, Base("qwen3", True)), str(tmp_path / "adapter"))
    with torch.no_grad():
        ours, theirs = model(input_ids=tokens()).logits, plain(input_ids=tokens()).logits
    assert torch.allclose(ours, theirs, atol=1e-5)


@EVERY_BASE
def test_with_its_adapter_disabled_it_is_the_base(tmp_path: Path, quantized: bool) -> None:
    base = load(tmp_path, Base("llama", quantized))
    with torch.no_grad():
        expected = base(input_ids=tokens()).logits
        model = adapt(base)
        make_lean(model)
        with model.disable_adapter():
            assert torch.equal(model(input_ids=tokens()).logits, expected)
        assert not torch.allclose(model(input_ids=tokens()).logits, expected, atol=1e-3)


def _two_adapters(model: Any) -> None:
    model.add_adapter("second", peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    model.base_model.set_adapter(["default", "second"])


@EVERY_BASE
@pytest.mark.parametrize(
    ("changes", "prepare"),
    [
        ({"use_rslora": True}, None),
        ({"use_dora": True}, None),
        ({"lora_dropout": 0.5}, None),
        ({"target_modules": ["q_proj", "gate_proj", "down_proj"]}, None),
        ({}, _two_adapters),
        ({}, lambda model: model.merge_adapter()),
    ],
    ids=["rslora", "dora", "dropout", "some-layers", "two-adapters", "merged"],
)
def test_what_it_cannot_do_better_is_left_to_peft(
    tmp_path: Path, quantized: bool, changes: dict[str, Any], prepare: Callable[[Any], None] | None
) -> None:
    model = adapt(load(tmp_path, Base("llama", quantized)), **changes).train()
    lean = copy.deepcopy(model)
    assert make_lean(lean) > 0
    for each in (model, lean):
        if prepare is not None:
            torch.manual_seed(4)
            prepare(each)
    found = []
    for each in (model, lean):
        torch.manual_seed(3)
        each.zero_grad()
        logits = each(input_ids=tokens(), use_cache=False).logits
        if logits.requires_grad:  # A merged adapter is part of the weights.
            logits.square().sum().backward()
        found.append(
            {"logits": logits.detach()} | {n: p.grad for n, p in each.named_parameters() if p.grad is not None}
        )
    assert found[0].keys() == found[1].keys()
    assert max(error(found[1], found[0]).values()) < 1e-5


def test_after_dropout_in_training_it_is_lean_in_validation(tmp_path: Path) -> None:
    model = adapt(load(tmp_path, Base("llama", True)), lora_dropout=0.5).eval()
    with torch.no_grad():
        expected = model(input_ids=tokens()).logits
        make_lean(model)
        assert torch.allclose(model(input_ids=tokens()).logits, expected, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.float32, BF16], ids=["fp32", "bf16"])
def test_recomputed_layers_give_the_same_gradients(tmp_path: Path, kind: torch.dtype) -> None:
    model = adapt(load(tmp_path, Base("llama", True, kind))).train()
    make_lean(model)
    expected = results(model, kind)
    model.get_base_model().activation_checkpointing_enable({"use_reentrant": False})
    assert max(error(results(model, kind), expected).values()) < 1e-6


def test_gradients_nobody_asked_for_are_not_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = adapt(load(tmp_path, Base("llama", True)))
    linears = make_lean(model)
    original, calls = low_rank.dequantize_4bit, []
    logits = model(input_ids=tokens(), use_cache=False).logits
    monkeypatch.setattr(low_rank, "dequantize_4bit", lambda *given: calls.append(1) or original(*given))
    logits.sum().backward()
    # The first layer's queries, keys and values read embeddings, which are frozen.
    assert len(calls) == linears - 3


@EVERY_BASE
def test_training_takes_the_same_way(tmp_path: Path, quantized: bool) -> None:
    losses = []
    for lean in (False, True):
        model = adapt(load(tmp_path, Base("llama", quantized))).train()
        if lean:
            make_lean(model)
        optimiser = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
        way = []
        for _ in range(3):
            loss = model(input_ids=tokens(), labels=tokens(), use_cache=False).loss
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            way.append(loss.item())
        losses.append(way)
    assert losses[0][2] < losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_a_block_that_scales_what_lies_between_is_left_alone(tmp_path: Path) -> None:
    class Scaled(torch.nn.Module):
        """Named like a Llama's block, but not one."""

        def __init__(self) -> None:
            super().__init__()
            self.gate_proj, self.up_proj = torch.nn.Linear(8, 16), torch.nn.Linear(8, 16)
            self.down_proj, self.act_fn = torch.nn.Linear(16, 8), torch.nn.SiLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x) * 1.5)

    model = adapt(torch.nn.Sequential(Scaled()), target_modules=["gate_proj", "up_proj", "down_proj"])
    x = torch.randn(3, 8)
    expected = model(x)
    assert make_lean(model) == 3
    assert "forward" not in vars(model.base_model.model[0])
    assert torch.allclose(model(x), expected, atol=1e-6)
    assert not make_block_lean(torch.nn.Linear(2, 2), lambda _: True)


def test_a_norm_that_computes_something_else_is_left_alone() -> None:
    class OtherRMSNorm(torch.nn.Module):
        """Not centred on zero, not scaled by the root mean square."""

        def __init__(self) -> None:
            super().__init__()
            self.weight, self.eps = torch.nn.Parameter(torch.ones(8)), 1e-6

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.weight * x / (x.abs().mean(-1, keepdim=True) + self.eps)

    assert not make_norm_lean(OtherRMSNorm())
