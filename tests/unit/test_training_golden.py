"""Golden questions that stand among the training examples are told when a run begins."""

from typing import Any, cast

from localft.data.examples import Example, Message
from localft.jobs import JobContext
from localft.training.order import warn_of_golden


class Events:
    """Keeps the events of a job."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def event(self, kind: str, **details: Any) -> None:
        """Keep one."""
        self.told.append((kind, details))


def asking(question: str) -> Example:
    return Example(messages=(Message(role="user", content=question), Message(role="assistant", content="Yes.")))


def test_golden_questions_among_the_training_examples_are_told() -> None:
    train = [asking(f"Is it number {number}?") for number in range(30)]
    for golden, expected in (
        ([asking("Is it something else?")], []),
        ([asking("is it number 7"), asking("Is it number 9?")], ["2 training examples ask golden questions"]),
    ):
        events = Events()
        warn_of_golden(cast(JobContext, events), golden, train)
        assert [(kind, details["message"].split(":")[0]) for kind, details in events.told] == [
            ("warning", said) for said in expected
        ]
