"""What is held out and comes back among other words is held out again, found by the check, and not divided from it."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.checks.checking import check_version
from localft.data.examples import Example, Message
from localft.data.making.importing import import_files
from localft.data.making.writing import write_version
from localft.data.repairs.repairing import repair_version
from localft.data.splits.asking import ask
from localft.data.splits.golden import golden_among
from localft.data.splits.said_within import said_within
from localft.data.texts.runs import Texts
from localft.data.texts.standing import standing_in
from localft.data.texts.unspaced import count_words, hashes_of_words
from localft.data.versions import SPLITS, DatasetVersion, Split, load_split
from localft.store.projects import Project, create_project
from tests.clean_examples import prose
from tests.unit.test_data_editing import talk

AROUND = "Yesterday my aunt was in the town hall. {} She wants to know it soon."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create_project("Within")


def taken(project: Project, folder: Path, rows: list[dict[str, Any]]) -> DatasetVersion:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return import_files(project, [path]).version


def greeted(question: str, answer: str) -> dict[str, Any]:
    """A conversation that begins as many others do."""
    said = ("user", "Hello, my friend"), ("assistant", "Hello!"), ("user", question), ("assistant", answer)
    return {"messages": [{"role": role, "content": content} for role, content in said]}


def homes(project: Project, version: DatasetVersion, ending: str) -> list[Split]:
    return [name for name in SPLITS for one in load_split(project, version.id, name) if one.answer.endswith(ending)]


def test_what_was_held_out_is_held_out_again_with_other_words_around_it(project: Project, tmp_path: Path) -> None:
    rows = prose()
    first = taken(project, tmp_path, rows)
    asked = [one.prompt[-1].content for one in load_split(project, first.id, "test")][:8]
    # As many conversations as make one group of all of them, which is too large for more to be joined to it.
    back: list[dict[str, Any]] = [{"prompt": row["prompt"], "completion": f"New {row['prompt']}"} for row in rows[-40:]]
    for number, question in enumerate(asked):
        back += [greeted(question, f"{number} talk"), greeted(rows[number]["prompt"], f"{number} of another")]
        back += [{"prompt": question, "completion": f"{number} again"}]
        back += [{"prompt": f"Please answer: {question}", "completion": f"{number} foreword"}]
        back += [{"prompt": AROUND.format(question), "completion": f"{number} within"}]
        back += [{"text": f"{number} A page. {AROUND.format(question)} plain"}]
    second = taken(project, tmp_path, back)
    for ending in ("talk", "again", "foreword", "within"):
        assert homes(project, second, ending) == ["test"] * len(asked)
    plain = [name for name in SPLITS for one in load_split(project, second.id, name) if one.plain]
    assert plain == ["test"] * len(asked)
    assert taken(project, tmp_path, back).id == second.id


@pytest.mark.parametrize("held", ["validation", "test"])
def test_a_held_out_question_within_a_longer_one_is_found_and_mended(
    held: Split, project: Project, tmp_path: Path
) -> None:
    version = taken(project, tmp_path, prose())
    parts: dict[Split, list[Example]] = {name: load_split(project, version.id, name) for name in SPLITS}
    said = parts["train"][0].messages[0]
    longer = said.model_copy(update={"content": AROUND.format(parts[held][0].messages[0].content)})
    parts["train"][0] = parts["train"][0].model_copy(update={"messages": (longer, *parts["train"][0].messages[1:])})
    leaky = write_version(project, parts, version.sources, [], version.seed, version.ratios)
    assert [one.count for one in check_version(project, leaky).findings if one.check == "leakage"] == [1]
    repaired = repair_version(project, leaky, ["leakage"])
    assert load_split(project, repaired.id, held)[-1] == parts["train"][0]


def test_a_question_and_the_longer_ones_that_say_it_are_not_divided(project: Project, tmp_path: Path) -> None:
    # The first two are too short to be looked for.
    rows = prose()[2:]
    longer = [
        {"prompt": AROUND.format(row["prompt"]), "completion": f"{number} within"}
        for number, row in enumerate(rows[:30])
    ]
    version = taken(project, tmp_path, [*rows, *longer])
    parts = {one.prompt[-1].content: name for name in SPLITS for one in load_split(project, version.id, name)}
    assert [parts[row["prompt"]] for row in rows[:30]] == [parts[AROUND.format(row["prompt"])] for row in rows[:30]]


@pytest.mark.parametrize(
    ("question", "around", "short"),
    [
        (
            "请问从市政厅到老火车站最近的路应该怎么走？",
            "我昨天在路上碰到一位老人他问我{}我当时没能马上回答他",
            "今天天气怎么样",
        ),
        (
            "市役所から古い駅まで一番近い道を教えてください。",
            "昨日知らない人に{}と言われたのですがすぐには答えられませんでした",
            "どうすればいいですか",
        ),
        (
            "จากศาลากลางไปสถานีรถไฟเก่าทางไหนใกล้ที่สุด",
            "เมื่อวานมีคนถามฉันว่า{}แต่ฉันตอบไม่ได้ในทันที",
            "ราคาเท่าไหร่ครับ",
        ),
        (
            "ពីសាលាក្រុងទៅស្ថានីយរថភ្លើងចាស់ផ្លូវណាជិតបំផុត",
            "ម្សិលមិញមានគេសួរខ្ញុំថា{}ប៉ុន្តែខ្ញុំមិនអាចឆ្លើយភ្លាមៗបានទេ",
            "តើថ្លៃប៉ុន្មាន",
        ),
    ],
)
def test_where_no_space_stands_between_words_a_question_is_found_anywhere(
    question: str, around: str, short: str
) -> None:
    longer, bare = around.format(question.rstrip("？。")), around.format("")
    texts = [question, longer, short, around.format(short), bare, "Which way is it to the old station?"]
    rows = [Example(messages=tuple(talk(one, "So."))) for one in texts]
    assert said_within(ask(rows)) == [[0, 1]]
    assert golden_among(rows[1:], rows[:1]) == [0]
    assert golden_among([rows[3]], [rows[2]]) == []
    text = Example(messages=(Message(role="assistant", content=f"{bare}\n{longer}"),), plain="whole")
    assert golden_among([text, rows[4]], rows[:1]) == [0]


@pytest.mark.parametrize(
    ("said", "words", "apart"),
    [
        ("one two", 2, "one two"),
        ("größe zwei", 2, "größe zwei"),
        ("今天天气", 2, "今 天 天 气"),
        ("iphone手机 15", 3, "iphone 手 机 15"),
        ("𠀀に行くx", 2, "𠀀 に 行 く x"),
        ("ราคาเท่าไหร่ครับ", 3, " ".join("ราคาเท่าไหร่ครับ")),
        ("한국어 문장", 2, "한국어 문장"),
        ("việt ạ", 2, "việt ạ"),
    ],
)
def test_signs_without_spaces_count_as_words_when_there_are_several(said: str, words: int, apart: str) -> None:
    assert count_words(said) == words
    assert hashes_of_words(said) == hashes_of_words(apart)
    assert [*hashes_of_words(said)] == [hashes_of_words(one)[0] for one in apart.split()]


@given(st.lists(st.sampled_from(["a", "ß", "文", "𠀀", "か", "ก", "한", "\ud800", "1", " "])).map("".join))
def test_each_word_and_sign_has_its_own_hash(text: str) -> None:
    said = " ".join(text.split())
    parted = re.findall("[文𠀀かก]|[^ 文𠀀かก]+", said)
    assert [*hashes_of_words(said)] == [hashes_of_words(one)[0] for one in parted]
    assert len({*hashes_of_words(said)}) == len({*parted})


def test_what_many_say_and_what_is_too_short_is_no_question_of_its_own() -> None:
    form = "Can you please explain this to me"
    asked = [form, *(f"{form}: topic{n} and place{n}" for n in range(20)), "Why is it?", "Why is it? I ask again."]
    rows = [Example(messages=tuple(talk(one, "So."))) for one in asked]
    assert said_within(ask(rows)) == []
    assert said_within(ask(rows), most=20) == [[0, *range(1, 21)]]


@pytest.mark.parametrize("few", [3, 10, 60])
def test_standing_in_finds_what_a_search_of_each_in_each_finds(few: int) -> None:
    chance = random.Random(few)
    words = [f"w{number}" for number in range(few)]
    texts = [" ".join(chance.choices(words, k=chance.randint(3, 30))) for _ in range(60)]
    wanted = [" ".join(chance.choice(texts).split()[: chance.randint(3, 9)]) for _ in range(25)]
    expected = {
        (number, position)
        for number, one in enumerate(wanted)
        for position, text in enumerate(texts)
        if text != one and f" {one} " in f" {text} "
    }
    found = standing_in(Texts(texts), Texts(wanted))
    assert set(zip(found.numbers.tolist(), found.positions.tolist(), strict=True)) == expected
    assert expected
