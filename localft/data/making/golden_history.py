"""Earlier states of the golden questions: whatever is changed or deleted, here or by hand, can be brought back.

Beside golden.jsonl lies golden_history/: each state of the file, byte by byte, under its SHA-256, and one line for each
change. What was written by another program is noticed with the next change, and is a state like any other.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from localft import words
from localft.advice import Advice
from localft.data.splits.golden import has_golden
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

OUTSIDE = "written by hand or by another program"
_ID = "id"


class Change(NamedTuple):
    """A change of the golden questions: what was done in words, and the state after it, "" where no file was left.

    `undid` is the change that an undo took back. The first one may be `found`: what was there before any was made here.
    """

    id: str
    when: str
    what: str
    state: str
    undid: str = ""
    found: bool = False


def list_changes(project: Project) -> list[Change]:
    """The changes, newest first; a line that tells none is passed over."""
    changes = [_change_of(line) for line in files.read_lines(_log(project))[0]]
    return [change for change in reversed(changes) if change]


def _change_of(line: Mapping[str, Any]) -> Change | None:
    said = [line.get(name, "") for name in (_ID, "when", "what", "state", "undid")]
    texts = [value for value in said if isinstance(value, str)]
    if len(texts) < len(said) or not texts[0] or not words.is_moment(texts[1]):
        return None
    return Change(*texts, found=bool(line.get("found")))


def rewrite(project: Project, content: bytes, what: str, undid: str = "") -> None:
    """Give the file of golden questions another content, b"" for none; what it held stays among the states.

    The caller holds the project's lock.
    """
    notice(project)
    state = _keep(project, content)
    if content.strip():
        files.write_bytes(project.golden, content)
    else:
        project.golden.unlink(missing_ok=True)
    _note(project, what, state, undid)


def notice(project: Project) -> None:
    """Put down what another program has written since the last change; the caller holds the project's lock."""
    content = project.golden.read_bytes() if has_golden(project) else b""
    changes = list_changes(project)
    if _digest(content) != (changes[0].state if changes else ""):
        _note(project, OUTSIDE, _keep(project, content), found=not changes)


def next_undo(changes: list[Change]) -> Change | None:
    """The change that an undo takes back now, None where there is none; `changes` are all, newest first."""
    undone: set[str] = set()
    for change in changes:
        if change.undid:
            undone.add(change.undid)
        elif change.id not in undone and not change.found:
            return change
    return None


def last_change(project: Project) -> Change | None:
    """What an undo would take back now, None for nothing; what another program has just written has no id yet."""
    changes = list_changes(project)
    state = _digest(project.golden.read_bytes() if has_golden(project) else b"")
    if changes and state != changes[0].state:
        return Change("", files.now(), OUTSIDE, state)
    return next_undo(changes)


def undo_golden(project: Project, meant: str | None = None) -> Change:
    """Take the newest change back that is not taken back yet; return it.

    `meant` is the id that `last_change` gave to whoever asks; None for whichever it is now.

    Raises:
        UserError: there is none, it is not the one that was meant, or the state before it is gone.
    """
    with files.locked(project.folder / ".lock"):
        last = last_change(project)
        if meant is not None and (last is None or last.id != meant):
            raise UserError("The golden questions were changed meanwhile.", "Look at their last change again.")
        notice(project)
        changes = list_changes(project)
        change = next_undo(changes)
        if change is None:
            raise UserError(
                "There is no change of the golden questions to take back.", "Add, change or delete one first."
            )
        before = changes[changes.index(change) + 1 :]
        content = state_content(project, before[0].state) if before else b""
        rewrite(project, content, f"taken back: {change.what}", undid=change.id)
    return change


def restore_golden(project: Project, change_id: str) -> Change:
    """Use the golden questions again as they were after a change; return it. This is a change like any other.

    Raises:
        UserError: there is no such change, or its state is gone.
    """
    with files.locked(project.folder / ".lock"):
        change = next((one for one in list_changes(project) if one.id == change_id), None)
        if change is None:
            raise UserError(
                f"There is no change {change_id} of the golden questions.",
                Advice("`localft data golden history` lists them.", "Look at the list again."),
            )
        rewrite(project, state_content(project, change.state), f"as they were after: {change.what}")
    return change


def state_content(project: Project, state: str) -> bytes:
    """What the file held in a state, b"" for nothing.

    Raises:
        UserError: it is gone.
    """
    if not state:
        return b""
    path = _folder(project) / f"{Path(state).name}.jsonl"
    if not path.exists():
        raise UserError(f"The earlier golden questions in {path} are gone.", "Restore the file from a backup.")
    return path.read_bytes()


def _note(project: Project, what: str, state: str, undid: str = "", found: bool = False) -> None:
    _folder(project).mkdir(parents=True, exist_ok=True)
    line = {_ID: files.new_id(), "when": files.now(), "what": what, "state": state}
    files.append_line(
        _log(project), {**line, **({"undid": undid} if undid else {}), **({"found": True} if found else {})}
    )


def _keep(project: Project, content: bytes) -> str:
    state = _digest(content)
    path = _folder(project) / f"{state}.jsonl"
    if state and not path.exists():
        files.write_bytes(path, content)
    return state


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32] if content.strip() else ""


def _folder(project: Project) -> Path:
    return project.folder / "golden_history"


def _log(project: Project) -> Path:
    return _folder(project) / "changes.jsonl"
