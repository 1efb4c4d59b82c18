"""The command group: it imports a command's module only when the command is used, so that `localft --help` is quick."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@dataclass(frozen=True)
class Entry:
    """A command before it is imported: where it lies ("module:attribute") and its one line in the list."""

    place: str
    summary: str


class LazyGroup(click.Group):
    """A group whose commands are named under headings and imported on demand.

    Called without a command, or with options only, it runs `default`.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, Entry]], default: str, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._sections = sections
        self._default = default
        self.entries = {name: entry for section in sections.values() for name, entry in section.items()}
        # Placeholders: click names the nearest ones when a command is misspelt.
        self.commands = {name: click.Command(name, help=entry.summary) for name, entry in self.entries.items()}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let `localft` and `localft --port 7900` mean `localft app ...`."""
        own = {"--version", *ctx.help_option_names}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which a person meets them."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of this name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, attribute = entry.place.split(":")
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands under their headings, without importing any."""
        for heading, entries in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(8), entry.summary) for name, entry in entries.items()])
