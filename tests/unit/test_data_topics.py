"""Topics and phrases are found in texts made to have them, in every script, and nowhere else."""

import random

import pytest

from localft.data.texts.phrases import find_phrases
from localft.data.texts.topics import find_topics, words_of

TOPICS = {
    "billing": ("invoice", "refund", "charge", "payment", "card", "receipt", "price", "discount"),
    "login": ("password", "login", "account", "reset", "email", "locked", "username", "code"),
    "shipping": ("parcel", "delivery", "courier", "tracking", "address", "late", "package", "depot"),
    "bugs": ("crash", "error", "screen", "freeze", "version", "update", "install", "restart"),
}
COMMON = (
    "i", "my", "the", "a", "is", "please", "can", "you", "help", "with", "why", "did", "not",
    "was", "how", "do", "we", "to", "and", "in", "of", "for", "on", "it", "this", "have",
)  # fmt: skip


def planted(counts: dict[str, int], seed: int = 1) -> list[str]:
    """Questions of which three words in ten are their topic's, in any order."""
    random_ = random.Random(seed)

    def word(topic: str) -> str:
        return random_.choice(TOPICS[topic] if random_.random() < 0.3 else COMMON)

    texts = [" ".join(word(topic) for _ in range(16)) for topic, count in counts.items() for _ in range(count)]
    random_.shuffle(texts)
    return texts


@pytest.mark.parametrize("seed", range(3))
def test_planted_topics_are_found(seed: int) -> None:
    texts = planted(dict.fromkeys(TOPICS, 150), seed)
    found = find_topics(texts)
    assert len(found.groups) == 4
    assert found.effective == pytest.approx(4, abs=0.1)
    for group in found.groups:
        named = {topic for topic, words in TOPICS.items() if set(words) & set(group.words)}
        assert len(named) == 1, group.words
        own = TOPICS[named.pop()]
        right = sum(any(word in texts[place].split() for word in own) for place in group.members)
        assert right >= 0.9 * len(group.members)


def test_a_topic_that_outweighs_the_others_is_measured() -> None:
    found = find_topics(planted({"billing": 900, "login": 50, "shipping": 50}))
    # Small topics may be taken together.
    assert 850 <= len(found.groups[0].members) <= 960
    assert found.effective < 2


@pytest.mark.parametrize("texts", [[], ["a b"], ["hello there friend"] * 100, ["", " ", "?!"]])
def test_texts_without_differences_have_no_topics(texts: list[str]) -> None:
    assert len(find_topics(texts).groups) <= 1


def test_words_drawn_by_chance_make_no_topics() -> None:
    random_ = random.Random(5)
    words = [f"word{number}" for number in range(500)]
    assert len(find_topics([" ".join(random_.choices(words, k=20)) for _ in range(600)]).groups) == 1


def test_topics_do_not_need_spaces_between_words() -> None:
    random_ = random.Random(2)
    orders, passwords = ("我的订单在哪里", "订单还没有到", "请查我的订单"), ("我忘记了密码", "怎么重置密码", "密码不对")
    texts = [random_.choice(kind) + random_.choice("啊吗呢") for kind in (orders, passwords) for _ in range(60)]
    for group in find_topics(texts).groups:
        assert len({"密码" in texts[place] for place in group.members}) == 1


def test_words_are_pairs_of_signs_where_there_are_no_spaces() -> None:
    assert words_of("Hello, WORLD! café") == ["hello", "world", "café"]
    assert words_of("我的订单 ok") == ["我的", "的订", "订单", "ok"]
    assert words_of("好") == ["好"]
    assert len(words_of("word " * 10_000)) == 200


def test_phrases_are_counted_once_a_text() -> None:
    texts = [f"Number {n * 7919} is here. Please do not hesitate to call again." for n in range(10)]
    texts.append("please do not hesitate to " * 20)
    found = find_phrases(texts)
    assert found.commonest[0] == ("please do not hesitate to", 11)
    assert 0.4 < found.repeated < 0.9


def test_phrases_that_nobody_shares_are_none() -> None:
    random_ = random.Random(3)
    words = [f"word{number}" for number in range(3_000)]
    found = find_phrases([" ".join(random_.choices(words, k=30)) for _ in range(200)])
    assert (found.repeated, found.commonest) == (0.0, ())
    assert find_phrases([]).commonest == find_phrases(["too short"]).commonest == ()
