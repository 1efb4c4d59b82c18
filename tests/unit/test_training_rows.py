"""Rows and their order: what is learned, what is left out, batches that hold every example once a pass."""

from collections import Counter
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.rows.learning_preview import preview_example
from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.templates import chat_format_for
from localft.models.tokens import Learn, TextTokenizer, encode_example
from localft.planning.recipe import TrainingSettings
from localft.planning.steps import order_steps
from localft.training.rows import IGNORED, Row, Rows, make_rows, refuse_unlearnable
from tests.sample_projects import make_examples

STARTER = "starter"


@pytest.fixture(scope="module")
def starter() -> tuple[object, TextTokenizer]:
    from localft.models.download import model_folder
    from localft.models.find import find_model

    model = find_model(STARTER)
    return chat_format_for(model), TextTokenizer(model_folder(model))


def test_only_the_answers_are_learned(starter: tuple) -> None:
    chat_format, tokenizer = starter
    examples = make_examples(4)
    made = make_rows(examples, chat_format, tokenizer, 512, "all")
    assert (len(made.rows), made.cut, made.left_out) == (4, 0, 0)
    for example, row in zip(examples, made.rows, strict=True):
        assert isinstance(row, Row)
        learned = row.labels != IGNORED
        assert numpy.array_equal(row.token_ids[learned], row.labels[learned])
        text = tokenizer.decode([int(token) for token in row.token_ids[learned]], keep_special=False)
        assert text.strip() == example.answer


def test_turns_that_are_not_to_be_learned_are_read_only(starter: tuple) -> None:
    chat_format, tokenizer = starter
    talk = (
        Message(role="user", content="One?"),
        Message(role="assistant", content="first answer", learn=False),
        Message(role="user", content="Two?"),
        Message(role="assistant", content="second answer"),
    )
    row = make_rows([Example(messages=talk)], chat_format, tokenizer, 512, "all").rows[0].documents[0]
    learned = tokenizer.decode([int(token) for token in row.labels[row.labels != IGNORED]])
    assert "second" in learned
    assert "first" not in learned


@pytest.mark.parametrize("cut", [0, 4])
@pytest.mark.parametrize("learn", ["all", "last"])
def test_the_preview_shows_what_is_trained_on(starter: tuple, cut: int, learn: Learn) -> None:
    """Learned, masked and cut tokens, one by one, as the batch of a step has them."""
    chat_format, tokenizer = starter
    talk = [Message(role="user", content="One, zwei, 三?"), Message(role="assistant", content="Premier 😀.")]
    example = Example(messages=(Message(role="system", content="Be brief."), *talk, *talk))
    max_length = len(encode_all(chat_format, tokenizer, example)) - cut
    chosen = TrainingSettings(max_length=max_length, learn=learn)
    pieces = preview_example(chat_format, tokenizer, example, chosen)
    row = make_rows([example], chat_format, tokenizer, max_length, learn).rows[0].documents[0]
    kept = [piece for piece in pieces if piece.state != "cut"]
    assert len(kept) == len(row) == len(pieces) - cut
    assert [piece.state == "learned" for piece in kept] == [label != IGNORED for label in row.labels.tolist()]
    assert "".join(piece.text for piece in pieces) == tokenizer.decode(encode_all(chat_format, tokenizer, example))


def encode_all(chat_format: ChatFormat, tokenizer: TextTokenizer, example: Example) -> list[int]:
    return encode_example(chat_format, tokenizer, example, 100_000)[0].token_ids


def test_rows_without_a_learned_token_are_left_out_and_counted(starter: tuple) -> None:
    chat_format, tokenizer = starter
    long = Example(messages=(Message(role="user", content="word " * 200), Message(role="assistant", content="x")))
    made = make_rows([*make_examples(2), long], chat_format, tokenizer, 64, "all")
    assert (len(made.rows), made.cut, made.left_out) == (2, 1, 1)
    assert all(len(row) <= 64 for row in made.rows)


def test_a_split_in_which_nothing_is_learned_is_refused() -> None:
    with pytest.raises(UserError, match="beyond the longest length") as caught:
        refuse_unlearnable(Rows([], cut=5, left_out=5))
    assert "max_length" in caught.value.hint
    with pytest.raises(UserError, match="no training examples"):
        refuse_unlearnable(Rows([]))


sizes = st.tuples(st.integers(1, 120), st.integers(1, 16), st.integers(1, 300), st.integers(0, 99))


@given(sizes=sizes, padded=st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_row_comes_once_a_pass_and_every_step_is_full(sizes: tuple[int, int, int, int], padded: bool) -> None:
    count, batch, examples, seed = sizes
    lengths = [(7 * index) % 50 + 1 for index in range(count)]
    steps = order_steps(lengths, batch, examples, seed, padded=padded)
    flat = [index for one in steps for index in one]
    assert len(flat) == examples
    seen = Counter(flat)
    passes, rest = divmod(examples, count)
    assert all(passes <= seen[index] <= passes + (rest > 0) for index in range(count))
    assert all(len(step) == batch for step in steps[:-1])
    assert len(steps) == -(-examples // batch)
    assert steps == order_steps(lengths, batch, examples, seed, padded=padded)


def test_the_longest_comes_first_and_like_lengths_together_where_they_are_padded() -> None:
    lengths = [10 + (37 * index) % 90 for index in range(200)]
    steps = order_steps(lengths, 8, 400, seed=3, padded=True)
    assert max(lengths) == max(lengths[index] for index in steps[0])
    padded = sum(len(step) * max(lengths[index] for index in step) for step in steps)
    real = sum(lengths[index] for step in steps for index in step)
    assert padded / real < 1.15


def test_where_rows_are_packed_each_step_is_a_sample_of_all() -> None:
    """Steps of short rows and steps of long ones would each pull into a direction of their own."""
    lengths = [10 + (37 * index) % 90 for index in range(200)]
    packed, padded = (order_steps(lengths, 8, 400, seed=3, padded=padded) for padded in (False, True))
    tokens = [sum(lengths[index] for index in step) for step in packed]
    assert tokens[0] == max(tokens)

    def spread(steps: list[list[int]]) -> float:
        return float(numpy.std([numpy.mean([lengths[index] for index in step]) for step in steps]))

    by_chance = float(numpy.std(lengths)) / 8**0.5
    assert spread(packed) == pytest.approx(by_chance, rel=0.2)
    assert spread(padded) > 2 * by_chance


def test_another_seed_is_another_order() -> None:
    one, other = (order_steps([5] * 40, 4, 40, seed=seed, padded=False) for seed in (1, 2))
    assert one != other


def test_nothing_of_torch_is_needed_for_rows() -> None:
    import subprocess
    import sys

    code = "import sys, localft.training.rows, localft.training.runs; assert not {'torch', 'trl'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
