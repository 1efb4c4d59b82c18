"""How fast an evaluation asks: static batches sorted by length, beside the same questions one by one.

python -m tests.benchmarks.evaluation

The starter model with an adapter, on the test questions of the bundled triage sample. Pair by pair in one run, so that
whatever else the machine does meets both sides; printed, never asserted.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks._home import own_home

_PAIRS = 3


def main() -> int:
    """Print the comparison; the exit status is 0."""
    with own_home() as home:
        print(_compare(home))
    return 0


def _compare(home: Path) -> str:
    from localft.assets import asset
    from localft.data.making.importing import import_files
    from localft.data.versions import load_split
    from localft.models.base_model import STARTER
    from localft.models.find import find_model
    from localft.serving.transformers_engine import TransformersEngine
    from localft.store.projects import create_project
    from tests.trained_run import write_run

    project = create_project("Benchmark")
    version = import_files(project, [asset("samples/support-triage.jsonl")]).version
    # Two steps: what counts is the work of an adapter, not what it has learned.
    learned = load_split(project, version.id, "validation")
    run = write_run(project, find_model(STARTER), version.id, learned, steps=2)
    questions = [[message.as_chat() for message in row.prompt] for row in load_split(project, version.id, "test")]
    engine = TransformersEngine(run)
    engine.load()
    _one_by_one(engine, questions[:3])
    pairs = []
    for _ in range(_PAIRS):
        batches, answers = _in_batches(engine, questions)
        one_by_one, others = _one_by_one(engine, questions)
        pairs.append((batches, one_by_one))
    engine.close()
    equal = sum(one == other for one, other in zip(answers, others, strict=True))
    ours, theirs = (
        statistics.median(len(questions) / seconds for seconds in side) for side in zip(*pairs, strict=True)
    )
    ratios = sorted(other / one for one, other in pairs)
    return (
        f"evaluation in batches: {ours:.1f} answers/s; one by one: {theirs:.1f} answers/s; ratio "
        f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}), medians of {_PAIRS} pairs of "
        f"{len(questions)} questions; {equal} of {len(questions)} answers equal"
    )


def _in_batches(engine: Any, questions: list[list[dict[str, Any]]]) -> tuple[float, list[str]]:
    """(seconds, answers) of `chat_many`."""
    started = time.monotonic()
    answers = dict(engine.endpoint("tuned").chat_many(questions, _sampling()))
    return time.monotonic() - started, [answers[index].text for index in range(len(questions))]


def _one_by_one(engine: Any, questions: list[list[dict[str, Any]]]) -> tuple[float, list[str]]:
    """(seconds, answers) of `chat`."""
    started = time.monotonic()
    answers = []
    for question in questions:
        *_, answer = engine.endpoint("tuned").chat(question, _sampling())
        answers.append(answer.text)
    return time.monotonic() - started, answers


def _sampling() -> Any:
    from localft.serving.endpoint import Sampling

    return Sampling(max_tokens=32)


if __name__ == "__main__":
    sys.exit(main())
