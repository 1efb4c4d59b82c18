"""How fast examples are read, checked and searched for near-duplicates, beside what people write by hand.

python -m tests.benchmarks.data [ROWS] | --rows [ROWS]

With --rows only localft, stage by stage: also for a million rows, which the other ways are not made for.

Made-up conversations of about 1 KB, some with numbers, code or other letters (see `_made_text`), a tenth of them varied
copies: other case, other punctuation, one word in ten or twenty replaced, a greeting put before, sentences in another
order. First the whole way, file to verdict, beside `datasets` with loops over its rows that do a part of it: exact
duplicates, short answers, e-mail addresses, and near-duplicates by datasketch. Then near-duplicates alone, beside
datasketch and text-dedup, with what is found: a pair counts where the Jaccard similarity of the runs of three words,
counted plainly, is at least 0.8.

Each way is a process of its own; peak memory is what the process grew by. Ratios are of one run, and printed, never
asserted.
"""

import json
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.benchmarks._home import own_home
from tests.benchmarks._made_text import Talk
from tests.benchmarks._measuring import in_a_process
from tests.benchmarks._near_peers import SEARCHES, SIMILAR, Pairs, by_datasketch, is_there, runs
from tests.benchmarks.data_stages import print_stages

_ROWS = 10_000
_GREETINGS = ("Hello there,", "Good morning!", "Dear team,", "Hi,")


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
    with own_home(), TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        texts = _write(path, rows)
        size = path.stat().st_size
        print(f"{rows:,} rows, {size / 2**20:.0f} MiB")
        ours = in_a_process(_localft, path)
        print(f"file to verdict: localft {_said(ours, rows)}")
        if is_there("datasketch"):
            loops = in_a_process(_loops, path)
            print(f"  datasets and loops {_said(loops, rows)}: {loops.seconds / ours.seconds:.1f} times as long")
        near = in_a_process(_near, texts)
        truth = _truth(texts)
        print(f"near-duplicates: localft {_said(near, rows)}, {_quality(near.pairs, truth, texts)}")
        for name, (module, _) in SEARCHES.items():
            if not is_there(module):
                print(f"  {name} is not installed, so there is nothing to compare with.")
                continue
            other = in_a_process(_searched_by, name, texts)
            found = _quality(other.pairs, truth, texts)
            print(f"  {name} {_said(other, rows)}, {found}: {other.seconds / near.seconds:.1f} times as long")
        print("  semhash is left out: it compares meanings by a model from the hub, and no words.")
    return 0


def _write(path: Path, rows: int) -> list[str]:
    """Write the conversations; return what each says as one text."""
    chooser = random.Random(0)
    talk = Talk(chooser)
    turns = [talk.pair() for _ in range(rows - rows // 10)]
    for number in range(rows // 10):
        question, answer = turns[number]
        turns.append((_varied(question, number % 5, chooser), _varied(answer, number % 5, chooser)))
    with path.open("w", encoding="utf-8") as file:
        for question, answer in turns:
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
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
        return by_datasketch(kept)

    return _measured(work)


def _near(texts: list[str]) -> Result:
    from localft.data.texts.near import near_pairs

    return _measured(lambda: {(pair.first, pair.second) for pair in near_pairs(texts)})


def _searched_by(name: str, texts: list[str]) -> Result:
    _, search = SEARCHES[name]
    return _measured(lambda: search(texts))


def _truth(texts: Sequence[str]) -> Pairs:
    """The planted pairs that are near: no others are, in so many words chosen by chance."""
    copies = len(texts) // 10
    originals = len(texts) - copies
    planted = ((number, originals + number) for number in range(copies))
    return {pair for pair in planted if _similarity(texts, *pair) >= SIMILAR}


def _similarity(texts: Sequence[str], one: int, other: int) -> float:
    first, second = runs(texts[one]), runs(texts[other])
    return len(first & second) / len(first | second)


def _quality(found: frozenset[tuple[int, int]], truth: Pairs, texts: Sequence[str]) -> str:
    right = sum(_similarity(texts, *pair) >= SIMILAR for pair in found)
    return f"recall {len(found & truth) / len(truth):.3f}, precision {right / max(1, len(found)):.3f}"


def _said(result: Result, rows: int) -> str:
    return f"{result.seconds:.1f} s, {rows / result.seconds:,.0f} rows/s, {result.memory / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
