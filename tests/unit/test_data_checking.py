"""Each check finds what it is for, on data made to have exactly that fault, and nothing in clean data."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from localft.data.checks.answers import is_json, looks_like_json
from localft.data.checks.checking import CheckReport, check_version
from localft.data.checks.privacy import is_card_number
from localft.data.checks.token_lengths import histogram, quantile
from localft.data.making.importing import import_files
from localft.models.find import find_model
from localft.store.projects import create_project
from tests.model_folders import make_model_folder

WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "larch", "maple",
    "north", "ocean", "pines", "quill", "river",
)  # fmt: skip


def clean(count: int = 60) -> list[dict[str, str]]:
    """Varied questions with varied answers in plain words."""
    return [
        {"prompt": f"Describe {WORDS[n % 18]} beside {WORDS[(n // 18) % 18]}.",
         "completion": f"The {WORDS[n % 18]} stands quietly beside the {WORDS[(n // 18) % 18]}, as always."}
        for n in range(count)
    ]  # fmt: skip


def check(tmp_path: Path, rows: list[Any], **more: Any) -> CheckReport:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    project = create_project(f"Checked {uuid4()}")
    return check_version(project, import_files(project, [path]).version, **more)


def found(report: CheckReport) -> dict[str, tuple[str, int]]:
    return {finding.check: (finding.severity, finding.count) for finding in report.findings}


EDGES = {"odd questions", "no odd questions", "unanswerable questions", "no unanswerable questions", "languages"}


def test_clean_data_is_ready(tmp_path: Path) -> None:
    report = check(tmp_path, clean(250))
    assert (report.verdict, sum(report.counts.values()), report.lengths) == ("ready", 250, None)
    notes = dict.fromkeys(("amount", "no odd questions", "no unanswerable questions", "topics", "languages"), "note")
    assert {name: severity for name, (severity, _) in found(report).items()} == notes
    assert report.sentence == "250 examples, nothing to mend. Ready to train."


@pytest.mark.parametrize(("count", "expected"), [(20, ("warning", 20)), (60, ("note", 60)), (300, ("note", 300))])
def test_the_amount_is_judged(tmp_path: Path, count: int, expected: tuple[str, int]) -> None:
    assert found(check(tmp_path, clean(count)))["amount"] == expected


def test_contradictions_are_found_whatever_the_case_of_the_question(tmp_path: Path) -> None:
    rows = clean()
    rows[1] = {"prompt": rows[0]["prompt"].upper(), "completion": "Something else entirely."}
    rows[2] = {"prompt": rows[0]["prompt"] + "!", "completion": rows[0]["completion"].lower()}
    report = check(tmp_path, rows)
    assert found(report)["contradictions"] == ("problem", 3)
    assert report.verdict == "fix"
    assert {reference.row for reference in report.findings[0].rows} == {1, 2, 3}


def test_the_same_question_under_another_system_text_is_no_contradiction(tmp_path: Path) -> None:
    rows: list[dict[str, str]] = [
        *clean(),
        {"system": "In French.", "prompt": clean()[0]["prompt"], "completion": "Oui."},
    ]
    assert "contradictions" not in found(check(tmp_path, rows))


def test_signs_make_other_questions(tmp_path: Path) -> None:
    pairs = [
        ("Is -5 positive?", "no"),
        ("Is 5 positive?", "yes"),
        ("2 + 2 =", "four"),
        ("2 * 3 =", "six"),
        ("2 - 3 =", "-1"),
    ]
    rows = [*clean(), *({"prompt": prompt, "completion": answer} for prompt, answer in pairs)]
    assert "contradictions" not in found(check(tmp_path, rows))


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("C++", "C#", True),
        ("-50", "50", True),
        ("−50", "-50", False),
        ("-5 to 5", "5 to -5", True),
        ("< 3", "> 3", True),
        ("<= 3", "≤ 3", False),
        ("a * b", "a b", True),
        ("5 €", "5 $", True),
        ("5 %", "5 percent", False),
        ("Yes, it does.", "yes it does", False),
        ("- One\n- Two", "One, two", False),
        ("A **bold** word", "A bold word", False),
        ("2024-01-02", "2024.01.02", False),
    ],
)
def test_answers_of_the_same_words_differ_by_their_signs(one: str, other: str, differ: bool, tmp_path: Path) -> None:
    rows = [*clean(), *({"prompt": "Which one is it?", "completion": answer} for answer in (one, other))]
    assert ("contradictions" in found(check(tmp_path, rows))) == differ


def calling(question: str, call_id: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": "look", "arguments": json.dumps(arguments)}
    call = {"type": "function", "id": call_id, "function": function}
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "tool_calls": [call]}]}


def test_calls_are_answers_that_differ(tmp_path: Path) -> None:
    rows = [calling(row["prompt"], "1", thing=row["prompt"][9:-1]) for row in clean(50)]
    report = check(tmp_path, rows)
    assert not {"balance", "contradictions", "near contradictions"} & set(found(report))


def test_calls_that_contradict_are_found_whatever_their_ids(tmp_path: Path) -> None:
    same = (calling("Where is it?", "1", a=1, b=2), calling("Where is it?", "2", b=2, a=1))
    assert "contradictions" not in found(check(tmp_path, [*clean(), *same]))
    report = check(tmp_path, [*clean(), same[0], calling("Where is it?", "1", a=2, b=2)])
    assert found(report)["contradictions"][1] == 2
    shown = next(one for one in report.findings if one.check == "contradictions").rows
    assert {row.text for row in shown if row.split != "test"} <= {
        'Where is it? -> look({"a": 1, "b": 2})',
        'Where is it? -> look({"a": 2, "b": 2})',
    }


def test_calls_that_are_all_the_same_are_named(tmp_path: Path) -> None:
    report = check(tmp_path, [calling(row["prompt"], str(n), thing="amber") for n, row in enumerate(clean())])
    meaning = next(one.meaning for one in report.findings if one.check == "balance")
    assert meaning == 'All 60 answers are the same: \'look({"thing": "amber"})\'.'


def test_answers_that_break_the_form_are_found(tmp_path: Path) -> None:
    as_json = [{**row, "completion": json.dumps({"text": row["completion"]})} for row in clean()]
    assert set(found(check(tmp_path / "", as_json))) - EDGES == {"amount"}
    as_json[3]["completion"] = "```json\n{}\n```"
    as_json[4]["completion"] = '{"text": "torn'
    as_json[5]["completion"] = "in words"
    path = tmp_path / "mixed"
    path.mkdir()
    project = create_project("Mixed")
    file = path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in as_json), encoding="utf-8")
    report = check_version(project, import_files(project, [file]).version)
    assert found(report)["mixed formats"] == ("problem", 3)


def test_broken_json_among_prose_is_found(tmp_path: Path) -> None:
    rows = clean()
    rows[3]["completion"] = '{"text": torn}'
    assert found(check(tmp_path, rows))["invalid JSON"] == ("warning", 1)


def test_labels_out_of_balance_are_found(tmp_path: Path) -> None:
    rows = [{**row, "completion": "spam" if n < 57 else "fine"} for n, row in enumerate(clean())]
    report = check(tmp_path, rows)
    assert found(report)["balance"] == ("warning", 57)
    assert found(report)["rare labels"] == ("warning", 3)


def test_labels_are_named_so_that_one_can_read_them(tmp_path: Path) -> None:
    usual = json.dumps({"category": "question", "urgency": "low"})
    rare = [json.dumps({"category": "feature", "urgency": urgency}) for urgency in ("a", "b", "c")]
    long = "~" * 100
    labels = [usual] * 56 + [*rare, long]
    report = check(tmp_path, [{**row, "completion": label} for row, label in zip(clean(), labels, strict=True)])
    meanings = {finding.check: finding.meaning for finding in report.findings}
    assert meanings["balance"].endswith(f": {usual!r}.")
    assert meanings["rare labels"].endswith(f": {', '.join(map(repr, rare))} and 1 more.")


def test_a_very_long_label_is_cut(tmp_path: Path) -> None:
    long = "~" * 100
    report = check(tmp_path, [{**row, "completion": long if n < 57 else "fine"} for n, row in enumerate(clean())])
    assert f": '{long[:79]}…'." in {finding.check: finding.meaning for finding in report.findings}["balance"]


def test_answers_that_are_all_the_same_teach_nothing(tmp_path: Path) -> None:
    report = check(tmp_path, [{**row, "completion": "spam"} for row in clean()])
    assert found(report)["balance"] == ("problem", 60)
    assert report.verdict == "fix"


@pytest.mark.parametrize(
    ("where", "text", "name", "severity"),
    [
        ("completion", "I'm sorry, but I can't help with that.", "refusals", "warning"),
        ("completion", "As an AI language model, I have no opinion.", "refusals", "warning"),
        ("completion", "Dear [Your Name], welcome.", "placeholders", "warning"),
        ("prompt", "The file says GrÃ¼ÃŸe to all of you", "encoding damage", "warning"),
        ("prompt", "Write to ann.lee@mail.com please", "e-mail addresses", "warning"),
        ("prompt", "Call me at +49 170 1234567 today", "telephone numbers", "warning"),
        ("prompt", "My card is 4111 1111 1111 1111, thanks", "card numbers", "problem"),
        ("completion", "Use sk-abcdefghijklmnopqrstuvwx for it", "secrets", "problem"),
        ("completion", "Fine.<|im_end|>", "format marks", "warning"),
        ("completion", "<think>\nhm\n</think>\n\nFine then.", "thinking", "note"),
    ],
)
def test_one_bad_row_is_found(tmp_path: Path, where: str, text: str, name: str, severity: str) -> None:
    rows = clean()
    rows[7][where] = text
    report = check(tmp_path, rows)
    assert found(report)[name] == (severity, 1)
    finding = next(finding for finding in report.findings if finding.check == name)
    assert (finding.rows[0].source, finding.rows[0].row) == ("rows.jsonl", 8)
    assert finding.meaning.startswith("1 ")
    assert finding.advice


def test_a_refusal_in_an_earlier_answer_is_found(tmp_path: Path) -> None:
    said = ("Hello", "I'm sorry, but I can't help with that.", "Why not?", "It lies in the barn.")
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
    assert found(check(tmp_path, [*clean(), {"messages": turns}]))["refusals"] == ("warning", 1)


def test_a_secret_is_not_repeated_in_the_finding(tmp_path: Path) -> None:
    rows = clean()
    rows[7]["completion"] = "Use sk-abcdefghijklmnopqrstuvwx for it"
    assert "abcdefghij" not in str(check(tmp_path, rows).findings)


def test_knowledge_that_changes_is_no_fine_tuning_task(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"What is the current price of {row['prompt'][9:-1]}?", "completion": f"{n} Euro and {n % 7} Cent."}
        for n, row in enumerate(clean())
    ]
    report = check(tmp_path, rows)
    assert report.verdict == "not fine-tuning"
    assert "facts that change" in report.sentence


@pytest.mark.parametrize("text", ["2024-11-05 10:20", "order 1234567890123456", "version 1.2.3", "v4.0.0-rc1", "a@b"])
def test_numbers_that_are_nothing_private_are_left_alone(tmp_path: Path, text: str) -> None:
    rows = clean()
    rows[7]["prompt"] = text
    assert set(found(check(tmp_path, rows))) - EDGES == {"amount"}


def test_lengths_are_measured_in_tokens_of_the_model(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "model")))
    rows = clean()
    rows[5]["completion"] += " and so on" * 40
    rows[6]["prompt"] += " and so on" * 60
    report = check(tmp_path, rows, base_model=model, max_length=150)
    lengths = report.lengths
    assert lengths is not None
    assert (lengths.cut, len(lengths.lost), lengths.refused) == (2, 1, [])
    assert sum(count for _, _, count in lengths.histogram) == 60
    assert lengths.p50 <= lengths.p95 <= lengths.max
    assert 0 < lengths.learned < lengths.total
    assert found(report)["too long"] == ("warning", 1)
    assert found(report)["answers cut off"] == ("warning", 1)


def test_of_a_pair_the_longer_answer_counts(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "model")))
    rows = [{"prompt": row["prompt"], "chosen": row["completion"], "rejected": "Never."} for row in clean()]
    usual = check(tmp_path, rows, base_model=model, max_length=150).lengths
    rows[5]["rejected"] = "Never" + " and so on" * 60
    rows[6]["prompt"] += " and so on" * 60
    report = check(tmp_path, rows, base_model=model, max_length=150)
    assert usual is not None and report.lengths is not None
    assert (usual.cut, report.lengths.cut, len(report.lengths.lost)) == (0, 2, 1)
    assert report.lengths.learned == usual.learned


def test_rows_that_the_template_refuses_are_found(tmp_path: Path) -> None:
    strict = (
        "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}{{ m.content + '<|im_end|>' }}{% endfor %}"
    )
    model = find_model(str(make_model_folder(tmp_path / "model", strict)))
    twice = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "cc"}]
    report = check(tmp_path, [*clean(), {"messages": twice}], base_model=model)
    assert found(report)["chat format"] == ("problem", 1)


def test_a_model_that_is_not_here_leaves_the_lengths_out(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "model")
    model = find_model(str(folder))
    (folder / "tokenizer.json").unlink()
    assert check(tmp_path, clean(), base_model=model).lengths is None


def test_answers_that_stop_in_a_sentence_are_found(tmp_path: Path) -> None:
    rows = clean()
    rows[3]["completion"] = "The amber stands quietly beside the birch, as if it had always"
    rows[4]["completion"] = "The amber stands quietly beside the birch, as always,"
    for row, end in zip(rows[5:12], ("!", "…", ")", "`", "。", "🙂", "?"), strict=True):
        row["completion"] = row["completion"].rstrip(".") + end
    assert found(check(tmp_path, rows))["unfinished answers"] == ("warning", 2)
    # Where nobody ends with a full stop, that is how it is done.
    bare = [{**row, "completion": row["completion"].rstrip(".")} for row in clean()]
    (tmp_path / "bare").mkdir()
    path = tmp_path / "bare" / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, bare)), encoding="utf-8")
    project = create_project("Bare")
    report = check_version(project, import_files(project, [path]).version)
    assert "unfinished answers" not in found(report)


@pytest.mark.parametrize(
    ("usual", "says"), [("Be short.", "another system prompt than the others."), ("", "have none.")]
)
def test_other_system_prompts_are_found(usual: str, says: str, tmp_path: Path) -> None:
    rows = [{**row, **({"system": usual} if usual else {})} for row in clean()]
    rows[3] = {**rows[3], "system": "Be long."}
    report = check(tmp_path, rows)
    assert found(report)["other system prompts"] == ("warning", 1)
    finding = next(one for one in report.findings if one.check == "other system prompts")
    assert finding.meaning.endswith(says)
    assert [row.text for row in finding.rows] == ["Be long."]


def test_system_prompts_of_several_kinds_are_meant(tmp_path: Path) -> None:
    rows = [{**row, "system": ("Be short.", "Be long.")[n % 2]} for n, row in enumerate(clean())]
    assert "other system prompts" not in found(check(tmp_path, rows))


def test_answers_in_circles_are_found(tmp_path: Path) -> None:
    rows = clean()
    rows[3]["completion"] = "I am happy to help you with that and more. " * 8
    assert found(check(tmp_path, rows))["answers in circles"] == ("warning", 1)


def test_a_beginning_that_many_share_is_told(tmp_path: Path) -> None:
    rows = clean()
    for row in rows[:24]:
        row["completion"] = f"Sure, I can help. {row['completion']}"
    report = check(tmp_path, rows)
    assert found(report)["same beginnings"] == ("note", 24)
    meaning = next(one.meaning for one in report.findings if one.check == "same beginnings")
    assert meaning == "40 % of all answers begin with 'Sure, I can help.'."


def test_json_is_told_from_what_looks_like_it() -> None:
    assert is_json('{"a": 1}')
    assert is_json(" [1]\n")
    assert not is_json("5")
    assert not is_json("{a}")
    assert not is_json("{" * 100_000)
    assert looks_like_json('{"a": 1')
    assert not looks_like_json("{curly} words")


@pytest.mark.parametrize("json_of_it", ['```json\n{"a": 1}\n```', '{"a": 1}'])
def test_json_that_is_explained_is_left_alone(json_of_it: str, tmp_path: Path) -> None:
    rows = clean()
    rows[3]["completion"] = f"{json_of_it}\n\nThe key says how many there are."
    assert "invalid JSON" not in found(check(tmp_path, rows))
    assert looks_like_json(f"{json_of_it[:-4]}\n\nThe key")
    assert looks_like_json('{"a": 1} {"b": 2}')


def test_card_numbers_have_a_checksum() -> None:
    assert is_card_number("4111 1111 1111 1111")
    assert is_card_number("5500-0055-5555-5559")
    assert not is_card_number("4111 1111 1111 1112")
    assert not is_card_number("4111")


def test_quantiles_and_bars() -> None:
    assert [quantile(range(1, 101), share) for share in (0.0, 0.5, 0.95, 1.0)] == [1, 50, 95, 100]
    assert quantile([], 0.5) == 0
    assert histogram([]) == []
    assert histogram([0, 0, 1]) == [(0, 1, 2), (1, 2, 1)]
    bars = histogram(sorted([7, 130, 999]))
    assert bars[0] == (0, 50, 1)
    assert (bars[-1][1], sum(count for _, _, count in bars), len(bars)) == (1000, 3, 20)
