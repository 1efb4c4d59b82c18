"""How the tables of sentences are written down."""

import re


def lines(text: str) -> list[str]:
    """One entry a line."""
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def blocks(text: str) -> list[list[str]]:
    """Entries of several lines, with an empty line between them."""
    return [lines(block) for block in re.split(r"\n\s*\n", text.strip())]


def slots(text: str) -> dict[str, list[str]]:
    """`name: value | value`, one slot after the other; a line that begins with `|` goes on with the slot above."""
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\n\s*\|", " |", text.strip()).splitlines():
        name, values = line.split(":", 1)
        found[name.strip()] = [value.strip() for value in values.split("|")]
    return found
