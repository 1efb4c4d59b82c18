"""Words for the person who waits. All of it goes to stderr: stdout belongs to the command that follows the set-up."""

import sys


class SetupError(Exception):
    """The set-up cannot go on; the text says what to do."""


def say(text: str) -> None:
    """Print one line."""
    print(f"localft: {text}", file=sys.stderr, flush=True)


def detail(text: str) -> None:
    """Print one line that belongs to the one above."""
    print(f"  {text}", file=sys.stderr, flush=True)
