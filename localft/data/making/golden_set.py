"""The golden set: questions that measure and are never learned, listed, changed, deleted, imported and brought back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from localft import words
from localft.data.examples import Example, Message
from localft.data.making.golden_history import list_changes, rewrite, state_content
from localft.data.making.reading import ReadResult, read_files
from localft.data.readers.opening import open_file
from localft.data.row_ratings import content_key
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.conversation import BadRow, turns
from localft.data.shapes.converting import SetAside
from localft.data.shapes.detecting import detect
from localft.data.shapes.rows import Row, excerpt
from localft.data.shapes.values import BadValue, json_of, parse_json
from localft.data.splits.golden import golden_among, golden_of, has_golden, never_learned
from localft.data.versions import list_versions, newest_version, open_split
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

KEPT = "kept"
"""In a line of golden.jsonl: where the question came from and when, as {"from": ..., "when": ...}."""


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


class _Line(NamedTuple):
    """A line of the file as it is, and the question that it holds."""

    raw: bytes
    values: dict[str, Any]
    example: Example

    @property
    def key(self) -> str:
        return content_key(self.example)

    @property
    def kept(self) -> Mapping[str, Any]:
        said = self.values.get(KEPT)
        return said if isinstance(said, dict) else {}


def list_golden(project: Project, search: str = "") -> list[GoldenQuestion]:
    """The golden questions that say `search`, in upper or lower case, each once and in the order of the file.

    Raises:
        UserError: they cannot be read.
    """
    return _listed(_read(project), search)


def _listed(lines: Iterable[_Line], search: str = "") -> list[GoldenQuestion]:
    different: dict[str, _Line] = {}
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
        lines = _read(project)
        new = _line({"messages": [dict(one) for one in messages], KEPT: {"from": origin, "when": files.now()}})
        if new.key not in {line.key for line in lines}:
            _write(project, [*lines, new], f"1 added: {_short(new.example)}")
        return len({line.key for line in [*lines, new]})


def change_golden(project: Project, key: str, question: str, answer: str, system: str = "") -> GoldenQuestion:
    """Ask a golden question in other words, or want another answer; earlier turns of a conversation stay.

    Where the wanted answer is a call of a tool, it stays as long as `answer` is what it says beside the call, often "".

    Raises:
        UserError: there is no such question, it would be none, is there already, or the newest version teaches it.
    """
    with files.locked(project.folder / ".lock"):
        lines = _read(project)
        old = _of_key(lines, key)
        said = _reworded(old.example, question, answer, system)
        others = {name: value for name, value in old.values.items() if name not in _columns(old.values)}
        kept = {**old.kept, "changed": files.now()}
        tools = {"tools": list(old.example.tools)} if old.example.tools else {}
        new = _line({**others, "messages": [message.as_chat() for message in said], **tools, KEPT: kept})
        if new.key == key:
            raise UserError("That is what it says already.", "Change the question or the answer.")
        if any(line.key == new.key for line in lines):
            raise UserError(
                "This golden question is there already.", "Change the one that is there, or delete this one."
            )
        if [one.content for one in new.example.prompt] != [one.content for one in old.example.prompt]:
            refuse_learned(project, new.example)
        changed = [new if line.key == key else line for line in lines]
        _write(project, changed, f"1 changed: {_short(old.example)}")
        return next(one for one in _listed(changed) if one.key == new.key)


def delete_golden(project: Project, keys: Iterable[str]) -> list[GoldenQuestion]:
    """Take golden questions out; return them. They can be brought back.

    Raises:
        UserError: one is not there.
    """
    with files.locked(project.folder / ".lock"):
        lines = _read(project)
        gone = set(keys)
        deleted = [one for one in _listed(lines) if one.key in gone]
        if not gone or len(deleted) != len(gone):
            raise _unknown()
        some = _short(deleted[0].example) if len(deleted) == 1 else f"{_short(deleted[0].example)} and others"
        _write(project, [line for line in lines if line.key not in gone], f"{len(deleted):,} deleted: {some}")
    return deleted


def list_gone(project: Project) -> list[GoldenQuestion]:
    """Golden questions of earlier states that are there no more, those that went last first.

    States that cannot be read hold none. Numbers count this list.
    """
    here = {line.key for line in _read(project)}
    gone: dict[str, _Line] = {}
    for state in dict.fromkeys(change.state for change in list_changes(project)):
        for line in _readable(project, state):
            if line.key not in here:
                gone.setdefault(line.key, line)
    return _listed(gone.values())


def bring_back(project: Project, key: str) -> GoldenQuestion:
    """Write a question that was deleted or changed behind the others again.

    Raises:
        UserError: no earlier state holds it, or it is there already.
    """
    with files.locked(project.folder / ".lock"):
        lines = _read(project)
        states = dict.fromkeys(change.state for change in list_changes(project))
        found = (line for state in states for line in _readable(project, state) if line.key == key)
        line = next(found, None)
        if line is None or key in {one.key for one in lines}:
            raise _unknown()
        _write(project, [*lines, line], f"1 brought back: {_short(line.example)}")
        return _listed([*lines, line])[-1]


def preview_golden(
    paths: Sequence[Path | str], mapping: Mapping[str, str] | None = None, chat: ChatChoice | None = None
) -> ReadResult:
    """Read files without importing them; what asks no question is set aside.

    No usable row is no error here, so that a person can map the columns, or choose a voice among the speakers.

    Raises:
        UserError: a file cannot be read, the mapping is wrong, or nobody has the voice that was chosen.
    """
    return _questions(read_files(paths, mapping, strict=False, chat=chat))


def _questions(read: ReadResult) -> ReadResult:
    asking = [example for example in read.examples if not example.plain]
    aside = [*read.set_aside, *(_no_question(one) for one in read.examples if one.plain)]
    return replace(read, examples=asking, set_aside=aside)


class GoldenImport(NamedTuple):
    """How many questions came in, how many were there already, and the rows that cannot be used."""

    added: int
    known: int
    set_aside: list[SetAside]


def import_golden(
    project: Project,
    paths: Sequence[Path | str],
    mapping: Mapping[str, str] | None = None,
    chat: ChatChoice | None = None,
) -> GoldenImport:
    """Take the rows of files in any readable shape as golden questions.

    What training asks nearly so comes in too: `learned_rows` names the rows to take out of training.

    Raises:
        UserError: a file cannot be read, no row of it asks a question, or the golden questions cannot be read.
    """
    read = _questions(read_files(paths, mapping, chat=chat))
    asking = read.examples
    if not asking:
        raise UserError("These files hold text without questions.", "A golden question needs the answer that you want.")
    with files.locked(project.folder / ".lock"):
        lines = _read(project)
        known = {line.key for line in lines}
        when = files.now()
        new = {}
        for example in asking:
            line = _line({**_as_values(example), KEPT: {"from": example.origin, "when": when}})
            if line.key not in known:
                new.setdefault(line.key, line)
        if new:
            names = ", ".join(dict.fromkeys(example.source for example in asking))
            _write(project, [*lines, *new.values()], f"{len(new):,} imported from {names}")
    return GoldenImport(len(new), len(asking) - len(new), read.set_aside)


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


def _read(project: Project) -> list[_Line]:
    """The lines of the file.

    Raises:
        UserError: one of them cannot be used.
    """
    return _lines_of(project.golden, project.golden) if has_golden(project) else []


def _readable(project: Project, state: str) -> list[_Line]:
    """The lines of an earlier state; none where they cannot be used."""
    try:
        if not state_content(project, state):
            return []
        return _lines_of(project.folder / "golden_history" / f"{state}.jsonl", project.golden)
    except UserError:
        return []


def _lines_of(path: Path, named: Path) -> list[_Line]:
    raw = path.read_bytes().split(b"\n")
    return [_line_of(row, raw, named) for row in open_file(path).rows]


def _line_of(row: Row, raw: Sequence[bytes], named: Path) -> _Line:
    question = golden_of(row, named)
    try:
        return _Line(_raw_of(row, raw), dict(row.values or {}), question)
    except BadValue as error:
        raise UserError(
            f"Line {row.number} of {named} cannot be kept: {error}.", "Correct it, or delete it."
        ) from error


def _raw_of(row: Row, raw: Sequence[bytes]) -> bytes:
    """The line of a row as it stands in the file; written anew where the file is no plain JSON lines."""
    line = raw[row.number - 1].removesuffix(b"\r") if row.number <= len(raw) else b""
    try:
        if parse_json(line.decode("utf-8")) == row.values:
            return line
    except (UnicodeDecodeError, BadValue):
        pass
    return _dumped(row.values)


def _line(values: dict[str, Any]) -> _Line:
    try:
        raw = _dumped(values)
    except BadValue as error:
        raise UserError(f"That is no golden question: {error}.", "Correct it and try again.") from error
    # Read again, so that its key is that of what stands in the file.
    return _Line(raw, values, golden_of(Row(1, parse_json(raw.decode("utf-8"))), Path("golden.jsonl")))


def _dumped(values: Any) -> bytes:
    """JSON with every number as it was spelled; half of a pair of UTF-16 stays the escape that it was."""
    return json_of(values).encode("utf-8", "backslashreplace")


def _write(project: Project, lines: Sequence[_Line], what: str) -> None:
    rewrite(project, b"".join(line.raw + b"\n" for line in lines), what)


def _of_key(lines: Iterable[_Line], key: str) -> _Line:
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


def _as_values(example: Example) -> dict[str, Any]:
    tools = {"tools": list(example.tools)} if example.tools else {}
    return {"messages": [message.as_chat() for message in example.messages], **tools}


def _no_question(example: Example) -> SetAside:
    return SetAside(example.source, example.row, "it is text without a question", excerpt(example.text), "no question")


def _short(example: Example) -> str:
    asked = excerpt(example.prompt[-1].content)
    return asked if len(asked) <= 60 else f"{asked[:59]}…"
