"""Near texts are found where they are near, and nowhere else."""

import random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.texts import near
from localft.data.texts.near import SIMILAR, NearPair, near_groups, near_pairs
from localft.data.texts.normalising import normalise
from localft.data.texts.runs import Texts
from localft.data.texts.sharing import Shared
from localft.errors import Stopped

ORIGINALS = 400
GREETINGS = ("Hello there,", "Good morning!", "Dear team,", "Hi,")


def make_text(chooser: random.Random, sentences: int = 5) -> str:
    vocabulary = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("ale", "ori", "unta", "ime", "ex")]
    lengths = [chooser.randint(9, 16) for _ in range(sentences)]
    return " ".join(" ".join(chooser.choices(vocabulary, k=length)).capitalize() + "." for length in lengths)


def vary(text: str, way: int, chooser: random.Random) -> str:
    """One of the ways in which people repeat themselves."""
    words = text.split()
    if way == 0:
        return text.upper()
    if way == 1:
        return text.replace(".", " !").replace(" ", "  ")
    if way == 2:
        for place in range(chooser.randrange(10), len(words), 10):
            words[place] = f"other{chooser.randrange(1000)}"
        return " ".join(words)
    if way == 3:
        return f"{chooser.choice(GREETINGS)} {text}"
    sentences = text.split(". ")
    chooser.shuffle(sentences)
    return ". ".join(sentences)


def jaccard(one: str, other: str) -> float:
    """Counted the plain way, on the words themselves."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = normalise(text).split()
        return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}

    first, second = runs(one), runs(other)
    return len(first & second) / len(first | second)


def joined(pairs: list[NearPair]) -> dict[int, int]:
    parents: dict[int, int] = {}

    def root(position: int) -> int:
        while parents.setdefault(position, position) != position:
            position = parents[position]
        return position

    for pair in pairs:
        parents[root(pair.second)] = root(pair.first)
    return {position: root(position) for position in list(parents)}


@pytest.fixture(scope="module")
def planted() -> list[str]:
    """Originals, then five variants of each."""
    chooser = random.Random(7)
    originals = [make_text(chooser) for _ in range(ORIGINALS)]
    return originals + [vary(text, way, chooser) for way in range(5) for text in originals]


def test_planted_near_duplicates_are_found(planted: list[str]) -> None:
    """Of the pairs whose similarity is at least 0.8, 95 of 100 or more; and none that is less."""
    pairs = near_pairs(planted)
    assert all(jaccard(planted[pair.first], planted[pair.second]) >= SIMILAR for pair in pairs)
    home = joined(pairs)
    near = [
        (number, number + ORIGINALS * (way + 1))
        for way in range(5)
        for number in range(ORIGINALS)
        if jaccard(planted[number], planted[number + ORIGINALS * (way + 1)]) >= SIMILAR
    ]
    assert len(near) > 2 * ORIGINALS
    found = sum(one in home and other in home and home[one] == home[other] for one, other in near)
    assert found >= 0.95 * len(near)


def test_the_similarity_is_the_exact_one(planted: list[str]) -> None:
    for pair in near_pairs(planted[:50] + planted[ORIGINALS * 3 : ORIGINALS * 3 + 50])[:100]:
        texts = planted[:50] + planted[ORIGINALS * 3 : ORIGINALS * 3 + 50]
        assert pair.similarity == pytest.approx(jaccard(texts[pair.first], texts[pair.second]))


def test_what_is_found_does_not_depend_on_the_order(planted: list[str]) -> None:
    texts = planted[::5]
    order = list(range(len(texts)))
    random.Random(1).shuffle(order)
    found = {frozenset(group) for group in near_groups(texts)}
    again = {frozenset(order[one] for one in group) for group in near_groups([texts[one] for one in order])}
    assert found == again


def test_a_common_form_makes_nothing_near() -> None:
    chooser = random.Random(3)
    form = make_text(chooser, sentences=12)
    asked = [f"{form}\n{make_text(chooser, sentences=2)}" for _ in range(200)]
    assert jaccard(asked[0], asked[1]) >= 0.7
    assert near_pairs(asked) == []
    # What is near without the form is still found.
    assert near_groups([*asked, asked[7].upper()]) == [[7, 200]]


def test_a_crowd_is_one_group() -> None:
    chooser = random.Random(5)
    text = make_text(chooser)
    crowd = [f"{text} {number}" for number in range(40)]
    assert near_groups([*crowd, make_text(chooser)]) == [list(range(40))]


def test_copies_of_one_text_are_no_form_even_where_they_are_many() -> None:
    chooser = random.Random(7)
    said = make_text(chooser).split()
    copies = []
    for number in range(60):
        place = number % len(said)
        copies.append(" ".join([*said[:place], f"other{number}", *said[place + 1 :]]))
    others = [make_text(chooser) for _ in range(440)]
    assert near_groups([*others, *copies]) == [list(range(440, 500))]
    # As many texts with a form, the rest of which is their own.
    form = make_text(chooser, sentences=12)
    assert near_groups([*others, *(f"{form} {make_text(chooser, sentences=4)}" for _ in range(60))]) == []


@pytest.mark.parametrize("texts", [[], ["one"], ["", ""], ["a b", "A  b!", "a c"], ["?", "!"], ["\ud800 x y", "z"]])
def test_short_and_odd_texts(texts: list[str]) -> None:
    expected = {tuple(sorted((one, two))) for one in range(len(texts)) for two in range(one) if _same(texts, one, two)}
    assert {(pair.first, pair.second) for pair in near_pairs(texts)} == expected


def _same(texts: list[str], one: int, two: int) -> bool:
    return normalise(texts[one]) == normalise(texts[two])


@given(st.lists(st.text(max_size=40), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_texts(texts: list[str]) -> None:
    for pair in near_pairs(texts):
        assert 0 <= pair.first < pair.second < len(texts)
        assert jaccard(texts[pair.first], texts[pair.second]) >= SIMILAR


@given(
    st.lists(
        st.text(st.sampled_from("aB c1_'’.-\n\u00ad\u200bé\u0301ß\u0915\u093eﬁ"), max_size=12), min_size=1, max_size=4
    )
)
def test_a_text_in_parts_says_what_it_says_as_a_whole(parts: list[str]) -> None:
    in_parts, whole = Texts(), Texts(["\n".join(parts)])
    in_parts.add(*parts)
    assert (in_parts.digests, in_parts.words, in_parts.lengths) == (whole.digests, whole.words, whole.lengths)


def test_texts_longer_than_what_is_remembered_say_the_same() -> None:
    words = "one two three, four! " * 5_000
    assert normalise(words) == "one two three four " * 4_999 + "one two three four"
    assert Texts([words]).words == Texts(["one two three four"]).words * 5_000


def test_the_same_pairs_are_found_by_several_processes(planted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = near_pairs(planted)
    monkeypatch.setattr("localft.data.texts.near._MANY", 0)
    monkeypatch.setattr("localft.data.texts.runs._BLOCK", 700)
    assert near_pairs(planted) == alone != []


def test_how_much_of_a_text_stands_in_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localft.data.texts.sharing._BLOCK", 3)
    others = Texts(["one two three four", "ten eleven one", "nine ten eleven", "so"])
    texts = Texts(["four one two three five", "nine ten eleven", "ten eleven one", "", "so"])
    shared = Shared(len(others.words))
    shared.add(others, numpy.array([True, False, True, True]))
    shared.add(Texts(), numpy.array([], dtype=bool))
    assert shared.shares(texts).tolist() == [1 / 3, 1, 0, 0, 1]
    assert shared.shares(Texts()).tolist() == []


def test_the_search_tells_how_far_it_is_and_can_be_stopped(planted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localft.data.texts.runs._BLOCK", 700)
    told: dict[str, list[float]] = {}

    def tell(message: str, done: float, total: float, unit: str) -> None:
        assert 0 <= done <= total
        assert unit == "texts"
        told.setdefault(message, []).append(done)

    assert near_pairs(planted, tell) == near_pairs(planted)
    assert all(len(places) > 2 for places in told.values())
    assert [message.split()[0] for message in told] == ["Counting", "Looking", "Comparing"]

    for message in told:

        def stop(said: str, done: float, total: float, unit: str, at: str = message) -> None:
            if said == at and done > 0:
                raise Stopped

        with pytest.raises(Stopped):
            near_pairs(planted, stop)


def test_of_many_near_texts_each_is_compared_until_it_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = " ".join(f"word{number}" for number in range(60))
    others = [" ".join(f"other{text}x{number}" for number in range(60)) for text in range(400)]
    texts = [*(f"{shared} ending{number}" for number in range(30)), *others]
    compared: list[float] = []
    whole = near._jaccard

    def counted(one: near.Runs, other: near.Runs) -> float:
        compared.append(whole(one, other))
        return compared[-1]

    monkeypatch.setattr(near, "_jaccard", counted)
    assert near.near_groups(texts) == [list(range(30))]
    assert len(compared) == 29
    assert len(near.near_pairs(texts)) > 29


def test_what_many_share_is_looked_up_once_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions about one text each: those about one are alike, and not near; their rows are mixed."""
    crowds = [" ".join(f"word{crowd}x{number}" for number in range(300)) for crowd in range(12)]
    texts = [
        f"{shared} {' '.join(f'own{crowd}x{one}x{number}' for number in range(60))}"
        for one in range(10)
        for crowd, shared in enumerate(crowds)
    ]
    looked_up: list[int] = []
    compared: list[float] = []
    runs, whole = near.Searchable.runs, near._jaccard

    def counted_runs(self: near.Searchable, position: int) -> near.Runs:
        looked_up.append(position)
        return runs(self, position)

    def counted(one: near.Runs, other: near.Runs) -> float:
        compared.append(whole(one, other))
        return compared[-1]

    monkeypatch.setattr(near.Searchable, "runs", counted_runs)
    monkeypatch.setattr(near, "_jaccard", counted)
    # The runs of two crowds, and no more.
    monkeypatch.setattr(near, "_RUNS_AT_HAND", 20 * 360)
    assert near_groups(texts) == []
    assert len(compared) > 2 * len(texts)
    assert len(looked_up) == len(set(looked_up))


def test_runs_that_are_not_at_hand_are_taken_again(planted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = near_pairs(planted)
    monkeypatch.setattr(near, "_RUNS_AT_HAND", 1)
    assert near_pairs(planted) == found


def test_so_many_words_are_looked_at_at_once_and_not_so_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign of Chinese is a word, and a document has a thousand times as many as a question."""
    lengths = [3, 90, 4, 5, 6, 400, 7, 80, 3]
    texts = Texts(" ".join(f"word{one}x{number}" for number in range(length)) for one, length in enumerate(lengths))
    at_once = {first: len(runs) for first, runs, _ in near.Searchable(texts).blocks()}
    assert at_once == {0: sum(lengths) - 2 * len(lengths)}
    monkeypatch.setattr("localft.data.texts.runs._BLOCK", 100)
    at_once = {first: len(runs) for first, runs, _ in near.Searchable(texts).blocks()}
    assert at_once == {0: 97 - 6, 3: 11 - 4, 5: 398, 6: 90 - 6}


def test_some_of_many_texts_are_chosen_part_by_part(planted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    texts, positions = Texts(planted), numpy.array([5, 3, 3, 700, 0, *range(100, 140)])
    monkeypatch.setattr("localft.data.texts.runs._BLOCK", 200)
    some, same = texts.chosen(positions), Texts(planted[position] for position in positions)
    assert (some.words, some.lengths, some.digests) == (same.words, same.lengths, same.digests)
    assert len(texts.chosen(positions[:0])) == 0
