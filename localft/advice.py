"""What to do next where the command line and the app have different ways, and what those of the app are called."""

from typing import Self, TypeVar

T = TypeVar("T")

COLUMNS_FOLD = "Which column is which"
ENCODING_FOLD = "Encoding of the text"
FIRST_ROW = "The first row is data, not the names of the columns"


class Advice(str):
    """A text of which each surface shows its own half; `before` stands in front of either.

    As a text it holds both halves, for whatever keeps the text alone: the record of a job is shown by either surface.
    """

    def __new__(cls, on_command_line: str, in_app: str, before: str = "") -> Self:
        return super().__new__(cls, f"{before}{on_command_line} In the app: {in_app[0].lower()}{in_app[1:]}")

    def __init__(self, on_command_line: str, in_app: str, before: str = "") -> None:
        self._halves = on_command_line, in_app
        self._before = before

    def __reduce__(self) -> tuple[type["Advice"], tuple[str, str, str]]:
        return Advice, (*self._halves, self._before)

    @property
    def on_command_line(self) -> str:
        """What the command line shows."""
        return self._before + self._halves[0]

    @property
    def in_app(self) -> str:
        """What the app shows."""
        return self._before + self._halves[1]

    def after(self, text: str) -> "Advice":
        """The same advice with a text in front of it."""
        return Advice(*self._halves, text + self._before)


def on_command_line(text: str) -> str:
    """A text as the command line shows it."""
    return text.on_command_line if isinstance(text, Advice) else text


def in_app(value: T) -> T | str:
    """A text as the app shows it; what is no text stays what it is."""
    return value.in_app if isinstance(value, Advice) else value
