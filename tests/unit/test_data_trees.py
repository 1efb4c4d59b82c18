"""Dolly's columns and OpenAssistant's trees: both exports, each choice of branches, and what reviewers refused."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import strategies

from localft.cli.main import main
from localft.data.examples import Example
from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.readers import large
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape
from localft.data.shapes.trees import BRANCHES, Branches
from localft.data.versions import SPLITS, load_split
from localft.errors import UserError
from localft.store.projects import create_project

KITCHEN = Path(__file__).resolve().parents[2] / "assets" / "trees" / "kitchen.jsonl"


def message(identity: str, role: str, text: str, *replies: dict[str, Any], **others: Any) -> dict[str, Any]:
    nested = {"replies": list(replies)} if replies else {}
    return {"message_id": identity, "role": role, "text": text, **others, **nested}


def tree() -> dict[str, Any]:
    """A question with two answers; the better one is asked twice more, and one of these has no answer."""
    follow = message("u2", "prompter", "second", message("a3", "assistant", "answer three", rank=0))
    silent = message("u3", "prompter", "nobody answers")
    better = message("a1", "assistant", "answer one", silent, follow, rank=0)
    worse = message("a2", "assistant", "answer two", rank=1)
    refused = message("a4", "assistant", "spam", message("u5", "prompter", "what?"), review_result=False)
    deleted = message("a5", "assistant", "gone", deleted=True)
    root = message("u1", "prompter", "first", worse, better, refused, deleted, lang="en", review_result=True)
    return {"message_tree_id": "t1", "tree_state": "ready_for_export", "prompt": root}


def flat(nested: dict[str, Any], parent: str | None = None) -> list[dict[str, Any]]:
    columns = {"rank": None, "lang": "en", "deleted": False, "review_result": True, "parent_id": parent}
    own = {**columns, **{key: value for key, value in nested.items() if key != "replies"}}
    return [own, *(row for reply in nested.get("replies", []) for row in flat(reply, nested["message_id"]))]


def files_of(folder: Path) -> list[Path]:
    """The same tree in every way that it is kept."""
    table = flat(tree()["prompt"])[::-1]
    lines, rows = folder / "trees.jsonl", folder / "messages.jsonl"
    lines.write_text(json.dumps(tree()) + "\n", encoding="utf-8")
    rows.write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
    array = folder / "trees.json"
    array.write_text(json.dumps([tree()]), encoding="utf-8")
    with (folder / "messages.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table), folder / "messages.parquet")
    return [lines, rows, array, folder / "messages.csv", folder / "messages.parquet"]


def told(example: Example) -> list[tuple[str, str, bool]]:
    return [(turn.role, turn.content, turn.learn) for turn in example.messages]


FIRST, LAST = ("user", "first", True), [("user", "second", True), ("assistant", "answer three", True)]
EXPECTED: dict[Branches, list[Any]] = {
    "best": [([FIRST, ("assistant", "answer one", True), *LAST], "")],
    "all": [
        ([FIRST, ("assistant", "answer one", True), *LAST], ""),
        ([FIRST, ("assistant", "answer two", True)], ""),
    ],
    "pairs": [([FIRST, ("assistant", "answer one", True)], "answer two")],
}


@pytest.mark.parametrize("branches", BRANCHES)
@pytest.mark.parametrize("which", range(5), ids=["nested", "flat", "array", "csv", "parquet"])
def test_trees_are_read_from_both_exports(tmp_path: Path, which: int, branches: Branches) -> None:
    result = read_files([files_of(tmp_path)[which]], chat=ChatChoice(branches=branches))
    assert [(told(one), one.rejected) for one in result.examples] == EXPECTED[branches]
    assert result.shape is Shape.OPENASSISTANT
    assert not result.set_aside
    assert {one.group for one in result.examples} == {"t1" if which in {0, 2} else "u1"}
    assert result.sources[0].branches == branches
    (note,) = result.notes
    assert "deleted messages: 1" in note
    assert "messages that reviewers refused: 1" in note
    assert "answers to messages that are left out: 1" in note


def test_what_branches_share_is_learned_once(tmp_path: Path) -> None:
    ends = [message(f"b{n}", "prompter", f"q{n}", message(f"c{n}", "assistant", f"answer {n}")) for n in range(2)]
    root = message("u", "prompter", "first", message("a", "assistant", "shared one", *ends))
    path = tmp_path / "trees.jsonl"
    path.write_text(json.dumps({"message_tree_id": "t", "prompt": root}), encoding="utf-8")
    one, other = read_files([path], chat=ChatChoice(branches="all")).examples
    assert [turn.learn for turn in one.messages if turn.role == "assistant"] == [True, True]
    assert [turn.learn for turn in other.messages if turn.role == "assistant"] == [False, True]


def test_pairs_without_ranks_are_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "trees.jsonl"
    root = message("u", "prompter", "first", message("a", "assistant", "one"), message("b", "assistant", "two"))
    path.write_text(json.dumps({"message_tree_id": "t", "prompt": root}), encoding="utf-8")
    with pytest.raises(UserError, match="no message with two answers of different rank"):
        read_files([path], chat=ChatChoice(branches="pairs"))


def test_broken_rows_of_a_table_are_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = flat(tree()["prompt"])
    twin, nameless = dict(good[0]), {**good[0], "message_id": None}
    circle = [{**good[0], "message_id": name, "parent_id": other} for name, other in (("x", "y"), ("y", "x"))]
    path = tmp_path / "messages.jsonl"
    rows = [*map(json.dumps, [*good, twin, nameless, *circle]), "{broken"]
    path.write_text("\n".join(rows), encoding="utf-8")
    result = read_files([path])
    assert len(result.examples) == 1
    count = len(good)
    assert [(one.row, one.kind) for one in result.set_aside] == [
        (count + 1, "no message"), (count + 2, "no message"), (count + 5, "not JSON"),
    ]  # fmt: skip
    assert "answers to messages that are left out: 3" in result.notes[0]


def test_trees_given_up_are_left_out_and_deep_ones_are_read(tmp_path: Path) -> None:
    bad = {**tree(), "tree_state": "aborted_low_grade"}
    turns = [message(f"m{n}", "prompter" if n % 2 else "assistant", f"text {n}") for n in range(400)]
    for one, other in pairwise(turns):
        other["replies"] = [one]
    path = tmp_path / "trees.jsonl"
    path.write_text(f"{json.dumps(bad)}\n{json.dumps({'message_tree_id': 'd', 'prompt': turns[-1]})}\n{{}}\n")
    result = read_files([path])
    assert [len(one.messages) for one in result.examples] == [400]
    assert [(one.row, one.kind) for one in result.set_aside] == [(3, "no tree")]
    assert "trees given up or stopped by a moderator: 1" in result.notes[0]


def test_a_tree_deeper_than_any_conversation_is_left_out(tmp_path: Path) -> None:
    chain = [
        message(f"m{n}", "assistant" if n % 2 else "prompter", f"text {n}", parent_id=f"m{n - 1}" if n else None)
        for n in range(60_000)
    ]
    path = tmp_path / "messages.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*flat(tree()["prompt"]), *chain]), encoding="utf-8")
    result = read_files([path], chat=ChatChoice(branches="all"))
    assert len(result.examples) == 2
    assert "trees deeper than 1,000 messages: 1" in result.notes[0]


@pytest.mark.parametrize("which", range(5), ids=["nested", "flat", "array", "csv", "parquet"])
def test_trees_in_large_files_are_read_as_in_small_ones(
    tmp_path: Path, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", 1)
    result = read_files([files_of(tmp_path)[which]], chat=ChatChoice(branches="all"))
    assert [(told(one), one.rejected) for one in result.examples] == EXPECTED["all"]


_KEYS = strategies.sampled_from(
    ["message_id", "parent_id", "message_tree_id", "role", "text", "rank", "replies", "prompt", "deleted", "lang"]
)
_ANY = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers(-3, 3) | strategies.text(max_size=4),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=12,
)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None)
@hypothesis.given(rows=strategies.lists(_ANY, min_size=1, max_size=4), branches=strategies.sampled_from(BRANCHES))
def test_any_structure_is_rows_or_a_sentence(tmp_path: Path, rows: list[Any], branches: Branches) -> None:
    path = tmp_path / "trees.jsonl"
    first = [{**tree(), "prompt": {**tree()["prompt"], "replies": rows}}, *flat(tree()["prompt"])[:2]]
    for listed in ([*first, *rows], [first[1], *rows, *first]):
        path.write_text("".join(json.dumps(row) + "\n" for row in listed), encoding="utf-8")
        try:
            result = read_files([path], strict=False, chat=ChatChoice(branches=branches))
        except UserError as error:
            assert "different rank" in error.message or "no row" in error.message.lower()
        else:
            assert all(one.messages[-1].role == "assistant" for one in result.examples)


def test_the_languages_of_trees_are_told(tmp_path: Path) -> None:
    roots = [message(f"u{n}", "prompter", "q", message(f"a{n}", "assistant", "yes it is", lang=lang), lang=lang)
             for n, lang in enumerate(("en", "en", "de"))]  # fmt: skip
    path = tmp_path / "trees.jsonl"
    path.write_text(
        "".join(json.dumps({"message_tree_id": f"t{n}", "prompt": one}) + "\n" for n, one in enumerate(roots))
    )
    assert "in 2 languages: en 4, de 2" in read_files([path]).notes[0]


def test_dolly_is_recognised_and_its_category_kept(tmp_path: Path) -> None:
    path = tmp_path / "dolly.jsonl"
    rows = [
        {"instruction": "q", "context": "", "response": "an answer", "category": "open_qa"},
        {"instruction": "q", "context": "c", "response": "another answer", "category": "closed_qa"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = read_files([path])
    assert result.shape is Shape.DOLLY
    assert "Dolly's" in result.reason
    assert [(one.messages[0].content, one.answer, one.label) for one in result.examples] == [
        ("q", "an answer", "open_qa"),
        ("q\n\nc", "another answer", "closed_qa"),
    ]
    (mapped,) = read_files([path], {"label": "response"}).examples[:1]
    assert mapped.label == "an answer"


def test_the_command_imports_pairs_of_trees_and_no_tree_is_divided(capsys: pytest.CaptureFixture[str]) -> None:
    project = create_project("Kitchen")
    assert main(["data", "import", "kitchen", str(KITCHEN), "--branches", "pairs", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["examples"], value["shape"]) == (12, "OpenAssistant trees")
    version = import_files(project, [KITCHEN], chat=ChatChoice(branches="all")).version
    groups = [{one.group for one in load_split(project, version.id, split)} for split in SPLITS]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 12


def test_no_other_branches_can_be_chosen() -> None:
    with pytest.raises(UserError, match="no branches 'worst'"):
        ChatChoice(branches="worst")  # ty: ignore[invalid-argument-type]
