"""Examples that were made, not read, come in by the same rules: no duplicates, nothing golden, no leak."""

from pathlib import Path

import pytest

from localft.data.examples import Example, Message
from localft.data.making.keeping import keep_golden
from localft.data.making.taking import take_examples
from localft.data.versions import SPLITS, SourceFile, load_split
from localft.errors import UserError
from localft.store.projects import Project, create_project

SOURCE = SourceFile(name="manual.md", bytes=1, sha256="0", shape="document")


@pytest.fixture
def project(home: Path) -> Project:
    return create_project("Taken")


def made(number: int, group: str = "") -> Example:
    messages = (
        Message(role="user", content=f"What is the {number}th thing of all {number * 7} things like?"),
        Message(role="assistant", content=f"It is {number}."),
    )
    return Example(messages=messages, source="manual.md, Things", row=number, group=group or str(number))


def test_the_first_examples_of_a_project(project: Project) -> None:
    with pytest.raises(UserError, match="only 9 usable examples"):
        take_examples(project, [made(number) for number in range(9)], [SOURCE], "note")
    taken = take_examples(project, [made(number) for number in range(20)], [SOURCE], "note", "Be brief.")
    assert (taken.count, taken.left_out, taken.version.total, taken.version.note) == (20, [], 20, "note")
    assert taken.version.sources == (SOURCE,)
    assert all(one.messages[0].content == "Be brief." for one in load_split(project, taken.version.id, "train"))


def test_more_come_to_what_is_there_and_nothing_moves(project: Project) -> None:
    first = take_examples(project, [made(number) for number in range(20)], [SOURCE], "first").version
    keep_golden(project, [message.as_chat() for message in made(99).messages])
    more = take_examples(project, [made(number, "together") for number in (5, 97, 98, 99, 98)], [SOURCE], "more")
    assert (more.count, more.version.parent, more.version.sources) == (2, first.id, (SOURCE,))
    assert [one.reason for one in more.left_out] == [
        "it is in the data already",
        "it asks a golden question, which is never learned",
        "it is in the data already",
    ]
    homes = {name: load_split(project, more.version.id, name) for name in SPLITS}
    assert all(one in homes[name] for name in SPLITS for one in load_split(project, first.id, name))
    assert len([name for name in SPLITS if any(one.group == "together" for one in homes[name])]) == 1
    with pytest.raises(UserError, match="None of these examples is new"):
        take_examples(project, [made(1)], [SOURCE], "again")
