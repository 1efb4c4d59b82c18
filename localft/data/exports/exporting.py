"""Examples to take away: JSON lines as every training tool reads them, or a table or workbook for a spreadsheet.

Beside what other programs read stands what an import needs to make the same of them again: the split of each example
(in a file of all splits), its group, label, time and place. Examples are written one after the other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from localft.data.exports.table import Row, table_of, turn
from localft.data.exports.workbook_writing import write_workbook
from localft.data.shapes.placing import KEPT, PASSAGE
from localft.data.source_passages import SourcePassage, all_source_passages
from localft.data.splits.sealing import open_test, sealed
from localft.data.versions import SPLITS, DatasetVersion, Split, iterate_split
from localft.data.working import Tell, quiet
from localft.errors import UserError
from localft.store import files
from localft.store.projects import Project

Form = Literal["jsonl", "csv", "xlsx"]
FORMS: tuple[Form, ...] = get_args(Form)
_ROWS_A_REPORT = 2_000


def form_of(name: str) -> Form:
    """The form of a name.

    Raises:
        UserError: there is none of it.
    """
    form = next((known for known in FORMS if known == name), None)
    if form is None:
        raise UserError("There is no such form.", f"The forms are: {', '.join(FORMS)}.")
    return form


def export_version(
    project: Project,
    version: DatasetVersion,
    path: Path,
    form: Form | None = None,
    splits: Sequence[Split] = SPLITS,
    opened: bool = False,
    tell: Tell = quiet,
    with_passages: bool = False,
) -> int:
    """Write examples of a version into a file; return how many. Without a `form` the file's name says which.

    `with_passages` puts the passage that each was written from beside it, where there is one. A file with the test
    split in it counts as an opening of it; by itself it is written only if it is `opened`.

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
    with files.writing(path) as file:
        write_examples(file, project, version, chosen, splits, tell, with_passages)
        # Before the file is there to be looked at: what is killed in between has counted one too many, never too few.
        if "test" in splits:
            open_test(project, version, "export")
    return sum(version.counts[name] for name in set(splits))


def write_examples(
    file: BinaryIO,
    project: Project,
    version: DatasetVersion,
    form: Form,
    splits: Sequence[Split] = SPLITS,
    tell: Tell = quiet,
    with_passages: bool = False,
) -> None:
    """Write such a file.

    Raises:
        UserError: the version is damaged, or the examples do not fit into a table.
    """
    passages = all_source_passages(project) if with_passages else {}
    chosen = _Examples(project, version, splits, tell, passages)
    if form == "jsonl":
        for row in chosen.rows("Writing the examples"):
            file.write(json.dumps(_as_object(row), ensure_ascii=False).encode() + b"\n")
        return
    table = table_of(chosen.rows("Looking at the examples"), with_passages, is_text=form == "csv")
    cells = (table.cells(row) for row in chosen.rows("Writing the examples"))
    if form == "xlsx":
        write_workbook(file, table.names, cells, "Examples")
        return
    file.write(table.line(table.names))
    for line in cells:
        file.write(table.line(line))


class _Examples:
    """What is exported, each split once, however often it is named."""

    def __init__(
        self,
        project: Project,
        version: DatasetVersion,
        splits: Sequence[Split],
        tell: Tell,
        passages: Mapping[str, SourcePassage],
    ) -> None:
        self._project, self._version, self._tell = project, version, tell
        self._passages = passages
        self._splits = list(dict.fromkeys(splits))

    def rows(self, message: str) -> Iterator[Row]:
        """Each example with its split; that is "" where a part alone is exported, which another import may divide."""
        done, total = 0, sum(self._version.counts[name] for name in self._splits)
        is_whole = set(self._splits) == set(SPLITS)
        for name in self._splits:
            for example in iterate_split(self._project, self._version.id, name):
                if done % _ROWS_A_REPORT == 0:
                    self._tell(message, done, total, "rows")
                done += 1
                passage = self._passages.get(example.passage)
                yield Row(name if is_whole else "", example, passage.text if passage else "")


def _as_object(row: Row) -> dict[str, Any]:
    """OpenAI's shape; a pair as TRL has it; plain text in a field of its own."""
    example = row.example
    kept = {name: value for name, value in row.kept.items() if value}
    passage = {PASSAGE: row.passage} if row.passage else {}
    beside = {**({KEPT: kept} if kept else {}), **passage}
    if example.plain:
        return {"text": example.text, **beside}
    if example.tools:
        beside = {"tools": list(example.tools), **beside}
    if example.rejected:
        worse = [{"role": "assistant", "content": example.rejected}]
        prompt = [turn(message) for message in example.prompt]
        return {"prompt": prompt, "chosen": [turn(example.messages[-1])], "rejected": worse, **beside}
    return {"messages": [turn(message) for message in example.messages], **beside}
