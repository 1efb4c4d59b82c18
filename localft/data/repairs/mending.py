"""What can be mended at a click: for a finding, the rows as they would be without it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from localft.data.checks import (
    answers,
    boilerplate,
    code,
    contradictions,
    encoding_damage,
    leakage,
    near_duplicates,
    privacy,
    rated,
    repetition,
    system_prompts,
    template,
    turns,
    unfinished,
)
from localft.data.checks.calls import with_texts
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.looking import RowCheck
from localft.data.examples import Example, Message


@dataclass(frozen=True)
class Repair:
    """How a finding is mended: in words, and from what a check gets to the rows that are left.

    Rows that are not concerned stay the same objects; none is reordered within its split.
    """

    what: str
    rows: Callable[[CheckContext], list[Row]]


def _in_texts(change: Callable[[str], str]) -> Callable[[CheckContext], list[Row]]:
    """A repair that changes the texts of all turns; an example that has an empty one then is left out."""
    return _in_turns(partial(_message, change=change), change)


def _in_calls_too(change: Callable[[str], str]) -> Callable[[CheckContext], list[Row]]:
    """As `_in_texts`, the arguments of calls included."""
    return _in_turns(partial(with_texts, change=change), change)


def _in_turns(
    turn: Callable[[Message], Message], rejected: Callable[[str], str]
) -> Callable[[CheckContext], list[Row]]:
    def rows(context: CheckContext) -> list[Row]:
        changed = [_changed(row, turn, rejected) for row in context.rows]
        return [row for row in changed if row is not None]

    return rows


def _changed(row: Row, turn: Callable[[Message], Message], rejecting: Callable[[str], str]) -> Row | None:
    messages = tuple(turn(message) for message in row.example.messages)
    rejected = rejecting(row.example.rejected)
    if messages == row.example.messages and rejected == row.example.rejected:
        return row
    if any(not message.content.strip() and not message.tool_calls for message in messages):
        return None
    example: Example = row.example.model_copy(update={"messages": messages, "rejected": rejected})
    return replace(row, example=example)


def _message(message: Message, change: Callable[[str], str]) -> Message:
    content = change(message.content)
    return message if content == message.content else message.model_copy(update={"content": content})


def _without_seen(make: Callable[[], RowCheck]) -> Callable[[CheckContext], list[Row]]:
    """A repair that leaves out the rows in which a check sees something."""

    def rows(context: CheckContext) -> list[Row]:
        check = make()
        return [row for row in context.rows if check.seen(row) is None]

    return rows


_JSON = Repair("free JSON of the code fence around it, and delete the answers that stay broken", answers.mended)

REPAIRS: Mapping[str, Repair] = {
    contradictions.NAME: Repair(
        "keep the commonest answer to each question, and delete the others", contradictions.without_minorities
    ),
    leakage.BETWEEN_SPLITS: Repair("divide the examples anew", leakage.divided_anew),
    leakage.IN_GOLDEN: Repair("delete them from training", leakage.without_golden),
    near_duplicates.NAME: Repair("keep the first of each, and delete the others", near_duplicates.without),
    answers.MIXED: _JSON,
    answers.INVALID: _JSON,
    code.OPEN: Repair("close them, and delete the answers whose code is cut off", code.with_closed_fences),
    turns.NAME: Repair(
        "join what one role says in a row, put the system message first, and delete what stays out of order",
        turns.put_in_order,
    ),
    system_prompts.NAME: Repair("give all examples the usual one", system_prompts.alike),
    repetition.CIRCLES: Repair("delete these examples", _without_seen(repetition.Circles)),
    unfinished.NAME: Repair("delete these examples", _without_seen(unfinished.Unfinished)),
    code.TORN: Repair("delete these examples", _without_seen(code.InvalidCode)),
    rated.NAME: Repair("delete these examples", rated.without),
    encoding_damage.NAME: Repair("decode them again where that is possible", _in_texts(encoding_damage.mended)),
    template.MARKS: Repair("remove the marks", _in_texts(template.without_marks)),
    **{kind.name: Repair("delete these examples", partial(boilerplate.without, kind)) for kind in boilerplate.KINDS},
    **{
        kind.name: Repair(f"put {kind.stand_in} in their place", _in_calls_too(partial(privacy.redacted, kind=kind)))
        for kind in privacy.KINDS
    },
}
"""By the name of the check."""
