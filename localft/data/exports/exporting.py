"""Examples to take away: JSON lines as every training tool reads them, or a table or workbook for a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from localft.data.examples import Example, Message
from localft.data.exports.workbook_writing import write_workbook
from localft.data.readers.csv_file import QUOTED
from localft.data.splits.sealing import open_test, sealed
from localft.data.versions import SPLITS, DatasetVersion, Split, iterate_split
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

Form = Literal["jsonl", "csv", "xlsx"]
FORMS: tuple[Form, ...] = get_args(Form)
# Programs read them in a cell as the end of a line or as another character, or take the file for no text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
# What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV injection), the full-width ones too.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def export_version(
    project: Project,
    version: DatasetVersion,
    path: Path,
    form: Form | None = None,
    splits: Sequence[Split] = SPLITS,
    opened: bool = False,
) -> int:
    """Write examples of a version into a file; return how many. Without a `form` the file's name says which.

    A file with the test split in it counts as an opening of it; by itself it is written only if it is `opened`.

    Raises:
        UserError: the form is not known, the file exists, the examples do not fit into a table, or the split is sealed.
    """
    ending = path.suffix.lower().removeprefix(".")
    chosen = form or next((known for known in FORMS if known == ending), None)
    if chosen is None:
        raise UserError(
            f"{path.name} says no form that localft writes.", "Name it .jsonl, .csv or .xlsx, or give --format."
        )
    if path.exists():
        raise UserError(f"{path} is there already.", "Choose another name, or move it away.")
    if "test" in splits and set(splits) != set(SPLITS) and not opened:
        raise sealed()
    files.write_bytes(path, content_of(project, version, chosen, splits))
    if "test" in splits:
        open_test(project, version, "export")
    return sum(version.counts[name] for name in set(splits))


def content_of(project: Project, version: DatasetVersion, form: Form, splits: Sequence[Split] = SPLITS) -> bytes:
    """Such a file as bytes.

    Raises:
        UserError: the version is damaged, or the examples do not fit into a table.
    """
    # Once each, however often it is named.
    rows = ((name, example) for name in dict.fromkeys(splits) for example in iterate_split(project, version.id, name))
    if form == "jsonl":
        return "".join(json.dumps(_as_object(one), ensure_ascii=False) + "\n" for _, one in rows).encode()
    table = _table(list(rows))
    return write_workbook(list(table), "Examples") if form == "xlsx" else "".join(map(_line, table)).encode()


def _as_object(example: Example) -> dict[str, Any]:
    """OpenAI's shape; a pair as TRL has it; plain text in a field of its own."""
    if example.plain:
        return {"text": example.text}
    tools = {"tools": list(example.tools)} if example.tools else {}
    if example.rejected:
        worse = [{"role": "assistant", "content": example.rejected}]
        prompt = [_turn(message) for message in example.prompt]
        return {"prompt": prompt, "chosen": [_turn(example.messages[-1])], "rejected": worse, **tools}
    return {"messages": [_turn(message) for message in example.messages], **tools}


def _turn(message: Message) -> dict[str, Any]:
    return {**message.as_chat(), **({} if message.learn else {"weight": 0})}


def _table(rows: Sequence[tuple[Split, Example]]) -> Iterator[list[str]]:
    """Question and answer in columns where all are that simple, else whole conversations in one."""
    examples = [example for _, example in rows]
    texts = sum(bool(example.plain) for example in examples)
    if texts and (texts < len(rows) or any(_CONTROLS.search(example.text) for example in examples)):
        raise UserError("Such plain text does not fit into a table.", "Choose jsonl.")
    pairs = sum(bool(example.rejected) for example in examples)
    simple = all(map(_is_simple, examples))
    if pairs and not (simple and pairs == len(rows)):
        raise UserError("Such examples with a worse answer too do not fit into a table.", "Choose jsonl.")
    last = ["chosen", "rejected"] if pairs else ["answer"]
    # Plain text is recognised by standing alone.
    names = ["text"] if texts else ["part", *(["system", "prompt", *last] if simple else ["messages", "tools"])]
    names.append(QUOTED)
    yield names
    for name, example in rows:
        cells = [example.text] if texts else [name, *(_columns(example) if simple else _as_json(example))]
        quoted = [column for column, cell in zip(names, cells, strict=False) if cell.startswith(_FORMULA_STARTS)]
        safe = [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]
        yield [*safe, " ".join(quoted)]


def _is_simple(example: Example) -> bool:
    roles = [message.role for message in example.messages]
    plain = all(message.learn and not message.tool_calls and not message.name for message in example.messages)
    # In JSON they are escapes.
    texts = [*(message.content for message in example.messages), example.rejected]
    return (
        roles in (["user", "assistant"], ["system", "user", "assistant"])
        and plain
        and not example.tools
        and not any(map(_CONTROLS.search, texts))
    )


def _columns(example: Example) -> list[str]:
    *before, asked, answered = example.messages
    worse = [example.rejected] if example.rejected else []
    return [before[0].content if before else "", asked.content, answered.content, *worse]


def _as_json(example: Example) -> list[str]:
    turns = [_turn(message) for message in example.messages]
    return [_escaped(json.dumps(value, ensure_ascii=False)) if value else "" for value in (turns, list(example.tools))]


def _escaped(text: str) -> str:
    """JSON without the characters and marks that a workbook cannot hold as they are."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0][0]):04x}{found[0][1:]}", text)


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
