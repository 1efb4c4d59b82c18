"""What a person keeps out of a chat: conversations to learn from, and golden questions to measure by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project


def kept_path(project: Project) -> Path:
    """The file of kept conversations: JSON lines with `messages`, as every import reads them."""
    return project.folder / "kept.jsonl"


def keep_example(project: Project, messages: Sequence[dict[str, Any]]) -> int:
    """Keep a conversation that ends with a good answer; return how many are kept now. The next import can add them.

    Raises:
        UserError: it does not end with an answer of the assistant.
    """
    return _keep(kept_path(project), messages)


def keep_golden(project: Project, messages: Sequence[dict[str, Any]]) -> int:
    """Keep a question with the answer one wants as a golden one; return how many there are now.

    Raises:
        UserError: it does not end with an answer of the assistant.
    """
    return _keep(project.golden, messages)


def count_kept(project: Project) -> int:
    """How many conversations wait to be added to the examples."""
    return len(files.read_lines(kept_path(project))[0])


def _keep(path: Path, messages: Sequence[dict[str, Any]]) -> int:
    if len(messages) < 2 or messages[-1].get("role") != "assistant" or not str(messages[-1].get("content", "")).strip():
        raise UserError("There is no answer to keep yet.", "Ask something first, and wait for the answer.")
    with files.locked(path.parent / ".lock"):
        files.append_line(path, {"messages": [dict(message) for message in messages]})
        return len(files.read_lines(path)[0])
