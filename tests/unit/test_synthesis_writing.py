"""What is asked, what is read out of the replies, what is rejected, and what it will take."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localft.errors import Stopped
from localft.jobs import JobContext, JobOrder
from localft.synthesis.asking import (
    InstructionItem,
    QuestionItem,
    Unreadable,
    judging_order,
    read_items,
    read_judgement,
    writing_order,
)
from localft.synthesis.calls import Call, CallLog, state_of
from localft.synthesis.candidates import weigh
from localft.synthesis.costs import chosen_passages, estimate, price_of
from localft.synthesis.passages import Passage
from localft.synthesis.settings import Kind, SynthesisSettings
from localft.synthesis.syntheses import PASSAGES, read_passages
from localft.synthesis.worker import _Writing

TEXT = (
    "Returns are free within 14 days. The form is in the box. Write to Anna Berg in Oslo. She answers within two days. "
    "Refunds are paid to the card that was used. Shipping is not refunded."
)
PASSAGE = Passage(index=3, document="manual.md", place="Returns", start=10, end=10 + len(TEXT), text=TEXT)
GOOD = {"question": "How long are returns free?", "answer": "Returns are free within 14 days."}


def call(value: Any, purpose: Any = "write", **more: Any) -> Call:
    text = value if isinstance(value, str) else json.dumps(value)
    return Call(passage=3, purpose=purpose, text=text, **more)


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"examples": [GOOD]}),
        json.dumps([GOOD]),
        json.dumps(GOOD),
        f"Here you are:\n```json\n{json.dumps({'examples': [GOOD]}, indent=2)}\n```\nAnything else?",
        f"{json.dumps(GOOD)}\n",
        f'{{"examples": [{json.dumps(GOOD)}, {{"question": "What is',
        json.dumps({"language": "en", "examples": [{**GOOD, "quote": "14 days"}], "count": 1}),
        f"[1] as you asked {{see below}}: {json.dumps(GOOD)}",
    ],
)
def test_replies_that_are_understood(reply: str) -> None:
    assert read_items("question-answer", reply, 5)[0] == [QuestionItem(**GOOD)]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("I cannot do that.", "no JSON object"),
        ('{"examples": []}', "question: Field required"),
        (json.dumps({"question": "Why?", "answer": ""}), "answer: String should have at least 1"),
        (json.dumps({"question": "Why?", "answer": 14}), "answer: Input should be a valid string"),
        (json.dumps({"question": ["Why?"], "answer": "So."}), "question: Input should be a valid string"),
        ("[" * 100_000, "no JSON object"),
    ],
)
def test_replies_that_are_not(reply: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_items("question-answer", reply, 5)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(["{", "}", "[", "]", '"', ":", ",", "```json\n", "NaN", "\\ud800", "\x00", "1e999"]),
            st.just(json.dumps(GOOD)),
            st.just('{"question": "Why is it \\ud800 so?", "answer": "\\u0000"}'),
        ),
        max_size=30,
    ).map("".join)
)
def test_whatever_a_model_replies_it_is_examples_or_a_reason(reply: str) -> None:
    try:
        items, _ = read_items("question-answer", reply, 5)
    except Unreadable as error:
        assert str(error)
    else:
        assert 1 <= len(items) <= 5
        for one in weigh(SynthesisSettings(), PASSAGE, items):
            assert bool(one.fault) == bool(one.reason)
            one.model_dump_json().encode("utf-8")


def test_bad_examples_of_a_good_reply_are_told_and_too_many_are_cut() -> None:
    reply = json.dumps([GOOD, {"question": "No answer?"}, {**GOOD, "question": "And this?"}])
    items, problems = read_items("question-answer", reply, 1)
    assert (len(items), problems) == (1, ["answer: Field required"])


def test_a_judgement() -> None:
    assert read_judgement('Sure: {"supported": false, "quote": ""}').supported is False
    with pytest.raises(Unreadable, match="supported: Input should be a valid boolean"):
        read_judgement('{"supported": "yes"}')


def test_the_prompts_hold_what_matters() -> None:
    settings = SynthesisSettings(guidance="Write for beginners.", per_passage=2)
    system, user = (message["content"] for message in writing_order(settings, PASSAGE))
    assert "Write for beginners." in system
    assert "at most 2 examples" in user
    assert f"<passage>\n{TEXT}\n</passage>" in user
    assert "manual.md, Returns" in user
    assert "could not be used: no JSON" in writing_order(settings, PASSAGE, "no JSON")[1]["content"]
    assert "one example" in writing_order(SynthesisSettings(per_passage=1), PASSAGE)[1]["content"]
    judged = judging_order(PASSAGE, "How?", "So.")[1]["content"]
    assert all(part in judged for part in (TEXT, "How?", "So."))


def weighed(kind: Kind, item: dict[str, str], **more: Any) -> tuple[str, str]:
    settings = SynthesisSettings(kind=kind, **more)
    one = weigh(settings, PASSAGE, read_items(kind, json.dumps(item), 1)[0])[0]
    return one.fault, one.reason


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (GOOD, ""),
        ({"question": "Who answers?", "answer": "Anna Berg, within two days."}, ""),
        ({"question": "What is the manual about?", "answer": "Returns."}, ""),
        ({"question": "How long are returns free?", "answer": "Within 30 days."}, "not supported"),
        ({"question": "What does the passage say?", "answer": "Returns are free."}, "speaks of the passage"),
        ({"question": "Was steht im Text dazu?", "answer": "Returns are free."}, "speaks of the passage"),
        ({"question": "Where do I send the document?", "answer": "Write to Anna Berg in Oslo."}, ""),
    ],
)
def test_questions_and_answers(item: dict[str, str], fault: str) -> None:
    assert weighed("question-answer", item)[0] == fault


def test_with_the_passage_in_the_question_it_may_be_spoken_of() -> None:
    item = {"question": "What does the passage say?", "answer": "Returns are free."}
    settings = SynthesisSettings(with_passage=True)
    one = weigh(settings, PASSAGE, [QuestionItem(**item)])[0]
    assert (one.fault, one.asked, one.prompt) == ("", item["question"], f"{item['question']}\n\n{TEXT}")


def test_instructions() -> None:
    done = {"instruction": "Shorten this.", "input": "The form is in the box.", "output": "Form: box."}
    assert weighed("instruction", done) == ("", "")
    assert weighed("instruction", {**done, "input": "A form is in a box."})[0] == "no quotation"
    assert weighed("instruction", {**done, "output": "The form waits for Peter."})[0] == "not supported"
    about = InstructionItem(instruction="List what is free.", output="- Returns within 14 days")
    alone = weigh(SynthesisSettings(kind="instruction"), PASSAGE, [about])[0]
    assert (alone.fault, alone.prompt) == ("", "List what is free.")
    given = weigh(SynthesisSettings(kind="instruction", with_passage=True), PASSAGE, [about])[0]
    assert given.prompt == f"List what is free.\n\n{TEXT}"


@pytest.mark.parametrize(
    ("plain", "fault"),
    [
        ("You contact Anna Berg, who is in Oslo. You hear from her after two days at most.", ""),
        ("Write to Anna Berg in Oslo. She answers within two days!", "hardly changed"),
        ("You contact an employee. You hear from her after two days at most.", "not supported"),
        ("You contact Anna Berg, who is in Oslo. You hear from her soon.", "not supported"),
    ],
)
def test_style(plain: str, fault: str) -> None:
    item = {"excerpt": "Write to Anna Berg in Oslo. She answers within two days.", "plain": plain}
    assert weighed("style", item)[0] == fault
    assert weighed("style", {**item, "excerpt": "Write to Anna Berg in Bergen. She answers."})[0] == "no quotation"


def test_the_style_has_a_beginning_to_be_continued() -> None:
    settings = SynthesisSettings(kind="style")
    item = {
        "excerpt": "Write to Anna Berg in Oslo.",
        "plain": "You contact Anna Berg, in Oslo.",
        "request": "As we do:",
    }
    state = state_of(settings, PASSAGE, [call([item])])
    rewritten, continued = state.candidates
    assert (rewritten.id, rewritten.prompt) == ("4.1", "As we do:\n\nYou contact Anna Berg, in Oslo.")
    assert continued.id == "4.0"
    assert continued.prompt == "Continue this text:\n\nReturns are free within 14 days. The form is in the box."
    assert continued.answer.startswith("Write to Anna Berg in Oslo.")
    assert continued.answer.endswith("Shipping is not refunded.")


def test_a_bad_reply_is_asked_for_once_more_and_then_counted() -> None:
    settings = SynthesisSettings()
    first = state_of(settings, PASSAGE, []).order
    again = state_of(settings, PASSAGE, [call("no")]).order
    assert first is not None and again is not None
    assert "could not be used" not in first.messages[1]["content"]
    assert "could not be used: it holds no JSON object" in again.messages[1]["content"]
    ended = state_of(settings, PASSAGE, [call("no"), call("still no")])
    assert (ended.order, ended.candidates, ended.unreadable) == (None, [], "it holds no JSON object")
    mended = state_of(settings, PASSAGE, [call("no"), call([GOOD])])
    assert (mended.order, mended.unreadable, len(mended.candidates)) == (None, "", 1)
    refused = state_of(settings, PASSAGE, [call("", refused="It is too long.")])
    assert (refused.order, refused.unreadable) == (None, "It is too long.")


def test_the_judge_is_asked_about_what_is_left_and_has_to_quote() -> None:
    settings = SynthesisSettings(judge=True, per_passage=5)
    bad = {"question": "When?", "answer": "In 99 days."}
    calls = [call([bad, GOOD, {**GOOD, "question": "Again?"}, {**GOOD, "question": "Once more?"}])]
    verdicts = [
        {"supported": True, "quote": "free within 14 days"},
        "hm",
        {"supported": True, "quote": "free for ever"},
        {"supported": False, "quote": ""},
    ]
    for verdict in verdicts:
        order = state_of(settings, PASSAGE, calls).order
        assert order is not None and order.purpose == "judge"
        calls.append(call(verdict, "judge", item=order.item))
    state = state_of(settings, PASSAGE, calls)
    assert state.order is None
    assert [one.fault for one in state.candidates] == ["not supported", "", "judged wrong", "judged wrong"]
    assert [one.item for one in calls[1:]] == [1, 2, 2, 3]
    unread = state_of(settings, PASSAGE, [calls[0], *(call("hm", "judge", item=n) for n in (1, 2, 3) for _ in "ab")])
    assert [one.fault for one in unread.candidates] == ["not supported", "judged wrong", "judged wrong", "judged wrong"]


def test_the_log_is_read_again_and_a_torn_line_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    CallLog(path).write(call([GOOD], prompt_tokens=7))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"passage":3,"purpose":"wri')
    log = CallLog(path)
    assert log.of(PASSAGE) == [call([GOOD], prompt_tokens=7)] == log.all
    log.write(call("after"))
    assert [one.text for one in CallLog(path).all] == [json.dumps([GOOD]), "after"]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r", "\n"])
def test_passages_are_read_again_whatever_they_hold(character: str, tmp_path: Path) -> None:
    passages = [PASSAGE.model_copy(update={"text": f"before{character}after", "index": number}) for number in range(2)]
    lines = "".join(one.model_dump_json() + "\n" for one in passages)
    (tmp_path / PASSAGES).write_bytes(lines.encode())
    assert read_passages(tmp_path) == passages


@pytest.mark.parametrize("ends", [[Stopped(), None], [None, Stopped()], [Stopped(), KeyError("x")]])
def test_a_stop_is_told_whichever_thread_ends_last(ends: list[Exception | None], tmp_path: Path) -> None:
    context = JobContext(tmp_path, JobOrder(worker="x", title="x", created_at=""))
    writing = _Writing(context, SynthesisSettings(), many(2))
    for end in ends:
        writing._results.put(end)
    # What has failed says more than that others were stopped for it.
    with pytest.raises(KeyError if isinstance(ends[1], KeyError) else Stopped):
        writing._collect(0, 2)


def many(count: int) -> list[Passage]:
    return [PASSAGE.model_copy(update={"index": number}) for number in range(count)]


def test_where_nobody_judges_that_is_said() -> None:
    assert "a judge" in SynthesisSettings().caution
    assert (SynthesisSettings(judge=True).caution, SynthesisSettings(kind="style").caution) == ("", "")


def test_what_it_will_take() -> None:
    settings = SynthesisSettings(most=10, per_passage=3, price_in=1.0, price_out=4.0)
    assert [one.index for one in chosen_passages(settings, many(20))] == [0, 5, 10, 15]
    taken = estimate(settings, many(20), rate=10.0, at_once=2)
    assert (taken.passages, taken.chosen, taken.most, taken.calls) == (20, 4, 10, 4)
    assert taken.tokens_out == 4 * 3 * 90
    assert taken.cost == pytest.approx((taken.tokens_in * 1 + taken.tokens_out * 4) / 1e6)
    assert (taken.seconds, taken.measured) == (taken.tokens_out / 20, True)
    judged = estimate(settings.model_copy(update={"judge": True}), many(20), None, 1)
    assert (judged.calls, judged.measured) == (14, False)
    assert judged.tokens_in > taken.tokens_in
    few = estimate(settings, many(2), None, 1)
    assert (few.chosen, few.most) == (2, 6)
    assert estimate(SynthesisSettings(), many(2), None, 1).cost is None
    assert price_of(settings, 2_000_000, 500_000) == 4.0


def test_what_it_will_take_in_words() -> None:
    said = " ".join(estimate(SynthesisSettings(most=6, price_out=2000.0), many(9), None, 1).sentences("€"))
    assert "9 passages, of which 2 will be asked about: at most 6 examples." in said
    assert "Cost: about 1.08 €" in said
    cheap = " ".join(estimate(SynthesisSettings(price_out=0.01), many(1), None, 1).sentences("€"))
    assert "Cost: less than 0.01 €" in cheap
    assert "assumed" in said
    assert "no price was named" in " ".join(estimate(SynthesisSettings(), many(1), 5.0, 1).sentences("€"))
