"""Base and tuned model from one loaded model: streamed, in batches, and scored."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from localft.data.examples import Example, Message
from localft.errors import Stopped, UserError
from localft.models.tokens import encode_prompt
from localft.serving.endpoint import Answer, Delta, Sampling
from localft.serving.generation import BatchDecoder, nucleus
from localft.serving.transformers_engine import TransformersEngine
from localft.training.runs import Run
from tests.trained_run import make_trained_run, new_project, task_examples

GREEDY = Sampling(max_tokens=16)
EXAMPLES = task_examples()[1]
CONVERSATIONS = [[message.as_chat() for message in example.prompt] for example in EXAMPLES]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("engine")
    return make_trained_run(new_project(folder / "project"), folder / "model")


@pytest.fixture(scope="module")
def engine(run: Run) -> Iterator[TransformersEngine]:
    engine = TransformersEngine(run)
    yield engine
    engine.close()


def whole(pieces: Iterator[Delta | Answer]) -> Answer:
    last = list(pieces)[-1]
    assert isinstance(last, Answer)
    return last


def test_one_loaded_model_answers_as_base_and_as_tuned(engine: TransformersEngine) -> None:
    base, tuned = engine.endpoint("base"), engine.endpoint("tuned")
    before = whole(tuned.chat(CONVERSATIONS[0], GREEDY))
    untrained = whole(base.chat(CONVERSATIONS[0], GREEDY))
    after = whole(tuned.chat(CONVERSATIONS[0], GREEDY))
    assert before.text == after.text == EXAMPLES[0].answer
    assert untrained.text != before.text
    with engine.pair.use("base") as model:
        loaded = model
    with engine.pair.use("tuned") as model:
        assert model is loaded


def test_the_base_is_the_untouched_base_model(engine: TransformersEngine, run: Run) -> None:
    import transformers

    original: Any = transformers.AutoModelForCausalLM.from_pretrained(run.recipe.base_model, dtype=torch.float32)
    prompt = torch.tensor([encode_prompt(engine.chat_format, engine.tokenizer, CONVERSATIONS[0])])
    wanted = original.generate(prompt, max_new_tokens=16, do_sample=False, pad_token_id=1)[
        0, prompt.shape[1] :
    ].tolist()
    answer = whole(engine.endpoint("base").chat(CONVERSATIONS[0], GREEDY))
    if wanted[-1] in engine.stop_ids:
        wanted = wanted[:-1]
    assert answer.text == engine.tokenizer.decode(wanted)


def test_pieces_put_together_are_the_answer(engine: TransformersEngine) -> None:
    for which in ("base", "tuned"):
        *pieces, last = engine.endpoint(which).chat(CONVERSATIONS[3], GREEDY)
        assert isinstance(last, Answer)
        assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == last.text
        assert last.prompt_tokens == len(engine.encode(CONVERSATIONS[3]).ids)
        assert last.first_token_seconds is not None
        assert 0 < last.first_token_seconds <= last.seconds


@pytest.mark.parametrize("which", ["base", "tuned"])
def test_batches_give_the_answers_of_one_by_one(engine: TransformersEngine, which: Any) -> None:
    endpoint = engine.endpoint(which)
    # Answers of very different length, so that rows leave the batch on the way.
    conversations = CONVERSATIONS[:6] + [[{"role": "user", "content": "Hi " * count}] for count in range(1, 8)]
    many = dict(endpoint.chat_many(conversations, GREEDY))
    assert sorted(many) == list(range(len(conversations)))
    for index, conversation in enumerate(conversations):
        one = whole(endpoint.chat(conversation, GREEDY))
        assert (many[index].text, many[index].finish) == (one.text, one.finish)
        assert many[index].completion_tokens == one.completion_tokens


@pytest.mark.parametrize("architecture", ["qwen3", "gemma3"])
def test_rows_leave_the_batch_in_other_architectures_too(tmp_path: Path, architecture: Any) -> None:
    run = make_trained_run(new_project(tmp_path / "project"), tmp_path / "model", architecture=architecture, steps=4)
    engine = TransformersEngine(run)
    # Longer than Gemma's sliding window of 64, and of unequal length.
    prompts = [engine.encode([{"role": "user", "content": "The fox " * count}]).ids for count in (40, 3, 17, 1)]
    ends = [24, 2, 9, 5]

    def continued(rows: list[int]) -> list[list[int]]:
        with engine.pair.use("tuned") as model:
            decoder = BatchDecoder(model, [prompts[row] for row in rows], GREEDY, engine.pad_id)
            tokens: list[list[int]] = [[] for _ in rows]
            while decoder.live:
                for position, token in decoder.step():
                    tokens[position].append(token)
                    if len(tokens[position]) == ends[rows[position]]:
                        decoder.end(position)
        return tokens

    together = continued([0, 1, 2, 3])
    assert [len(row) for row in together] == ends
    assert together == [continued([row])[0] for row in range(4)]
    engine.close()


def test_an_answer_is_cut_at_stop_texts_and_at_the_length(engine: TransformersEngine) -> None:
    tuned = engine.endpoint("tuned")
    full = EXAMPLES[0].answer
    cut = whole(tuned.chat(CONVERSATIONS[0], Sampling(max_tokens=16, stop=('": "',))))
    assert (cut.text, cut.finish) == (full.partition('": "')[0], "stop")
    short = whole(tuned.chat(CONVERSATIONS[0], Sampling(max_tokens=2)))
    assert (short.completion_tokens, short.finish) == (2, "length")
    assert full.startswith(short.text)


def test_a_seed_repeats_an_answer_alone_and_in_a_batch(engine: TransformersEngine) -> None:
    base = engine.endpoint("base")
    varied = Sampling(temperature=1.0, top_p=0.9, max_tokens=12, seed=5)
    first = whole(base.chat(CONVERSATIONS[0], varied)).text
    assert whole(base.chat(CONVERSATIONS[0], varied)).text == first
    assert dict(base.chat_many(CONVERSATIONS[:3], varied))[0].text == first
    texts = {whole(base.chat(CONVERSATIONS[0], varied.model_copy(update={"seed": None}))).text for _ in range(4)}
    assert len(texts) > 1


def test_top_p_keeps_the_likeliest_tokens() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert nucleus(logits, 0.7).tolist()[0] == pytest.approx([0.5, 0.3, 0, 0])
    assert nucleus(logits, 0.01).tolist()[0] == pytest.approx([0.5, 0, 0, 0])
    assert nucleus(logits, 1.0).tolist()[0] == pytest.approx([0.5, 0.3, 0.15, 0.05])


def test_a_closed_stream_leaves_the_model_free_and_its_adapter_on(engine: TransformersEngine) -> None:
    stream: Any = engine.endpoint("base").chat(CONVERSATIONS[0], Sampling(max_tokens=400))
    next(stream)
    stream.close()
    assert whole(engine.endpoint("tuned").chat(CONVERSATIONS[0], GREEDY)).text == EXAMPLES[0].answer


def test_a_request_to_stop_ends_a_batch_in_the_middle(run: Run) -> None:
    asked: list[int] = []

    def stop_at_third_token() -> bool:
        asked.append(1)
        return len(asked) > 3

    engine = TransformersEngine(run, stop_at_third_token)
    with pytest.raises(Stopped):
        list(engine.endpoint("base").chat_many(CONVERSATIONS, Sampling(max_tokens=400)))
    assert len(asked) == 4
    engine.close()


def test_too_long_a_conversation_is_named_and_does_not_spoil_its_batch(engine: TransformersEngine) -> None:
    long = [{"role": "user", "content": "The fox jumps over the dog. " * 200}]
    with pytest.raises(UserError, match="the model reads 512"):
        list(engine.endpoint("tuned").chat(long, GREEDY))
    answers = dict(engine.endpoint("tuned").chat_many([long, CONVERSATIONS[0]], GREEDY))
    assert (answers[0].text, answers[0].finish) == ("", "length")
    assert answers[1].text == EXAMPLES[0].answer


def test_memory_that_runs_out_halves_the_batch(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    step = BatchDecoder.step

    def only_two_rows(decoder: BatchDecoder) -> list[tuple[int, int]]:
        sizes.append(len(decoder._rows))
        if len(decoder._rows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(decoder)

    monkeypatch.setattr(BatchDecoder, "step", only_two_rows)
    answers = dict(engine.endpoint("tuned").chat_many(CONVERSATIONS[:7], GREEDY))
    assert sizes[0] == 7
    assert [answers[index].text for index in range(7)] == [example.answer for example in EXAMPLES[:7]]


def test_scores_are_the_loss_that_training_sees(engine: TransformersEngine, run: Run) -> None:
    from localft.models.tokens import encode_example

    for which in ("base", "tuned"):
        scored = dict(engine.endpoint(which).score(EXAMPLES[:5]))
        for index, example in enumerate(EXAMPLES[:5]):
            (encoded,) = encode_example(engine.chat_format, engine.tokenizer, example, 512, learn="last")
            ids = torch.tensor([encoded.token_ids])
            labels = ids.masked_fill(~torch.tensor([encoded.learned]), -100)
            with engine.pair.use(which) as model, torch.inference_mode():
                loss = float(model(input_ids=ids, labels=labels, use_cache=False).loss)
            assert len(scored[index]) == encoded.learned_count
            assert -sum(scored[index]) / len(scored[index]) == pytest.approx(loss, abs=1e-4)


def test_only_the_last_answer_is_scored(engine: TransformersEngine) -> None:
    turns = [("user", "My invoice is wrong."), ("assistant", "Sorry."), ("user", "The payment."), ("assistant", "Ok")]
    example = Example(messages=tuple(Message(role=role, content=text) for role, text in turns))  # ty: ignore[invalid-argument-type]
    ((_, values),) = engine.endpoint("tuned").score([example])
    assert len(values) == len(engine.tokenizer.encode("Ok")) + 1
    assert all(math.isfinite(value) and value <= 0 for value in values)


def test_two_full_models_answer_one_after_the_other(tmp_path: Path) -> None:
    run = make_trained_run(new_project(tmp_path / "project"), tmp_path / "model", method="full", architecture="qwen3")
    engine = TransformersEngine(run)
    engine.load()
    for _ in range(2):
        assert whole(engine.endpoint("tuned").chat(CONVERSATIONS[0], GREEDY)).text == EXAMPLES[0].answer
        assert whole(engine.endpoint("base").chat(CONVERSATIONS[0], GREEDY)).text != EXAMPLES[0].answer
    engine.close()
