"""Should one fine-tune at all? Six questions, and an answer with reasons: prompt, retrieval, fine-tuning, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from localft.errors import UserError

Way = Literal["prompt", "retrieval", "fine-tune", "both"]


@dataclass(frozen=True)
class Choice:
    """One answer that can be given: its key, and the words a person reads."""

    key: str
    words: str


@dataclass(frozen=True)
class Question:
    """One question with its answers."""

    key: str
    words: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Advice:
    """The way to go, in a word and a sentence, the reasons for it, and what to do first."""

    way: Way
    sentence: str
    reasons: tuple[str, ...]
    first_step: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "tried",
        "Have you tried a good prompt with two or three examples in it?",
        (
            Choice("no", "Not yet"),
            Choice("works", "Yes, and it works well enough"),
            Choice("fails", "Yes, and it is not good or not reliable enough"),
            Choice("long", "Yes, it works, but the prompt is long, slow or needs a large model"),
        ),
    ),
    Question(
        "missing",
        "What is missing most?",
        (
            Choice("behaviour", "A form, a tone, a skill: how it answers"),
            Choice("facts", "Knowledge: what it answers with"),
            Choice("both", "Both"),
        ),
    ),
    Question(
        "changes",
        "How often does what it must know change?",
        (
            Choice("often", "Every week or more often"),
            Choice("sometimes", "A few times a year"),
            Choice("never", "Hardly ever, or it needs no special knowledge"),
        ),
    ),
    Question(
        "examples",
        "How many examples of questions with the answers you want do you have, or could you write?",
        (
            Choice("few", "Fewer than 50"),
            Choice("some", "50 to 500"),
            Choice("many", "More than 500"),
        ),
    ),
    Question(
        "same",
        "Would two experts give nearly the same answer to the same question?",
        (Choice("yes", "Yes, mostly"), Choice("no", "No, there are many good answers")),
    ),
    Question(
        "volume",
        "How much will it be used, and where?",
        (
            Choice("little", "Now and then"),
            Choice("much", "Often, or many texts at once"),
            Choice("private", "It must run on my own computer"),
        ),
    ),
)


def advise(answers: Mapping[str, str]) -> Advice:
    """Weigh the answers (question key -> choice key).

    Raises:
        UserError: a question is not answered, or with something that is no choice of it.
    """
    open_questions = [question for question in QUESTIONS if answers.get(question.key) not in _keys(question)]
    if open_questions:
        count = len(open_questions)
        raise UserError(
            f"{count} {'question is' if count == 1 else 'questions are'} still open.",
            f"The first one: {open_questions[0].words}",
        )
    way = _way(answers)
    return Advice(way, _SENTENCES[way], tuple(_reasons(answers, way)), _first_step(answers, way))


def _keys(question: Question) -> set[str]:
    return {choice.key for choice in question.choices}


def _way(answers: Mapping[str, str]) -> Way:
    prompt_is_enough = answers["tried"] == "works" or (answers["tried"] == "no" and answers["examples"] == "few")
    behaviour = answers["missing"] in {"behaviour", "both"}
    facts = answers["missing"] in {"facts", "both"}
    if prompt_is_enough and answers["volume"] != "private":
        return "retrieval" if facts and not behaviour else "prompt"
    if facts and not behaviour:
        # What never changes can be learned, given enough examples; everything else is better looked up.
        return "fine-tune" if answers["changes"] == "never" and answers["examples"] == "many" else "retrieval"
    if answers["examples"] == "few" and answers["tried"] == "no":
        return "prompt"
    return "both" if facts and answers["changes"] != "never" else "fine-tune"


_SENTENCES: dict[Way, str] = {
    "prompt": "Start with a better prompt; fine-tuning would not pay off yet.",
    "retrieval": "Look the facts up when a question comes (retrieval), rather than training them in.",
    "fine-tune": "Fine-tune: this is what it is good at.",
    "both": "Fine-tune for the form, and look the facts up (retrieval): you need both.",
}


def _reasons(answers: Mapping[str, str], way: Way) -> list[str]:
    told = {
        ("tried", "no"): "A prompt costs minutes to try, and its result is what fine-tuning has to beat.",
        ("tried", "works"): "A prompt already works; training buys nothing but speed and size.",
        ("tried", "fails"): "Prompting has been tried and is not reliable enough.",
        ("tried", "long"): "Training puts a long prompt into the model: shorter, faster, and a smaller model may do.",
        ("missing", "behaviour"): "Forms, tones and skills are learned well from examples.",
        ("missing", "facts"): "Facts learned from examples stay patchy: a model recalls some and invents others.",
        ("missing", "both"): "How to answer is learned from examples; what to answer with is better looked up.",
        ("changes", "often"): "What changes every week would be out of date by the time it is trained in.",
        ("changes", "never"): "Nothing has to be kept up to date.",
        ("examples", "few"): "Fewer than 50 examples teach a form at best, and leave too few to measure it.",
        ("examples", "some"): "50 to 500 good examples are enough for a form or a narrow skill.",
        ("examples", "many"): "With more than 500 examples a small model can become very good at one thing.",
        ("same", "yes"): "Clear right answers mean that better or worse can be measured.",
        ("same", "no"): "With many good answers, compare by rating them blind rather than by exact match.",
        ("volume", "much"): "Used often, a small tuned model is far cheaper than a long prompt to a large one.",
        ("volume", "private"): "A tuned model of a few gigabytes runs on your own card, and nothing leaves it.",
    }
    if way == "fine-tune":
        told[("tried", "works")] = "The prompt that works is the bar to beat; a small tuned model can reach it locally."
    return [told[key, value] for key, value in ((q.key, answers[q.key]) for q in QUESTIONS) if (key, value) in told]


def _first_step(answers: Mapping[str, str], way: Way) -> str:
    if way == "prompt":
        return "Write the prompt with three examples, keep 20 questions with good answers, and count the right ones."
    if way == "retrieval":
        return "Put the documents into a search, and give the model the best passages with each question."
    if answers["examples"] == "few":
        return "Collect examples first: 50 good ones for a form, some hundreds for a skill."
    if way == "both":
        return "Write the examples with the passages in the question, as they will come from the search; then train."
    return "Make a project and drop your examples into it."
