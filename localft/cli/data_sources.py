"""Where `localft data import` takes examples from: files, what comes through standard input, datasets of the hub."""

import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from localft.cli.data_hub import PREFIX, HubChoice, fetch_rows
from localft.cli.output import Output

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
            elif source.startswith(PREFIX):
                path, order = fetch_rows(output, project, source, hub)
                paths.append(path)
                fetched.append(order)
            else:
                paths.append(Path(source))
        yield tuple(paths)
    if fetched:
        from localft.data.hub.fetching import forget

        for order in fetched:
            forget(order)


@contextmanager
def _pasted(output: Output) -> Generator[Path]:
    from localft.data.readers.pasting import as_file

    if sys.stdin.isatty():
        output.hint("Paste the examples; Ctrl-D on a line of its own ends them (on Windows Ctrl-Z and Enter).")
    with as_file(sys.stdin.buffer.read()) as path:
        yield path
