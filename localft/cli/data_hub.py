"""Datasets of the hub for `localft data import`: which part of them, what they hold, and fetching it."""

import functools
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localft import words
from localft.cli.following import Ways, wait_for
from localft.cli.output import Output
from localft.errors import UserError

if TYPE_CHECKING:
    from localft.data.hub.order import FetchOrder

# The short form, and the address of a dataset's page.
_BEGINNINGS = ("hub:", "https://huggingface.co/datasets/")


def is_dataset(source: str) -> bool:
    """Tell whether a source names a dataset of the hub, and no file."""
    return source.startswith(_BEGINNINGS)


@dataclass(frozen=True)
class HubChoice:
    """Which part of a dataset is wanted; `rows` None for all of one that is not large."""

    config: str | None = None
    split: str | None = None
    revision: str | None = None
    rows: int | None = None

    @property
    def words(self) -> list[str]:
        """The options as they are typed."""
        given = {"--config": self.config, "--split": self.split, "--revision": self.revision, "--rows": self.rows}
        return [word for name, value in given.items() if value is not None for word in (name, str(value))]


_OPTIONS = (
    click.option("--config", metavar="NAME", help="For hub: the configuration of the dataset."),
    click.option("--split", metavar="NAME", help="For hub: the split of it whose rows are taken; train if it has one."),
    click.option("--revision", metavar="COMMIT", help="For hub: the commit or tag; the newest unless given."),
    click.option(
        "--rows", type=click.IntRange(0), help="For hub: how many rows from the start; 0 for all of any size."
    ),
)


def hub_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add these options; the command receives them together as `hub`."""

    @functools.wraps(command)
    def gathered(*given: Any, sources: tuple[str, ...], **others: Any) -> None:
        hub = HubChoice(**{name: others.pop(name) for name in ("config", "split", "revision", "rows")})
        if hub.words and not any(map(is_dataset, sources)):
            raise click.UsageError(f"{hub.words[0]} is for datasets of the hub: hub:owner/name.")
        command(*given, sources=sources, hub=hub, **others)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def list_parts(output: Output, sources: Sequence[str], hub: HubChoice) -> None:
    """Say what the datasets among the sources hold, and what would be fetched of them."""
    from localft.data.hub.fetching import order_for
    from localft.data.hub.listing import look_up

    found: list[dict[str, Any]] = []
    for source in sources:
        if not is_dataset(source):
            continue
        dataset = look_up(source, hub.revision)
        output.heading(f"{dataset.reference} at {dataset.revision[:12]}")
        output.table(
            ["CONFIGURATION", "SPLIT", "SIZE", "FILES"],
            [[part.config, part.split, words.size(part.bytes), f"{len(part.files):,}"] for part in dataset.parts],
            numbers=("SIZE", "FILES"),
        )
        for note in dataset.notes:
            output.say(note)
        problem, chosen = "", None
        try:
            chosen = dataset.part(hub.config, hub.split)
            order_for(dataset, chosen, hub.rows)
        except UserError as error:
            problem = str(error)
        taken = f"It would take {_rows(hub.rows)} of {chosen.described}." if chosen and not problem else problem
        output.say(taken)
        parts = [{"config": one.config, "split": one.split, "bytes": one.bytes} for one in dataset.parts]
        found.append(
            {
                "dataset": dataset.reference,
                "revision": dataset.revision,
                "gated": dataset.gated,
                "notes": dataset.notes,
                "parts": parts,
                "problem": problem,
            }
        )
    output.hint("Nothing was fetched; leave --dry-run out to fetch and import.")
    output.result(found[0] if len(found) == 1 else {"datasets": found})


def _rows(rows: int | None) -> str:
    return f"the first {words.counted(rows, 'row')}" if rows else "all rows"


def fetch_rows(output: Output, project: str, source: str, hub: HubChoice) -> "tuple[Path, FetchOrder]":
    """Fetch the rows of a dataset, which a later call goes on with; the file of rows, and what was fetched.

    Raises:
        UserError: there is no such dataset or part of it, it is gated, or the hub is out of reach.
        Stopped: the person stopped it.
    """
    from localft.data.hub.fetching import order_for, rows_path, start_fetch
    from localft.data.hub.listing import look_up

    dataset = look_up(source, hub.revision)
    part = dataset.part(hub.config, hub.split)
    order = order_for(dataset, part, hub.rows)
    output.note(f"{dataset.reference} at {dataset.revision[:12]}: {_rows(hub.rows)} of {part.described}.")
    for note in dataset.notes:
        output.note(note)
    view = start_fetch(order, dataset.gated)
    if not rows_path(order).exists():
        again = shlex.join(["localft", "data", "import", project, source, *hub.words])
        result = wait_for(output, view.folder, Ways(stop=f"{again} (then Ctrl-C)", resume=again, look=again))
        left_out = result.value.get("left_out")
        if left_out:
            output.note(f"Left out, since they hold no text: {', '.join(left_out)}.")
    return rows_path(order), order
