"""Write the sample datasets in assets/samples; the same seed gives the same bytes.

python build/make_samples.py
"""

import argparse
import json
from pathlib import Path

from samples.dirty import dirty_lines
from samples.library import PERSONA, library_rows
from samples.plain_english import INSTRUCTION, plain_english_rows
from samples.triage import SYSTEM_PROMPT, triage_rows

SEED = 7
TARGET = Path(__file__).resolve().parent.parent / "assets" / "samples"


def _index(rows: dict[str, int], defects: dict[str, int]) -> list[dict[str, object]]:
    """What the app and `localft demo` show of each sample."""
    return [
        {
            "id": "support-triage",
            "title": "Support tickets to JSON",
            "description": "Tickets to a small shop with its own app. The answer names category and urgency as JSON.",
            "file": "support-triage.jsonl",
            "shape": "messages",
            "rows": rows["support-triage.jsonl"],
            "system_prompt": SYSTEM_PROMPT,
        },
        {
            "id": "plain-english",
            "title": "Officialese to plain English",
            "description": "Stilted letters from offices, rewritten in plain words.",
            "file": "plain-english.json",
            "shape": "alpaca",
            "rows": rows["plain-english.json"],
            "system_prompt": INSTRUCTION,
        },
        {
            "id": "library-chat",
            "title": "A library's assistant",
            "description": "Talks of several turns about opening hours, loans and rooms of an invented library.",
            "file": "library-chat.json",
            "shape": "sharegpt",
            "rows": rows["library-chat.json"],
            "system_prompt": PERSONA,
        },
        {
            "id": "dirty",
            "title": "A dirty file",
            "description": "Tickets with deliberate faults, to see what the data checks find. All data is invented.",
            "file": "dirty.jsonl",
            "shape": "messages",
            "rows": rows["dirty.jsonl"],
            "system_prompt": SYSTEM_PROMPT,
            "lines": defects,
        },
    ]


def write_samples(target: Path) -> None:
    """Write every sample and index.json into the folder `target`."""
    target.mkdir(parents=True, exist_ok=True)
    triage, plain, library = triage_rows(SEED), plain_english_rows(SEED, 150), library_rows(SEED, 120)
    dirty, defects = dirty_lines(SEED + 1)
    files = {
        "support-triage.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in triage).encode(),
        "plain-english.json": json.dumps(plain, ensure_ascii=False, indent=1).encode(),
        "library-chat.json": json.dumps(library, ensure_ascii=False, indent=1).encode(),
        "dirty.jsonl": b"\n".join(dirty),
    }
    counts = {
        "support-triage.jsonl": len(triage),
        "plain-english.json": len(plain),
        "library-chat.json": len(library),
        "dirty.jsonl": len(dirty),
    }
    files["index.json"] = json.dumps(_index(counts, defects), ensure_ascii=False, indent=2).encode()
    for name, content in files.items():
        (target / name).write_bytes(content + b"\n")


def main() -> None:
    """Write the samples where localft looks for them, or elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write (default: assets/samples)")
    write_samples(parser.parse_args().target)


if __name__ == "__main__":
    main()
