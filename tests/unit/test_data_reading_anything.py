"""Whatever bytes a file holds, reading ends with rows or with a sentence; what is read is what was written."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localft.data.making.reading import ReadResult, read_files
from localft.errors import UserError

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".txt", "")
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
FIELD = st.sampled_from(
    ["messages", "conversations", "prompt", "completion", "instruction", "input", "output", "system", "tools", "answer"]
)
TURN = st.dictionaries(st.sampled_from(["role", "content", "from", "value", "weight", "tool_calls", "name"]), JSON)
ROLE_TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "", "x"]), "content": JSON | TEXT}
)
ROW = st.dictionaries(FIELD | TEXT, JSON | st.lists(TURN | ROLE_TURN, max_size=4), max_size=4)


def read_or_be_told(path: Path, content: bytes) -> ReadResult | None:
    """Read without a traceback; every row is either used or listed."""
    path.write_bytes(content)
    try:
        result = read_files([path], strict=False)
    except UserError as error:
        assert error.message.strip()
        return None
    for row in result.set_aside:
        assert row.row >= 1
        assert row.reason
        row.text.encode("utf-8")
    for example in result.examples:
        example.model_dump_json()
        assert example.messages[-1].role == "assistant"
    return result


@QUIET
@given(content=st.binary(max_size=300), suffix=st.sampled_from(SUFFIXES))
def test_any_bytes(tmp_path: Path, content: bytes, suffix: str) -> None:
    read_or_be_told(tmp_path / f"file{suffix}", content)


@QUIET
@given(content=st.text(max_size=300), suffix=st.sampled_from(SUFFIXES), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_any_text(tmp_path: Path, content: str, suffix: str, encoding: str) -> None:
    read_or_be_told(tmp_path / f"file{suffix}", content.encode(encoding, errors="surrogatepass"))


@QUIET
@given(rows=st.lists(ROW | JSON, max_size=6), suffix=st.sampled_from([".jsonl", ".json"]))
def test_any_json(tmp_path: Path, rows: list[Any], suffix: str) -> None:
    text = "\n".join(map(json.dumps, rows)) if suffix == ".jsonl" else json.dumps(rows)
    result = read_or_be_told(tmp_path / f"file{suffix}", text.encode("utf-8", errors="surrogatepass"))
    if result is not None and rows and suffix == ".jsonl":
        # A single line that is a list is the array of a JSON file.
        written = rows[0] if len(rows) == 1 and isinstance(rows[0], list) else rows
        assert len(result.examples) + len(result.set_aside) == len(written), "no row is lost"


SCRAP = st.sampled_from(['{"prompt": "q",', '"completion": "a b"}', '"', "{", "}", "[", "]", ",", "\\", "\ufeff"])


@QUIET
@given(
    lines=st.lists(SCRAP | TEXT, max_size=12),
    suffix=st.sampled_from(SUFFIXES),
)  # fmt: skip
def test_scraps_of_formats(tmp_path: Path, lines: list[str], suffix: str) -> None:
    read_or_be_told(tmp_path / f"file{suffix}", "\n".join(lines).encode("utf-8", errors="surrogatepass"))


GOOD = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\r"), min_size=2, max_size=20
).filter(lambda text: len(text.strip()) > 1)


@QUIET
@given(pairs=st.lists(st.tuples(GOOD, GOOD), min_size=1, max_size=8, unique=True))
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
def test_what_is_written_is_what_is_read(tmp_path: Path, suffix: str, pairs: list[tuple[str, str]]) -> None:
    rows = [{"prompt": prompt, "completion": answer} for prompt, answer in pairs]
    if suffix == ".csv":
        # A bare carriage return ends a line for some programs and not for others: csv writes it, and nobody agrees.
        rows = [{key: text.replace("\r", " ") for key, text in row.items()} for row in rows]
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, ["prompt", "completion"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = buffer.getvalue()
    elif suffix == ".jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = json.dumps(rows, ensure_ascii=False)
    result = read_or_be_told(tmp_path / f"file{suffix}", text.encode("utf-8"))
    if result is None:
        pytest.fail("a good file was refused")
    found = {(one.prompt[0].content, one.answer) for one in result.examples}
    wanted = {(row["prompt"], row["completion"]) for row in rows if all(len(text.strip()) > 1 for text in row.values())}
    assert wanted <= found
