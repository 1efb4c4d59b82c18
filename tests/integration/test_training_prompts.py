"""The fixed prompts of a run: the person's own questions first, then held-out ones, as many as are shown."""

import json

from localft.data.examples import Example, Message
from localft.jobs import JobContext, JobOrder
from localft.models.download import model_folder
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from localft.store.projects import Project
from localft.training.order import read_data, read_order
from localft.training.validation import SAMPLE_PROMPTS, FixedPrompt, choose_prompts
from tests.sample_projects import make_project, prepare


def asked(project: Project) -> tuple[list[FixedPrompt], JobContext]:
    folder = prepare(project, find_model("starter"))
    context = JobContext(folder, JobOrder.load(folder / "job.json"))
    return read_data(context, read_order(context)).prompts, context


def test_golden_questions_come_first() -> None:
    project = make_project()
    own = [{"prompt": f"My own question {number}?", "answer": f"Answer {number}."} for number in (1, 2)]
    project.golden.write_text("".join(json.dumps(row) + "\n" for row in own), encoding="utf-8")
    prompts, _ = asked(project)
    assert len(prompts) == SAMPLE_PROMPTS
    assert [prompt.text for prompt in prompts[:2]] == ["My own question 1?", "My own question 2?"]
    assert prompts[0].expected == "Answer 1."
    assert all(prompt.text.startswith("Please help with my") for prompt in prompts[2:])


def test_without_golden_questions_held_out_ones_are_asked() -> None:
    prompts, _ = asked(make_project(validation=3))
    assert len(prompts) == 3


def test_golden_questions_that_cannot_be_read_are_told_and_do_not_end_the_run() -> None:
    project = make_project()
    project.golden.write_text("{\n", encoding="utf-8")
    prompts, context = asked(project)
    assert len(prompts) == SAMPLE_PROMPTS
    assert "The golden questions are not asked" in (context.folder / "events.jsonl").read_text(encoding="utf-8")


def test_a_prompt_of_unbearable_length_is_passed_over() -> None:
    base = find_model("starter")
    chat_format, tokenizer = chat_format_for(base), TextTokenizer(model_folder(base))

    def example(question: str) -> Example:
        return Example(
            messages=(Message(role="user", content=question), Message(role="assistant", content="Yes.")),
            source="made",
            row=1,
        )

    examples = [example("long " * 3_000), *(example(f"Short {number}?") for number in range(9))]
    chosen = choose_prompts(examples, chat_format, tokenizer, lambda prompt: True)
    assert [prompt.text for prompt in chosen] == [f"Short {number}?" for number in range(SAMPLE_PROMPTS)]
