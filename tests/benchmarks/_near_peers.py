"""What people search near-duplicates with instead: datasketch and text-dedup, as their documentation shows it.

semhash is left out: it compares what texts mean by a model from the hub, which is another question than how many of
their words are the same, and needs the network.
"""

import importlib
import importlib.util
import itertools
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from localft.data.texts.normalising import normalise

SIMILAR = 0.8
Pairs = set[tuple[int, int]]


def is_there(module: str) -> bool:
    """Whether a library is installed."""
    return importlib.util.find_spec(module) is not None


def by_datasketch(texts: Sequence[str]) -> Pairs:
    """MinHash and its index, a text at a time."""
    # By their names: they are there only where somebody wants to compare with them.
    datasketch: Any = importlib.import_module("datasketch")
    index, pairs = datasketch.MinHashLSH(threshold=SIMILAR, num_perm=128), set()
    for number, text in enumerate(texts):
        sketch = datasketch.MinHash(num_perm=128)
        for run in runs(text):
            sketch.update(" ".join(run).encode())
        pairs |= {(int(str(other)), number) for other in index.query(sketch)}
        index.insert(str(number), sketch)
    return pairs


def by_text_dedup(texts: Sequence[str]) -> Pairs:
    """Its MinHash over a file, in as many processes as there are cores; every two texts of a cluster are a pair."""
    os.environ["TQDM_DISABLE"] = "1"
    minhash: Any = importlib.import_module("text_dedup.minhash")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        options = {
            "path": "json", "data_files": str(path), "split": "train", "cache_dir": f"{folder}/cache",
            "output": f"{folder}/kept", "column": "text", "ngram": "3", "min_length": "1", "threshold": str(SIMILAR),
        }  # fmt: skip
        words = itertools.chain.from_iterable((f"--{name}", value) for name, value in options.items())
        minhash.main(list(words), standalone_mode=False)
        clusters: dict[int, list[int]] = defaultdict(list)
        for position in sorted(minhash.uf.parent):
            clusters[minhash.uf.find(position)].append(position)
    return {pair for cluster in clusters.values() for pair in itertools.combinations(cluster, 2)}


SEARCHES: Mapping[str, tuple[str, Callable[[Sequence[str]], Pairs]]] = {
    "datasketch": ("datasketch", by_datasketch),
    "text-dedup": ("text_dedup", by_text_dedup),
}
"""The module of each library, and how it searches."""


def runs(text: str) -> set[tuple[str, ...]]:
    """The runs of three words of a text, counted plainly; each sign of Chinese is a word."""
    words = re.findall("[\u3400-\u9fff]|[^ \u3400-\u9fff]+", normalise(text))
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}
