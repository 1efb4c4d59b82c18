"""What can be mended at a click: for a finding, what becomes of each row."""

from collections.abc import Callable, Iterator, Mapping
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
    tool_calls,
    turns,
    unfinished,
)
from localft.data.checks.calls import with_texts
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.looking import Mend, RowCheck
from localft.data.examples import Example, Message
from localft.data.working import Tell, quiet


@dataclass(frozen=True)
class Repair:
    """How a finding is mended: in words, and by what a check gets what becomes of each row.

    Without such a `mending` rows move to a part that is held out more; no other repair moves a row, within its split or
    out of it.
    """

    what: str
    mending: Callable[[CheckContext, Tell], Mend] | None

    def rows(self, context: CheckContext, tell: Tell = quiet) -> Iterator[Row]:
        """The rows that are left, one after the other; those that are not concerned stay the same objects."""
        mend = self.mending(context, tell) if self.mending is not None else _leave
        mended = (mend(position, row) for position, row in enumerate(context.rows))
        return (row for row in mended if row is not None)


def _leave(position: int, row: Row) -> Row:
    return row


def _by_itself(mend: Mend) -> Callable[[CheckContext, Tell], Mend]:
    """A repair of which each row tells by itself what becomes of it."""
    return lambda context, tell: mend


def _in_texts(change: Callable[[str], str]) -> Callable[[CheckContext, Tell], Mend]:
    """A repair that changes the texts of all turns; an example that has an empty one then is left out."""
    return _by_itself(partial(_changed, partial(_message, change=change), change))


def _in_calls_too(change: Callable[[str], str]) -> Callable[[CheckContext, Tell], Mend]:
    """As `_in_texts`, the arguments of calls included."""
    return _by_itself(partial(_changed, partial(with_texts, change=change), change))


def _changed(
    turn: Callable[[Message], Message], rejecting: Callable[[str], str], position: int, row: Row
) -> Row | None:
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


def _without_seen(make: Callable[[], RowCheck]) -> Callable[[CheckContext, Tell], Mend]:
    """A repair that leaves out the rows in which a check sees something."""
    return lambda context, tell: partial(_unseen, make())


def _unseen(check: RowCheck, position: int, row: Row) -> Row | None:
    is_shown = not (row.example.plain and check.needs_answers)
    return None if is_shown and check.seen(row) is not None else row


_JSON = Repair("free JSON of the code fence around it, and delete the answers that stay broken", answers.mend)

REPAIRS: Mapping[str, Repair] = {
    contradictions.NAME: Repair(
        "keep the commonest answer to each question, and delete the others; where no answer is the commonest, all stay",
        contradictions.without_minorities,
    ),
    leakage.BETWEEN_SPLITS: Repair("move all of it to the part that is held out most", None),
    leakage.IN_GOLDEN: Repair("delete them from training", leakage.without_golden),
    near_duplicates.NAME: Repair("keep the first of each, and delete the others", near_duplicates.without),
    answers.MIXED: _JSON,
    answers.INVALID: _JSON,
    code.OPEN: Repair("close them, and delete the answers whose code is cut off", _by_itself(code.close_fences)),
    turns.NAME: Repair(
        "join what one role says in a row, put the system message first, and delete what stays out of order",
        _by_itself(turns.put_in_order),
    ),
    system_prompts.NAME: Repair("give all examples the usual one", system_prompts.alike),
    repetition.CIRCLES: Repair("delete these examples", _without_seen(repetition.Circles)),
    unfinished.NAME: Repair("delete these examples", _without_seen(unfinished.Unfinished)),
    code.TORN: Repair("delete these examples", _without_seen(code.InvalidCode)),
    tool_calls.NAME: Repair("delete these examples", _without_seen(tool_calls.ToolCalls)),
    rated.NAME: Repair("delete these examples", rated.without),
    encoding_damage.NAME: Repair("decode them again where that is possible", _in_texts(encoding_damage.mended)),
    template.MARKS: Repair("remove the marks", _in_texts(template.without_marks)),
    **{kind.name: Repair("delete these examples", _by_itself(boilerplate.without(kind))) for kind in boilerplate.KINDS},
    **{
        kind.name: Repair(f"put {kind.stand_in} in their place", _in_calls_too(partial(privacy.redacted, kind=kind)))
        for kind in privacy.KINDS
    },
}
"""By the name of the check."""
