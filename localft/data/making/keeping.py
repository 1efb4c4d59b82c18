"""What a person keeps out of a chat: conversations to learn from, and golden questions to measure by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localft.data.examples import Example, Message
from localft.data.making.adding import add_files
from localft.data.making.golden_set import add_line, refuse_learned
from localft.data.splits.golden import never_learned
from localft.data.versions import DatasetVersion, newest_version
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
    _refuse_none(messages)
    return _keep(kept_path(project), messages)


def keep_golden(project: Project, messages: Sequence[dict[str, Any]], origin: str = "Chat") -> int:
    """Keep a question with the answer one wants as a golden one; return how many different ones there are now.

    `origin` says where it comes from.

    Raises:
        UserError: it does not end with an answer of the assistant, the newest version teaches the question, or those
            that are there cannot be read.
    """
    _refuse_none(messages)
    never_learned(project)
    refuse_learned(project, Example(messages=tuple(Message.model_validate(message) for message in messages)))
    return add_line(project, messages, origin)


def count_kept(project: Project) -> int:
    """How many conversations wait to be added to the examples."""
    return len(files.read_lines(kept_path(project))[0])


def add_kept(project: Project) -> DatasetVersion:
    """Make a new version of the newest one and the conversations kept in Chat, and empty the list of kept ones.

    They are put by, so that an undo of the version gives them back.

    Raises:
        UserError: nothing is kept, or there is no version to add to.
    """
    kept = kept_path(project)
    # Held until the list is gone: a conversation that is kept meanwhile waits, and is not deleted with the others.
    with files.locked(project.folder / ".lock"):
        if not count_kept(project):
            raise UserError("No conversation was kept in Chat yet.", "Keep one there, then come back.")
        before = newest_version(project)
        version = add_files(project, before, [kept], strict=False).version
        if version.id == before.id:
            kept.unlink()
        else:
            added = _added_path(project, version.id)
            added.parent.mkdir(exist_ok=True)
            files.replace(kept, added)
    return version


def give_back(project: Project, version_id: str) -> None:
    """Put the conversations that a version has added back to those that are kept; it is undone.

    Which ones they are stays known, should the undo be taken back.
    """
    added = _added_path(project, version_id)
    with files.locked(project.folder / ".lock"):
        for line in files.read_lines(added)[0]:
            files.append_line(kept_path(project), line)
        if added.exists():
            files.replace(added, _given_back_path(project, version_id))


def take_again(project: Project, version_id: str) -> None:
    """Take what an undo of a version gave back out of the kept conversations; the version counts again."""
    given_back = _given_back_path(project, version_id)
    if not given_back.exists():
        return
    with files.locked(project.folder / ".lock"):
        waiting = files.read_lines(kept_path(project))[0]
        for line in files.read_lines(given_back)[0]:
            if line in waiting:
                waiting.remove(line)
        rest = kept_path(project).with_suffix(".rest")
        rest.unlink(missing_ok=True)
        for line in waiting:
            files.append_line(rest, line)
        files.replace(given_back, _added_path(project, version_id))
        if waiting:
            files.replace(rest, kept_path(project))
        else:
            kept_path(project).unlink(missing_ok=True)


def _added_path(project: Project, version_id: str) -> Path:
    return project.folder / "kept_added" / f"{Path(version_id).name}.jsonl"


def _given_back_path(project: Project, version_id: str) -> Path:
    return _added_path(project, version_id).with_suffix(".undone")


def _refuse_none(messages: Sequence[dict[str, Any]]) -> None:
    if len(messages) < 2 or messages[-1].get("role") != "assistant" or not str(messages[-1].get("content", "")).strip():
        raise UserError("There is no answer to keep yet.", "Ask something first, and wait for the answer.")


def _keep(path: Path, messages: Sequence[dict[str, Any]]) -> int:
    with files.locked(path.parent / ".lock"):
        files.append_line(path, {"messages": [dict(message) for message in messages]})
        return len(files.read_lines(path)[0])
