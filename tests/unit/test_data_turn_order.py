"""The order of turns is told, and mended where nothing is lost by it."""

import pytest

from localft.data.checks.turn_order import disorder, in_order
from localft.data.examples import Message, Role

ROLES: dict[str, Role] = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}


def talk(turns: str) -> tuple[Message, ...]:
    """One letter a turn; a capital A calls a tool."""
    return tuple(
        Message(role=ROLES[letter.lower()], content=str(number), tool_calls=(CALL,) if letter == "A" else ())
        for number, letter in enumerate(turns)
    )


@pytest.mark.parametrize("turns", ["ua", "sua", "uaua", "suAta", "uAtta", "uAtAta", "suaua"])
def test_usual_conversations_are_in_order(turns: str) -> None:
    assert disorder(talk(turns)) == ""
    assert in_order(talk(turns)) == talk(turns)


@pytest.mark.parametrize(
    ("turns", "fault", "mended"),
    [
        ("uua", "turn 2: the user twice in a row", "0\n\n1|2"),
        ("uaa", "turn 3: the assistant twice in a row", "0|1\n\n2"),
        ("usa", "turn 2: a system message in the middle", "1|0|2"),
        ("ssua", "turn 2: a system message in the middle", "0\n\n1|2|3"),
        ("aua", "turn 1: an answer before any question", "1|2"),
        ("saua", "turn 2: an answer before any question", "0|2|3"),
        ("uta", "turn 2: a result of a tool that was not called", None),
        ("uAua", "turn 3: a tool was called, and no answer follows", None),
        ("uAtua", "turn 4: a tool was called, and no answer follows", None),
        ("uAa", "turn 3: the assistant twice in a row", None),
    ],
)
def test_disorder_is_told_and_mended(turns: str, fault: str, mended: str | None) -> None:
    assert disorder(talk(turns)) == fault
    kept = in_order(talk(turns))
    assert (None if kept is None else "|".join(message.content for message in kept)) == mended
    assert kept is None or disorder(kept) == ""


def test_turns_that_are_learned_differently_are_not_joined() -> None:
    user, answer = talk("ua")
    unlearned = answer.model_copy(update={"learn": False})
    assert in_order((user, unlearned, answer)) is None
