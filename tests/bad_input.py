"""What the tests of bad input share: good rows to compare with, the message that is due, the project as it was."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from localft.cli.main import main
from localft.store.projects import Project, create_project

PATIENCE_SECONDS = 120


def conversation(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def good_rows(count: int = 40) -> list[dict[str, Any]]:
    return [conversation(f"What is {number} and {number}?", f"It is {2 * number}.") for number in range(count)]


def as_lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def project_with_good_data(folder: Path) -> Project:
    """A project with a good version of data, of which nothing may change; the file it comes from is put in `folder`."""
    made = create_project("Support bot")
    source = folder / "good.jsonl"
    source.write_text(as_lines(good_rows()))
    assert main(["data", "import", "support-bot", str(source)]) == 0
    return made


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest; locks come and go."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def one_sentence(printed: str, *expected: str) -> None:
    """One message for a person, with a hint and without a traceback, that contains what is expected."""
    messages = [line for line in printed.splitlines() if line.startswith("localft: ")]
    assert len(messages) == 1, printed
    assert "Traceback" not in printed
    assert "unexpected" not in printed, printed
    assert printed.splitlines()[-1].startswith("  "), f"no hint: {printed}"
    for text in expected:
        assert text in printed


def run_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localft", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=PATIENCE_SECONDS,
    )
