"""Where `localft data import` takes examples from: files, and what comes through standard input."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from localft.cli.output import Output

PIPE = "-"


@contextmanager
def readable(output: Output, sources: Sequence[str]) -> Generator[tuple[Path, ...]]:
    """The files to read; what comes through standard input is one for as long.

    Raises:
        UserError: nothing comes.
    """
    if PIPE not in sources:
        yield tuple(map(Path, sources))
        return
    from localft.data.pasting import as_file

    if sources.count(PIPE) > 1:
        raise click.UsageError("Standard input (-) can be read once only.")
    stream = sys.stdin.buffer
    if sys.stdin.isatty():
        output.hint("Paste the examples; Ctrl-D on a line of its own ends them (on Windows Ctrl-Z and Enter).")
    with as_file(stream.read()) as pasted:
        yield tuple(pasted if source == PIPE else Path(source) for source in sources)
