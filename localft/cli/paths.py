"""`localft paths`: where everything lies."""

import os

import click

from localft import paths
from localft.cli.options import examples, json_option
from localft.cli.output import Output


@click.command(
    "paths",
    epilog=examples("localft paths", "localft paths --json", "LOCALFT_HOME=/data/localft localft paths"),
)
@json_option
@click.pass_obj
def paths_command(output: Output) -> None:
    """Say where projects, models and caches lie on this computer.

    Set LOCALFT_HOME to move everything localft keeps. Downloaded models lie in the Hugging Face cache, which HF_HOME
    moves.
    """
    places = {
        "projects": paths.projects_dir(),
        "data": paths.data_dir(),
        "trash": paths.trash_dir(),
        "cache": paths.cache_dir(),
        "config": paths.config_dir(),
        "models": _hub_cache(),
    }
    for name, place in places.items():
        output.say(f"{name:<9} {place}")
    output.result({**places, "LOCALFT_HOME": os.environ.get("LOCALFT_HOME") or None})


def _hub_cache() -> str:
    from huggingface_hub import constants

    return constants.HF_HUB_CACHE
