"""How an export is made: base and adapter straight into a GGUF, beside merging, saving, converting and quantising.

python -m tests.benchmarks.export

A random Llama of 230 million weights with an adapter becomes Q4_K_M both ways, pair by pair in one run. The other way
is what guides tell: PEFT's merge_and_unload, save_pretrained, llama.cpp's own converter on the result, its quantiser.
Memory is what a process holds for itself; pages of files that are only mapped can be taken back at any time and do not
count.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks._home import own_home

_PAIRS = 2
_SAMPLE_SECONDS = 0.05
_MERGE = """
import sys, torch, transformers, peft
base, adapter, target = sys.argv[1:]
model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
peft.PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(target)
transformers.AutoTokenizer.from_pretrained(base).save_pretrained(target)
"""
# llama.cpp's own script. It knows no tokenizer that was trained for a test, so it is told the name that localft finds.
_CONVERT = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/gguf-py"]
import conversion.base, convert_hf_to_gguf
conversion.base.TextModel.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
sys.argv[1:] = [sys.argv[2], "--outtype", "bf16", "--outfile", sys.argv[3]]
convert_hf_to_gguf.main()
"""


@dataclass
class Cost:
    """Seconds, bytes written, and the most bytes of memory that a process held for itself."""

    seconds: float = 0.0
    written: int = 0
    memory: int = 0


def main() -> int:
    """Print the comparison; the exit status is 0."""
    with own_home() as home:
        print(_compare(home))
    return 0


def _compare(home: Path) -> str:
    from localft.export.exports import has_engine
    from tests.integration.export_models import make_subject

    if not has_engine():
        return "left out: llama-cpp-python is not installed"
    subject = make_subject(home / "model", hidden_size=1536, intermediate_size=4096, layers=8)
    pairs = []
    for number in range(_PAIRS):
        ours = _measure(lambda: _straight(subject), home / f"straight-{number}")
        theirs = _measure(lambda: _by_the_guide(subject), home / f"guide-{number}")
        pairs.append((ours, theirs))
    return "\n".join([*_lines(pairs), _proof_line(subject)])


def _straight(subject: Any) -> list[list[str]]:
    """The two steps of localft's worker, as it starts them."""
    child = [sys.executable, "-P", "-m", "localft.export.child"]
    settings = subject.gguf_settings()
    quantize = {"source": "model.gguf", "output": "Q4_K_M.gguf", "quantization": "Q4_K_M", "threads": 2}
    return [
        [*child, "gguf", json.dumps({**settings, "output": "model.gguf"})],
        [*child, "quantize", json.dumps(quantize)],
    ]


def _by_the_guide(subject: Any) -> list[list[str]]:
    python = [sys.executable, "-c"]
    quantize = {"source": "model.gguf", "output": "Q4_K_M.gguf", "quantization": "Q4_K_M", "threads": 2}
    converter = subject.gguf_settings()["converter"]
    return [
        [*python, _MERGE, str(subject.base), str(subject.adapter), "merged"],
        [*python, _CONVERT, converter, "merged", "model.gguf"],
        [sys.executable, "-P", "-m", "localft.export.child", "quantize", json.dumps(quantize)],
    ]


def _measure(steps: Callable[[], list[list[str]]], folder: Path) -> Cost:
    """Run the steps in a fresh folder. A step of localft gets its settings, the last word, on stdin."""
    folder.mkdir()
    cost = Cost()
    for command in steps():
        given = command.pop() if "localft.export.child" in command else None
        started = time.monotonic()
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, bufsize=1
            )
            if process.stdin and given:
                process.stdin.write(given + "\n")
                process.stdin.flush()
            cost.memory = max(cost.memory, _peak(process))
        cost.seconds += time.monotonic() - started
        if process.returncode:
            raise RuntimeError((folder / "log").read_text()[-2000:])
    cost.written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "log")
    return cost


def _peak(process: "subprocess.Popen[str]") -> int:
    """Watch a process until it ends; return the most memory of its own that was seen."""
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        watched = psutil.Process(process.pid)
        while not ended.wait(_SAMPLE_SECONDS):
            try:
                memory = watched.memory_info()
            except psutil.Error:
                return
            peak = max(peak, memory.rss - getattr(memory, "shared", 0))

    thread = threading.Thread(target=watch)
    thread.start()
    process.wait()
    ended.set()
    thread.join()
    return peak


def _lines(pairs: list[tuple[Cost, Cost]]) -> list[str]:
    def line(what: str, unit: float, name: str, value: Callable[[Cost], float]) -> str:
        ours, theirs = (statistics.median(value(one) for one in side) / unit for side in zip(*pairs, strict=True))
        ratios = sorted(value(other) / value(one) for one, other in pairs)
        return (
            f"export {what}: straight {ours:.2f} {name}, by the guide {theirs:.2f} {name}; "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), {len(pairs)} pairs"
        )

    return [
        line("time", 1, "s", lambda cost: cost.seconds),
        line("bytes written", 1e9, "GB", lambda cost: cost.written),
        line("peak memory", 1e9, "GB", lambda cost: cost.memory),
    ]


def _proof_line(subject: Any) -> str:
    """What the proof of the file costs on top; the other way has none."""
    from localft.export.children import run_child

    folder = subject.folder.parent / "straight-0"
    started = time.monotonic()
    settings = subject.engine_settings() | {"gguf": str(folder / "Q4_K_M.gguf"), "new_tokens": 8}
    tokens = run_child("engine_checks", settings).value["tokens"]
    return (
        f"export proof in llama.cpp: {time.monotonic() - started:.2f} s, "
        f"{tokens['different_texts'] + tokens['different_prompts']} texts with other tokens"
    )


if __name__ == "__main__":
    sys.exit(main())
