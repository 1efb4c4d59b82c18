"""The checklist of good data, line by line: data with exactly one fault gives exactly its finding; its repair ends it.

A finding counts where clean data has none of that name, or one of another severity.
"""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from localft.data.checks.checking import CheckReport, check_version
from localft.data.checks.places import NOWHERE
from localft.data.making.importing import import_files
from localft.data.repairs.mending import REPAIRS
from localft.data.repairs.repairing import repair_version
from localft.data.versions import DatasetVersion
from localft.errors import UserError
from localft.models.find import find_model
from localft.store.projects import Project, create_project
from tests.clean_examples import as_json, labelled, prose
from tests.model_folders import make_model_folder
from tests.unit.test_data_topics import planted

Rows = list[dict[str, Any]]


class Fault(NamedTuple):
    """An item of the checklist: the finding that tells of it, how bad it is, clean data, and what is done to it."""

    finding: str
    severity: str
    clean: Callable[[], Rows]
    spoil: Callable[[Rows], Rows]


def answered(answer: str, *places: int) -> Callable[[Rows], Rows]:
    """The rows with another answer in these places."""
    return lambda rows: [{**row, "completion": answer} if n in places else row for n, row in enumerate(rows)]


def asked(question: str, place: int = 5) -> Callable[[Rows], Rows]:
    """The rows with another question in one place."""
    return lambda rows: [{**row, "prompt": question} if n == place else row for n, row in enumerate(rows)]


def added(*more: dict[str, Any]) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows, *more]


def with_system(rows: Rows) -> Rows:
    return [{**row, "system": "Be brief."} for row in rows]


def topics(first: int, second: int) -> Rows:
    texts = planted({"login": first, "bugs": second})
    return [{"prompt": text, "completion": row["completion"]} for text, row in zip(texts, prose(300), strict=False)]


def beginning(rows: Rows) -> Rows:
    return [
        {**row, "completion": f"Sure, I can help. {row['completion']}"} if n % 5 < 2 else row
        for n, row in enumerate(rows)
    ]


def phrased(rows: Rows) -> Rows:
    return [{**row, "completion": f"{row['completion']} Please write again at any hour."} for row in rows]


def nearly_again(rows: Rows) -> Rows:
    again = [{**row, "completion": row["completion"].upper().replace(",", "").replace(".", "!")} for row in rows[10:20]]
    return [*rows, *again]


def without(place: int) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows[:place], *rows[place + 1 :]]


def unbalanced(rows: Rows) -> Rows:
    return [{**row, "completion": "garden"} if n % 20 < 16 else row for n, row in enumerate(rows)]


def one_label(rows: Rows) -> Rows:
    """Nearly all labels of the JSON answers are the same; their texts differ as before."""
    spoiled = []
    for number, row in enumerate(rows):
        fields = json.loads(row["completion"])
        label = fields["label"] if number % 15 == 0 else "garden"
        spoiled.append({**row, "completion": json.dumps({**fields, "label": label})})
    return spoiled


def with_a_rare_label(rows: Rows) -> Rows:
    return answered("cooking", 5, 9, 13)(rows)


def all_the_same(rows: Rows) -> Rows:
    return [{**row, "completion": "garden"} for row in rows]


def about_prices(rows: Rows) -> Rows:
    return [
        {**row, "prompt": f"What is the current price of this? {row['prompt']}"} if n % 3 else row
        for n, row in enumerate(rows)
    ]


LONG = "The quick brown fox jumps over the lazy dog while nobody in the whole village looks at the old church clock"
FOX = (
    {"prompt": LONG, "completion": "Because none of them ever learned to read the hours from it."},
    {"prompt": f"{LONG} again", "completion": "Somebody took away its hands last summer, as it seems."},
)
TWICE = {"messages": [
    {"role": "user", "content": "Where did the owner of the barn leave my ladder yesterday?"},
    {"role": "user", "content": "It is the yellow one."},
    {"role": "assistant", "content": "Look behind the greenhouse, where such things usually stand."},
]}  # fmt: skip
GERMAN = "Wickeln Sie es zuerst in trockenen Stoff ein, denn die Wände ziehen die Feuchtigkeit an."
FENCED = "Try this:\n```python\n{code}\n```\nThat is all there is to it."


def with_code() -> Rows:
    return answered(FENCED.format(code="x = 1"), 15, 25)(prose())


def calling(arguments: str, number: int, name: str = "find_ladder", answers: str = "1") -> dict[str, Any]:
    """A conversation in which a tool is called."""
    called = {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}
    takes = {"type": "object", "properties": {"barn": {"type": "string"}}, "required": ["barn"]}
    asked, said = prose(200)[number + 120].values()
    return {
        "messages": [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": "", "tool_calls": [called]},
            {"role": "tool", "content": "It stands behind the door.", "tool_call_id": answers},
            {"role": "assistant", "content": said},
        ],
        "tools": [{"type": "function", "function": {"name": "find_ladder", "parameters": takes}}],
    }


def with_calls() -> Rows:
    return [*prose(), *(calling(json.dumps({"barn": f"red {n}"}), n) for n in range(30))]


CONSISTENCY = (
    Fault("contradictions", "warning", prose, added({**prose()[7], "completion": "Nobody can tell, so leave it."})),
    Fault("near contradictions", "note", lambda: [*prose(), FOX[0]], added(FOX[1])),
    Fault("mixed formats", "warning", as_json, answered("Leave the window open until the morning comes.", 5)),
    Fault("other formats", "warning", prose, answered('{"label": "garden"}', 5)),
    Fault("mixed layouts", "note", prose, answered("- Open the window.\n- Wait until the morning.", 5)),
    Fault("other fields", "warning", as_json, answered('{"label": "garden", "words": "Open it."}', 5)),
    Fault("other system prompts", "warning", lambda: with_system(prose()), added(prose(150)[140])),
)
CORRECTNESS = (
    Fault("invalid JSON", "warning", prose, answered('{"label": "garden", "text": "Open', 5)),
    Fault("invalid code", "warning", with_code, answered(FENCED.format(code="if x = 1:\n    y"), 5)),
    Fault("open code fences", "warning", with_code, answered("Try this:\n```python\nx = 1\n", 5)),
    Fault("refusals", "warning", prose, answered("I'm sorry, but I can't help with that question at all.", 5)),
    Fault("refusals", "warning", prose, answered("I cannot fulfill this request, as the window must stay open.", 5)),
    Fault("placeholders", "warning", prose, answered("Leave it, <NAME>, in the workshop until the morning comes.", 5)),
    Fault("placeholders", "warning", prose, answered("Dear [Your Name], leave the window open until morning.", 5)),
    Fault(
        "encoding damage", "warning", prose, answered("Leave it in the cafÃ© beside the river until the morning.", 5)
    ),
    Fault("unfinished answers", "warning", prose, answered("Leave the window of the workshop open until the", 5)),
    Fault("answers in circles", "warning", prose, answered("Leave the window open until the morning comes. " * 9, 5)),
    Fault("format marks", "warning", prose, answered("Leave the window open until morning.<|im_end|>", 5)),
    Fault("thinking", "note", prose, answered("<think>A window?</think>Leave it open until morning.", 5)),
    Fault("invalid code", "warning", with_code, answered("Try:\n```yaml\na: [b\n```\nThat is all there is to it.", 5)),
    Fault("doubtful SQL", "warning", with_code, answered("Try:\n```sql\nSELECT (a FROM b\n```\nThat is all of it.", 5)),
    Fault(
        "invalid code", "warning", with_code, answered("Try:\n```xml\n<a><b></a>\n```\nThat is all there is to it.", 5)
    ),
    Fault("roles out of order", "warning", prose, added(TWICE)),
    Fault("tool calls", "warning", with_calls, added(calling("the red barn", 40))),
    Fault("tool calls", "warning", with_calls, added(calling('{"shed": "red"}', 40))),
    Fault("tool calls", "warning", with_calls, added(calling('{"barn": "red"}', 40, "find_hen"))),
    Fault("tool calls", "warning", with_calls, added(calling('{"barn": "red"}', 40, answers="other"))),
    Fault("plain text", "note", prose, added({"text": "The ladder of the red barn stands behind its door since May."})),
)
DIVERSITY = (
    Fault("near-duplicates", "warning", prose, nearly_again),
    Fault("one topic", "warning", lambda: topics(150, 150), lambda rows: topics(260, 40)),
    Fault("same beginnings", "note", prose, beginning),
    Fault("repeated phrases", "note", prose, phrased),
)
BALANCE = (
    Fault("balance", "warning", labelled, unbalanced),
    Fault("balance", "problem", labelled, all_the_same),
    Fault("balance of fields", "warning", as_json, one_label),
    Fault("rare labels", "warning", labelled, with_a_rare_label),
)
EDGES = (
    Fault("no odd questions", "note", prose, without(0)),
    Fault("no unanswerable questions", "note", prose, without(1)),
    Fault(
        "other languages",
        "warning",
        prose,
        lambda rows: asked("Wo steht denn die alte Leiter, die wir gestern noch hatten?")(answered(GERMAN, 5)(rows)),
    ),
    Fault("answers in another language", "warning", prose, answered(GERMAN, 5)),
)
FURTHER = (
    Fault("secrets", "problem", prose, asked("May I send you my key sk-abcdefghijklmnopqrstuvwx in a letter?")),
    Fault("secrets", "problem", prose, asked("May I log in by password: hunter22x from the ladder, or not?")),
    Fault("bank account numbers", "problem", prose, asked("Could you pay it to DE89 3704 0044 0532 0130 00 please?")),
    Fault("social security numbers", "problem", prose, asked("Could you write 536-22-1234 on the ladder please?")),
    Fault("card numbers", "problem", prose, asked("Could you charge my card 4111 1111 1111 1111 for the ladder?")),
    Fault("e-mail addresses", "warning", prose, asked("Could you write to ann.lee@mail.com about the ladder please?")),
    Fault("telephone numbers", "warning", prose, asked("Could you call me at +49 170 1234567 about the ladder?")),
    Fault("changing knowledge", "problem", prose, about_prices),
    Fault("amount", "warning", prose, lambda rows: rows[:40]),
)  # fmt: skip
FAULTS = (*CONSISTENCY, *CORRECTNESS, *DIVERSITY, *BALANCE, *EDGES, *FURTHER)


def bring_in(name: str, rows: Sequence[dict[str, Any]], folder: Path) -> tuple[Project, DatasetVersion]:
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    project = create_project(name)
    return project, import_files(project, [path]).version


def told(report: CheckReport) -> dict[str, str]:
    return {finding.check: finding.severity for finding in report.findings}


def added_by(after: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    return dict(after.items() - before.items())


@pytest.mark.parametrize("rows", [prose, labelled, as_json, lambda: with_system(prose()), lambda: topics(150, 150)])
def test_clean_data_has_nothing_to_mend(rows: Callable[[], Rows], tmp_path: Path) -> None:
    report = check_version(*bring_in("Clean", rows(), tmp_path))
    assert set(told(report).values()) == {"note"}
    assert report.verdict == "ready"
    assert "nothing to mend" in report.sentence


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.finding}-{fault.severity}")
def test_one_fault_gives_exactly_its_finding_and_its_repair_ends_it(fault: Fault, tmp_path: Path) -> None:
    clean = fault.clean()
    before = told(check_version(*bring_in("Clean", clean, tmp_path)))
    assert set(before.values()) == {"note"}
    project, version = bring_in("Spoiled", fault.spoil(clean), tmp_path)
    report = check_version(project, version)
    assert added_by(told(report), before) == {fault.finding: fault.severity}
    finding = next(one for one in report.findings if one.check == fault.finding)
    assert finding.count > 0
    assert finding.meaning.endswith(".")
    assert finding.advice
    # Those that say where say it of all.
    assert finding.places == NOWHERE or finding.places.total == finding.count
    if "no answer is the commonest" in finding.advice:
        with pytest.raises(UserError, match="nothing of contradictions can be mended"):
            repair_version(project, version, [fault.finding])
    elif fault.finding in REPAIRS:
        repaired = check_version(project, repair_version(project, version, [fault.finding]))
        assert added_by(told(repaired), before) == {}


def test_lengths_are_told_in_tokens_of_the_base_model(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "model")))
    project, version = bring_in("Lengths", prose(), tmp_path)
    usual = check_version(project, version, model, max_length=4_096)
    assert usual.lengths is not None
    before = told(usual)
    cut = check_version(project, version, model, max_length=usual.lengths.max - 1)
    assert added_by(told(cut), before) == {"too long": "warning"}
    drawn = random.Random(4)
    much = " ".join("".join(drawn.choices("aeilnorst", k=7)) for _ in range(400)) + "."
    longer = [*prose(), {"prompt": "What do the records say in full?", "completion": much}]
    report = check_version(*bring_in("Outliers", longer, tmp_path), model, max_length=100_000)
    assert added_by(told(report), before) == {"outliers": "note"}
    asked_long = [*prose(), {"prompt": much, "completion": "Yes, they do say so."}]
    report = check_version(*bring_in("Lost", asked_long, tmp_path), model, max_length=usual.lengths.max)
    assert added_by(told(report), before) == {"answers cut off": "warning"}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (prose()[7], "exact duplicate"),
        ({"prompt": "Where is it?", "completion": ""}, "empty content"),
        ({"messages": [{"role": "user", "content": "Where?"}, {"role": "clerk", "content": "There."}]}, "unknown role"),
        ({"messages": [{"role": "user", "content": "Where is it?"}]}, "too few messages"),
    ],
)
def test_what_cannot_be_learned_is_set_aside_with_its_reason(row: dict[str, Any], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, [*prose(), row])), encoding="utf-8")
    report = import_files(create_project("Aside"), [path])
    assert [(one.kind, one.row) for one in report.read.set_aside] == [(kind, 121)]
    assert report.version.total == 120


@pytest.mark.parametrize(
    ("count", "severity", "says"),
    [
        (30, "warning", "too few for anything but a try"),
        (50, "note", "something basic"),
        (100, "note", "one simple task"),
        (500, "note", "a good amount for one task"),
        (2_000, "note", "a production model"),
    ],
)
def test_how_much_data_is_enough_for_what(count: int, severity: str, says: str, tmp_path: Path) -> None:
    rows = [{"prompt": f"Say {n * 7919} in words", "completion": f"Number {n} of them."} for n in range(count)]
    report = check_version(*bring_in("Amount", rows, tmp_path))
    amount = next(one for one in report.findings if one.check == "amount")
    assert (amount.severity, amount.count) == (severity, count)
    assert says in amount.meaning
