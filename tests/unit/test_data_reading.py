"""Files to rows: every format and shape, and every way in which a file can be bad."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from localft.data.examples import Example
from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.detecting import Shape
from localft.errors import UserError

PAIR = {"prompt": "What is the capital of France?", "completion": "Paris"}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def jsonl(path: Path, *rows: Any) -> Path:
    return write(path, "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def chats(example: Example) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in example.messages]


def aside(result: ReadResult) -> list[tuple[int, str]]:
    return [(row.row, row.kind) for row in result.set_aside]


USER_ASSISTANT = [("user", "q"), ("assistant", "an answer")]


@pytest.mark.parametrize(
    ("row", "shape", "expected"),
    [
        ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]},
         Shape.MESSAGES, USER_ASSISTANT),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "an answer"}]},
         Shape.SHAREGPT, USER_ASSISTANT),
        ({"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"},
                            {"from": "gpt", "value": "an answer"}]},
         Shape.SHAREGPT, [("system", "s"), *USER_ASSISTANT]),
        ({"system": "s", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "an answer"}]},
         Shape.SHAREGPT, [("system", "s"), *USER_ASSISTANT]),
        ({"instruction": "q", "output": "an answer"}, Shape.ALPACA, USER_ASSISTANT),
        ({"instruction": "q", "input": "", "output": "an answer"}, Shape.ALPACA, USER_ASSISTANT),
        ({"instruction": "q", "input": "x", "output": "an answer", "system": "s"},
         Shape.ALPACA, [("system", "s"), ("user", "q\n\nx"), ("assistant", "an answer")]),
        ({"prompt": "q", "completion": "an answer"}, Shape.PROMPT_COMPLETION, USER_ASSISTANT),
        ({"Question": "q", "Answer": "an answer", "id": 7}, Shape.PROMPT_COMPLETION, USER_ASSISTANT),
        ({"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "an answer"}]},
         Shape.PROMPT_COMPLETION, USER_ASSISTANT),
        ({"messages": [{"role": "developer", "content": "s"}, {"role": "User", "content": "q"},
                       {"role": "assistant", "content": [{"type": "text", "text": "an answer"}]}]},
         Shape.MESSAGES, [("system", "s"), *USER_ASSISTANT]),
        ({"messages": [{"role": "system", "content": " "}, {"role": "user", "content": "q"},
                       {"role": "assistant", "content": "an answer"}]},
         Shape.MESSAGES, USER_ASSISTANT),
    ],
)  # fmt: skip
def test_shapes_are_recognised(tmp_path: Path, row: Any, shape: Shape, expected: list[tuple[str, str]]) -> None:
    result = read_files([jsonl(tmp_path / "a.jsonl", row)])
    assert (result.shape, aside(result)) == (shape, [])
    assert chats(result.examples[0]) == expected
    assert result.reason


def test_openai_details_survive(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"n": 1.50}'}}
    tool = {"type": "function", "function": {"name": "look", "parameters": {"maximum": 5}}}
    row = {
        "messages": [
            {"role": "user", "content": "q", "name": "Ann"},
            {"role": "assistant", "content": None, "tool_calls": [call], "weight": 0},
            {"role": "tool", "content": "1.50", "tool_call_id": "c1"},
            {"role": "assistant", "content": "it is 1.50", "weight": 1},
        ],
        "tools": [tool],
    }
    example = read_files([jsonl(tmp_path / "a.jsonl", row)]).examples[0]
    user, calling, answered, final = example.messages
    assert (user.name, calling.tool_calls, calling.learn) == ("Ann", (call,), False)
    assert (answered.tool_call_id, final.learn, example.tools) == ("c1", True, (tool,))


def test_the_former_function_calls_are_calls(tmp_path: Path) -> None:
    row = {
        "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": "{}"}},
            {"role": "function", "name": "look", "content": "found"},
            {"role": "assistant", "content": "an answer"},
        ]
    }
    _, calling, answered, _ = read_files([jsonl(tmp_path / "a.jsonl", row)]).examples[0].messages
    assert calling.tool_calls == ({"type": "function", "function": {"name": "look", "arguments": "{}"}},)
    assert (answered.role, answered.name) == ("tool", "look")


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.10", "1.10"), ("12345678901234567890123", "12345678901234567890123"), ("1e400", "1e400"), ("true", "true"),
     ('{"a": 1.10, "b": [null, "ü"]}', '{"a": 1.10, "b": [null, "ü"]}'), ('"  spaces \\n"', "  spaces \n")],
)  # fmt: skip
def test_no_value_changes_silently(tmp_path: Path, value: str, text: str) -> None:
    result = read_files([jsonl(tmp_path / "a.jsonl", f'{{"prompt": "q", "completion": {value}}}')])
    assert result.examples[0].answer == text


BROKEN = (
    b'{"prompt": "q1", "completion": "fine"}\n'
    b"\n"
    b"not json\n"
    b'{"prompt": "q", "completion": "\xff\xfe\xfa"}\n'
    b'{"prompt": "q", "completion": ""}\n'
    b'{"prompt": "q", "completion": null}\n'
    b'{"prompt": "q", "completion": NaN}\n'
    b'{"messages": [{"role": "assistant", "content": "alone"}]}\n'
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a b"}, '
    b'{"role": "user", "content": "q"}]}\n'
    b'{"messages": [{"role": "wizard", "content": "q"}, {"role": "assistant", "content": "a b"}]}\n'
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "  "}]}\n'
    b'{"prompt": "q1", "completion": "fine"}\n'
    b'{"prompt": "q", "completion": "x"}\n'
    b"[1, 2]\n"
    b"5\n"
    b'{"prompt": "q", "completion": "half \\ud83d pair"}\n'
    b'{"prompt": "q", "prompt": "twice", "completion": "a b"}\n'
    b'{"colour": "red"}\n'
    b'{"prompt": "q", "chosen": "a b", "rejected": "b a"}\n'
    b'{"messages": "text"}\n'
    b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "a"}]}\n'
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a b", "weight": 0}]}\n'
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a b", "tool_calls": [7]}]}\n'
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a b"}], "tools": "none"}\n'
    b'{"prompt": "q2", "completion": "fine too"}'
)


def test_every_broken_row_is_listed_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", BROKEN)
    result = read_files([path])
    assert [(one.row, one.answer) for one in result.examples] == [(1, "fine"), (19, "a b"), (25, "fine too")]
    assert aside(result) == [
        (3, "not JSON"),
        (4, "undecodable"),
        (5, "empty content"),
        (6, "empty content"),
        (7, "empty content"),
        (8, "too few messages"),
        (9, "last message not the assistant's"),
        (10, "unknown role"),
        (11, "empty content"),
        (12, "exact duplicate"),
        (13, "very short answer"),
        (14, "not an object"),
        (15, "not an object"),
        (16, "not text"),
        (17, "not JSON"),
        (18, "no known shape"),
        (20, "not a conversation"),
        (21, "not text"),
        (22, "nothing to learn"),
        (23, "not a conversation"),
        (24, "not a conversation"),
    ]
    for row in result.set_aside:
        assert row.reason
        assert row.text
        row.text.encode("utf-8")


def test_labels_of_one_character_are_answers(tmp_path: Path) -> None:
    rows = [{"prompt": f"question {number}", "completion": "AB"[number % 2]} for number in range(20)]
    assert len(read_files([jsonl(tmp_path / "a.jsonl", *rows)]).examples) == 20
    one = [{"prompt": f"question {number}", "completion": "yes"} for number in range(20)]
    result = read_files([jsonl(tmp_path / "b.jsonl", *one, {"prompt": "q", "completion": "k"})])
    assert aside(result) == [(21, "very short answer")]


def test_a_mixture_of_shapes_is_read_row_by_row(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        PAIR,
        {"instruction": "translate", "output": "übersetzen"},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]},
    )
    result = read_files([path])
    assert result.shape is Shape.MIXED
    assert len(result.examples) == 3


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"wish": "q", "reply": "an answer", "rolle": "be brief"})
    unmapped = read_files([path], strict=False)
    assert (unmapped.shape, unmapped.columns, unmapped.examples) == (Shape.UNKNOWN, ["wish", "reply", "rolle"], [])
    assert unmapped.samples == [{"wish": "q", "reply": "an answer", "rolle": "be brief"}]
    with pytest.raises(UserError, match=r"no columns that localft recognises; it has: wish, reply, rolle"):
        read_files([path])
    result = read_files([path], {"prompt": "wish", "answer": "reply", "system": "rolle"})
    assert chats(result.examples[0]) == [("system", "be brief"), *USER_ASSISTANT]
    assert result.shape is Shape.MAPPED
    for mapping, words in (
        ({"prompt": "wish"}, "no column for"),
        ({"prompt": "wish", "answer": "nowhere"}, "no column 'nowhere'"),
        ({"question": "wish"}, "no field"),
        ({"prompt": "wish", "answer": "reply", "system": "nowhere"}, "no column 'nowhere'"),
        ({"messages": "wish", "prompt": "reply"}, "names `messages` and `prompt`"),
    ):
        with pytest.raises(UserError, match=words):
            read_files([path], mapping)


def test_a_mapped_column_that_a_file_lacks_is_the_reason_of_its_rows(tmp_path: Path) -> None:
    first = jsonl(tmp_path / "a.jsonl", {"frage": "q", "antwort": "an answer"})
    result = read_files([first, jsonl(tmp_path / "b.jsonl", PAIR)], {"prompt": "frage", "answer": "antwort"})
    assert [(row.source, row.kind, row.reason) for row in result.set_aside] == [
        ("b.jsonl", "missing column", "it has no column 'frage'")
    ]


def test_a_group_can_be_mapped_beside_what_is_recognised(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "prompt,answer,customer\nq one,a one,7\nq two,a two, 8 \nq three,a three,\n")
    found = read_files([path], {"group": "customer"})
    assert [one.group for one in found.examples] == ["7", "8", None]
    assert found.shape is Shape.PROMPT_COMPLETION
    assert found.reason.endswith("group from customer")
    both = read_files([path], {"prompt": "answer", "answer": "prompt", "group": "customer"})
    assert [(one.answer, one.group) for one in both.examples][:2] == [("q one", "7"), ("q two", "8")]
    with pytest.raises(UserError, match="no column 'client'"):
        read_files([path], {"group": "client"})
    with pytest.raises(UserError, match="no columns that localft recognises"):
        read_files([write(tmp_path / "b.csv", "x,y\n1,2\n")], {"group": "y"})


def test_tools_come_along_when_conversations_are_mapped(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]
    path = jsonl(tmp_path / "a.jsonl", {"talk": turns, "tools": [{"type": "function"}]})
    assert read_files([path], {"messages": "talk"}).examples[0].tools == ({"type": "function"},)


def test_the_shapes_of_a_mixture_count_what_is_used(tmp_path: Path) -> None:
    rows = [{"prompt": f"q{number}", "completion": "an answer"} for number in range(30)]
    path = jsonl(
        tmp_path / "a.jsonl", *rows, {"instruction": "i", "output": "fine"}, {"prompt": "q", "completion": "k"}
    )
    assert read_files([path]).reason.startswith("30 rows: the column prompt asks")


# ------------------------------------------------------------------------------------------------------ whole files


def test_files_that_are_none_end_in_a_sentence(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "missing.jsonl", "no file"),
        (tmp_path, "is a folder"),
        (write(tmp_path / "empty.jsonl", ""), "is empty"),
        (write(tmp_path / "blank.jsonl", " \n\n "), "is empty"),
        (write(tmp_path / "zip.jsonl", b"PK\x03\x04" + bytes(50)), "ZIP archive"),
        (write(tmp_path / "gz.jsonl", b"\x1f\x8b" + bytes(50)), "gzip"),
        (write(tmp_path / "binary.jsonl", bytes(range(256)) * 40), "binary file"),
        (write(tmp_path / "binary.csv", bytes(range(256)) * 40), "binary file"),
        (write(tmp_path / "model.json", b"GGUF" + bytes(100)), "GGUF"),
        (write(tmp_path / "notes.log", "just prose\nand more\n"), "no format"),
        (write(tmp_path / "not.parquet", "prompt,answer\n"), "not a Parquet file"),
        (write(tmp_path / "torn.parquet", b"PAR1" + b"x" * 100), "damaged Parquet"),
        (
            write(tmp_path / "broken.json", '[{"prompt": "q",\n "completion": }]'),
            r"broken\.json, line 2 cannot be read",
        ),
        (write(tmp_path / "numbers.json", "[1, 2, 3]"), "not an object"),
        (write(tmp_path / "number.json", "5"), "not an object"),
        (write(tmp_path / "none.json", "[]"), "no rows"),
        (
            write(tmp_path / "latin.json", b'[{"prompt": "q", "completion": "\xff\xfe\xfa"}]'),
            "line 1: bytes that are not text in its encoding",
        ),
        (write(tmp_path / "torn16.jsonl", b"\xff\xfe{\x00\x00\xd8"), "undecodable"),
        (write(tmp_path / "blank.csv", "\n \n"), "is empty"),
        (write(tmp_path / "header.csv", "prompt,answer\n"), "no rows"),
        (write(tmp_path / "twins.csv", "prompt,prompt\na,b\n"), "two columns"),
        (Path("a\0b.jsonl"), "cannot be read"),
        (Path(os.devnull), "is a device|is empty"),
        (write(tmp_path / "torn.jsonl", '[\n{"prompt": "q",\n'), r"torn\.jsonl, line 3 cannot be read"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            read_files([path])
        assert caught.value.hint


def test_no_usable_row_names_the_commonest_reasons(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", "x", "y", {"prompt": "q", "completion": ""})
    with pytest.raises(UserError, match=r"2 x not JSON \(first in row 1: .*\); 1 x empty content \(first in row 3"):
        read_files([path])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_encodings_are_found(tmp_path: Path, encoding: str, name: str) -> None:
    rows = [{"prompt": f"question number {number}", "completion": "Größe 🙂"} for number in range(12)]
    if name.endswith("csv"):
        text = "prompt,completion\n" + "".join(f"{row['prompt']},{row['completion']}\n" for row in rows)
    elif name.endswith("jsonl"):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = json.dumps(rows, ensure_ascii=False, indent=1)
    result = read_files([write(tmp_path / name, text.encode(encoding))])
    assert [one.answer for one in result.examples] == ["Größe 🙂"] * 12
    assert result.set_aside == []
    assert bool(result.notes) == (encoding not in {"utf-8", "utf-8-sig"})


def test_a_line_of_10_mb_and_deep_nesting_and_huge_numbers_are_read_or_named(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {"prompt": "q", "completion": "x" * 10_000_000},
        "[" * 100_000,
        '{"prompt": ' + "[" * 50_000 + "]" * 50_000 + ', "completion": "a b"}',
        '{"prompt": "q", "completion": "a b", "n": ' + "9" * 10_000 + "}",
        '{"prompt": "nul \\u0000 inside", "completion": "a b"}',
        '{"prompt": "raw \0 inside", "completion": "a b"}',
    )
    result = read_files([path])
    assert [one.row for one in result.examples] == [1, 4, 5]
    assert len(result.examples[0].answer) == 10_000_000
    assert [row.row for row in result.set_aside] == [2, 3, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_do_not_matter(tmp_path: Path, end: str) -> None:
    path = write(
        tmp_path / "a.jsonl", end.join(json.dumps({"prompt": f"q{n}", "completion": "a\u2028b"}) for n in "ab")
    )
    assert [one.answer for one in read_files([path]).examples] == ["a\u2028b", "a\u2028b"]


def test_json_files_come_in_several_forms(tmp_path: Path) -> None:
    rows = [{**PAIR, "prompt": f"q{number}"} for number in range(3)]
    for name, value in (("array", rows), ("inside", {"version": 1, "data": rows}), ("one", rows[0])):
        result = read_files([write(tmp_path / f"{name}.json", json.dumps(value, indent=2))])
        assert [one.row for one in result.examples] == list(range(1, len(result.examples) + 1))
        assert len(result.examples) == (1 if name == "one" else 3)
    lines = jsonl(tmp_path / "lines.json", *rows, "broken")
    result = read_files([lines])
    assert (len(result.examples), aside(result)) == (3, [(4, "not JSON")])
    assert result.notes == ["lines.json holds one JSON object a line."]
    twice = write(tmp_path / "twice.json", '[{"prompt": "q", "completion": "a b"}, {"prompt": "1", "prompt": "2"}]')
    assert aside(read_files([twice])) == [(2, "not JSON")]
    for indent in (None, 2):
        array_called_jsonl = write(tmp_path / "array.jsonl", json.dumps(rows, indent=indent))
        assert len(read_files([array_called_jsonl]).examples) == 3
    columns = {"prompt": {"0": "q1", "1": "q2"}, "completion": {"0": "an answer", "1": "another"}}
    result = read_files([write(tmp_path / "columns.json", json.dumps(columns))])
    assert [(one.row, one.prompt[0].content, one.answer) for one in result.examples] == [
        (1, "q1", "an answer"),
        (2, "q2", "another"),
    ]
    called_csv = jsonl(tmp_path / "lines.csv", *rows)
    assert len(read_files([called_csv]).examples) == 3


def test_a_list_before_good_rows_does_not_take_them_along(tmp_path: Path) -> None:
    result = read_files([jsonl(tmp_path / "a.jsonl", [1, 2], "[[[", {"prompt": "q", "completion": "an answer"})])
    assert ([one.row for one in result.examples], aside(result)) == ([3], [(1, "not an object"), (2, "not JSON")])
    assert result.notes == []


def test_several_files_are_read_together_and_duplicates_found_across_them(tmp_path: Path) -> None:
    first = jsonl(tmp_path / "a.jsonl", PAIR)
    second = write(tmp_path / "b.csv", "prompt,completion\nWhat is the capital of France?,Paris\nother,thing\n")
    result = read_files([first, second])
    assert [(one.source, one.row) for one in result.examples] == [("a.jsonl", 1), ("b.csv", 3)]
    assert [(row.source, row.reason) for row in result.set_aside] == [
        ("b.csv", "an exact duplicate of row 1 of a.jsonl")
    ]
    assert [source.name for source in result.sources] == ["a.jsonl", "b.csv"]


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    result = read_files([jsonl(folder / "a.jsonl", PAIR) for folder in folders])
    assert [source.name for source in result.sources] == [str(folder / "a.jsonl") for folder in folders]
    assert result.set_aside[0].source == str(folders[1] / "a.jsonl")
    assert result.set_aside[0].reason.endswith(f"row 1 of {folders[0] / 'a.jsonl'}")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_a_name_that_is_not_utf8_can_be_shown(tmp_path: Path) -> None:
    path = jsonl(tmp_path / os.fsdecode(b"caf\xe9.jsonl"), PAIR)
    assert read_files([path]).sources[0].name == "caf\ufffd.jsonl"
