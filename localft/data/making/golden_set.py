"""The golden set: questions that measure and are never learned, listed, changed, deleted and brought back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localft import words
from localft.data.examples import Example, Message
from localft.data.making.golden_history import list_changes
from localft.data.making.golden_lines import KEPT, GoldenLine, line_of, read_lines, readable_lines, write_lines
from localft.data.shapes.conversation import BadRow, turns
from localft.data.shapes.detecting import detect
from localft.data.shapes.rows import excerpt
from localft.data.splits.golden import golden_among, never_learned
from localft.data.versions import list_versions, newest_version, open_split
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project


@dataclass(frozen=True)
class GoldenQuestion:
    """A golden question: its place from 1, what it says, and where and when (ISO 8601) it was kept, as far as known."""

    number: int
    key: str
    example: Example
    origin: str
    when: str

    @property
    def asked(self) -> str:
        """What is asked last."""
        return next((one.content for one in reversed(self.example.prompt) if one.role == "user"), "")

    @property
    def wanted(self) -> str:
        """The wanted answer as it is listed: what it says, and which tools it calls."""
        called = [
            str((call.get("function") or {}).get("name") or "a tool") for call in self.example.messages[-1].tool_calls
        ]
        calls = f"[calls {', '.join(called)}]" if called else ""
        return " ".join(filter(None, (self.example.answer, calls)))

    @property
    def system(self) -> str:
        """Its system prompt, "" without one."""
        first = self.example.messages[0]
        return first.content if first.role == "system" else ""


def list_golden(project: Project, search: str = "") -> list[GoldenQuestion]:
    """The golden questions that say `search`, in upper or lower case, each once and in the order of the file.

    Raises:
        UserError: they cannot be read.
    """
    return _listed(read_lines(project), search)


def _listed(lines: Iterable[GoldenLine], search: str = "") -> list[GoldenQuestion]:
    different: dict[str, GoldenLine] = {}
    for line in lines:
        different.setdefault(line.key, line)
    found = []
    wanted = search.casefold().strip()
    for number, (key, line) in enumerate(different.items(), start=1):
        if wanted in "\n".join(message.content for message in line.example.messages).casefold():
            origin, when = str(line.kept.get("from") or ""), line.kept.get("when")
            found.append(GoldenQuestion(number, key, line.example, origin, str(when) if words.is_moment(when) else ""))
    return found


def add_line(project: Project, messages: Sequence[Mapping[str, Any]], origin: str) -> int:
    """Write a question with the wanted answer behind the others; return how many there are now.

    Raises:
        UserError: those that are there cannot be read.
    """
    with files.locked(project.folder / ".lock"):
        never_learned(project)
        lines = read_lines(project)
        new = line_of({"messages": [dict(one) for one in messages], KEPT: {"from": origin, "when": files.now()}})
        if new.key not in {line.key for line in lines}:
            write_lines(project, [*lines, new], f"1 added: {_short(new.example)}")
        return len({line.key for line in [*lines, new]})


def change_golden(project: Project, key: str, question: str, answer: str, system: str = "") -> GoldenQuestion:
    """Ask a golden question in other words, or want another answer; earlier turns of a conversation stay.

    Where the wanted answer is a call of a tool, it stays as long as `answer` is what it says beside the call, often "".

    Raises:
        UserError: there is no such question, it would be none, is there already, or the newest version teaches it.
    """
    with files.locked(project.folder / ".lock"):
        lines = read_lines(project)
        old = _of_key(lines, key)
        said = _reworded(old.example, question, answer, system)
        others = {name: value for name, value in old.values.items() if name not in _columns(old.values)}
        kept = {**old.kept, "changed": files.now()}
        tools = {"tools": list(old.example.tools)} if old.example.tools else {}
        new = line_of({**others, "messages": [message.as_chat() for message in said], **tools, KEPT: kept})
        if new.key == key:
            raise UserError("That is what it says already.", "Change the question or the answer.")
        if any(line.key == new.key for line in lines):
            raise UserError(
                "This golden question is there already.", "Change the one that is there, or delete this one."
            )
        if [one.content for one in new.example.prompt] != [one.content for one in old.example.prompt]:
            refuse_learned(project, new.example)
        changed = [new if line.key == key else line for line in lines]
        write_lines(project, changed, f"1 changed: {_short(old.example)}")
        return next(one for one in _listed(changed) if one.key == new.key)


def delete_golden(project: Project, keys: Iterable[str]) -> list[GoldenQuestion]:
    """Take golden questions out; return them. They can be brought back.

    Raises:
        UserError: one is not there.
    """
    with files.locked(project.folder / ".lock"):
        lines = read_lines(project)
        gone = set(keys)
        deleted = [one for one in _listed(lines) if one.key in gone]
        if not gone or len(deleted) != len(gone):
            raise _unknown()
        some = _short(deleted[0].example) if len(deleted) == 1 else f"{_short(deleted[0].example)} and others"
        write_lines(project, [line for line in lines if line.key not in gone], f"{len(deleted):,} deleted: {some}")
    return deleted


def list_gone(project: Project) -> list[GoldenQuestion]:
    """Golden questions of earlier states that are there no more, those that went last first.

    States that cannot be read hold none. Numbers count this list.
    """
    here = {line.key for line in read_lines(project)}
    gone: dict[str, GoldenLine] = {}
    for state in dict.fromkeys(change.state for change in list_changes(project)):
        for line in readable_lines(project, state):
            if line.key not in here:
                gone.setdefault(line.key, line)
    return _listed(gone.values())


def bring_back(project: Project, key: str) -> GoldenQuestion:
    """Write a question that was deleted or changed behind the others again.

    Raises:
        UserError: no earlier state holds it, or it is there already.
    """
    with files.locked(project.folder / ".lock"):
        lines = read_lines(project)
        states = dict.fromkeys(change.state for change in list_changes(project))
        found = (line for state in states for line in readable_lines(project, state) if line.key == key)
        line = next(found, None)
        if line is None or key in {one.key for one in lines}:
            raise _unknown()
        write_lines(project, [*lines, line], f"1 brought back: {_short(line.example)}")
        return _listed([*lines, line])[-1]


def learned_rows(project: Project) -> list[int]:
    """Positions of the training examples of the newest version that ask golden questions.

    Raises:
        UserError: the golden questions cannot be read.
    """
    golden = never_learned(project)
    if not golden or not list_versions(project).items:
        return []
    return golden_among(open_split(project, newest_version(project).id, "train"), golden)


def refuse_learned(project: Project, question: Example) -> None:
    """Refuse a golden question that the newest version teaches.

    Raises:
        UserError: it does, with the row that asks it.
    """
    if not list_versions(project).items:
        return
    train = open_split(project, newest_version(project).id, "train")
    learned = golden_among(train, [question])
    if learned:
        first = train[learned[0]]
        raise UserError(
            f"The model learns this question: it stands in {first.origin}.",
            "A golden question has to be one that is never learned; ask another, or delete that example first.",
        )


def _of_key(lines: Iterable[GoldenLine], key: str) -> GoldenLine:
    found = next((line for line in lines if line.key == key), None)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> UserError:
    return UserError("There is no such golden question by now.", "Look at the list again.")


def _columns(values: Mapping[str, Any]) -> set[str]:
    layout = detect(values)
    return set(layout.columns.values()) if layout else set()


def _reworded(example: Example, question: str, answer: str, system: str) -> tuple[Message, ...]:
    said = [message for message in example.messages if message.role != "system"]
    place = max(position for position, message in enumerate(said) if message.role == "user")
    said[place] = said[place].model_copy(update={"content": question})
    if answer != example.answer:
        said[-1] = Message(role="assistant", content=answer)
    first = [Message(role="system", content=system)] if system.strip() else []
    try:
        return turns([*first, *said])
    except BadRow as error:
        raise UserError(
            f"That is no golden question: {error}.", "Give a question and the answer that you want."
        ) from error


def _short(example: Example) -> str:
    asked = excerpt(example.prompt[-1].content)
    return asked if len(asked) <= 60 else f"{asked[:59]}…"
