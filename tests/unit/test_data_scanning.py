"""What is told of lines without making examples of them is what the examples say."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.row_ratings import content_key
from localft.data.rows.browsing import length_of
from localft.data.rows.scanning import SplitFile
from localft.data.stored import line_of
from localft.errors import UserError

# Much of what could be taken for the JSON around it.
_HARD = st.text(st.sampled_from('aA"\\\n\t/u0{}[]:,ßKſé\x00\x1f\U0001f600 '), max_size=12)
_TEXTS = st.one_of(
    _HARD, st.sampled_from(['","source":"x"}', '"content":"no"', '\\","edited":true}', '"tools":[', "user"])
)
_MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=_TEXTS,
    learn=st.booleans(),
    name=st.none() | _TEXTS,
    tool_calls=st.lists(st.dictionaries(st.sampled_from(["content", "source"]), _TEXTS), max_size=1).map(tuple),
)
_EXAMPLES = st.builds(
    Example,
    messages=st.lists(_MESSAGES, min_size=1, max_size=3).map(tuple),
    tools=st.lists(st.dictionaries(st.sampled_from(["content", "rejected"]), _TEXTS), max_size=1).map(tuple),
    rejected=_TEXTS,
    source=_TEXTS,
    row=st.integers(0, 9),
    group=st.none() | _TEXTS,
    label=st.none() | _TEXTS,
    place=_TEXTS,
    edited=st.booleans(),
)


def file_of(folder: Path, examples: list[Example]) -> SplitFile:
    path = folder / "train.jsonl"
    path.write_bytes(b"".join(map(line_of, examples)))
    found = path.stat()
    return SplitFile(path, found.st_size, found.st_mtime_ns)


@settings(max_examples=150, deadline=None)
@given(examples=st.lists(_EXAMPLES, min_size=1, max_size=6), sought=_TEXTS.filter(bool))
def test_lines_tell_what_examples_say(
    examples: list[Example], sought: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = file_of(tmp_path_factory.mktemp("lines"), examples)
    folded = sought.casefold()

    def says(example: Example) -> bool:
        texts = (*(message.content for message in example.messages), example.rejected)
        return any(folded in text.casefold() for text in texts)

    assert file.lengths().tolist() == list(map(length_of, examples))
    assert file.saying(folded).tolist() == [place for place, one in enumerate(examples) if says(one)]
    assert file.edited().tolist() == [place for place, one in enumerate(examples) if one.edited]
    keys = {content_key(examples[0]), "no such key"}
    assert file.rated(keys).tolist() == [content_key(one) in keys for one in examples]


def test_what_was_remembered_of_another_file_is_forgotten(tmp_path: Path) -> None:
    one = Example(messages=(Message(role="user", content="a"), Message(role="assistant", content="b")), source="s")
    first = file_of(tmp_path, [one])
    assert first.lengths().tolist() == [2]
    later = file_of(tmp_path, [one, one])
    assert (later.lengths().tolist(), later.saying("a").tolist()) == ([2, 2], [0, 1])
    os.utime(later.path, ns=(1, 1))
    assert file_of(tmp_path, [one]).lengths().tolist() == [2]


def test_a_torn_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(b'{"messages":[],"tools":[torn\n')
    with pytest.raises(UserError, match="line 1 is no example"):
        SplitFile(path, 1, 1).lengths()
