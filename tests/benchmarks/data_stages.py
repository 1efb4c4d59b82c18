"""How fast each stage from a file to its verdict is, and how much memory all processes of it take together.

Seconds are those on the wall and those of CPU time of all processes: where the machine has other work too, only the
latter say how much there is to do. Work that is divided takes them on all cores at once.
"""

import json
import random
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.benchmarks._home import own_home
from tests.benchmarks._made_text import Talk
from tests.benchmarks._measuring import in_a_process

_SECONDS_BETWEEN_LOOKS = 0.05
# A tenth of the rows say nearly what one of so many before them says.
_REMEMBERED = 5_000


@dataclass(frozen=True)
class Stages:
    """(seconds, of CPU time) of each stage in their order, and the most bytes that all processes took."""

    seconds: dict[str, tuple[float, float]]
    memory: int


def print_stages(rows: int) -> None:
    """Import and check made-up conversations of about 1 KB, and print what it took."""
    with own_home(), TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        _write(path, rows)
        print(f"{rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB")
        stages: Stages = in_a_process(_measure, path)
    whole = (sum(seconds for seconds, _ in stages.seconds.values()), sum(cpu for _, cpu in stages.seconds.values()))
    for name, (seconds, cpu) in [*stages.seconds.items(), ("all", whole)]:
        print(f"  {name:28} {seconds:7.1f} s {rows / max(seconds, 1e-3):12,.0f} rows/s {cpu:7.1f} s of CPU time")
    print(f"  most memory of all processes: {stages.memory / 2**20:,.0f} MiB")
    busy = ", ".join(f"{load:.1f}" for load in psutil.getloadavg())
    print(f"  {len(psutil.Process().cpu_affinity() or [])} cores; load of the last 1, 5 and 15 minutes: {busy}")


def _write(path: Path, rows: int) -> None:
    chooser = random.Random(0)
    talk = Talk(chooser)
    known: list[tuple[str, str]] = []
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            if number % 10 == 9:
                question, answer = chooser.choice(known)
                question, answer = question.upper(), answer.replace(".", " !")
            else:
                question, answer = talk.pair()
                known = [*known[-_REMEMBERED:], (question, answer)] if len(known) > 2 * _REMEMBERED else known
                known.append((question, answer))
            turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")


def _measure(path: Path) -> Stages:
    from localft.data.checks import checking
    from localft.data.making.importing import import_files
    from localft.store.projects import create_project

    clock = _Clock()
    names = [type(make()).__name__ for make in checking._CHECKS]
    compared = {"Contradictions": "leakage, contradictions", "Leakage": "leakage, contradictions"}

    def tell_import(message: str, done: float, total: float, unit: str) -> None:
        is_asked = message.startswith("Looking at") and done == total
        if unit in {"texts", "groups"} or is_asked or message.startswith("Looking for"):
            clock.begin("split")
        else:
            clock.begin("read" if message.startswith("Reading") else _LATER[message])

    def tell_check(message: str, done: float, total: float, unit: str) -> None:
        if unit == "checks":
            name = names[int(done) - 1]
            clock.begin(compared.get(name, "near-duplicates" if name == "NearDuplicates" else "findings"))
        elif unit != "texts" and not message.startswith("Looking for"):
            clock.begin(_LATER[message])

    project = create_project("Benchmark")
    with _most_memory() as memory:
        clock.begin("read")
        version = import_files(project, [path], tell=tell_import).version
        clock.begin("checks of rows")
        checking.check_version(project, version, tell=tell_check)
        clock.begin("")
    return Stages(clock.seconds, memory[0])


_LATER = {
    "Looking at what the examples ask": "prompts",
    "Writing the examples": "write",
    "Checking the examples": "checks of rows",
}


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self._name, self._begun = "", (time.perf_counter(), _cpu_seconds())

    def begin(self, name: str) -> None:
        """End the stage that is under way, and begin this one."""
        if name == self._name:
            return
        now = time.perf_counter(), _cpu_seconds()
        if self._name:
            before = self.seconds.get(self._name, (0.0, 0.0))
            taken = [after - begun for after, begun in zip(now, self._begun, strict=True)]
            self.seconds[self._name] = before[0] + taken[0], before[1] + taken[1]
        self._name, self._begun = name, now


@contextmanager
def _most_memory() -> Generator[list[int]]:
    """The most that this process and those it starts take together; pages that they share count once."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            most[0] = max(most[0], sum(map(_own_bytes, [psutil.Process(), *psutil.Process().children(recursive=True)])))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        ended.set()
        looking.join()


def _own_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return memory.rss - getattr(memory, "shared", 0)


def _cpu_seconds() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system + getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
