"""A conversation at the terminal: histories kept apart, answers that are stopped, thinking that is only remarked on."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from localft.cli.chat import Talk, _who_answers
from localft.cli.main import main
from localft.cli.output import Output
from localft.errors import UserError
from localft.models.find import find_model
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling
from localft.store.projects import create_project, update_project


class Parrot:
    """An endpoint that says what it was told, word by word, as its settings demand."""

    def __init__(self, name: str, *, stopped_after: int | None = None, breaks_off: bool = False) -> None:
        self.name = name
        self.asked: list[list[dict[str, Any]]] = []
        self._stopped_after = stopped_after
        self._breaks_off = breaks_off

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        self.asked.append([dict(message) for message in messages])
        words = f"{self.name} heard {messages[-1]['content']}".split()
        for number, word in enumerate(words):
            if number == self._stopped_after:
                raise KeyboardInterrupt
            yield Delta(f"{word} ")
        yield Delta(thinking="so many words")
        if not self._breaks_off:
            text = " ".join(words) + " "
            yield Answer(text, "so many words", 5, len(words), 0.1, 0.5)

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to give back."""


def test_each_model_remembers_its_own_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    base, tuned = Parrot("base"), Parrot("tuned")
    talk = Talk(Output(), [base, tuned], Sampling(), "Be kind.")
    assert talk.ask("one")["tuned"].text == "tuned heard one "
    talk.ask("two")
    assert [message["content"] for message in base.asked[1]] == ["Be kind.", "one", "base heard one ", "two"]
    assert [message["role"] for message in tuned.asked[1]] == ["system", "user", "assistant", "user"]
    printed = capsys.readouterr()
    assert printed.out.startswith("base:\nbase heard one \ntuned:\ntuned heard one \n")
    assert "[3 tokens, 6.0 tokens/s, thought for 3 words]" in printed.err


def test_a_conversation_can_be_forgotten_and_given_another_system_prompt() -> None:
    parrot = Parrot("tuned")
    talk = Talk(Output(), [parrot], Sampling(), "")
    talk.ask("one")
    talk.forget()
    talk.ask("two")
    assert [message["content"] for message in parrot.asked[1]] == ["two"]
    talk.use_system("Be brief.")
    talk.ask("three")
    assert [message["content"] for message in parrot.asked[2]] == ["Be brief.", "three"]


def test_ctrl_c_stops_the_answer_and_keeps_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    parrot = Parrot("tuned", stopped_after=2)
    talk = Talk(Output(), [parrot], Sampling(), "")
    answer = talk.ask("a long story")["tuned"]
    assert (answer.text, answer.finish) == ("tuned heard ", "stopped")
    assert "[stopped]" in capsys.readouterr().err


def test_an_answer_that_breaks_off_is_an_error() -> None:
    with pytest.raises(UserError, match="broke off"):
        Talk(Output(), [Parrot("tuned", breaks_off=True)], Sampling(), "").ask("hello")


@pytest.mark.parametrize(
    "arguments", [["--json"], ["--compare", "--model", "gguf", "-m", "x"], ["--base-model", "starter", "-m", "x"]]
)
def test_options_that_exclude_each_other(arguments: list[str]) -> None:
    create_project("p")
    assert main(["chat", "p", *arguments]) == 2


def test_a_project_without_a_run_says_what_can_answer(capsys: pytest.CaptureFixture[str]) -> None:
    project = create_project("p")
    assert main(["chat", "p", "-m", "x"]) == 1
    assert "no run yet" in capsys.readouterr().err
    assert main(["chat", "p", "--model", "base", "-m", "x"]) == 1
    assert "no run and no base model yet" in capsys.readouterr().err
    assert _who_answers(project, None, "base", "starter")[2] == find_model("starter")
    chosen = update_project(project, base_model="starter")
    assert _who_answers(chosen, None, "base", None)[2] == find_model("starter")
