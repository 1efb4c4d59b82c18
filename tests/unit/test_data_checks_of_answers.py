"""Checks of code, of the order of turns and of other models' words: what they find, and what they leave alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from localft.data.checks.checking import CheckReport
from tests.unit.test_data_checking import check, clean, found


def with_answer(answer: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [*clean()]
    return [*rows[:-1], {"prompt": "What now?", "completion": answer}]


def more_than_notes(report: CheckReport) -> set[str]:
    return {name for name, (severity, _) in found(report).items() if severity != "note"}


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Try this:\n```python\nif x = 1:\n    pass\n```\nThat is it.", "invalid code"),
        ("Ask this:\n```sql\nSELECT (a FROM b\n```\nThat is it.", "doubtful SQL"),
        ("Send this:\n```json\n{'a': 1}\n```\nThat is it.", "invalid code"),
        ("Write:\n```java\nclass A { void f() {\n```\nThat is it.", "invalid code"),
        ("Try this:\n```python\nx = 1\n", "open code fences"),
        ("```json\n{'a': 1}\n```", "invalid JSON"),
        ("Als KI-Sprachmodell kann ich das nicht beantworten.", "refusals"),
        ("En tant qu’IA, je ne peux pas répondre.", "refusals"),
        ("Como modelo de lenguaje, no puedo responder.", "refusals"),
        ("作为一个人工智能，我无法回答。", "refusals"),
        ("Please call [Name] before noon.", "placeholders"),
        ("Write to INSERT ADDRESS HERE for more.", "placeholders"),
        ("def f():\n    # TODO\n    pass", "placeholders"),
    ],
)
def test_each_fault_of_an_answer_is_told_by_one_check(answer: str, name: str, tmp_path: Path) -> None:
    assert more_than_notes(check(tmp_path, with_answer(answer))) - {"other languages"} == {name}


@pytest.mark.parametrize(
    "answer",
    [
        "Try this:\n```python\nx = 1\n```\nThat is it.",
        "Run it:\n```\n$ localft data check\n```",
        "```haml\na: [\n```",
        "En todo caso, todo está listo.",
        "More than an AI it needs good data.",
    ],
)
def test_what_is_right_is_left_alone(answer: str, tmp_path: Path) -> None:
    assert not more_than_notes(check(tmp_path, with_answer(answer)))


def test_what_is_wrong_with_code_is_shown(tmp_path: Path) -> None:
    report = check(tmp_path, with_answer("So:\n```py\nx = (1\n```"))
    finding = next(one for one in report.findings if one.check == "invalid code")
    assert finding.meaning == "1 answer has code that no program could read (2 %)."
    assert [row.text for row in finding.rows] == ["Python, line 1: '(' was never closed: x = (1"]


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (["user", "user", "assistant"], "turn 2: the user twice in a row"),
        (["assistant", "user", "assistant"], "turn 1: an answer before any question"),
        (["user", "system", "assistant"], "turn 2: a system message in the middle"),
    ],
)
def test_roles_out_of_order_are_found(roles: list[str], says: str, tmp_path: Path) -> None:
    talk = {"messages": [{"role": role, "content": f"Turn {n}."} for n, role in enumerate(roles)]}
    report = check(tmp_path, [*clean(), talk])
    finding = next(one for one in report.findings if one.check == "roles out of order")
    assert (finding.severity, [row.text for row in finding.rows]) == ("warning", [says])


@pytest.mark.parametrize(
    ("count", "says"),
    [(60, "something basic"), (150, "one simple task"), (600, "its cases"), (2_000, "a production model")],
)
def test_how_much_is_enough_for_what(count: int, says: str, tmp_path: Path) -> None:
    rows = [{"prompt": f"Say {n * 7919} in words", "completion": f"Number {n} of them."} for n in range(count)]
    report = check(tmp_path, rows)
    finding = next(one for one in report.findings if one.check == "amount")
    assert (finding.severity, finding.count) == ("note", count)
    assert says in finding.meaning


def test_json_in_a_code_fence_is_a_form_as_well_as_bare_json(tmp_path: Path) -> None:
    rows = [{**row, "completion": f"```json\n{json.dumps({'text': row['completion']})}\n```"} for row in clean()]
    assert not more_than_notes(check(tmp_path, rows))


def test_what_breaks_the_form_of_json_in_code_fences_is_found_and_what_has_it_is_not(tmp_path: Path) -> None:
    rows = [{**row, "completion": f"```json\n{json.dumps({'text': row['completion']})}\n```"} for row in clean()]
    rows[3]["completion"], rows[4]["completion"] = '```json\n{"text": "torn\n```', "in words"
    finding = next(one for one in check(tmp_path, rows).findings if one.check == "mixed formats")
    assert (finding.count, {row.row for row in finding.rows}) == (2, {4, 5})
    rows = [{**row, "completion": json.dumps({"text": row["completion"]})} for row in clean()]
    rows[3]["completion"] = f"```json\n{rows[3]['completion']}\n```"
    finding = next(one for one in check(tmp_path, rows).findings if one.check == "mixed formats")
    assert (finding.count, {row.row for row in finding.rows}) == (1, {4})


def test_an_answer_of_prose_that_is_a_code_block_of_json_is_not_called_invalid(tmp_path: Path) -> None:
    assert "invalid JSON" not in found(check(tmp_path, with_answer('```json\n{"a": 1}\n```')))
