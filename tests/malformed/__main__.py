"""`python -m tests.malformed COUNT [SEED] [SHARE]`: read so many inputs, of which a share goes through a child."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.malformed.grammar import IN_CHILD, IN_PROCESS
from tests.malformed.trying import Input, read_or_be_told

_CHILD_SHARE = 0.01
_AT_ONCE = 1_000


def main(count: int, number: int, share: float) -> int:
    """Read them and say what came of it; the exit status is 1 where one ended in anything but rows or a sentence."""
    began = time.monotonic()
    told = {"rows": 0, "refused": 0}
    slowest: list[tuple[float, str, int]] = []

    def look(one: Input) -> None:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = read_or_be_told(Path(folder), one)
        told["refused" if found is None else "rows"] += 1
        slowest.append((time.monotonic() - started, one.name, len(one.content)))
        if len(slowest) > 1_000:
            slowest[:] = sorted(slowest, reverse=True)[:5]

    quiet = settings(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    for strategy, examples in ((IN_PROCESS, round(count * (1 - share))), (IN_CHILD, round(count * share))):
        # What hypothesis remembers of all that it has made would fill the memory.
        for begun in range(0, examples, _AT_ONCE):
            chosen = settings(quiet, max_examples=min(_AT_ONCE, examples - begun))
            seed(number + begun)(chosen(given(strategy)(look)))()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = told["rows"] + told["refused"]
    print(f"{total:,} inputs in {time.monotonic() - began:.0f} s: {told['rows']:,} gave rows or listed them, ", end="")
    print(f"{told['refused']:,} were refused in a sentence; peak memory {peak:.0f} MB.")
    for seconds, name, size in sorted(slowest, reverse=True)[:5]:
        print(f"  {seconds:6.2f} s  {name}, {size:,} bytes")
    return 0


if __name__ == "__main__":
    given_arguments = sys.argv[1:]
    wanted = int(given_arguments[0]) if given_arguments else 1_000
    start = int(given_arguments[1]) if len(given_arguments) > 1 else 0
    part = float(given_arguments[2]) if len(given_arguments) > 2 else _CHILD_SHARE
    sys.exit(main(wanted, start, part))
