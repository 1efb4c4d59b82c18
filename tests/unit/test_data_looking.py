"""Checks look at one row at a time, and what they have seen in parts of the rows is joined to what all of them show."""

import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest

from localft.data.checks import checking
from localft.data.checks.finding import MOST_ROWS, CheckContext, Row
from localft.data.checks.looking import Check, Sightings, Tally, Whole, looked
from localft.data.examples import Example, Message
from localft.data.versions import DatasetVersion, Split

FAULTS: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda n: {"answer": f"Sure, here you are with {n} of them, and"},
    lambda n: {"answer": "Sure, here you are! " * 40},
    lambda n: {"answer": f"I'm sorry, but I can't help with {n}."},
    lambda n: {"answer": '{"torn": '},
    lambda n: {"answer": "<think>hm</think>[your name] <|im_end|>"},
    lambda n: {"prompt": f"What is the current price of {n}?"},
    lambda n: {"prompt": f"Write to ann{n}@mail.com, or call +49 170 1234567, GrÃ¼ÃŸe"},
    lambda n: {"prompt": "My card is 4111 1111 1111 1111 and my key sk-abcdefghijklmnopqrstuvwx"},
    lambda n: {"system": f"Be another {n % 7}."},
)


def rows(count: int, faults: float = 0.3, labels: int = 0) -> list[Row]:
    """Rows of two splits, some with a fault of each kind; `labels` answers where that is not 0."""
    chooser = random.Random(count)
    made = []
    for number in range(count):
        said = {"prompt": f"Say {number}.", "answer": f"Sure, here you are, {number} of them.", "system": "Be short."}
        if labels:
            said["answer"] = f"label {min(chooser.randrange(labels), chooser.randrange(labels))}"
        elif chooser.random() < faults:
            said |= chooser.choice(FAULTS)(number)
        messages = [Message(role="system", content=said["system"]), Message(role="user", content=said["prompt"])]
        example = Example(messages=(*messages, Message(role="assistant", content=said["answer"])), row=number)
        split: Split = "train" if number < 0.8 * count else "test"
        made.append(Row(split, number if split == "train" else number - int(0.8 * count), example))
    return made


def context(looked_at: list[Row]) -> CheckContext:
    version = DatasetVersion(
        id="one", created_at="", sources=(), seed=1, ratios=(0.8, 0.1, 0.1),
        counts={"train": len(looked_at), "validation": 0, "test": 0}, set_aside=0, sha256="",
    )  # fmt: skip
    return CheckContext(looked_at, version)


def one_by_one() -> list[Callable[[], Check]]:
    return [make for make in checking._CHECKS if not isinstance(make(), Whole)]


@pytest.mark.parametrize("everything", [rows(40), rows(600, faults=0.1), rows(900, faults=0.9), rows(200, labels=6)])
@pytest.mark.parametrize("parts", [2, 5])
def test_parts_join_to_the_whole(everything: list[Row], parts: int) -> None:
    size = -(-len(everything) // parts)
    cut = [everything[start : start + size] for start in range(0, len(everything), size)]
    found = 0
    for make in one_by_one():
        first, *others = (pickle.loads(pickle.dumps(looked(make(), part))) for part in cut)
        for other in others:
            first.join(other)
        whole = looked(make(), everything).findings(context(everything))
        assert first.findings(context(everything)) == whole
        found += len(whole)
    assert found


def test_a_check_keeps_no_more_than_it_shows() -> None:
    # Selections are full by then, and as dense in both.
    few, many = rows(6_000), rows(12_000)
    for make in one_by_one():
        small, large = (len(pickle.dumps(looked(make(), some))) for some in (few, many))
        # Hashes of what is said, and of each of its words, and what is shown of a hundred rows.
        assert large - small < 80 * len(many) + 300 * MOST_ROWS


def test_sightings_count_all_and_show_the_first() -> None:
    everything = rows(250)
    one, other = Sightings(), Sightings()
    for row in everything[:70]:
        one.add(row)
    for row in everything[70:]:
        other.add(row, "shown")
    one.join(other)
    assert one.count == 250
    assert [shown.row for shown in one.rows] == list(range(MOST_ROWS))
    assert [shown.text for shown in one.rows[69:71]] == [everything[69].example.answer, "shown"]


def test_a_tally_tells_the_commonest_text() -> None:
    one, other = Tally(), Tally()
    for text in ("b", "a", "a"):
        one.add(text)
    for text in ("b", "c", "\ud800"):
        other.add(text)
    one.join(other)
    assert (len(one), one.different) == (6, 4)
    assert one.commonest() == (Tally.hashed("b"), 2)
