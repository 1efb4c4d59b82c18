"""Every command explains itself by examples that it would accept, and every setting has its option."""

import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from localft.cli.main import application, main
from localft.cli.options import bounds, chosen, settings_options
from localft.cli.output import Output
from localft.planning.recipe import TrainingSettings
from localft.serving.endpoint import Sampling
from localft.settings import fields
from localft.store.projects import create_project

_COMMANDS = [
    "app",
    "demo",
    "doctor",
    "paths",
    "new",
    "projects",
    "models",
    "plan",
    "train",
    "sweep",
    "runs",
    "stop",
    "resume",
    "evaluate",
    "chat",
    "serve",
    "share",
    "export",
    "data",
]


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands by their full names, groups and their commands too."""
    context = click.Context(application)
    yield "localft", application
    for name in application.list_commands(context):
        command = application.get_command(context, name)
        assert command is not None
        yield name, command
        yield from inner_commands(name, command)


def inner_commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group, and those of groups in it."""
    for inner, one in command.commands.items() if isinstance(command, click.Group) else ():
        yield f"{name} {inner}", one
        yield from inner_commands(f"{name} {inner}", one)


def examples() -> list[str]:
    return [
        line.strip()
        for _, command in commands()
        for line in (command.epilog or "").splitlines()
        if line.startswith("  ")
    ]


def test_the_commands_are_those_that_were_promised() -> None:
    names = [name for name, _ in commands()]
    assert set(_COMMANDS) <= set(names)
    assert {"data import", "data check", "data show", "models search", "models show", "models download"} <= set(names)


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_help_is_complete(name: str, command: click.Command) -> None:
    assert command.help, name
    assert "Examples:" in (command.epilog or ""), name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


@pytest.mark.parametrize("example", examples())
def test_each_example_would_be_accepted(example: str) -> None:
    create_project("support-bot")
    words = [word for word in shlex.split(example) if not word.startswith("LOCALFT_")]
    assert words.pop(0) == "localft"
    command: click.Command = application
    context = click.Context(application, obj=Output())
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            break
        inner = command.get_command(context, words.pop(0))
        assert inner is not None, example
        command = inner
    with command.make_context(None, words, obj=Output()):
        pass


def test_each_summary_in_the_list_is_a_short_sentence() -> None:
    for name, entry in application.entries.items():
        assert entry.summary.endswith("."), name
        assert len(entry.summary) < 75, name


def settings_command() -> click.Command:
    @click.command()
    @settings_options(TrainingSettings)
    def command(**options: object) -> None:
        click.echo(repr(chosen(TrainingSettings, options)))

    return command


def test_every_setting_is_an_option_and_what_is_not_given_is_not_chosen() -> None:
    command = settings_command()
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert flags == {field.flag for field in fields(TrainingSettings)}
    runner = CliRunner()
    assert runner.invoke(command, []).output == "{}\n"
    given = runner.invoke(command, ["--epochs", "2", "--rank", "8", "--method", "lora"]).output
    assert given == "{'epochs': 2.0, 'rank': 8, 'method': 'lora'}\n"


@pytest.mark.parametrize("arguments", [["--rank", "many"], ["--method", "magic"], ["--rnak", "8"]])
def test_wrong_values_are_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(settings_command(), arguments).exit_code == 2


def test_several_texts_can_be_given_where_a_setting_is_a_list() -> None:
    @click.command()
    @settings_options(Sampling)
    def command(**options: object) -> None:
        click.echo(repr(chosen(Sampling, options)))

    assert CliRunner().invoke(command, ["--stop", "a", "--stop", "b"]).output == "{'stop': ('a', 'b')}\n"


def test_ranges_are_told_in_words() -> None:
    by_name = {field.name: bounds(field) for field in fields(TrainingSettings)}
    assert by_name["max_length"] == "32 to 131,072"
    assert by_name["epochs"] == "above 0, at most 100"
    assert by_name["dropout"] == "0 to 0.5"
    assert by_name["method"] == ""


def test_project_names_are_completed(capsys: pytest.CaptureFixture[str]) -> None:
    create_project("Support bot")
    create_project("Poems")
    context = click.Context(application)
    plan = application.get_command(context, "plan")
    assert plan is not None
    found = plan.params[0].shell_complete(click.Context(plan), "sup")
    assert [item.value for item in found] == ["support-bot"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("localft 0.")
