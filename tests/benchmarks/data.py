"""How fast examples are read, checked and searched for near-duplicates, beside what people write by hand.

python -m tests.benchmarks.data [ROWS] | --rows [ROWS]

With --rows only localft, stage by stage: also for a million rows, which the other ways are not made for.


Made-up conversations of about 1 KB, a tenth of them varied copies: other case, other punctuation, one word in ten or
twenty replaced, a greeting put before, sentences in another order. First the whole way, file to verdict, beside
`datasets` with loops over its rows that do a part of it: exact duplicates, short answers, e-mail addresses, and
near-duplicates by datasketch. Then near-duplicates alone, with what is found: a pair counts where the Jaccard
similarity of the runs of three words, counted plainly, is at least 0.8.

Each way is a process of its own; peak memory is what the process grew by. Ratios are of one run, and printed, never
asserted.
"""

import importlib
import importlib.util
import json
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from localft.data.texts.normalising import normalise
from tests.benchmarks._home import own_home
from tests.benchmarks._measuring import in_a_process
from tests.benchmarks.data_stages import print_stages

_ROWS = 10_000
_SIMILAR = 0.8
_GREETINGS = ("Hello there,", "Good morning!", "Dear team,", "Hi,")
Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """Seconds, bytes that the process grew by, and the pairs of near texts where they were searched for."""

    seconds: float
    memory: int
    pairs: frozenset[tuple[int, int]] = frozenset()


def main(words: Sequence[str]) -> int:
    """Print the comparison; the exit status is 0."""
    if words and words[0] == "--rows":
        print_stages(int(words[1]) if len(words) > 1 else _ROWS)
        return 0
    rows = int(words[0]) if words else _ROWS
    has_datasketch = importlib.util.find_spec("datasketch") is not None
    with own_home(), TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        texts = _write(path, rows)
        size = path.stat().st_size
        print(f"{rows:,} rows, {size / 2**20:.0f} MiB")
        ours = in_a_process(_localft, path)
        print(f"file to verdict: localft {_said(ours, rows)}")
        if has_datasketch:
            loops = in_a_process(_loops, path)
            print(f"  datasets and loops {_said(loops, rows)}: {loops.seconds / ours.seconds:.1f} times as long")
        near = in_a_process(_near, texts)
        truth = _truth(texts)
        print(f"near-duplicates: localft {_said(near, rows)}, {_quality(near.pairs, truth, texts)}")
        if has_datasketch:
            other = in_a_process(_datasketch, texts)
            ratio = other.seconds / near.seconds
            print(
                f"  datasketch {_said(other, rows)}, {_quality(other.pairs, truth, texts)}: {ratio:.1f} times as long"
            )
        else:
            print("  datasketch is not installed, so there is nothing to compare with.")
    return 0


def _write(path: Path, rows: int) -> list[str]:
    """Write the conversations; return what each says as one text."""
    chooser = random.Random(0)
    words = ["".join(chooser.choices("abcdefghijklmnoprstuvw", k=chooser.randint(2, 9))) for _ in range(20_000)]

    def say(sentences: int) -> str:
        said = (" ".join(chooser.choices(words, k=chooser.randint(6, 14))).capitalize() for _ in range(sentences))
        return ". ".join(said) + "."

    turns = [(say(5), say(8)) for _ in range(rows - rows // 10)]
    for number in range(rows // 10):
        question, answer = turns[number]
        turns.append((_varied(question, number % 5, chooser), _varied(answer, number % 5, chooser)))
    with path.open("w", encoding="utf-8") as file:
        for question, answer in turns:
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(json.dumps({"messages": messages}) + "\n")
    return [f"{question}\n{answer}" for question, answer in turns]


def _varied(text: str, way: int, chooser: random.Random) -> str:
    if way == 0:
        return text.upper()
    if way == 1:
        return text.replace(".", " !")
    if way == 2:
        words = text.split()
        for place in range(chooser.randrange(10), len(words), chooser.choice((10, 20))):
            words[place] = f"other{chooser.randrange(1_000)}"
        return " ".join(words)
    if way == 3:
        return f"{chooser.choice(_GREETINGS)} {text}"
    sentences = text.rstrip(".").split(". ")
    chooser.shuffle(sentences)
    return ". ".join(sentences) + "."


def _measured(work: Callable[[], Pairs]) -> Result:
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    pairs = work()
    seconds = time.perf_counter() - started
    return Result(seconds, _peak() - before, frozenset(pairs))


def _peak() -> int:
    """The most memory that this process has held; where the system does not tell, what it holds now."""
    try:
        import resource
    except ImportError:
        return psutil.Process().memory_info().rss
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _localft(path: Path) -> Result:
    from localft.data.checks.checking import check_version
    from localft.data.making.importing import import_files
    from localft.store.projects import create_project

    project = create_project("Benchmark")

    def work() -> Pairs:
        check_version(project, import_files(project, [path]).version)
        return set()

    return _measured(work)


def _loops(path: Path) -> Result:
    import datasets

    def work() -> Pairs:
        rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
        email = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
        seen, kept = set(), []
        for row in rows:
            texts = [message["content"] for message in row["messages"]]
            if len(texts[-1]) < 2 or any(email.search(text) for text in texts) or tuple(texts) in seen:
                continue
            seen.add(tuple(texts))
            kept.append("\n".join(texts))
        return _by_datasketch(kept)

    return _measured(work)


def _near(texts: list[str]) -> Result:
    from localft.data.texts.near import near_pairs

    return _measured(lambda: {(pair.first, pair.second) for pair in near_pairs(texts)})


def _datasketch(texts: list[str]) -> Result:
    return _measured(lambda: _by_datasketch(texts))


def _by_datasketch(texts: Sequence[str]) -> Pairs:
    """As its documentation shows it."""
    # By its name: it is there only where somebody wants to compare with it.
    datasketch: Any = importlib.import_module("datasketch")
    index, pairs = datasketch.MinHashLSH(threshold=_SIMILAR, num_perm=128), set()
    for number, text in enumerate(texts):
        sketch = datasketch.MinHash(num_perm=128)
        for run in _runs(text):
            sketch.update(" ".join(run).encode())
        pairs |= {(int(str(other)), number) for other in index.query(sketch)}
        index.insert(str(number), sketch)
    return pairs


def _runs(text: str) -> set[tuple[str, ...]]:
    words = normalise(text).split()
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}


def _truth(texts: Sequence[str]) -> Pairs:
    """The planted pairs that are near: no others are, in so many words chosen by chance."""
    copies = len(texts) // 10
    originals = len(texts) - copies
    planted = ((number, originals + number) for number in range(copies))
    return {pair for pair in planted if _similarity(texts, *pair) >= _SIMILAR}


def _similarity(texts: Sequence[str], one: int, other: int) -> float:
    first, second = _runs(texts[one]), _runs(texts[other])
    return len(first & second) / len(first | second)


def _quality(found: frozenset[tuple[int, int]], truth: Pairs, texts: Sequence[str]) -> str:
    right = sum(_similarity(texts, *pair) >= _SIMILAR for pair in found)
    return f"recall {len(found & truth) / len(truth):.3f}, precision {right / max(1, len(found)):.3f}"


def _said(result: Result, rows: int) -> str:
    return f"{result.seconds:.1f} s, {rows / result.seconds:,.0f} rows/s, {result.memory / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
