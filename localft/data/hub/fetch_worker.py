"""The job that fetches rows of a dataset: by ranges of its Parquet files, with progress, stop and resume."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localft import words
from localft.data.hub.fetching import rows_path
from localft.data.hub.order import FetchOrder
from localft.data.hub.ranged import RangedFile
from localft.data.hub.rows_file import open_remote, put_together, text_columns, write_piece
from localft.errors import Stopped, UserError
from localft.jobs import JobContext
from localft.models.hub_access import explained


def run(context: JobContext) -> dict[str, Any]:
    """Fetch what `settings["order"]` names; row groups that are here stay here when it is stopped.

    Raises:
        UserError: access is denied, a file is damaged or has no text, or the hub is out of reach.
        Stopped: the user asked for it.
    """
    order = FetchOrder.model_validate(context.settings["order"])
    with explained(order.reference, "dataset"):
        fetch = _Fetch(context, order)
        pieces = list(fetch.pieces())
    if not pieces:
        raise UserError(f"{order.reference}, {order.config} / {order.split}, has no rows.", "Take another split.")
    put_together(pieces, rows_path(order), order)
    for piece in pieces:
        piece.unlink()
    context.progress(fetch.done, fetch.done, "rows", f"Fetched {order.reference}", at_once=True)
    return {"message": f"{words.counted(fetch.done, 'row')} fetched.", "rows": fetch.done, "left_out": fetch.left_out}


class _Fetch:
    """Goes through the files of a split, row group by row group, until there are rows enough."""

    def __init__(self, context: JobContext, order: FetchOrder) -> None:
        self.context = context
        self.order = order
        self.done = 0
        self.total = order.rows
        self.left_out: list[str] = []
        self._here = 0
        self._folder = context.folder / "pieces"
        self._folder.mkdir(exist_ok=True)

    def pieces(self) -> Iterator[Path]:
        """Every piece, fetched or found here from an earlier attempt."""
        for place, (name, size) in enumerate(self.order.files):
            if self.order.rows and self.done >= self.order.rows:
                return
            yield from self._of_file(place, name, size)

    def _of_file(self, place: int, name: str, size: int) -> Iterator[Path]:
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(self.order.reference, name, repo_type="dataset", revision=self.order.revision)
        with open_remote(RangedFile(url, size, self._advance), is_whole=not self.order.rows) as remote:
            columns = text_columns(remote.schema_arrow)
            self.left_out = [column for column in remote.schema_arrow.names if column not in columns]
            if not columns:
                raise UserError(f"{self.order.reference} has no column with text.", "Choose another dataset.")
            if not self.order.rows:
                # What the files to come hold is not known before they are opened: as much as this one, by their bytes.
                self.total = self.done + round(remote.metadata.num_rows * self._bytes_from(place) / max(1, size))
            for number in range(remote.metadata.num_row_groups):
                rows = remote.metadata.row_group(number).num_rows
                rows = min(rows, self.order.rows - self.done) if self.order.rows else rows
                if rows <= 0:
                    continue
                piece = self._folder / f"{place:05}-{number:05}.parquet"
                if not piece.exists():
                    write_piece(piece, remote, number, rows, columns, self._tell)
                self._here = 0
                self.done += rows
                yield piece

    def _bytes_from(self, place: int) -> int:
        return sum(size for _, size in self.order.files[place:])

    def _tell(self, rows: int) -> None:
        self._here = rows
        self._advance(0)

    def _advance(self, count: int) -> None:
        """Report, and end where the user wants it.

        Raises:
            Stopped: the user asked for it.
        """
        message = f"Fetching {self.order.reference}"
        self.context.progress(min(self.done + self._here, self.total), self.total, "rows", message)
        if self.context.stop_requested():
            raise Stopped("Fetching was stopped; it continues where it was.")
