"""The job that asks base and tuned model the same questions; killed at any time, it goes on where it was."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from localft import words
from localft.data.examples import Example
from localft.data.splits.golden import count_learned
from localft.evaluation.answers import (
    ANSWERS,
    MODELS,
    AnswerLog,
    Design,
    EvaluationSettings,
    GivenAnswer,
    Question,
    Which,
)
from localft.evaluation.evaluations import SCORECARD, VERDICT
from localft.evaluation.forgetting import describe_forgetting, neutral_windows
from localft.evaluation.measuring import measure, reach_verdict
from localft.evaluation.metrics import score_answer
from localft.evaluation.preparing import prepare
from localft.evaluation.reuse import earlier_answers, way_of_asking
from localft.evaluation.scorecard import Forgetting, Scorecard
from localft.jobs import JobContext
from localft.serving.endpoint import Answer, Sampling
from localft.serving.scoring import token_log_probabilities
from localft.serving.transformers_engine import TransformersEngine, device_name
from localft.settings import parse
from localft.store import files
from localft.store.projects import Project, open_project
from localft.training.runs import Run, open_run

_ASKED_ALONE, _FEWEST_ALONE, _SECONDS_ALONE = 10, 5, 20.0
_OFTEN = 5


def run(context: JobContext) -> dict[str, Any]:
    """Ask, measure, and write scorecard.json and verdict.json.

    Raises:
        UserError: the run or its data cannot be read, or a model cannot be loaded.
        Stopped: on request; every result so far is kept.
    """
    settings = parse(EvaluationSettings, context.settings, "the evaluation's order")
    project = open_project(settings.project)
    trained = open_run(project, settings.run)
    engine = TransformersEngine(trained, context.stop_requested)
    design, questions, examples = prepare(context.folder, project, settings, engine.chat_format, engine.tokenizer)
    asked_by = way_of_asking(trained, _sampling(design), device_name())
    asking = _Asking(context, engine, design, questions, examples, asked_by)
    asking.take_over(earlier_answers(project, context.folder.name, questions, asked_by))
    try:
        for which in MODELS:
            asking.measure_losses(which)
            asking.ask_all(which)
            asking.ask_alone(which)
            asking.read_neutral_text(which)
    finally:
        engine.close()
    context.progress(1, 1, "step", "Comparing the answers", at_once=True)
    log = asking.log
    verdict = reach_verdict(design, log)
    notes = [*_notes(design, log, trained, engine), *_golden_notes(project, trained, design, examples)]
    scorecard = _scorecard(project, trained, design, questions, log, notes)
    scorecard.save(context.folder / SCORECARD)
    verdict.save(context.folder / VERDICT)
    return {
        "message": verdict.sentence,
        "verdict": verdict.word,
        "base": {score.name: score.base for score in scorecard.scores},
        "tuned": {score.name: score.tuned for score in scorecard.scores},
    }


def _scorecard(
    project: Project,
    trained: Run,
    design: Design,
    questions: Sequence[Question],
    log: AnswerLog,
    notes: Sequence[str],
) -> Scorecard:
    return Scorecard(
        project=project.slug,
        run=trained.id,
        dataset=design.dataset,
        split=design.split,
        count=len(design.indices),
        available=design.available,
        opened=design.opened,
        primary=design.primary,
        primary_reason=design.primary_reason,
        max_tokens=design.max_tokens,
        scores=measure(design, questions, log),
        forgetting=_forgetting(log),
        notes=tuple(notes),
        finished_at=files.now(),
    )


class _Asking:
    """The passes over the questions, each leaving out what the log has already."""

    def __init__(
        self,
        context: JobContext,
        engine: TransformersEngine,
        design: Design,
        questions: Sequence[Question],
        examples: Sequence[Example],
        asked_by: str,
    ) -> None:
        self._context = context
        self._engine = engine
        self._design = design
        self._questions = questions
        self._examples = examples
        self._asked_by = asked_by
        self.log = AnswerLog(context.folder / ANSWERS)

    def take_over(self, earlier: Mapping[int, GivenAnswer]) -> None:
        """Write down what the base model has answered before, measured against what is expected now."""
        for question in self._questions:
            answer = earlier.get(question.index)
            if answer is not None and ("base", question.index) not in self.log.answers:
                scores = score_answer(answer.text, question.expected)
                self.log.write("answer", **answer.model_copy(update={"scores": scores}).model_dump(mode="json"))

    def measure_losses(self, which: Which) -> None:
        """How likely the model finds each expected answer."""
        missing = [
            (question, example)
            for question, example in zip(self._questions, self._examples, strict=True)
            if (which, question.index) not in self.log.losses
        ]
        if not missing:
            return
        done, total = len(self._questions) - len(missing), len(self._questions)
        message = f"Measuring the {which} model's loss"
        self._context.progress(done, total, "examples", message, at_once=True)
        for position, values in self._engine.endpoint(which).score([example for _, example in missing]):
            index = missing[position][0].index
            self.log.write("loss", model=which, index=index, total=-sum(values), tokens=len(values))
            done += 1
            self._context.progress(done, total, "examples", message)

    def ask_all(self, which: Which) -> None:
        """The model's answers, in batches."""
        missing = [question for question in self._questions if (which, question.index) not in self.log.answers]
        if not missing:
            return
        # Both models' answers are counted together, so that the time left is that of the whole.
        total = len(self._questions) * len(MODELS)
        done = len(self._questions) * MODELS.index(which) + len(self._questions) - len(missing)
        message = f"Asking the {which} model"
        self._context.progress(done, total, "answers", message, at_once=True)
        conversations = [list(question.messages) for question in missing]
        tools = [question.tools for question in missing]
        sampling = _sampling(self._design)
        for position, answer in self._engine.endpoint(which).chat_many(conversations, sampling, tools):
            question = missing[position]
            self.log.write(
                "answer",
                model=which,
                index=question.index,
                text=answer.text,
                thinking=answer.thinking,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                seconds=answer.seconds,
                finish=answer.finish,
                scores=score_answer(answer.text, question.expected),
                asked_by=self._asked_by if which == "base" else "",
            )
            done += 1
            self._context.progress(done, total, "answers", message)

    def ask_alone(self, which: Which) -> None:
        """Some questions one by one: the time that a person would wait, which answers of a batch do not tell."""
        step = max(1, len(self._questions) // _ASKED_ALONE)
        chosen = [
            question
            for question in self._questions[::step][:_ASKED_ALONE]
            if (which, question.index) not in self.log.speeds
            and (which, question.index) in self.log.answers
            and self.log.answers[which, question.index].completion_tokens
        ]
        began = time.monotonic()
        for number, question in enumerate(chosen):
            if number >= _FEWEST_ALONE and time.monotonic() - began > _SECONDS_ALONE:
                return
            self._context.progress(number, len(chosen), "questions", f"Timing the {which} model", at_once=True)
            sampling = _sampling(self._design)
            *_, answer = self._engine.endpoint(which).chat(list(question.messages), sampling, question.tools)
            if isinstance(answer, Answer):
                self.log.write(
                    "speed",
                    model=which,
                    index=question.index,
                    seconds=answer.seconds,
                    first_token_seconds=answer.first_token_seconds,
                    completion_tokens=answer.completion_tokens,
                )

    def read_neutral_text(self, which: Which) -> None:
        """How likely the model finds text that has nothing to do with the task."""
        if which in self.log.neutral:
            return
        self._context.progress(0, 1, "texts", f"Looking for what the {which} model has forgotten", at_once=True)
        engine = self._engine
        windows = neutral_windows(engine.tokenizer, engine.chat_format, engine.context_length)
        total, tokens = 0.0, 0
        with engine.pair.use(which) as model:
            for _, values in token_log_probabilities(model, windows, engine.pad_id):
                total, tokens = total - sum(values), tokens + len(values)
                self._context.raise_if_stopped()
        self.log.write("neutral", model=which, index=0, total=total, tokens=tokens)


def _sampling(design: Design) -> Sampling:
    return Sampling(temperature=0.0, max_tokens=design.max_tokens)


def _forgetting(log: AnswerLog) -> Forgetting | None:
    if set(log.neutral) != set(MODELS):
        return None
    base, tuned = (log.neutral[model] for model in MODELS)
    return describe_forgetting(base.mean, tuned.mean, base.tokens)


def _notes(design: Design, log: AnswerLog, trained: Run, engine: TransformersEngine) -> list[str]:
    """What a careful reader should know beside the numbers."""
    notes = []
    if len(design.indices) < design.available:
        notes.append(f"{len(design.indices)} of {design.available} examples were asked, chosen at random.")
    taken = sum(bool(answer.taken_from) for answer in log.answers.values())
    if taken:
        notes.append(
            f"{words.counted(taken, 'answer')} of the base model {'is' if taken == 1 else 'are'} taken over from an "
            "earlier evaluation, which asked it the very same questions in the very same way."
        )
    if trained.recipe.settings.method == "qlora":
        notes.append("Both models were asked with the base model in 4 bits, as it was in training.")
    for model in MODELS:
        given = [answer for (which, _), answer in log.answers.items() if which == model]
        cut = sum(answer.finish == "length" and answer.completion_tokens > 0 for answer in given)
        if cut:
            notes.append(
                f"{words.counted(cut, 'answer')} of the {model} model {'was' if cut == 1 else 'were'} cut off after "
                f"{design.max_tokens} tokens."
            )
    unread = sum(not answer.completion_tokens for (which, _), answer in log.answers.items() if which == "base")
    if unread:
        notes.append(
            f"{words.counted(unread, 'example')} {'is' if unread == 1 else 'are'} longer than the "
            f"{engine.context_length} tokens the model reads."
        )
    if design.split == "test" and design.opened >= _OFTEN:
        notes.append(
            f"This test split has been looked at {design.opened} times. Choosing among many runs by the same examples "
            "makes the chosen one look better than it is."
        )
    return notes


def _golden_notes(project: Project, trained: Run, design: Design, examples: Sequence[Example]) -> list[str]:
    """What a verdict on golden questions does not say."""
    if design.split != "golden":
        return []
    notes = [
        "Golden questions are chosen by hand: the verdict is about them, not about questions in general, and an answer "
        "that was kept from a chat favours the model that gave it."
    ]
    learned = count_learned(project, trained.recipe.dataset, list(examples))
    if learned:
        notes.append(
            f"{words.counted(learned, 'golden question')} {'is' if learned == 1 else 'are'} among the examples that "
            "the run was trained on."
        )
    return notes
