"""The one check command: format, lint, types, architecture, then every tier of tests, each with its time.

python -m tests.check                     everything that this machine can do
python -m tests.check --only lint,unit    some of it
python -m tests.check -- -k bootstrap     what follows the two dashes goes to pytest
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIERS = ("unit", "integration", "browser", "gpu")
# Tests of these are shared out among processes; those of a browser or a card have the machine to themselves.
_SHARED_OUT = ("unit", "integration")
_MOST_PROCESSES = 8
_NO_TESTS = 5  # pytest's exit status for a folder without tests


@dataclass(frozen=True)
class Step:
    """One thing to check."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Outcome:
    """How it went: `passed`, `failed` or `nothing to do`, after so many seconds."""

    name: str
    result: str
    seconds: float


def steps(pytest_options: Sequence[str] = ()) -> list[Step]:
    """Return all steps in the order in which their failures are cheapest to learn."""
    python = [sys.executable, "-m"]
    scripts = Path(sys.executable).parent
    static = [
        Step("format", [*python, "ruff", "format", "--check", "--quiet", "."]),
        Step("lint", [*python, "ruff", "check", "--quiet", "--output-format", "concise", "."]),
        Step("types", [*python, "ty", "check", "--quiet"]),
        Step("architecture", [str(scripts / "lint-imports"), "--no-logo"]),
    ]
    tests = [
        Step(tier, [*python, "pytest", "--quiet", f"tests/{tier}", *_sharing(tier), *pytest_options]) for tier in TIERS
    ]
    return static + tests


def _sharing(tier: str) -> list[str]:
    """Options that give each core tests of its own, and the next ones to whichever has done its own."""
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1)
    if tier not in _SHARED_OUT or processes == 1:
        return []
    return ["--numprocesses", str(processes), "--dist", "worksteal"]


def perform(step: Step) -> Outcome:
    """Run one step, letting it print what it has to say."""
    print(f"== {step.name}", flush=True)
    if step.name == "gpu" and not _has_card():
        return Outcome(step.name, "nothing to do", 0.0)
    started = time.monotonic()
    status = subprocess.run(step.command, cwd=ROOT, check=False, env=_environment(step.name)).returncode
    results = {0: "passed", _NO_TESTS: "nothing to do"} if step.name in TIERS else {0: "passed"}
    return Outcome(step.name, results.get(status, "failed"), time.monotonic() - started)


def _environment(name: str) -> dict[str, str]:
    # Two BLAS libraries that both take every core slow each other down more than they help on small models.
    own = {"TOKENIZERS_PARALLELISM": "false"}
    if name in _SHARED_OUT:
        own["OMP_NUM_THREADS"] = "1"
    return {**own, **os.environ}


def _has_card() -> bool:
    from localft.hardware import read_hardware

    return bool(read_hardware().gpus)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return a table of names, results and seconds."""
    lines = [f"{outcome.name:<14}{outcome.result:<16}{outcome.seconds:>7.1f} s" for outcome in outcomes]
    total = sum(outcome.seconds for outcome in outcomes)
    return "\n".join([*lines, f"{'together':<30}{total:>7.1f} s"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if everything that could be checked passed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.check", description="Check everything, or what --only names."
    )
    parser.add_argument(
        "--only", default="", help="comma-separated: format, lint, types, architecture, " + ", ".join(TIERS)
    )
    parser.add_argument("pytest", nargs="*", help="options for pytest, after --")
    options = parser.parse_args(arguments)
    every = steps(options.pytest)
    wanted = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = set(wanted) - {step.name for step in every}
    if unknown:
        parser.error(f"there is no step called {', '.join(sorted(unknown))}")
    outcomes = [perform(step) for step in every if not wanted or step.name in wanted]
    print(f"\n{summary(outcomes)}", flush=True)
    return 1 if any(outcome.result == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
