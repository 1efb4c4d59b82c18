"""The measurements of a run, read from its events: what plots, tables and status lines show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localft.store import files


@dataclass(frozen=True)
class Sample:
    """An answer of the model in training to a prompt of the validation split."""

    prompt: str
    expected: str
    answer: str


@dataclass(frozen=True)
class Metrics:
    """Series of (step, value) pairs, by step; loss in nats per learned token (or pair), memory in bytes.

    `preferred` is the part of held-out pairs whose better answer is preferred, for runs that learn from pairs.
    `best_step` is the step with the lowest validation loss, None before the first validation; `samples` holds the
    answers to the fixed prompts by step; `warnings` are sentences that arose on the way. `foreseen` is what the look
    before the first step found: (bytes that will be needed, bytes that the card can give); None where none was made.
    """

    loss: list[tuple[int, float]] = field(default_factory=list)
    validation_loss: list[tuple[int, float]] = field(default_factory=list)
    preferred: list[tuple[int, float]] = field(default_factory=list)
    learning_rate: list[tuple[int, float]] = field(default_factory=list)
    tokens_per_second: list[tuple[int, float]] = field(default_factory=list)
    memory_bytes: list[tuple[int, float]] = field(default_factory=list)
    samples: dict[int, list[Sample]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    best_step: int | None = None
    foreseen: tuple[int, int] | None = None

    @property
    def best_validation_loss(self) -> float | None:
        return dict(self.validation_loss).get(self.best_step) if self.best_step is not None else None

    @property
    def base_validation_loss(self) -> float | None:
        """That of the base model, before the first step."""
        return dict(self.validation_loss).get(0)


_SERIES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "tokens_per_second": "tokens_per_second",
    "memory_bytes": "memory_bytes",
}


def metrics_of(folder: Path) -> Metrics:
    """Read the measurements of the run in `folder` so far.

    A resumed run starts again from its last checkpoint: what had been measured beyond that step is replaced.
    """
    series: dict[str, dict[int, float]] = {name: {} for name in (*_SERIES, "validation_loss", "preferred")}
    samples: dict[int, list[Sample]] = {}
    warnings: list[str] = []
    foreseen: tuple[int, int] | None = None
    for event in files.read_lines(folder / "events.jsonl")[0]:
        kind, step = event.get("kind"), event.get("step")
        if kind == "warning":
            warnings.append(str(event.get("message", "")))
        elif kind == "probe":
            foreseen = int(event.get("predicted_bytes", 0)), int(event.get("room_bytes", 0))
        if not isinstance(step, int):
            continue
        if kind == "resumed":
            for points in (*series.values(), samples):
                _forget_after(points, step)
        elif kind == "metrics":
            for name, field_name in _SERIES.items():
                if isinstance(value := event.get(field_name), int | float):
                    series[name][step] = float(value)
        elif kind == "validation" and isinstance(event.get("loss"), int | float):
            series["validation_loss"][step] = float(event["loss"])
            if isinstance(share := event.get("preferred"), int | float):
                series["preferred"][step] = float(share)
        elif kind == "samples":
            samples[step] = [_sample(item) for item in event.get("items", [])]
    validation = series["validation_loss"]
    # Step 0 is the base model, measured for comparison: it is never the best of the run.
    trained = [step for step in validation if step > 0]
    return Metrics(
        **{name: sorted(points.items()) for name, points in series.items()},
        samples=dict(sorted(samples.items())),
        # A resumed part says again what it comes across again.
        warnings=list(dict.fromkeys(warnings)),
        best_step=min(trained, key=lambda step: validation[step]) if trained else None,
        foreseen=foreseen,
    )


def _forget_after(points: dict[int, Any], step: int) -> None:
    for later in [known for known in points if known > step]:
        del points[later]


def _sample(item: dict[str, Any]) -> Sample:
    return Sample(str(item.get("prompt", "")), str(item.get("expected", "")), str(item.get("answer", "")))
