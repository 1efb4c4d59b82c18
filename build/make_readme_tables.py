"""Write into README.md what the code knows better: the table of a run's settings and the list of commands.

    python build/make_readme_tables.py

A test compares README.md with what this script would write.
"""

import re
import sys
from pathlib import Path

import click

from localft.cli.main import application
from localft.cli.options import bounds
from localft.planning.recipe import TrainingSettings
from localft.settings import Field, fields

README = Path(__file__).resolve().parents[1] / "README.md"


def settings_table() -> str:
    """Every setting of a run, in a table for people."""
    lines = ["| setting | values | usual | meaning |", "|---|---|---|---|"]
    for field in fields(TrainingSettings):
        lines.append(f"| `{field.flag}` | {_values(field)} | {_usual(field)} | {field.description} |")
    return "\n".join(lines)


def _values(field: Field) -> str:
    return ", ".join(field.choices) or bounds(field) or "text"


def _usual(field: Field) -> str:
    if field.default is None:
        return "chosen by the plan" if field.kind is int else ""
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


def commands_table() -> str:
    """Every command with its one line."""
    context = click.Context(application)
    lines = ["| command | what it does |", "|---|---|"]
    for name, entry in application.entries.items():
        command = application.get_command(context, name)
        words = ", ".join(command.commands) if isinstance(command, click.Group) else ""
        lines.append(f"| `localft {name}`{f': {words}' if words else ''} | {entry.summary} |")
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """README's text with both tables as they are today.

    Raises:
        ValueError: a mark is missing.
    """
    for mark, table in (("settings", settings_table()), ("commands", commands_table())):
        pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
        text, found = re.subn(
            pattern, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text, flags=re.DOTALL
        )
        if found != 1:
            raise ValueError(f"README.md has {found} places for {mark}")
    return text


def main() -> int:
    """Rewrite README.md where it differs; the exit status is 0."""
    text = README.read_text(encoding="utf-8")
    README.write_text(with_tables(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
