"""How long one waits at the start: `localft --help`, and the app until it answers, each beside what cannot be avoided.

python -m tests.benchmarks.startup

Pair by pair in one run, so that whatever else the machine does meets both sides; printed, never asserted.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

_PAIRS = 5
_LONGEST_WAIT_SECONDS = 120


def seconds_of(command: Sequence[str]) -> float:
    """Wall time of a command that must succeed."""
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def seconds_until_the_app_answers() -> float:
    """Wall time from the start of the process until its page has been fetched; the app is ended as by Ctrl-C."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LOCALFT_HOME": str(Path(home) / "home")}
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "localft", "--no-browser", "--port", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            found = (re.search(r"http://127\.0\.0\.1:\S+", line) for line in process.stderr)
            address = next(match[0] for match in found if match)
            _fetch(address)
            return time.monotonic() - started
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def _fetch(address: str) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while True:
        try:
            with opener.open(address, timeout=_LONGEST_WAIT_SECONDS) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def compare(name: str, ours: Callable[[], float], theirs_name: str, theirs: Callable[[], float]) -> str:
    """Measure both in turn and say the medians, and the median of the ratios with their range."""
    ours(), theirs()  # the first of each fills the disk cache
    pairs = [(ours(), theirs()) for _ in range(_PAIRS)]
    mine, reference = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = sorted(one / other for one, other in pairs)
    return (
        f"{name}: {mine:.2f} s; {theirs_name}: {reference:.2f} s; ratio {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}), difference {mine - reference:+.2f} s, medians of {_PAIRS} pairs"
    )


def main() -> int:
    """Print both comparisons; the exit status is 0."""
    python = [sys.executable, "-c"]
    print(
        compare(
            "localft --help",
            lambda: seconds_of([sys.executable, "-m", "localft", "--help"]),
            "python -c pass",
            lambda: seconds_of([*python, "pass"]),
        )
    )
    print(
        compare(
            "the app answers",
            seconds_until_the_app_answers,
            "import gradio",
            lambda: seconds_of([*python, "import gradio"]),
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
