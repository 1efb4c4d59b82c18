"""Loading base and tuned models: the one place where training, serving, evaluation and export get them from."""

from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from transformers.utils import logging as transformers_logging

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.planning.load import Precision
from localft.planning.recipe import Recipe
from localft.training.runs import Run, run_weights

Quantization = Literal["nf4"]

_TYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def choose_device() -> torch.device:
    """The card where there is one, else the processor."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def choose_precision(device: torch.device) -> Precision:
    """bf16 where the card computes it natively (capability 8.0 and newer), fp16 on older cards, fp32 on the processor.

    Asked by capability: `torch.cuda.is_bf16_supported` also says yes where bf16 is only emulated.
    """
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"


def load_base(
    base_model: BaseModel,
    *,
    quantization: Quantization | None = None,
    device: torch.device | None = None,
    precision: Precision | None = None,
    attention: str = "sdpa",
) -> Any:
    """Load a base model for inference or training, on the card where there is one.

    `quantization` "nf4" keeps its linear layers in 4 bits with double quantisation (Dettmers et al. 2023, QLoRA).
    `attention` is the name of an implementation that transformers knows.

    Raises:
        UserError: it is not downloaded, or has no weights in safetensors.
    """
    # Nobody watches a worker's terminal; progress is told by events.
    transformers_logging.disable_progress_bar()
    device = device or choose_device()
    kind = _TYPES[precision or choose_precision(device)]
    folder = model_folder(base_model)
    if not list(folder.glob("*.safetensors")):
        raise UserError(
            f"The model {base_model.reference} has no weights in safetensors.",
            "Choose a model that has them; other weight files can run code and are not loaded.",
        )
    options: dict[str, Any] = {}
    if quantization == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=kind,
        )
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=kind,
        device_map={"": str(device)},
        attn_implementation=attention,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        **options,
    )
    if quantization == "nf4":
        _keep_differentiable(model)
    model.eval()
    return model


def _keep_differentiable(model: Any) -> None:
    """Stop bitsandbytes from repacking 4-bit weights on processors with AVX512-BF16.

    It would do so in the first forward pass without gradients (a validation, say), and the repacked layers have no
    gradient: training would silently go on without what flows through them. The gain in speed is small.
    """
    for module in model.modules():
        if getattr(module, "support_avx512bf16_for_cpu", False):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010 - torch types fields of modules as tensors


def load_tokenizer(base_model: BaseModel) -> Any:
    """The transformers tokenizer, for what needs one; tokens are made by `localft.models.tokens`, everywhere."""
    return transformers.AutoTokenizer.from_pretrained(
        model_folder(base_model), trust_remote_code=False, local_files_only=True
    )


def base_quantization(recipe: Recipe) -> Quantization | None:
    """How the base of a run's adapter is kept: qlora trains against the 4-bit base."""
    return "nf4" if recipe.settings.method == "qlora" else None


def load_tuned(
    run: Run, *, device: torch.device | None = None, precision: Precision | None = None, quantized: bool | None = None
) -> tuple[Any, Any]:
    """(model, tokenizer) of a run, ready to answer.

    With an adapter the model is a PeftModel: inside `with model.disable_adapter():` it is the base. The base is kept as
    it was in training (4 bits for qlora) unless `quantized` says otherwise.

    Raises:
        UserError: the run has no weights yet, or its base model is not downloaded.
    """
    weights = run_weights(run)
    if run.recipe.settings.method == "full":
        # The base's list of files does not describe this folder: it has no tokenizer, and sizes of its own.
        full = run.base_model.model_copy(update={"origin": "folder", "folder": str(weights), "files": {}})
        return load_base(full, device=device, precision=precision), load_tokenizer(run.base_model)
    quantization = base_quantization(run.recipe) if quantized is None else ("nf4" if quantized else None)
    base = load_base(run.base_model, quantization=quantization, device=device, precision=precision)
    return load_adapter(base, weights), load_tokenizer(run.base_model)


def load_adapter(base: Any, weights: Path, *, trainable: bool = False) -> Any:
    """Put a saved adapter on a loaded base model; the result is a PeftModel."""
    import peft

    model = peft.PeftModel.from_pretrained(base, str(weights), is_trainable=trainable, local_files_only=True)
    model.eval()
    return model
