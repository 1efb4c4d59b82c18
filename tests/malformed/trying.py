"""Reading an input as a person would have it read: rows or a clear sentence, and nothing changed on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localft.data.making.gathering import ReadResult
from localft.data.making.reading import read_files
from localft.errors import UserError
from tests.malformed.writers import Pair


@dataclass(frozen=True)
class Input:
    """A file: its name and its bytes; `pairs` are what was written, None where nobody can know what will be read.

    Where the file is `whole`, each of the pairs has to be read or listed.
    """

    name: str
    content: bytes
    pairs: tuple[Pair, ...] | None = None
    whole: bool = False


def read_or_be_told(folder: Path, one: Input) -> ReadResult | None:
    """Read an input; None if it was refused in a sentence.

    Raises:
        AssertionError: a sentence says nothing, a row was lost, or a value was changed.
    """
    path = folder / one.name
    path.write_bytes(one.content)
    try:
        found = read_files([path], strict=False)
    except UserError as error:
        assert error.message.strip() and error.message.rstrip().endswith((".", "?", "!")), error.message
        assert "Traceback" not in error.message
        # Text that is full of control characters is taken for a binary file, and that is said.
        if one.whole and one.pairs and "binary file" not in error.message:
            raise AssertionError(f"a whole file was refused: {error}") from error
        return None
    finally:
        path.unlink(missing_ok=True)
    _look_at_rows(found)
    if one.pairs is not None:
        _compare(found, one.pairs, one.whole)
    return found


def _look_at_rows(found: ReadResult) -> None:
    for aside in found.set_aside:
        assert aside.row >= 1 and aside.reason.strip()
        aside.text.encode("utf-8")
    for example in found.examples:
        assert example.model_dump_json().encode("utf-8")
        assert example.messages[-1].role == "assistant"
        assert example.plain or example.messages[-1].content.strip() or example.messages[-1].tool_calls


def _compare(found: ReadResult, pairs: Sequence[Pair], whole: bool) -> None:
    """What was read is what was written, in its order; of a whole file nothing is missing."""
    left = iter(pairs)
    for example in found.examples:
        read = (example.messages[0].content, example.answer)
        assert read in left, f"{read!r} was not written, or not there"
    if whole:
        count = len(found.examples) + len(found.set_aside)
        assert count == len(pairs), f"{count} rows of {len(pairs)}"


def outcome(folder: Path, one: Input) -> list[str]:
    """What comes of an input, a line for each thing: the answers (or texts) that are read, and what is said.

    Of what is said of a row its place and kind are given, of a whole file the beginning of the sentence.
    """
    path = folder / one.name
    path.write_bytes(one.content)
    try:
        found = read_files([path], strict=False)
    except UserError as error:
        return [f"refused: {error.message[:90]}"]
    finally:
        path.unlink(missing_ok=True)
    answers = [f"answer: {example.answer[:60]}" for example in found.examples]
    return [*answers, *(f"row {aside.row}: {aside.kind}" for aside in found.set_aside)]
