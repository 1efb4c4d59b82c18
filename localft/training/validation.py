"""Looking at a model in the middle of its training: the validation loss, and answers to fixed prompts."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
import transformers

from localft.data.examples import Example
from localft.models.chat_format import ChatFormat
from localft.models.thinking import split_thinking
from localft.models.tokens import TextTokenizer, encode_prompt
from localft.training.batches import Batches, to_device
from localft.training.objectives import Objective
from localft.training.rows import Unit

SAMPLE_PROMPTS = 5
_MOST_NEW_TOKENS = 64
# Longer ones would take their time at each evaluation.
_LONGEST_PROMPT = 1_024
# In characters.
_BEGINNING = 120


@dataclass(frozen=True)
class FixedPrompt:
    """A prompt of the validation split that the model answers again and again while it learns."""

    text: str
    expected: str
    token_ids: list[int]


@dataclass(frozen=True)
class Validation:
    """The mean loss in nats of all units, each weighing the same; of pairs also how many are preferred as they should.

    `preferred` is the part of them whose better answer has become likelier by more than the worse one.
    """

    loss: float
    preferred: float | None = None


def _go_on() -> None:
    """Nobody asks to stop."""


class _Asking(transformers.StoppingCriteria):
    """Calls a function before each further token; it ends the answers by what it raises, and not otherwise."""

    def __init__(self, leave_if_stopped: Callable[[], None]) -> None:
        self._leave_if_stopped = leave_if_stopped

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        self._leave_if_stopped()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


@torch.no_grad()
def validate(
    model: Any,
    units: Sequence[Unit],
    batches: Batches,
    objective: Objective,
    autocast: AbstractContextManager[Any],
    leave_if_stopped: Callable[[], None] = _go_on,
) -> Validation:
    """Measure a model on rows or pairs that it does not learn from.

    `leave_if_stopped` is called before each micro-batch, and may raise `Stopped`.
    """
    device = next(model.parameters()).device
    total, above = (torch.zeros((), dtype=torch.float64, device=device) for _ in range(2))
    micro_batches = batches(units)
    was_training = model.training
    model.eval()
    try:
        for batch in micro_batches:
            leave_if_stopped()
            with autocast:
                scores = objective.scores(model, to_device(batch, device))
            total += objective.losses(scores).sum()
            above += (scores > 0).sum()
    finally:
        model.train(was_training)
    count = max(1, objective.units(micro_batches))
    return Validation(float(total) / count, float(above) / count if objective.compares else None)


def choose_prompts(
    examples: Sequence[Example],
    chat_format: ChatFormat,
    tokenizer: TextTokenizer,
    has_room: Callable[[FixedPrompt], bool],
) -> list[FixedPrompt]:
    """The first of these examples with prompts of a bearable length; of plain text the beginning is the prompt.

    Those that memory has no room for are passed over too.
    """
    prompts: list[FixedPrompt] = []
    for example in examples:
        prompt = (_beginning if example.plain else _question)(example, chat_format, tokenizer)
        if prompt is not None and has_room(prompt):
            prompts.append(prompt)
        if len(prompts) == SAMPLE_PROMPTS:
            break
    return prompts


def _question(example: Example, chat_format: ChatFormat, tokenizer: TextTokenizer) -> FixedPrompt | None:
    messages = [message.as_chat() for message in example.prompt]
    token_ids = encode_prompt(chat_format, tokenizer, messages, example.tools)
    text = next((message.content for message in reversed(example.prompt) if message.role == "user"), "")
    return FixedPrompt(text, example.answer, token_ids) if len(token_ids) <= _LONGEST_PROMPT else None


def _beginning(example: Example, chat_format: ChatFormat, tokenizer: TextTokenizer) -> FixedPrompt | None:
    """The first words of a text, which the model is to go on with; None of a text that is too short for it."""
    start = next((end for end in _ends_of_words(example.text) if end >= _BEGINNING), 0)
    rest = example.text[start : start + 2 * _BEGINNING].strip()
    text = example.text[:start]
    return FixedPrompt(text, rest, tokenizer.encode(chat_format.bos_text + text)) if rest and start else None


def _ends_of_words(text: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(r"\s", text))


def most_new_tokens(prompts: Sequence[FixedPrompt], tokenizer: TextTokenizer) -> int:
    """An answer is at most a little longer than the longest expected one."""
    return min(_MOST_NEW_TOKENS, 8 + max((len(tokenizer.encode(prompt.expected)) for prompt in prompts), default=0))


@torch.no_grad()
def answer_prompts(
    model: Any,
    prompts: Sequence[FixedPrompt],
    chat_format: ChatFormat,
    tokenizer: TextTokenizer,
    autocast: AbstractContextManager[Any],
    leave_if_stopped: Callable[[], None] = _go_on,
    at_once: int = SAMPLE_PROMPTS,
) -> list[str]:
    """Answer all prompts greedily, so many of them `at_once`.

    `leave_if_stopped` is called after each token, and may raise `Stopped`.
    """
    answers: list[str] = []
    was_training = model.training
    model.eval()
    try:
        with autocast:
            for start in range(0, len(prompts), at_once):
                batch = prompts[start : start + at_once]
                answers += _answers(model, batch, chat_format, tokenizer, leave_if_stopped)
    finally:
        model.train(was_training)
    return answers


def _answers(
    model: Any,
    prompts: Sequence[FixedPrompt],
    chat_format: ChatFormat,
    tokenizer: TextTokenizer,
    leave_if_stopped: Callable[[], None],
) -> list[str]:
    device = next(model.parameters()).device
    pad_id = _token_id(tokenizer, chat_format.pad_text)
    stop_ids = [_token_id(tokenizer, text) for text in chat_format.stop_tokens]
    longest = max(len(prompt.token_ids) for prompt in prompts)
    padded = [[pad_id] * (longest - len(prompt.token_ids)) + prompt.token_ids for prompt in prompts]
    mask = [[0] * (longest - len(prompt.token_ids)) + [1] * len(prompt.token_ids) for prompt in prompts]
    output = model.generate(
        input_ids=torch.tensor(padded, device=device),
        attention_mask=torch.tensor(mask, device=device),
        max_new_tokens=most_new_tokens(prompts, tokenizer),
        do_sample=False,
        pad_token_id=pad_id,
        eos_token_id=stop_ids,
        stopping_criteria=transformers.StoppingCriteriaList([_Asking(leave_if_stopped)]),
    )
    return [_answer_text(new.tolist(), stop_ids, tokenizer) for new in output[:, longest:]]


def _answer_text(token_ids: list[int], stop_ids: Sequence[int], tokenizer: TextTokenizer) -> str:
    end = next((index for index, token in enumerate(token_ids) if token in stop_ids), len(token_ids))
    return split_thinking(tokenizer.decode(token_ids[:end], keep_special=False))[0].strip()


def _token_id(tokenizer: TextTokenizer, text: str) -> int:
    token_id = tokenizer.token_id(text)
    return 0 if token_id is None else token_id
