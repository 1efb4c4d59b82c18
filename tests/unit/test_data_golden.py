"""Golden questions: read in any shape, refused by line, counted where they were learned; and answers taken over."""

import json
from pathlib import Path

import pytest

from localft.data.examples import Example, Message
from localft.data.making.keeping import keep_golden
from localft.data.splits.golden import count_learned, golden_among, read_golden
from localft.errors import UserError
from localft.evaluation.answers import ANSWERS, QUESTIONS, AnswerLog, Question, Questions
from localft.evaluation.reuse import earlier_answers
from localft.store.projects import Project, create_project
from tests.sample_projects import make_project


def test_kept_and_hand_written_questions_are_read_once_each() -> None:
    project = create_project("p")
    kept = [{"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": "Paris"}]
    keep_golden(project, kept)
    keep_golden(project, kept)
    with project.golden.open("a", encoding="utf-8") as file:
        file.write('{"prompt": "2 + 5?", "answer": "7"}\n\n{"question": "Line\u2028feed?", "answer": "yes"}\n')
    assert [example.answer for example in read_golden(project)] == ["Paris", "7", "yes"]


def test_no_golden_questions_says_how_to_write_some() -> None:
    with pytest.raises(UserError, match="no golden questions yet") as caught:
        read_golden(create_project("p"))
    assert "golden.jsonl" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"prompt": "a", "answer"', "Line 2 of "),
        ('{"other": 1}', "neither messages nor a prompt"),
        ('{"prompt": "a", "answer": ""}', "the answer is empty"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "fewer than two messages"),
        ("[1]", "not an object"),
    ],
)
def test_a_line_that_is_no_question_is_named(line: str, reason: str) -> None:
    project = create_project("p")
    written = '{"prompt": "a", "answer": "b"}\n' + line + "\n"
    project.golden.write_text(written, encoding="utf-8")
    with pytest.raises(UserError, match=reason) as caught:
        read_golden(project)
    assert caught.value.message.startswith("Line 2 of ")
    assert project.golden.read_text(encoding="utf-8") == written


def test_questions_that_were_learned_are_counted_however_they_are_written() -> None:
    project = make_project()
    version = next(project.datasets.iterdir()).name
    learned = (project.datasets / version / "train.jsonl").read_text(encoding="utf-8").splitlines()[0]
    question = json.loads(learned)["messages"][0]["content"]
    rows = [{"prompt": question.upper() + "!", "answer": "x"}, {"prompt": "Something else", "answer": "y"}]
    project.golden.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert count_learned(project, version, read_golden(project)) == 1
    assert count_learned(project, "gone", read_golden(project)) == 0


def test_questions_that_were_learned_nearly_so_are_counted_too() -> None:
    project = make_project()
    version = next(project.datasets.iterdir()).name
    words = [f"word{number}" for number in range(30)]
    path = project.datasets / version / "train.jsonl"
    said = [{"role": "user", "content": " ".join(words)}, {"role": "assistant", "content": "x"}]
    path.write_text(path.read_text(encoding="utf-8") + json.dumps({"messages": said}) + "\n", encoding="utf-8")
    nearly = " ".join([*words[:15], "other", *words[16:]])
    project.golden.write_text(json.dumps({"prompt": nearly, "answer": "x"}), encoding="utf-8")
    assert count_learned(project, version, read_golden(project)) == 1
    with pytest.raises(UserError, match="The model learns this question"):
        keep_golden(project, [{"role": "user", "content": nearly}, {"role": "assistant", "content": "x"}])


def _summarise(text: str) -> Example:
    return Example(
        messages=(
            Message(role="system", content=text),
            Message(role="user", content="Summarise."),
            Message(role="assistant", content="A summary."),
        )
    )


def test_a_question_in_the_midst_of_a_conversation_is_the_same_question() -> None:
    def talk(*said: str) -> Example:
        roles = ("user", "assistant") * len(said)
        return Example(
            messages=tuple(Message(role=role, content=text) for role, text in zip(roles, said, strict=False))
        )

    golden = [talk("When does Jupiter rise tonight?", "At nine."), talk("And then?", "Then it sets.")]
    within = talk("Hello", "Hello!", "when does jupiter rise tonight", "At nine.")
    followed = talk("Hello", "Hello!", "When does Jupiter rise tonight?", "At nine.", "Thanks", "Gladly.")
    # A question of a word or two means what the conversation makes of it.
    other = talk("It rises.", "Yes.", "And then?", "It culminates.")
    answered = talk("What did you ask?", "When does Jupiter rise tonight?", "No, before that.", "Nothing.")
    assert golden_among([other, within, answered, followed], golden) == [1, 3]
    before = talk("Hello", "Hello!", "When does Jupiter rise tonight?", "At nine.")
    assert golden_among([talk("When does Jupiter rise tonight?", "At ten.")], [before]) == []


def _said(*said: str) -> Example:
    roles = ("user", "assistant") * len(said)
    return Example(messages=tuple(Message(role=role, content=text) for role, text in zip(roles, said, strict=False)))


@pytest.mark.parametrize("question", ["Who wrote Faust?", "When does the Jupiter probe reach its last moon?"])
@pytest.mark.parametrize(
    "around",
    [
        "Answer the question: {}",
        "Q: {}",
        "Please answer: {} Answer briefly.",
        "{} Answer in one sentence.",
        "Beantworte die Frage: {} Antworte kurz.",
    ],
)
def test_forewords_do_not_make_another_question(question: str, around: str) -> None:
    other = _said(around.format("What is the highest mountain of Norway?"), "Glittertind.")
    asks = around.format(question)
    rows = [other, _said(asks, "So."), _said("Hello there", "Hi.", asks, "So."), _said(asks, "So.", "And why?", "So.")]
    assert golden_among(rows, [_said(question, "Wanted.")]) == [1, 2, 3]
    # The foreword may as well be the golden question's, or both may have one.
    assert golden_among([other, _said(question, "So.")], [_said(asks, "Wanted.")]) == [1]
    assert golden_among([other, _said(f"Tell me: {question}", "So.")], [_said(asks, "Wanted.")]) == [1]


def test_a_question_within_plain_text_or_a_longer_one_is_asked_there() -> None:
    golden = [_said("When does the Jupiter probe reach its last moon?", "In May."), _said("Hello", "Hi.")]

    def plain(text: str) -> Example:
        return Example(messages=(Message(role="assistant", content=text),), plain="whole")

    text = "Here is a list. 1. Who is it? 2. When does the Jupiter-probe reach its last moon? In May."
    rows = [
        plain(text),
        plain("The Jupiter probe does reach its last moon. When? Hello to all of you."),
        _said(f"I am new here. {golden[0].prompt[0].content} My son asked me.", "In May."),
        _said("Hello to all of you who are here.", "Hi."),
        _said("What did you ask?", text, "No, before that.", "Nothing."),
    ]
    assert golden_among(rows, golden) == [0, 2]


def test_nearly_the_same_in_the_midst_of_a_conversation_is_the_same_question() -> None:
    words = [f"word{number}" for number in range(30)]
    nearly = " ".join([*words[:15], "other", *words[16:]])
    rows = [_said("Hello there", "Hi.", "Something else entirely, please", "So.")]
    rows.append(_said("Hello there", "Hi.", nearly, "So."))
    assert golden_among(rows, [_said(" ".join(words), "Wanted.")]) == [1]


def test_what_very_many_examples_hold_is_a_form_and_no_question() -> None:
    form = "What do you think about it"
    rows = [_said(f"{form}: ore{number} tin{number * 7} oak{number * 3}?", "So.") for number in range(200)]
    assert golden_among(rows, [_said(f"{form}?", "Wanted.")]) == []
    assert golden_among(rows, [_said(f"{form}: ore3 tin21", "Wanted.")]) == [3]


def test_where_only_the_system_text_differs_it_is_what_is_asked_about() -> None:
    texts = [" ".join(f"{topic}{number}" for number in range(20)) for topic in ("ore", "tin", "gem", "oak")]
    examples = [_summarise(f"{text} {number}" * 3) for text in texts for number in range(10)]
    assert golden_among(examples, [_summarise("Something that has nothing to do with them.")]) == []
    assert golden_among(examples, [examples[7]]) == [7]
    instructed = [_summarise("Be brief."), *examples[:3]]
    assert golden_among(instructed, [_summarise("Be kind.")]) == [0, 1, 2, 3]


def _asked(project: Project, name: str, questions: list[Question], asked_by: str, text: str) -> None:
    folder: Path = project.evaluations / name
    Questions(rows=tuple(questions)).save(folder / QUESTIONS)
    log = AnswerLog(folder / ANSWERS)
    for question in questions:
        for model in ("base", "tuned"):
            log.write(
                "answer", model=model, index=question.index, text=f"{text} {question.index} of {model}", scores={},
                prompt_tokens=1, completion_tokens=2, seconds=0.1, finish="stop", asked_by=asked_by,
            )  # fmt: skip


def _question(index: int, text: str, expected: str = "x") -> Question:
    return Question(index=index, messages=({"role": "user", "content": text},), expected=expected)


def test_only_answers_to_the_same_question_asked_in_the_same_way_are_taken_over() -> None:
    project = create_project("p")
    _asked(project, "1", [_question(0, "a"), _question(4, "b")], "this way", "first")
    _asked(project, "2", [_question(0, "c")], "another way", "second")
    (project.evaluations / "3").mkdir()
    (project.evaluations / "3" / QUESTIONS).write_text("torn", encoding="utf-8")
    now = [_question(0, "b", "another answer is wanted now"), _question(1, "a "), _question(2, "c")]
    found = earlier_answers(project, "4", now, "this way")
    assert {index: (answer.text, answer.taken_from) for index, answer in found.items()} == {
        0: ("first 4 of base", "1"),
    }
    assert found[0].index == 0
    with_tools = now[0].model_copy(update={"tools": ({"type": "function"},)})
    assert earlier_answers(project, "4", [with_tools], "this way") == {}
    assert earlier_answers(project, "1", now, "this way") == {}
