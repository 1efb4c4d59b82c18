"""Two models answering at once: what arrives, what each is asked, and how it ends."""

import threading
from collections.abc import Iterator

from localft.errors import UserError
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling
from localft.ui.conversation import Conversation, Reply, converse


class Speaker:
    """Says its words one by one; waits for `go` before the last."""

    def __init__(self, *words: str, failure: Exception | None = None) -> None:
        self.words, self.failure = words, failure
        self.asked: list[ChatMessages] = []
        self.closed = threading.Event()

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        self.asked.append(messages)
        try:
            for word in self.words:
                yield Delta(text=word)
            if self.failure is not None:
                raise self.failure
            yield Answer("".join(self.words), completion_tokens=len(self.words), seconds=1.0)
        finally:
            self.closed.set()


class Endless:
    def __init__(self) -> None:
        self.closed = threading.Event()

    def chat(self, messages: ChatMessages, sampling: Sampling) -> Iterator[Delta | Answer]:
        try:
            while True:
                yield Delta(text="more ")
        finally:
            self.closed.set()


def last(talk: Conversation) -> dict[str, Reply]:
    return dict(talk.turns[-1].replies)


def test_both_answer_and_each_sees_its_own_answers_only() -> None:
    base, tuned = Speaker("a", "b"), Speaker("c")
    talk = Conversation().ask("first?", ["base", "tuned"])
    *_, talk = converse(talk, {"base": base, "tuned": tuned}, "Be kind.", Sampling(), threading.Event())
    assert [reply.text for reply in last(talk).values()] == ["ab", "c"]
    talk = talk.ask("second?", ["base", "tuned"])
    *_, talk = converse(talk, {"base": base, "tuned": tuned}, "Be kind.", Sampling(), threading.Event())
    assert base.asked[1] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "first?"},
        {"role": "assistant", "content": "ab"},
        {"role": "user", "content": "second?"},
    ]
    assert tuned.asked[1][2] == {"role": "assistant", "content": "c"}


def test_one_that_fails_leaves_the_other_alone() -> None:
    broken = Speaker("half", failure=UserError("It broke.", "Mend it."))
    speakers = {"base": broken, "tuned": Speaker("fine")}
    *_, talk = converse(Conversation().ask("?", list(speakers)), speakers, "", Sampling(), threading.Event())
    assert last(talk)["base"].problem == "It broke. Mend it."
    assert last(talk)["tuned"].done is not None


def test_stop_keeps_what_was_said_and_ends_the_answer_at_its_source() -> None:
    endless, stop = Endless(), threading.Event()
    shown = []
    for talk in converse(Conversation().ask("?", ["tuned"]), {"tuned": endless}, "", Sampling(), stop):
        shown.append(last(talk)["tuned"])
        stop.set()
    assert shown[-1].stopped
    assert shown[-1].text.startswith("more")
    assert endless.closed.wait(5)


def test_a_page_that_goes_away_ends_the_answers() -> None:
    endless = Endless()
    talking = converse(Conversation().ask("?", ["tuned"]), {"tuned": endless}, "", Sampling(), threading.Event())
    next(talking)
    talking.close()  # ty: ignore[missing-attribute]
    assert endless.closed.wait(5)


def test_answering_again_forgets_the_last_answer() -> None:
    talk = Conversation().ask("one", ["base"]).with_replies({"base": Reply(text="x")}).ask("two", ["base"])
    assert [turn.question for turn in talk.without_last().turns] == ["one"]
    assert talk.messages("base", "") == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": "two"},
    ]
    assert talk.messages("tuned", "") == [{"role": "user", "content": "two"}]
