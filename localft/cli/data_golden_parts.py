"""What the commands of `localft data golden` have in common: how a question is named, shown, and given as JSON."""

from typing import TYPE_CHECKING, Any

import click

from localft.cli.output import one_line, shorten
from localft.errors import UserError

if TYPE_CHECKING:
    from localft.data.making.golden_set import GoldenQuestion

_WIDTH = 60

number_option = click.option(
    "--number", "numbers", type=click.IntRange(1), required=True, multiple=True, help="Which one, as the list counts."
)


def no_number(count: int) -> UserError:
    """What to say of a number that is none in a list of so many."""
    return UserError("There is no golden question of this number.", f"There are {count:,}.")


def cut(text: str) -> str:
    """A text for a cell of a table."""
    return shorten(one_line(text), _WIDTH)


def as_value(one: "GoldenQuestion") -> dict[str, Any]:
    """A question for --json."""
    said = [message.as_chat() for message in one.example.messages]
    return {"number": one.number, "messages": said, "from": one.origin, "when": one.when}
