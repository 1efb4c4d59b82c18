"""Where `localft data import` takes examples from: files, what comes through standard input, datasets of the hub."""

import re
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from localft.cli.data_hub import HubChoice, fetch_rows, is_dataset
from localft.cli.output import Output
from localft.errors import UserError

PIPE = "-"


@contextmanager
def readable(output: Output, project: str, sources: Sequence[str], hub: HubChoice) -> Generator[tuple[Path, ...]]:
    """The files to read; what comes through standard input is one for as long.

    Fetched rows are removed once they are taken in, and kept where that fails, so that another try is quick.

    Raises:
        UserError: nothing comes, or a dataset cannot be fetched.
        Stopped: the person stopped fetching.
    """
    if sources.count(PIPE) > 1:
        raise click.UsageError("Standard input (-) can be read once only.")
    if not all(source.strip() for source in sources):
        raise click.UsageError("The name of a file is empty.")
    fetched = []
    with ExitStack() as stack:
        paths = []
        for source in sources:
            if source == PIPE:
                paths.append(stack.enter_context(_pasted(output)))
            elif is_dataset(source):
                path, order = fetch_rows(output, project, source, hub)
                paths.append(path)
                fetched.append(order)
            else:
                paths.append(_file(source))
        yield tuple(paths)
    if fetched:
        from localft.data.hub.fetching import forget

        for order in fetched:
            forget(order)


def _file(source: str) -> Path:
    """The path of a file, whatever is wrong with it; but for a dataset's name a person wants to hear how it is written.

    Raises:
        UserError: neither the file nor its folder is there, and it could be the name of a dataset.
    """
    path = Path(source)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", source) and not path.parent.exists():
        raise UserError(f"There is no file or folder: {source}.", f"A dataset of the hub is written hub:{source}.")
    return path


@contextmanager
def _pasted(output: Output) -> Generator[Path]:
    from localft.data.readers.pasting import as_file

    if sys.stdin.isatty():
        output.hint("Paste the examples; Ctrl-D on a line of its own ends them (on Windows Ctrl-Z and Enter).")
    with as_file(sys.stdin.buffer.read()) as path:
        yield path
