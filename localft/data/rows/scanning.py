"""What the lines of a split say, without making examples of them: enough to search, filter and sort very many.

A line is JSON as `line_of` writes it, so that its texts can be cut out of it; one with tools, whose JSON could look
like a text, is read as a whole. Versions never change: what was found out about a file is remembered while it stays so.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy
import numpy.typing as npt

from localft.data.examples import Example
from localft.data.row_ratings import content_key, content_key_of
from localft.data.stored import StoredExamples, read_example
from localft.data.versions import Split
from localft.errors import UserError
from localft.store.projects import Project

_TEXT = re.compile(r'"(?:content|rejected)":"([^"\\]*(?:\\.[^"\\]*)*)"')
_NESTED = re.compile(r'"(?:tool_calls|tools)":\[')
_ORIGIN = b',"source":"'
# What follows what an example says, to the end of its line.
_REST = re.compile(
    rb'(?:,"(?:source|group|label|time|named_split|plain|place)":"[^"\\]*(?:\\.[^"\\]*)*"|,"row":\d+|,"edited":true)*\}\n?'
)
_KEY_BYTES = 32
Positions = npt.NDArray[numpy.int64]


@dataclass(frozen=True)
class SplitFile:
    """The file of a split, and what it looked like: as long as that is the same, it says the same."""

    path: Path
    size: int
    changed_ns: int

    @classmethod
    def of(cls, project: Project, version_id: str, split: Split) -> "SplitFile":
        """The file of a split of a version.

        Raises:
            UserError: it is gone.
        """
        path = project.datasets / Path(version_id).name / f"{split}.jsonl"
        try:
            found = path.stat()
        except FileNotFoundError as error:
            message = f"The file {path} is gone, which a version is made of."
            raise UserError(message, "Import the data again.") from error
        return cls(path, found.st_size, found.st_mtime_ns)

    def lines(self) -> Iterator[bytes]:
        """The lines, in their order."""
        with self.path.open("rb") as file:
            yield from file

    def examples(self) -> StoredExamples:
        """The examples, which are read when they are asked for."""
        return _examples(self)

    def lengths(self) -> Positions:
        """The characters of all turns of each."""
        return _lengths(self)

    def rated(self, keys: Iterable[str]) -> npt.NDArray[numpy.bool_]:
        """Of each, whether one of these is its `content_key`."""
        wanted = numpy.array([key.encode() for key in keys], dtype=f"S{_KEY_BYTES}")
        return numpy.isin(_keys(self), wanted)

    def saying(self, sought: str) -> Positions:
        """The places of those that say a text, which is in lower case as `casefold` makes it."""
        return _saying(self, sought)

    def edited(self) -> Positions:
        """The places of those that were changed or written by hand."""
        lines = enumerate(self.lines())
        return _array(place for place, line in lines if b'"edited":true' in line and self.read(place, line).edited)

    def read(self, place: int, line: bytes) -> Example:
        """The example of a line.

        Raises:
            UserError: it is none.
        """
        return read_example(line, self.path, place + 1)


@lru_cache(maxsize=6)
def _examples(file: SplitFile) -> StoredExamples:
    return StoredExamples.of_file(file.path)


@lru_cache(maxsize=6)
def _lengths(file: SplitFile) -> Positions:
    def length(place: int, line: bytes) -> int:
        return sum(map(len, _texts(file, place, line.decode("utf-8", "replace"), line)))

    return _array(length(place, line) for place, line in enumerate(file.lines()))


@lru_cache(maxsize=6)
def _keys(file: SplitFile) -> npt.NDArray[numpy.bytes_]:
    keys = bytearray()
    for place, line in enumerate(file.lines()):
        keys += _key(file, place, line).encode()
    return numpy.frombuffer(bytes(keys), dtype=f"S{_KEY_BYTES}")


@lru_cache(maxsize=6)
def _saying(file: SplitFile, sought: str) -> Positions:
    spelled = json.dumps(sought, ensure_ascii=False)[1:-1]

    def says(place: int, line: bytes) -> bool:
        # Without other letters the lower case is the folded one, and comes much faster.
        folded = line.lower().decode() if line.isascii() else line.decode("utf-8", "replace").casefold()
        if spelled not in folded:
            return False
        if _NESTED.search(folded):
            return any(sought in text.casefold() for text in _texts(file, place, folded, line))
        return any(sought in text for text in map(_unescaped, _TEXT.findall(folded)) if text)

    return _array(place for place, line in enumerate(file.lines()) if says(place, line))


def _texts(file: SplitFile, place: int, shown: str, line: bytes) -> Iterable[str]:
    """The texts of the turns and the worse answer of a line, which is `shown` as text, perhaps in lower case."""
    if _NESTED.search(shown):
        example = file.read(place, line)
        return [*(message.content for message in example.messages), example.rejected]
    return map(_unescaped, _TEXT.findall(shown))


def _unescaped(spelled: str) -> str:
    return json.loads(f'"{spelled}"') if "\\" in spelled else spelled


def _key(file: SplitFile, place: int, line: bytes) -> str:
    """The `content_key` of the example of a line: what it says stands before where it comes from."""
    end = line.rfind(_ORIGIN)
    if end > 0 and _REST.fullmatch(line, end) and b'"learn":true' not in line:
        return content_key_of(line[:end] + b"}")
    return content_key(file.read(place, line))


def _array(numbers: Iterable[int]) -> Positions:
    return numpy.fromiter(numbers, dtype=numpy.int64)
