"""What differs between two versions of the data, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft.data.checks.checking import read_context
from localft.data.checks.finding import Row
from localft.data.versions import DatasetVersion
from localft.store.projects import Project


@dataclass(frozen=True)
class Difference:
    """Rows that are only in the later version, only in the earlier one, in both but changed, or moved between splits.

    Of changed and moved rows both are given, the earlier one first.
    """

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    moved: tuple[tuple[Row, Row], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.moved)

    @property
    def sentence(self) -> str:
        """The counts in words: "3 deleted, 1 changed"."""
        counts = (
            (len(self.added), "added"),
            (len(self.removed), "deleted"),
            (len(self.changed), "changed"),
            (len(self.moved), "moved to another part"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"


def compare_versions(project: Project, earlier: DatasetVersion, later: DatasetVersion) -> Difference:
    """What differs between two versions of a project.

    Raises:
        UserError: one of them is damaged.
    """
    return differ(read_context(project, earlier).rows, read_context(project, later).rows)


def differ(earlier: Sequence[Row], later: Sequence[Row]) -> Difference:
    """What differs between two sets of rows. A row is the same one by the file and the row that it came from."""
    before, after = ({(row.example.source, row.example.row): row for row in rows} for rows in (earlier, later))
    both = [(before[place], row) for place, row in after.items() if place in before]
    return Difference(
        added=tuple(row for place, row in after.items() if place not in before),
        removed=tuple(row for place, row in before.items() if place not in after),
        changed=tuple(pair for pair in both if pair[0].example != pair[1].example),
        moved=tuple(pair for pair in both if pair[0].split != pair[1].split),
    )
