"""The design of an evaluation, made before the first question: which examples, which measure, how long an answer."""

import random
from collections.abc import Sequence
from pathlib import Path

from localft.data.examples import Example
from localft.errors import UserError
from localft.evaluation.answers import DESIGN, QUESTIONS, Design, EvaluationSettings, Question, Questions
from localft.evaluation.evaluations import count_opened, load_examples, plain_only
from localft.evaluation.metrics import choose_primary
from localft.models.chat_format import ChatFormat
from localft.models.rendering import render
from localft.models.tokens import TextTokenizer
from localft.store.projects import Project
from localft.training.runs import open_run

_SPARE_TOKENS = 32
_THINKING_TOKENS = 1_024


def prepare(
    folder: Path, project: Project, settings: EvaluationSettings, chat_format: ChatFormat, tokenizer: TextTokenizer
) -> tuple[Design, list[Question], list[Example]]:
    """Read the design of a resumed evaluation, or make and write it; return it with its questions and examples.

    Raises:
        UserError: the split has no examples, or plain text only.
    """
    examples = load_examples(folder, project, settings)
    if (folder / DESIGN).exists():
        design = Design.load(folder / DESIGN)
        questions = list(Questions.load(folder / QUESTIONS).rows)
        return design, questions, [examples[index] for index in design.indices]
    if not examples:
        raise UserError(f"The {settings.split} split has no examples.", "Import more examples, then train again.")
    answered = [index for index, example in enumerate(examples) if not example.plain]
    if not answered:
        raise plain_only(open_run(project, settings.run))
    indices = [answered[place] for place in choose_indices(len(answered), settings.limit)]
    chosen = [examples[index] for index in indices]
    questions = [
        Question(
            index=index,
            messages=tuple(message.as_chat() for message in example.prompt),
            tools=example.tools,
            expected=expected_text(example, chat_format),
        )
        for index, example in zip(indices, chosen, strict=True)
    ]
    expected = [question.expected for question in questions]
    primary, reason = choose_primary(expected)
    design = Design(
        dataset=settings.dataset,
        split=settings.split,
        available=len(answered),
        indices=tuple(indices),
        opened=count_opened(project, settings.dataset, settings.split, folder.name),
        primary=primary,
        primary_reason=reason,
        max_tokens=answer_limit(expected, chat_format, tokenizer),
    )
    Questions(rows=tuple(questions)).save(folder / QUESTIONS)
    design.save(folder / DESIGN)
    return design, questions, chosen


def choose_indices(available: int, limit: int | None) -> list[int]:
    """All examples, or a random choice of `limit` that is always the same, in their order: a file may be sorted."""
    if limit is None or limit >= available:
        return list(range(available))
    return sorted(random.Random(0).sample(range(available), limit))


def answer_limit(expected: Sequence[str], chat_format: ChatFormat, tokenizer: TextTokenizer) -> int:
    """The longest answer that is allowed, in tokens: half as long again as the longest expected one, and some."""
    longest = max(len(ids) for ids in tokenizer.encode_many(list(expected)))
    thinking = _THINKING_TOKENS if chat_format.can_think and chat_format.thinking != "off" else 0
    return longest * 3 // 2 + _SPARE_TOKENS + thinking


def expected_text(example: Example, chat_format: ChatFormat) -> str:
    """The expected answer as the model would write it: calls of tools in the way of its template, else the text."""
    if not example.messages[-1].tool_calls:
        return example.answer
    messages = [message.as_chat() for message in example.messages]
    prompt = render(chat_format, messages[:-1], example.tools, add_generation_prompt=True)
    whole = render(chat_format, messages, example.tools)
    written = whole.removeprefix(prompt) if whole.startswith(prompt) else example.answer
    for end in (chat_format.end_of_turn, chat_format.eos_text):
        written = written.rstrip().removesuffix(end) if end else written
    return written.strip()
