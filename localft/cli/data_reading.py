"""How `localft data import` is told to read files: columns, templates, voices in chats, branches of trees."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from localft.data.shapes.chats import TAKEN_AS
from localft.data.shapes.trees import BRANCHES

if TYPE_CHECKING:
    from localft.data.shapes.chats import ChatChoice


@dataclass(frozen=True)
class Reading:
    """What the options say: which column or template gives which field, and what is taken from chats and trees."""

    mapping: dict[str, str] | None
    chat: "ChatChoice"


_OPTIONS = (
    click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="FIELD=COLUMN",
        help=(
            "Which column holds prompt, answer, rejected, system, context, messages, text; or what examples are "
            "divided by: the group that stays together, the label of the kind of task, the time, the split."
        ),
    ),
    click.option(
        "--template",
        metavar="TEXT",
        help='The prompt made of several columns, in braces: "Translate into {language}: {text}". A brace itself: {{.',
    ),
    click.option("--answer-template", metavar="TEXT", help="The answer made of columns in the same way."),
    click.option("--system-template", metavar="TEXT", help="The system prompt made of columns in the same way."),
    click.option("--voice", metavar="NAME", help="For chats between people: whose voice is the assistant's."),
    click.option(
        "--gap-hours",
        type=click.FloatRange(0, min_open=True),
        default=3.0,
        show_default=True,
        help="For chats between people: a new conversation begins after so many hours of silence.",
    ),
    click.option(
        "--as",
        "taken_as",
        type=click.Choice(TAKEN_AS),
        default="auto",
        show_default=True,
        help="For files of text and JSON that are taken for something else: they are chats, or documents and tables.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="For files of text whose encoding is not found rightly: cp1250, cp1254, iso8859-2, mac-roman and others.",
    ),
    click.option(
        "--no-header",
        is_flag=True,
        help="For tables whose first row is data: their columns are called 1, 2 and so on (--map prompt=1).",
    ),
    click.option(
        "--branches",
        type=click.Choice(BRANCHES),
        default="best",
        show_default=True,
        help=(
            "For OpenAssistant trees: the branch of the best-ranked messages, all branches, or pairs of the best "
            "answer to a message and a worse one."
        ),
    ),
)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add these options; the command receives them together as `reading`."""

    @functools.wraps(command)
    def gathered(*given: Any, pairs: tuple[str, ...], voice: str | None, gap_hours: float, **others: Any) -> None:
        from localft.data.shapes.chats import ChatChoice

        ways = {name: others.pop(name) for name in ("branches", "taken_as", "encoding")}
        chat = ChatChoice(voice, gap_hours, **ways, has_header=not others.pop("no_header"))
        texts = {"prompt_template": others.pop("template")}
        texts |= {name: others.pop(name) for name in ("answer_template", "system_template")}
        mapping = {**_mapping(pairs), **{name: text for name, text in texts.items() if text is not None}}
        command(*given, reading=Reading(mapping or None, chat), **others)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise click.UsageError(f"--map wants FIELD=COLUMN, for example prompt=question, and not {pair!r}.")
        if field in mapping:
            raise click.UsageError(f"--map names the field {field!r} twice.")
        mapping[field] = column
    return mapping
