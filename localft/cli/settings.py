"""`localft settings`: what holds for all projects."""

from typing import Any

import click

from localft.cli.options import chosen, examples, json_option, settings_options
from localft.cli.output import Output
from localft.preferences import Preferences, read_preferences, set_preferences
from localft.settings import fields


@click.command(
    "settings",
    epilog=examples("localft settings", "localft settings --price-per-kwh 0.25", "localft settings --currency £"),
)
@settings_options(Preferences)
@json_option
@click.pass_obj
def settings(output: Output, **options: Any) -> None:
    """Show what holds for all projects, such as the price of electricity; an option sets it."""
    given = chosen(Preferences, options)
    preferences = set_preferences(given) if given else read_preferences()
    values = preferences.model_dump()
    rows = [[field.name, values[field.name], field.description] for field in fields(Preferences)]
    output.table(["SETTING", "VALUE", "WHAT IT IS"], rows, numbers=("VALUE",))
    output.result({"settings": preferences})
