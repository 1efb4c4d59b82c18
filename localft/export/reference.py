"""The trained model itself, in transformers: its logits where the exported file has answered, and how far they differ.

The file's greedy answer is put behind its prompt and read in one pass. If the trained model's likeliest token is the
file's at every place, it would have given the same greedy answer itself; so one pass per prompt proves equal answers.
"""

from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.export.child import Report
from localft.models.base_model import BaseModel

_SPARE = 1.25


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Compare a file's logits with those of the trained model.

    Settings: base_model (record), adapter (folder or None), full (folder of a full fine-tune or None), answers (prompt
    and answer ids each), logits (.npy of the file, float32 [steps, vocabulary]) or merged (a model folder to be asked
    itself), weight_bytes (at 2 bytes a weight), available_bytes.

    Returns:
        the figures of `compare`, and the precision in which the trained model was computed.

    Raises:
        UserError: this computer has not the memory to hold the trained model.
    """
    import numpy

    base_model = BaseModel.model_validate(settings["base_model"])
    device, precision = _place(settings)
    answers = settings["answers"]

    def ask(folder: str | None) -> Any:
        """Logits of the model in a folder, or of the base model."""
        # The record's list of files is that of the base model, to the byte.
        where = {"origin": "folder", "folder": folder, "files": {}} if folder else {}
        return logits(_load(base_model.model_copy(update=where), device, precision), answers, device)

    report(0, 2, "Asking the trained model")
    if settings["full"]:
        tuned = ask(settings["full"])
        report(1, 2, "Asking the base model")
        base = ask(None)
    else:
        from localft.training.loading import load_adapter

        model = load_adapter(_load(base_model, device, precision), Path(settings["adapter"]))
        tuned = logits(model, answers, device)
        report(1, 2, "Asking the base model")
        with model.disable_adapter():
            base = logits(model, answers, device)
        del model
    if settings.get("merged"):
        file = ask(settings["merged"])
        chosen = file.argmax(axis=1).tolist()
    else:
        file = numpy.load(settings["logits"], mmap_mode="r")
        chosen = [token for answer in answers for token in answer["answer"]]
    return {"figures": compare(file, tuned, base, chosen), "precision": precision, "device": device.type}


def _place(settings: dict[str, Any]) -> tuple[Any, Any]:
    """(device, precision): float32 where it fits, for a sharp comparison, else bfloat16; the card first."""
    import torch

    needed = int(settings["weight_bytes"] * _SPARE)
    places = [(torch.device("cpu"), settings["available_bytes"])]
    if torch.cuda.is_available():
        places.insert(0, (torch.device("cuda", 0), torch.cuda.mem_get_info(0)[0]))
    for factor, precision in ((2, "fp32"), (1, "bf16")):
        for device, available in places:
            if needed * factor <= available:
                return device, precision
    raise UserError(
        f"The trained model needs {needed / 1e9:.0f} GB of memory to be asked itself, and "
        f"{max(available for _, available in places) / 1e9:.0f} GB are free.",
        "Close other programs to have this check made as well.",
    )


def _load(base_model: BaseModel, device: Any, precision: Any) -> Any:
    from localft.training.loading import load_base

    return load_base(base_model, device=device, precision=precision)


def logits(model: Any, answers: list[dict[str, Any]], device: Any) -> Any:
    """Logits before each answered token, float32 [steps of all answers, vocabulary]."""
    import torch

    rows = []
    with torch.inference_mode():
        for one in answers:
            ids = torch.tensor([one["prompt"] + one["answer"][:-1]], device=device)
            steps = len(one["answer"])
            # Without a cache: the causal mask alone decides what a place sees.
            output = model(input_ids=ids, use_cache=False, logits_to_keep=steps)
            rows.append(output.logits[0, -steps:].float().cpu())
    return torch.cat(rows).numpy()


def compare(file: Any, tuned: Any, base: Any, chosen: list[int]) -> dict[str, float]:
    """How far the file's logits are from the trained model's, as plain numbers.

    largest: greatest absolute difference. relative: root mean square of the difference over the spread of the logits,
    both without the mean of each place (a constant added to all logits changes no answer). agreement: share of places
    with the same likeliest token. ties: places with another one, but by less than the numbers' own error. divergence:
    mean Kullback-Leibler divergence in nats. effect: how much of the training is in the file, 1 for all of it and 0 for
    none: the file's distance from the base model along the trained model's own.
    """
    import numpy

    # Engines may pad the vocabulary.
    width = min(file.shape[1], tuned.shape[1])
    file, tuned, base = (_centred(numpy.asarray(one[:, :width], dtype=numpy.float64)) for one in (file, tuned, base))
    difference, trained = file - tuned, tuned - base
    spread = float(numpy.sqrt((tuned**2).mean()))
    noise = float(numpy.sqrt((difference**2).mean()))
    places = numpy.arange(len(chosen))
    gap = tuned.max(axis=1) - tuned[places, chosen]
    other = gap > 0
    moved = float((trained**2).sum())
    return {
        "steps": float(len(chosen)),
        "largest": float(numpy.abs(difference).max(initial=0.0)),
        "relative": noise / spread if spread else 0.0,
        "agreement": float(1 - other.mean()) if len(chosen) else 1.0,
        "ties": float((other & (gap <= 4 * noise)).sum()),
        "divergence": _divergence(tuned, file),
        "effect": float(((file - base) * trained).sum()) / moved if moved else 1.0,
        "trained": float(numpy.sqrt((trained**2).mean())) / spread if spread else 0.0,
    }


def _centred(logits: Any) -> Any:
    return logits - logits.mean(axis=1, keepdims=True)


def _divergence(tuned: Any, file: Any) -> float:
    """Mean over places of KL(trained || file), in nats."""
    import numpy

    def log_probabilities(logits: Any) -> Any:
        shifted = logits - logits.max(axis=1, keepdims=True)
        return shifted - numpy.log(numpy.exp(shifted).sum(axis=1, keepdims=True))

    ours, theirs = log_probabilities(tuned), log_probabilities(file)
    return float((numpy.exp(ours) * (ours - theirs)).sum(axis=1).mean()) if len(ours) else 0.0
