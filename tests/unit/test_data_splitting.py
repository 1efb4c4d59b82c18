"""Splits that do not leak: what may not be separated stays together, and the sizes are as near as that allows."""

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.splits.asking import prompt_keys
from localft.data.splits.divisions import divide
from localft.data.splits.splitting import DEFAULT_RATIOS, split, split_more
from localft.data.texts.normalising import normalise
from localft.data.versions import SPLITS, Division
from localft.errors import Stopped, UserError


def example(*texts: str, system: str = "", group: str | None = None) -> Example:
    messages = [Message(role="system", content=system)] if system else []
    messages += [Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(texts)]
    return Example(messages=tuple(messages), group=group)


@pytest.mark.parametrize(
    "other",
    [
        "how do i reset my PASSWORD",
        "  How do I\nreset my password?? ",
        "«How do I reset — my password!»",
        "Ｈow do I reset my password",
        "How do I re\u00adset my pass\u200bword?\ufeff",
    ],
)
def test_trivial_differences_do_not_count(other: str) -> None:
    assert normalise(other) == normalise("How do I reset my password?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 5", "order 6"),
        ("a b", "ab"),
        ("weiß", "weit"),
        ("中文", "中国"),
        ("+", "-"),
        ("🙂", "🙁"),
        ("can", "can not"),
        ("कि", "का"),
        ("मैं", "मे"),
        ("ที่", "ทำ"),
    ],
)
def test_other_differences_do(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_apostrophes_are_written_in_many_ways() -> None:
    assert normalise("I don't") == normalise("I don’t") == normalise("i dont")


@given(st.text(st.characters(codec="ascii"), max_size=60))
@settings(max_examples=500, deadline=None)
def test_plain_english_is_read_as_any_other_language(text: str) -> None:
    """There is a faster way for it, which must say the same."""
    expected = normalise(f"{text} é").removesuffix("é").rstrip()
    assert normalise(text) == (expected or text.strip())


def test_ten_examples_make_eight_one_and_one() -> None:
    splits = split([example(f"question {number}", "x") for number in range(10)])
    assert [len(splits[name]) for name in SPLITS] == [8, 1, 1]


@pytest.mark.parametrize("count", [10, 11, 37, 100, 500])
def test_sizes_follow_the_ratios_to_within_one(count: int) -> None:
    splits = split([example(f"question {number}", "x") for number in range(count)], ratios=(0.7, 0.2, 0.1))
    for name, ratio in zip(SPLITS, (0.7, 0.2, 0.1), strict=True):
        assert abs(len(splits[name]) - ratio * count) <= 1


def test_beginnings_of_a_conversation_go_with_it() -> None:
    examples = [example(f"question {number}", "x") for number in range(30)]
    growing = [
        example("hello there", "hi", "and?", "yes"),
        example("Hello there!", "hi"),
        example("hello THERE", "other"),
    ]
    for seed in range(10):
        splits = split([*examples, *growing], seed)
        homes = {name for name in SPLITS for one in splits[name] if normalise(one.messages[0].content) == "hello there"}
        assert len(homes) == 1


def test_conversations_that_begin_alike_stay_together_unless_many_do() -> None:
    others = [example(f"question {n}", "yes", f"and {n * n}?", "no") for n in range(60)]
    alike = [example("Where is it?", "There.", f"and the one of {n * 7}?", "Here.") for n in range(4)]
    for seed in range(8):
        splits = split([*others, *alike], seed)
        assert len({name for name in SPLITS for one in splits[name] if one in alike}) == 1
    greeted = [example("Hello", "What is it?", f"question {n}", "yes") for n in range(60)]
    assert [len(one) for one in split([*others, *greeted]).values()] == [96, 12, 12]


def test_the_system_text_does_not_make_a_prompt_another() -> None:
    assert prompt_keys(example("q", "x", system="be brief")) == prompt_keys(example("q", "y"))


def test_where_all_ask_the_same_the_system_text_is_what_differs() -> None:
    examples = [example("Summarise.", f"summary {n}", system=f"The document number {n} tells.") for n in range(40)]
    splits = split([*examples, example("summarise", "again", system="the document NUMBER 7 tells!")])
    assert [len(splits[name]) for name in SPLITS] == [33, 4, 4]
    homes = [name for name in SPLITS for one in splits[name] if "number 7" in one.messages[0].content.lower()]
    assert len(homes) == 2
    assert len(set(homes)) == 1
    assert splits == split([*reversed(examples), example("summarise", "again", system="the document NUMBER 7 tells!")])


def test_groups_named_in_the_data_stay_together() -> None:
    examples = [example(f"question {number}", "x", group=f"g{number % 12}") for number in range(60)]
    splits = split(examples)
    for number in range(12):
        assert sum(any(one.group == f"g{number}" for one in splits[name]) for name in SPLITS) == 1


def test_a_seed_gives_other_splits_and_the_same_seed_the_same() -> None:
    examples = [example(f"question {number}", "x") for number in range(50)]
    assert split(examples, 1) == split(examples, 1)
    assert split(examples, 1)["test"] != split(examples, 2)["test"]


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_too_few_examples_are_a_sentence(count: int) -> None:
    with pytest.raises(UserError, match="at least 10 are needed"):
        split([example(f"question {number}", "x") for number in range(count)])


def test_prompts_that_are_all_equal_cannot_be_split() -> None:
    with pytest.raises(UserError, match="Nearly all prompts are equal"):
        split([example("the same?", f"answer {number}") for number in range(20)])


@pytest.mark.parametrize(("count", "says"), [(1, "belong to one group"), (2, "belong to 2 groups")])
def test_too_few_groups_of_a_column_are_told_as_what_they_are(count: int, says: str) -> None:
    examples = [example(f"question {number}", "x") for number in range(20)]
    examples = [one.model_copy(update={"group": f"g{number % count}"}) for number, one in enumerate(examples)]
    with pytest.raises(UserError, match=says):
        split(examples)


@pytest.mark.parametrize("ratios", [(1.0, 0.0, 0.0), (0.8, 0.1, 0.2), (0.9, -0.1, 0.2)])
def test_wrong_ratios_are_a_sentence(ratios: tuple[float, float, float]) -> None:
    with pytest.raises(UserError, match="ratios"):
        split([example(f"question {number}", "x") for number in range(10)], ratios=ratios)


SENTENCES = st.lists(
    st.text(st.sampled_from("abcéßжжकिที่中文0159"), min_size=1, max_size=6), min_size=1, max_size=4
).filter(lambda words: any(character.isalnum() for character in "".join(words)))
GAPS = (" ", "  ", "\n", "\t ", " \u00a0", ", ", " - ", " — ", " ... ", "_", " «", "; ")
ENDS = ("", "?", "!", " ??", "…", ".\n", " \u200b", "\ufeff", '"', "。")


@settings(deadline=None, max_examples=200)
@given(
    prompts=st.lists(SENTENCES, min_size=10, max_size=25),
    drawn=st.randoms(use_true_random=False),
    seed=st.integers(0, 2**31 - 1),
)
def test_whatever_is_trivial_about_a_prompt_it_stays_with_its_like(
    prompts: list[list[str]], drawn: random.Random, seed: int
) -> None:
    """Each prompt comes in several spellings: other case, white space, punctuation, unseen characters, encodings."""

    def spelled(words: list[str]) -> str:
        text = drawn.choice(GAPS).join(words)
        text = drawn.choice([str, str.upper, str.casefold])(text)
        text = unicodedata.normalize(drawn.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)
        return drawn.choice(("", " ", "\ufeff", "¿", '"')) + text + drawn.choice(ENDS)

    examples = [
        example(spelled(words), f"answer {number} {turn}").model_copy(update={"row": number})
        for number, words in enumerate(prompts)
        for turn in range(drawn.randint(1, 3))
    ]
    try:
        splits = split(examples, seed)
    except UserError as error:
        assert "equal" in error.message
        return
    homes = {
        number: {name for name in SPLITS for one in splits[name] if one.row == number} for number in range(len(prompts))
    }
    assert all(len(home) == 1 for home in homes.values()), "a prompt straddles two splits"


@settings(deadline=None, max_examples=200)
@given(sizes=st.lists(st.integers(1, 12), min_size=10, max_size=40), seed=st.integers(0, 2**31 - 1))
def test_sizes_are_as_near_to_the_ratios_as_the_largest_group_allows(sizes: list[int], seed: int) -> None:
    splits = split([example(f"question {n}", f"answer {m}") for n, size in enumerate(sizes) for m in range(size)], seed)
    for name, ratio in zip(SPLITS, (0.8, 0.1, 0.1), strict=True):
        assert abs(len(splits[name]) - ratio * sum(sizes)) <= max(sizes)


PROMPT = st.tuples(st.sampled_from("abcdefghijklmnop"), st.sampled_from(["{}", "{}!", " {} ", "{}?"]), st.booleans())


@settings(deadline=None, max_examples=200)
@given(
    prompts=st.lists(st.tuples(PROMPT, st.none() | PROMPT), min_size=10, max_size=60),
    seed=st.integers(0, 2**31 - 1),
    ratios=st.sampled_from([(0.8, 0.1, 0.1), (0.6, 0.2, 0.2), (0.34, 0.33, 0.33)]),
)
def test_no_prompt_straddles_and_nothing_is_lost(
    prompts: list[tuple[tuple[str, str, bool], tuple[str, str, bool] | None]],
    seed: int,
    ratios: tuple[float, float, float],
) -> None:
    def text(prompt: tuple[str, str, bool]) -> str:
        shown = prompt[1].format(prompt[0])
        return shown.upper() if prompt[2] else shown

    examples = [
        example(text(first), "an answer", *([text(second), f"answer {number}"] if second else [])).model_copy(
            update={"row": number}
        )
        for number, (first, second) in enumerate(prompts)
    ]
    try:
        splits = split(examples, seed, ratios)
    except UserError as error:
        assert "equal" in error.message
        return
    assert sorted(one.row for name in SPLITS for one in splits[name]) == list(range(len(examples)))
    assert all(splits[name] for name in SPLITS)
    keys = {name: {key for one in splits[name] for key in prompt_keys(one)[-1:]} for name in SPLITS}
    beginnings = {name: {key for one in splits[name] for key in prompt_keys(one)} for name in SPLITS}
    for name in SPLITS:
        for other in SPLITS:
            if name != other:
                assert not keys[name] & beginnings[other], "a prompt of one split occurs in another"
    shuffled = random.Random(seed).sample(examples, len(examples))
    again = split(shuffled, seed, ratios)
    contents = {name: sorted(one.model_dump_json(exclude={"row"}) for one in splits[name]) for name in SPLITS}
    assert contents == {name: sorted(one.model_dump_json(exclude={"row"}) for one in again[name]) for name in SPLITS}, (
        "the order in the file does not matter"
    )


LONG = "the parcel with the blue kettle has not come although it was promised for last week and nobody answers my mails"


def test_nearly_equal_prompts_stay_together() -> None:
    others = [example(f"question number {n} about {n * n}", "yes") for n in range(60)]
    near = [example(f"{LONG} {n}", f"answer {n}") for n in range(4)]
    for seed in range(8):
        splits = split([*others, *near], seed)
        assert len({name for name in SPLITS for one in splits[name] if one in near}) == 1


@pytest.mark.parametrize(("copies", "others"), [(6, 44), (60, 440)])
def test_many_nearly_equal_prompts_stay_together(copies: int, others: int) -> None:
    chooser = random.Random(1)
    said = [" ".join(f"word{chooser.randrange(10_000)}" for _ in range(30)) for _ in range(others + 1)]
    near = [example(f"{said[0]} {number}", "yes") for number in range(copies)]
    examples = [*near, *(example(text, "yes") for text in said[1:])]
    for seed in range(4):
        splits = split(examples, seed)
        assert len({name for name in SPLITS for one in splits[name] if one in near}) == 1


def test_a_form_that_all_prompts_follow_does_not_join_them() -> None:
    asked = [example(f"{LONG}: {n} {'abcdefghijklmnopqrstuvwxyz'[n % 26]}", "yes") for n in range(100)]
    assert [len(one) for one in split(asked).values()] == [80, 10, 10]
    few = [example(f"{LONG} {n}", "yes") for n in range(20)]
    assert min(len(one) for one in split(few).values()) >= 1


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60, unique=True), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_more_examples_move_none_and_leak_none(numbers: list[int], seed: int) -> None:
    before = split([example(f"question {n}", "yes") for n in range(50)], seed)
    # Some ask what is known already, with another answer.
    new = [example(f"Question {n}!", f"another {n}") for n in numbers]
    after = split_more(before, new, seed, (0.8, 0.1, 0.1))
    for name in SPLITS:
        assert after[name][: len(before[name])] == before[name]
    assert sum(map(len, after.values())) == 50 + len(new)
    home = {normalise(one.messages[0].content): name for name in SPLITS for one in before[name]}
    for name in SPLITS:
        assert all(home.get(normalise(one.messages[0].content), name) == name for one in after[name])
    shuffled = list(reversed(new))
    assert split_more(before, shuffled, seed, (0.8, 0.1, 0.1)) == after


def test_more_examples_fill_what_is_missing_of_the_ratios() -> None:
    before = split([example(f"question {n}", "yes") for n in range(50)])
    after = split_more(before, [example(f"query {n}", "yes") for n in range(150)], 42, (0.8, 0.1, 0.1))
    assert [len(after[name]) for name in SPLITS] == [160, 20, 20]


@pytest.mark.parametrize("way", ["chance", "time"])
def test_a_division_tells_how_far_it_is_and_can_be_stopped(way: Division) -> None:
    examples = [
        example(f"asked {n}", f"answer {n}").model_copy(update={"time": f"2026-01-{n:02}"}) for n in range(1, 31)
    ]
    told: list[str] = []

    def tell(message: str, done: float, total: float, unit: str) -> None:
        told.append(message)
        if message == "Dividing the examples":
            raise Stopped

    with pytest.raises(Stopped):
        divide(examples, way, 42, DEFAULT_RATIOS, tell=tell)
    assert "Comparing what may say nearly the same" in told
