"""What several commands share: the project, --json, --run, examples in the help, options made from settings."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from localft.cli.output import Output
from localft.settings import Field, Settings, fields
from localft.store.projects import Project, list_projects, open_project

F = TypeVar("F", bound=Callable[..., Any])


def examples(*lines: str) -> str:
    """The end of a --help text: command lines to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class ProjectName(click.ParamType):
    """A project by its folder name or its display name; the command receives it opened."""

    name = "project"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Project:
        """Open the project; a UserError of the store is the message."""
        return value if isinstance(value, Project) else open_project(str(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The folder names that begin with what is typed."""
        slugs = (project.slug for project in list_projects().items)
        return [CompletionItem(slug) for slug in slugs if slug.startswith(incomplete)]


project_argument = click.argument("project", type=ProjectName())

run_option = click.option(
    "--run", "run_id", metavar="RUN", help="Which run; the newest unless given (`localft runs PROJECT`)."
)

version_option = click.option(
    "--dataset", "version_id", metavar="VERSION", help="Which version; the newest unless given."
)

open_test_option = click.option(
    "--open-test", "opened", is_flag=True, help="Open the sealed test split; each opening is counted."
)

detach_option = click.option(
    "--detach", is_flag=True, help="Start it and return at once; it goes on in the background."
)

base_model_option = click.option(
    "--base-model", metavar="MODEL", help='A hub id such as Qwen/Qwen3-0.6B, a local folder, or "starter".'
)


def _switch_to_json(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    output = context.find_object(Output)
    if wanted and output is not None:
        output.json_mode = True


def json_option(command: F) -> F:
    """Add --json. The option is read first, so that even a wrong argument is answered with an object."""
    option = click.option(
        "--json", is_flag=True, is_eager=True, expose_value=False, callback=_switch_to_json,
        help="Print one JSON object on stdout; everything else goes to stderr.",
    )  # fmt: skip
    return option(command)


def settings_options(settings: type[Settings], *, proposed: bool = False) -> Callable[[F], F]:
    """Add one option for each field of a group of settings; one that is not given arrives as None.

    `proposed`: what is not given is worked out from the case, so that the help must not promise the field's default.
    """

    def decorate(command: F) -> F:
        for field in reversed(fields(settings)):
            command = _settings_option(field, _help(field, with_default=not proposed))(command)
        return command

    return decorate


def _settings_option(field: Field, text: str) -> Callable[[F], F]:
    if field.kind is bool:
        return click.option(f"{field.flag}/--no-{field.flag[2:]}", field.name, default=None, help=text)
    return click.option(
        field.flag,
        field.name,
        type=_option_type(field),
        default=None,
        multiple=isinstance(field.default, tuple),
        metavar=_metavar(field),
        help=text,
    )


def _option_type(field: Field) -> click.ParamType | type:
    """Numbers and choices are checked where they are typed; ranges with the other settings, all problems together."""
    if field.choices:
        return click.Choice(field.choices)
    return field.kind if field.kind in {int, float} else str


def _metavar(field: Field) -> str | None:
    if field.choices:
        return None
    return {int: "NUMBER", float: "NUMBER"}.get(field.kind, "TEXT")


def _help(field: Field, with_default: bool) -> str:
    facts = [bounds(field)] if bounds(field) else []
    if with_default and field.default not in (None, (), ""):
        facts.append(f"default {field.default:g}" if isinstance(field.default, float) else f"default {field.default}")
    return f"{field.description} [{'; '.join(facts)}]" if facts else field.description


def bounds(field: Field) -> str:
    """The range of a number in words: "1 to 512"."""
    if field.minimum is None or field.maximum is None:
        return "" if field.minimum is None else f"at least {field.minimum:g}"
    if field.kind is int:
        return f"{int(field.minimum):,} to {int(field.maximum):,}"
    if field.minimum_excluded:
        return f"above {field.minimum:g}, at most {field.maximum:g}"
    return f"{field.minimum:g} to {field.maximum:g}"


def chosen(settings: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a command's values those that set a field of the group and were given by the person."""
    names = {field.name for field in fields(settings)}
    return {name: value for name, value in values.items() if name in names and value is not None and value != ()}
