"""What is written with characters that look like others, or like nothing, is found as it looks, and stays as it is."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.checks.checking import check_version
from localft.data.checks.privacy import KINDS, first_find, redacted
from localft.data.examples import Example, Message
from localft.data.making.importing import import_files
from localft.data.making.writing import write_version
from localft.data.splits.golden import golden_among
from localft.data.texts.disguises import as_seen
from localft.data.texts.near import near_groups
from localft.data.texts.normalising import normalise
from localft.data.versions import SPLITS, Split, load_split
from localft.store.projects import create_project
from tests.clean_examples import prose

ZERO, SOFT = "\u200b", "\u00ad"
LOOKING_ALIKE = str.maketrans("aceopxy", "асеорху")


def disguised(text: str) -> str:
    """The same to the eye: Cyrillic letters, and characters of no width."""
    looking = re.sub(r"\B\w", lambda letter: letter[0].translate(LOOKING_ALIKE), text)
    return SOFT.join(looking[place : place + 3] for place in range(0, len(looking), 3))


@pytest.mark.parametrize(
    ("written", "looks"),
    [
        ("pаypаl аccount", "paypal account"),
        ("Ｐａｙｐａｌ", "paypal"),
        ("pay\u200bpal", "paypal"),
        ("pay\u00adpal", "paypal"),
        ("ΡΑΡΡΑL", "pappal"),
        ("PАПЕR paper", "pапеr paper"),
        ("PAYРАL", "paypal"),
        ("пpивeт", "привет"),
        # Each letter means itself here, or is no double of one.
        ("αx + βy", "αx βy"),
        ("5 μg", "5 μg"),
        ("жurnаl", "жurnаl"),
        ("pеорlе cаn", "people can"),
        ("Привет из Москвы", "привет из москвы"),
        ("Ωmega", "ωmega"),
    ],
)
def test_texts_are_compared_as_they_look(written: str, looks: str) -> None:
    assert normalise(written) == looks


def test_duplicates_and_held_out_questions_are_found_behind_a_disguise(tmp_path: Path) -> None:
    question = "Where can people apply for a new passport today?"
    assert near_groups([question, "Something else is asked here.", disguised(question)]) == [[0, 2]]
    rows = [
        Example(messages=(Message(role="user", content=asked), Message(role="assistant", content="There.")))
        for asked in (question, disguised(question), f"My aunt wants to know: {disguised(question)} She is here.")
    ]
    assert golden_among(rows[1:], rows[:1]) == [0, 1]


def test_a_leak_behind_a_disguise_is_found_and_no_value_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in prose()), encoding="utf-8")
    project = create_project("Disguised")
    version = import_files(project, [path]).version
    parts: dict[Split, list[Example]] = {name: load_split(project, version.id, name) for name in SPLITS}
    said = disguised(parts["test"][0].prompt[-1].content)
    asked = parts["train"][0].messages[0].model_copy(update={"content": said})
    parts["train"][0] = parts["train"][0].model_copy(update={"messages": (asked, *parts["train"][0].messages[1:])})
    leaky = write_version(project, parts, version.sources, [], version.seed, version.ratios)
    assert [one.count for one in check_version(project, leaky).findings if one.check == "leakage"] == [1]
    assert said in {one.prompt[-1].content for one in load_split(project, leaky.id, "train")}


@pytest.mark.parametrize(
    ("name", "hidden", "left"),
    [
        ("secrets", f"Use sk-abc{ZERO}defghijklm{SOFT}nopqrstuvwx❤️ now", "Use [key]❤️ now"),
        ("secrets", "Use ｓｋ－ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘ now", "Use [key] now"),
        ("secrets", "Use sk-аbсdefghijklmnopqrstuvwx now", "Use [key] now"),
        ("secrets", "The pаsswоrd: hunter2again", "The pаsswоrd: [key]"),
        (
            "e-mail addresses",
            f"Write to an{ZERO}na@fir{ZERO}ma.de, {ZERO}please",
            f"Write to [e-mail address], {ZERO}please",
        ),
        ("e-mail addresses", "Write to ａｎｎａ＠ｆｉｒｍａ．ｄｅ today", "Write to [e-mail address] today"),
        ("card numbers", f"Pay with 4111 1111{ZERO} 1111 1111.", "Pay with [card number]."),
        ("bank account numbers", "ＤＥ８９３７０４００４４０５３２０１３０００", "[IBAN]"),
        ("telephone numbers", f"Call +49 30{SOFT} 1234567 now", "Call [telephone number] now"),
    ],
)
def test_personal_data_is_found_and_taken_out_as_it_looks(name: str, hidden: str, left: str) -> None:
    found = next(one for one in KINDS if one.name == name)
    assert redacted(hidden, found) == left
    answer = Example(messages=(Message(role="user", content="q"), Message(role="assistant", content=hidden)))
    assert first_find(found, answer) is not None


@given(st.text(st.sampled_from(f"аbсdефsk-@.1234 ❤️{ZERO}{SOFT}ａＢ𝐩é中й"), max_size=40))
def test_what_is_seen_stands_where_it_is_written(text: str) -> None:
    seen = as_seen(text)
    if seen is None:
        return
    places = [seen.place(at) for at in range(len(seen.text))]
    assert places == sorted(set(places)) and all(place < len(text) for place in places)
    for at, place in enumerate(places):
        assert seen.text[at] == text[place] or not text[place].isascii() or not seen.text[at].isascii()
    assert as_seen(seen.text) is None or as_seen(seen.text) == seen
