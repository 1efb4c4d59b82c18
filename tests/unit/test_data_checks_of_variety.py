"""Checks of forms, fields, topics, phrases, coverage and languages: what they find and what they leave alone."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from localft.data.checks.checking import check_version
from localft.data.checks.finding import Finding
from localft.data.checks.spread import Spread
from localft.data.making.importing import import_files
from localft.store.projects import create_project
from tests.unit.test_data_checking import check, clean, found
from tests.unit.test_data_topics import planted

GERMAN = ("Wo ist denn mein Paket geblieben?", "Wir haben es leider noch nicht verschickt, bitte warten Sie noch.")


def finding(tmp_path: Path, rows: list[dict[str, Any]], name: str) -> Finding | None:
    return next((one for one in check(tmp_path, rows).findings if one.check == name), None)


def as_json(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**row, "completion": json.dumps({"text": row["completion"], **more})}


def test_json_among_prose_is_found(tmp_path: Path) -> None:
    rows = [as_json(row) if n < 6 else row for n, row in enumerate(clean())]
    report = check(tmp_path, rows)
    assert found(report)["other formats"] == ("warning", 6)
    one = next(one for one in report.findings if one.check == "other formats")
    assert one.meaning == "Some answers are for programs, others are prose: plain text 90 %, JSON 10 %."
    assert sorted(row.row for row in one.rows) == [1, 2, 3, 4, 5, 6]


def test_the_system_prompt_may_say_which_form_is_wanted(tmp_path: Path) -> None:
    rows = [
        {**as_json(row), "system": "Answer in JSON."} if n % 2 else {**row, "system": "Answer."}
        for n, row in enumerate(clean())
    ]
    names = set(found(check(tmp_path, rows)))
    assert not names & {"other formats", "mixed formats"}
    rows[1]["completion"] = "The birch, as ever."
    assert finding(tmp_path, rows, "mixed formats") is not None


def test_few_answers_in_another_layout_are_told(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [*clean()]
    rows[3]["completion"] = "- the amber\n- the birch"
    rows[4]["completion"] = "The **amber** stands there."
    one = finding(tmp_path, rows, "mixed layouts")
    assert one is not None
    assert (one.severity, one.count) == ("note", 2)
    assert "a list 2 %" in one.meaning


def test_other_fields_are_found(tmp_path: Path) -> None:
    rows = [as_json(row, place="here") for row in clean()]
    rows[3] = as_json(clean()[3], location="there")
    one = finding(tmp_path, rows, "other fields")
    assert one is not None
    assert one.meaning == "1 JSON answer has other fields than the others: without 'place', with 'location'."
    assert "other fields" not in found(check(tmp_path, [as_json(row, place="here") for row in clean()]))


def test_topics_are_listed_and_one_that_outweighs_the_others_is_a_warning(tmp_path: Path) -> None:
    even = [{"prompt": text, "completion": f"Answer {n}."} for n, text in enumerate(planted({"login": 80, "bugs": 80}))]
    one = finding(tmp_path, even, "topics")
    assert one is not None
    assert one.meaning.startswith("The questions are about 2 topics: ")
    assert "varied as 2 topics" in one.advice or "Half or more" in one.advice
    uneven = planted({"login": 260, "bugs": 40})
    one = finding(tmp_path, [{"prompt": text, "completion": f"A {n}."} for n, text in enumerate(uneven)], "one topic")
    assert one is not None
    assert one.severity == "warning"
    assert any("crash" in row.text or "error" in row.text or "screen" in row.text for row in one.rows)


def test_a_phrase_in_most_answers_is_told(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": f"Say {n * 7919}", "completion": f"Number {n * 31} it is, so far as anyone here can tell you."}
        for n in range(120)
    ]
    one = finding(tmp_path, rows, "repeated phrases")
    assert one is not None
    assert "(100 %)" in one.meaning
    assert "so far as anyone here" in one.meaning or "it is so far as" in one.meaning


def test_golden_questions_about_something_else_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, clean())), encoding="utf-8")
    project = create_project("Covered")
    version = import_files(project, [path]).version
    questions = ("Describe the birch beside amber.", "How do I cancel my subscription?")
    lines = (json.dumps({"prompt": question, "answer": "So."}) for question in questions)
    project.golden.write_text("\n".join(lines), encoding="utf-8")
    one = next(one for one in check_version(project, version).findings if one.check == "golden questions not covered")
    assert (one.count, one.rows) == (1, ())
    assert one.meaning.endswith("with any training question: How do I cancel my subscription?.")


def german(row: dict[str, Any], *, asked: bool = True, answered: bool = True) -> dict[str, Any]:
    return {
        "prompt": f"{GERMAN[0]} {row['prompt'][9:]}" if asked else row["prompt"],
        "completion": GERMAN[1] if answered else row["completion"],
    }


def test_an_answer_in_another_language_is_found(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"Why is the {row['prompt'][9:-1]} always standing there, and where else?",
            "completion": row["completion"],
        }
        for row in clean()
    ]
    rows[3]["completion"] = GERMAN[1]
    one = finding(tmp_path, rows, "answers in another language")
    assert one is not None
    assert (one.severity, one.count) == ("warning", 1)
    assert one.meaning == "1 answer is in another language than the question, as German to English."
    rows[3]["prompt"] = "Translate into German: We have not sent it yet, please wait."
    assert finding(tmp_path, rows, "answers in another language") is None


def test_few_examples_in_another_language_are_a_warning_and_many_a_note(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [*clean()]
    one = finding(tmp_path, [german(rows[0]), *rows[1:]], "other languages")
    assert one is not None
    assert (one.severity, one.count) == ("warning", 1)
    assert "English 98 %, German 2 %" in one.meaning
    many = finding(tmp_path, [german(row) if n % 3 == 0 else row for n, row in enumerate(rows)], "languages")
    assert many is not None
    assert (many.severity, many.count) == ("note", 20)
    assert many.meaning == "The examples are in several languages: English 67 %, German 33 %."


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_a_selection_lies_evenly_whatever_the_parts(parts: int) -> None:
    whole: Spread[int] = Spread(50)
    size = 1_001 // parts + 1
    for start in range(0, 1_001, size):
        part: Spread[int] = Spread(50)
        for number in range(start, min(start + size, 1_001)):
            if part.wants():
                part.keep(number)
        whole.join(part)
    items = whole.items
    assert whole.seen == 1_001
    assert not whole.is_whole
    assert 20 <= len(items) <= 50
    assert items == sorted(items)
    assert max(after - before for before, after in pairwise(items)) <= 64
    assert (items[0], items[-1] > 900) == (0, True)


def test_few_rows_are_kept_whole() -> None:
    few: Spread[int] = Spread(50)
    for number in range(50):
        assert few.wants()
        few.keep(number)
    assert few.is_whole
    assert few.items == list(range(50))
