"""Answers to fixed prompts take no more memory than a step does, as measured and as planned."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import torch

from localft.data.examples import Example, Message
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import model_folder
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from localft.planning.answering import answer_bytes
from localft.planning.load import Load
from localft.planning.model_shape import shape_of
from localft.planning.plan import Plan
from localft.planning.recipe import TrainingSettings
from localft.training.prompt_room import PromptRoom
from localft.training.recompute import recompute_layers
from localft.training.rows import Rows, make_rows
from localft.training.validation import SAMPLE_PROMPTS, FixedPrompt, answer_prompts, choose_prompts
from tests.allocation_meter import AllocationMeter
from tests.integration.test_planning_activations import LAYERS, Tuned, every_architecture
from tests.integration.test_training_probing import real_peak, row

NEW = 32


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return find_model("starter")


@pytest.fixture(scope="module")
def chat_format(base: BaseModel) -> ChatFormat:
    return chat_format_for(base)


@pytest.fixture(scope="module")
def tokenizer(base: BaseModel) -> TextTokenizer:
    return TextTokenizer(model_folder(base))


def planned(micro_batch: int, recomputed: int, longest: int) -> Plan:
    return Plan(
        device="this computer's memory", on_gpu=False, device_bytes=2**33, memory={}, total_bytes=1, fits="tightly",
        precision="fp32", micro_batch_size=micro_batch, micro_batch_tokens=micro_batch * longest, accumulation=1,
        recomputed_layers=recomputed, steps=1, steps_per_epoch=1, validate_every=1, trained_tokens=1,
        tokens_per_second=1.0, seconds=1.0, watt_hours=1.0,
    )  # fmt: skip


def example(question: str, answer: str = "Yes.") -> Example:
    messages = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=messages, source="made", row=1)


@every_architecture
@pytest.mark.parametrize(("method", "precision"), [("qlora", "fp32"), ("lora", "bf16"), ("full", "bf16")])
def test_answers_take_at_most_what_is_foreseen(tmp_path: Path, architecture: str, method: Any, precision: Any) -> None:
    load = Load(method, precision, False, rank=8, micro_batch=1, length=64, recomputed=LAYERS)
    tuned = Tuned(tmp_path, architecture, load)
    model: Any = tuned.model.eval()
    half = torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()
    for prompts, tokens in ((1, 64), (1, 300), (5, 200)):
        ids, mask = torch.full((prompts, tokens), 9), torch.ones(prompts, tokens, dtype=torch.long)
        mask[1:, :9] = 0
        with AllocationMeter(model) as meter, torch.no_grad(), half:
            meter.reset()
            before = meter.peak()
            model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=NEW, do_sample=False, pad_token_id=0)
            taken = meter.peak() - before
        foreseen = answer_bytes(tuned.shape, load, prompts, tokens, NEW)
        assert taken <= foreseen <= 2.5 * taken


@pytest.mark.parametrize("architecture", ["LlamaForCausalLM", "Qwen3ForCausalLM"])
@pytest.mark.parametrize("recomputed", [0, LAYERS])
def test_five_long_prompts_take_no_more_than_a_step(
    tmp_path: Path, architecture: str, recomputed: int, chat_format: ChatFormat, tokenizer: TextTokenizer
) -> None:
    """In one batch they took more than twice as much as a step of one example with all layers computed twice."""
    load = Load("qlora", "fp32", False, rank=8, micro_batch=1, length=400, recomputed=recomputed)
    tuned = Tuned(tmp_path, architecture, load)
    recompute_layers(tuned.model, recomputed)
    train = Rows([row(load.length)])
    room = PromptRoom(TrainingSettings(), planned(1, recomputed, load.length), tuned.shape, train, tokenizer)
    prompts = [FixedPrompt("x", "a long answer " * 9, [9] * 300)] * SAMPLE_PROMPTS
    assert all(map(room.has, prompts))
    with AllocationMeter(tuned.model) as meter:
        step = real_peak(tuned.model, meter, [row(load.length)])
        meter.reset()
        nothing = contextlib.nullcontext()
        answers = answer_prompts(tuned.model, prompts, chat_format, tokenizer, nothing, at_once=room.at_once(prompts))
        taken = meter.peak()
    assert len(answers) == SAMPLE_PROMPTS
    assert taken <= step


def test_a_prompt_that_would_take_more_memory_than_training_is_passed_over(
    base: BaseModel, chat_format: ChatFormat, tokenizer: TextTokenizer
) -> None:
    """Held-out questions may be far longer than what is learned."""
    shape, examples = shape_of(base), [example("long " * count) for count in (3_000, 600, 200)]
    examples += [example(f"Short {number}?") for number in range(9)]
    train = make_rows([example("How is it? " * 15, "Well. " * 9)] * 8, chat_format, tokenizer, 512, "all")
    for micro_batch, recomputed, passed_over in ((1, shape.layers, 3), (8, 0, 1)):
        plan = planned(micro_batch, recomputed, len(train.rows[0]))
        room = PromptRoom(TrainingSettings(method="lora"), plan, shape, train, tokenizer)
        chosen = choose_prompts(examples, chat_format, tokenizer, room.has)
        expected = [one.prompt[0].content for one in examples[passed_over:]][:SAMPLE_PROMPTS]
        assert [prompt.text for prompt in chosen] == expected
        assert room.at_once(chosen[2:]) > 1
