"""Examples written by a model behind an address: killed, stopped, refused, badly answered, and taken in."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft import jobs
from localft.data.making.keeping import keep_golden
from localft.data.splits.golden import read_golden
from localft.data.versions import SPLITS, load_split, newest_version
from localft.errors import UserError
from localft.jobs import JobState
from localft.models.find import find_model
from localft.serving.service import list_services
from localft.store import files
from localft.store.projects import Project, create_project
from localft.synthesis.calls import CALLS, CallLog
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.syntheses import (
    Synthesis,
    drop,
    leave_out,
    list_syntheses,
    measured_rate,
    open_synthesis,
    outcome_of,
    plan_synthesis,
    read_synthesis,
    resume_synthesis,
    start_synthesis,
    take_in,
)
from localft.synthesis.writers import address_writer, base_writer
from tests.fake_writer import KEY, FakeWriter, Messages, fake_writer, passage_of, write_examples
from tests.job_help import end_now, ended, wait_for

pytestmark = pytest.mark.timeout(120)
_TOPICS = [
    "kettle",
    "lamp",
    "bicycle",
    "window",
    "piano",
    "garden",
    "boat",
    "clock",
    "stove",
    "ladder",
    "tent",
    "radio",
]


@pytest.fixture
def project(home: Path) -> Project:
    return create_project("Manual")


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """Twelve sections, each about another thing and long enough for a passage of its own."""
    path = tmp_path / "manual.md"
    path.write_text("\n\n".join(_section(number, thing) for number, thing in enumerate(_TOPICS)), encoding="utf-8")
    return path


def _section(number: int, thing: str) -> str:
    return (
        f"# The {thing}\n\nThe {thing} has to be cleaned every {number + 2} weeks with warm water. Before that, take "
        f"the {thing} out of its cover and let it rest. Whoever owns a {thing} keeps its number {number + 40} near."
    )


def start(project: Project, manual: Path, server: FakeWriter, key: str = "", **chosen: Any) -> Synthesis:
    settings = SynthesisSettings(passage_size=300, per_passage=3).model_copy(update=chosen)
    planned = plan_synthesis(project, [manual], settings, address_writer(server.url, "writer"))
    return start_synthesis(project, planned, key)


def finished(project: Project, manual: Path, server: FakeWriter, **chosen: Any) -> Synthesis:
    synthesis = start(project, manual, server, **chosen)
    view = ended(synthesis.folder)
    assert view.state is JobState.FINISHED, (view, (synthesis.folder / "worker.log").read_text())
    return read_synthesis(synthesis.folder)


def asked(messages: list[Messages]) -> list[str]:
    """The questions, each as one text."""
    return [json.dumps(one, sort_keys=True) for one in messages]


def test_from_a_document_to_a_version(project: Project, manual: Path) -> None:
    with fake_writer(key=KEY) as server:
        synthesis = start(project, manual, server, key=KEY, price_in=1.0, price_out=2.0)
        assert ended(synthesis.folder).state is JobState.FINISHED
    assert (len(server.answered), server.keys) == (12, {KEY})
    outcome = outcome_of(project, read_synthesis(synthesis.folder))
    assert (len(outcome.accepted), outcome.rejected, outcome.unreadable) == (36, (), ())
    assert (outcome.tokens_in, outcome.tokens_out, outcome.cost) == (1200, 600, pytest.approx(0.0024))
    for example, out in (("1.2", True), ("1.3", True), ("1.2", False)):
        leave_out(synthesis, example, out)
    with pytest.raises(UserError, match=r"no accepted example 99\.1"):
        take_in(project, synthesis, without=["99.1"])
    version, count, left_out = take_in(project, synthesis, without=["1.1"], system_prompt="Be brief.")
    assert (count, left_out, version.total, version.parent) == (34, [], 34, "")
    assert version.note == "34 examples written from manual.md"
    assert [(one.name, one.shape, one.sha256) for one in version.sources] == [
        ("manual.md", "document", synthesis.design.documents[0].sha256)
    ]
    homes: dict[str | None, set[str]] = {}
    for split in SPLITS:
        for example in load_split(project, version.id, split):
            homes.setdefault(example.group, set()).add(split)
            assert example.source.startswith("manual.md, section ")
            assert example.messages[0].content == "Be brief."
    assert len(homes) == 12
    assert all(len(splits) == 1 for splits in homes.values()), "a passage straddles two splits"
    with pytest.raises(UserError, match="taken in already"):
        take_in(project, read_synthesis(synthesis.folder))
    no_file_holds_the_key(project.folder)


def no_file_holds_the_key(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_killed_again_and_again_nothing_is_asked_twice(project: Project, manual: Path) -> None:
    with fake_writer(seconds=0.4) as server:
        synthesis = start(project, manual, server)
        for kill in range(1, 4):
            wait_for(lambda kill=kill: len(CallLog(synthesis.folder / CALLS).all) >= 2 * kill)
            end_now(synthesis.folder)
            assert read_synthesis(synthesis.folder).job.state is JobState.INTERRUPTED
            resume_synthesis(synthesis)
        assert ended(synthesis.folder).state is JobState.FINISHED
        outcome = outcome_of(project, read_synthesis(synthesis.folder))
    assert len(outcome.accepted) == 36
    # What was under way when the process died was not received by anybody: at most two answers a kill.
    assert len(server.received) - outcome.calls <= 3 * 2
    assert outcome.calls == 12


def test_stopped_and_resumed_nothing_is_asked_twice(project: Project, manual: Path) -> None:
    with fake_writer(seconds=0.1) as server:
        synthesis = start(project, manual, server)
        wait_for(lambda: len(server.answered) >= 2)
        jobs.request_stop(synthesis.folder)
        assert ended(synthesis.folder).state is JobState.STOPPED
        answered = len(server.answered)
        assert answered < 12
        stopped = read_synthesis(synthesis.folder)
        assert len(outcome_of(project, stopped).accepted) == 3 * answered, "an answer that came was lost"
        resume_synthesis(stopped)
        assert ended(synthesis.folder).state is JobState.FINISHED
        assert len(server.received) == len(set(asked(server.received))) == 12


def test_what_was_written_before_a_stop_can_be_taken_in(project: Project, manual: Path) -> None:
    with fake_writer(seconds=0.1) as server:
        synthesis = start(project, manual, server)
        with pytest.raises(UserError, match="still being written"):
            take_in(project, synthesis)
        with pytest.raises(UserError, match="still being written"):
            drop(synthesis)
        with pytest.raises(UserError, match="being written already"):
            start(project, manual, server)
        wait_for(lambda: len(server.answered) >= 5)
        jobs.request_stop(synthesis.folder)
        ended(synthesis.folder)
    version, count, _ = take_in(project, read_synthesis(synthesis.folder))
    assert count == version.total >= 15


def test_too_many_requests_and_broken_connections_are_tried_again(project: Project, manual: Path) -> None:
    def trouble(number: int, messages: Messages) -> int:
        return {2: 429, 3: 429, 4: 500, 5: 0, 6: 503}.get(number, 200)

    with fake_writer(trouble=trouble) as server:
        synthesis = finished(project, manual, server)
    assert outcome_of(project, synthesis).calls == 12
    assert len(server.received) == 17


def test_a_server_that_never_gets_better_is_told_and_resumed(project: Project, manual: Path) -> None:
    with fake_writer(trouble=lambda number, messages: 429 if number > 3 else 200) as server:
        synthesis = start(project, manual, server)
        view = ended(synthesis.folder)
        assert view.state is JobState.FAILED
        assert view.result is not None
        assert "takes no more requests" in view.result.message
        server.trouble = lambda number, messages: 200
        resume_synthesis(synthesis)
        assert ended(synthesis.folder).state is JobState.FINISHED
    assert len(server.answered) == len(set(asked(server.answered))) == 12


def test_what_is_too_long_for_a_server_is_refused_like_any_other_question(project: Project, manual: Path) -> None:
    with fake_writer(trouble=lambda number, messages: 413) as server:
        view = ended(start(project, manual, server).folder)
        assert view.result is not None
        assert "refuses every question" in view.result.message


def test_a_stop_is_heard_while_one_waits(project: Project, manual: Path) -> None:
    with fake_writer(trouble=lambda number, messages: 429, headers={"retry-after": "100"}) as server:
        synthesis = start(project, manual, server)
        wait_for(lambda: "trying again in 100 s" in str(files.read_lines(synthesis.folder / "events.jsonl")[0]))
        jobs.request_stop(synthesis.folder)
        assert ended(synthesis.folder).state is JobState.STOPPED
        assert len(server.received) == 2, "it was asked again before the time"


def test_a_model_of_the_project_writes_and_is_unloaded(project: Project, manual: Path) -> None:
    settings = SynthesisSettings(most=1, per_passage=1, passage_size=300)
    writer = base_writer(find_model("starter"))
    synthesis = start_synthesis(project, plan_synthesis(project, [manual], settings, writer))
    assert ended(synthesis.folder).state is JobState.FINISHED, (synthesis.folder / "worker.log").read_text()
    outcome = outcome_of(project, read_synthesis(synthesis.folder))
    assert outcome.calls in {1, 2}
    assert outcome.tokens_in > 0 < outcome.tokens_out
    assert list_services(project) == []


def test_a_wrong_key_is_a_sentence_and_another_one_goes_on(project: Project, manual: Path) -> None:
    with fake_writer(key=KEY) as server:
        synthesis = start(project, manual, server, key="wrong-key")
        view = ended(synthesis.folder)
        assert view.result is not None
        assert "does not accept the key" in view.result.message
        assert "wrong-key" not in (synthesis.folder / "worker.log").read_text()
        resume_synthesis(synthesis, KEY)
        assert ended(synthesis.folder).state is JobState.FINISHED
    no_file_holds_the_key(project.folder)


@pytest.mark.parametrize("key", ["sk-test-é", "sk-te\nst", "sk te st"])
def test_a_key_that_no_request_can_carry_is_refused_before_anything_is_asked(
    project: Project, manual: Path, key: str
) -> None:
    with fake_writer() as server, pytest.raises(UserError, match="no key can hold"):
        start(project, manual, server, key=key)
    assert list_syntheses(project).items == []


def test_replies_that_cannot_be_used_are_retried_once_and_counted(project: Project, manual: Path) -> None:
    def reply(messages: Messages) -> str:
        passage = passage_of(messages)
        if "kettle" in passage:
            return "I would rather not."
        if "lamp" in passage and "could not be used" not in messages[-1]["content"]:
            return '{"examples": [{"question": "What'
        if "bicycle" in passage:
            return json.dumps({"question": "How often is the bicycle washed?", "answer": "Every 99 weeks."})
        return write_examples(messages)

    with fake_writer(reply=reply) as server:
        synthesis = finished(project, manual, server)
    outcome = outcome_of(project, synthesis)
    assert len(server.received) == 14
    assert [(one.passage, one.reason) for one in outcome.unreadable] == [(0, "it holds no JSON object")]
    assert outcome.faults == {"not supported": 1}
    assert outcome.rejected[0].reason == "the passage has no 99"
    assert len(outcome.accepted) == 30
    assert "nothing usable was written from 1 passage" in outcome.sentence


def test_a_passage_that_is_refused_is_counted_and_a_model_that_refuses_all_is_not(
    project: Project, manual: Path
) -> None:
    with fake_writer(trouble=lambda number, messages: 400 if "piano" in passage_of(messages) else 200) as server:
        outcome = outcome_of(project, finished(project, manual, server))
        assert len(outcome.unreadable) == 1
        assert "maximum context length" in outcome.unreadable[0].reason
        server.trouble = lambda number, messages: 400
        synthesis = start(project, manual, server)
        view = ended(synthesis.folder)
        assert view.result is not None
        assert "refuses every question" in view.result.message
        server.trouble = lambda number, messages: 200
        resume_synthesis(synthesis)
        assert ended(synthesis.folder).state is JobState.FINISHED
    assert len(outcome_of(project, read_synthesis(synthesis.folder)).accepted) == 36


def test_duplicates_the_data_and_golden_questions(project: Project, manual: Path) -> None:
    question = "How often does somebody have to clean the old kettle in the kitchen with water?"

    def reply(messages: Messages) -> str:
        asks = [
            "how often, does somebody have to clean the old KETTLE in the kitchen with water?",
            f"What is near the {passage_of(messages).split()[2]} all the time, and why is that so?",
        ]
        return json.dumps([{"question": one, "answer": "With warm water."} for one in asks])

    with fake_writer(reply=reply) as server:
        first = outcome_of(project, finished(project, manual, server))
        assert first.faults == {"duplicate": 11}
        version, _, _ = take_in(project, open_synthesis(project))
        assert version.total == 13
        again = outcome_of(project, finished(project, manual, server))
        assert (again.accepted, again.faults) == ((), {"in the data": 24})
        with pytest.raises(UserError, match="No example is left"):
            take_in(project, open_synthesis(project))
    other = create_project("Other")
    keep_golden(other, [{"role": "user", "content": question}, {"role": "assistant", "content": "Often."}])
    assert len(read_golden(other)) == 1
    with fake_writer(reply=reply) as server:
        golden = outcome_of(other, finished(other, manual, server))
    assert golden.faults == {"duplicate": 11, "golden question": 1}


def test_the_judge_and_the_limit(project: Project, manual: Path) -> None:
    def reply(messages: Messages) -> str:
        if "You check answers" in messages[0]["content"]:
            said = "number" not in messages[-1]["content"].rpartition("Answer:")[2]
            return json.dumps({"supported": said, "quote": "with warm water"})
        return write_examples(messages)

    with fake_writer(reply=reply) as server:
        outcome = outcome_of(project, finished(project, manual, server, judge=True, most=20))
    assert len(server.received) == 7 + 3 * 7
    assert outcome.faults == {"judged wrong": 7}
    assert len(outcome.accepted) == 14
    with fake_writer() as server:
        limited = outcome_of(project, finished(project, manual, server, most=20))
    assert (len(limited.accepted), limited.faults) == (20, {"beyond the limit": 1})


def test_added_to_what_is_there_and_dropped(project: Project, manual: Path, tmp_path: Path) -> None:
    with fake_writer() as server:
        first = finished(project, manual, server)
        take_in(project, first)
        before = newest_version(project)
        second = tmp_path / "second.txt"
        second.write_text(_section(99, "harpsichord") + "\n\n" + _section(77, "trumpet"), encoding="utf-8")
        added = finished(project, second, server)
        assert measured_rate(project, added.design.writer) is not None
        version, count, _ = take_in(project, added)
        assert (version.parent, version.total) == (before.id, 36 + count)
        assert [one.name for one in version.sources] == ["manual.md", "second.txt"]
        held_out = {example.model_dump_json() for example in load_split(project, before.id, "test")}
        assert held_out <= {example.model_dump_json() for example in load_split(project, version.id, "test")}
    drop(added)
    assert [one.id for one in list_syntheses(project).items] == [first.id]
    with pytest.raises(UserError, match="no synthesis"):
        open_synthesis(project, added.id)


def test_what_cannot_be_planned(project: Project, manual: Path, tmp_path: Path) -> None:
    writer = address_writer("http://127.0.0.1:9/v1", "writer")
    short = tmp_path / "short.txt"
    short.write_text("Too short.", encoding="utf-8")
    with pytest.raises(UserError, match="no text in these documents"):
        plan_synthesis(project, [short], SynthesisSettings(), writer)
    with pytest.raises(UserError, match="No document was named"):
        plan_synthesis(project, [], SynthesisSettings(), writer)
    twice = plan_synthesis(project, [manual, manual], SynthesisSettings(), writer)
    assert len(twice.documents) == 1
    for url, says in [
        ("example.com", "is no address"),
        ("ftp://example.com/v1", "is no address"),
        ("https://name:secret@example.com/v1", "more than a place"),
        ("https://example.com/v1?key=secret", "more than a place"),
    ]:
        with pytest.raises(UserError, match=says) as told:
            address_writer(url, "writer")
        assert "secret" not in str(told.value)
    with pytest.raises(UserError, match="No model"):
        address_writer("https://example.com/v1", " ")
