"""Text for people: aligned tables, visible control characters, numbers with units."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from localft import words
from localft.cli.output import Output, one_line, shorten, visible, width
from localft.cli.progress import measure
from localft.jobs import Progress


def test_a_table_is_aligned_whatever_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["NAME", "ROWS"], [["plain", 5], ["日本", 1200], ["é", None]], numbers=("ROWS",))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["NAME   ROWS", "plain     5", "日本   1200", "é"]
    assert width(lines[1]) == width(lines[2])


def test_data_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().say("safe\x1b[2J\x07\ttab\nline")
    assert capsys.readouterr().out == "safe\\x1b[2J\\x07\ttab\nline\n"
    assert visible("\ud800") == "\\ud800"
    assert one_line(" two\n lines\r") == "two lines"


def test_a_line_is_cut_at_the_edge() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("日本語", 5) == "日本…"
    assert shorten("abc", 3) == "abc"


@dataclass(frozen=True)
class Something:
    path: Path
    loss: float


def test_json_is_valid_whatever_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.json_mode = True
    output.table(["A"], [["hidden"]])
    output.say("for the person")
    output.result({"something": Something(Path("/x"), math.nan), "text": "ü"})
    output.result({"second": True})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"something": {"path": "/x", "loss": None}, "text": "ü"}
    assert printed.err == "for the person\n"


def test_what_comes_one_after_the_other_is_written_so(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"a": 1, "b": ["x\ny", {}]}, [], "ü"]
    for value in ({"rows": rows, "none": [], "deep": {"rows": rows}, "last": None}, {}):
        output = Output()
        output.json_mode = True
        output.result({key: iter(item) if isinstance(item, list) else item for key, item in value.items()})
        assert capsys.readouterr().out == json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize(
    ("done", "text"),
    [
        (words.size(999), "999 bytes"),
        (words.size(1_234_567), "1.2 MB"),
        (words.size(4_700_000_000), "4.7 GB"),
        (words.duration(0.2), "under 1 s"),
        (words.duration(61), "61 s"),
        (words.duration(240), "4 min"),
        (words.duration(7500), "2 h 5 min"),
        (words.duration(7200), "2 h"),
        (words.duration(300_000), "3 days"),
        (words.counted(1, "example"), "1 example"),
        (words.counted(1200, "example"), "1,200 examples"),
        (words.percent(0.84), "84 %"),
        (words.percent(0.8421), "84.2 %"),
        (words.parameters(596_000_000), "0.6 B"),
        (words.parameters(3_100_000), "3.1 M"),
        (words.rate(2.34, "steps"), "2.3 steps/s"),
        (words.rate(1442.9, "tokens"), "1,443 tokens/s"),
        (words.p_value(1.4e-14), "p < 0.001"),
        (words.p_value(0.0123), "p = 0.012"),
        (words.p_value(1.0), "p = 1"),
        (words.rate(0.5, "steps"), "30.0 steps/min"),
        (words.rate(3_000_000, "bytes"), "3.0 MB/s"),
    ],
)
def test_numbers_read_well(done: str, text: str) -> None:
    assert done == text


def test_progress_says_how_far_how_fast_how_long() -> None:
    report = Progress(120, 600, "steps", "Training", 2.0, 240.0, "")
    assert measure(report) == "120/600 steps, 2.0 steps/s, 4 min left"
    assert measure(Progress(5e6, 1e7, "bytes", "", 1e6, 5.0, "")) == "5.0 MB of 10.0 MB, 1.0 MB/s, 5 s left"
    assert measure(Progress(600, 600, "steps", "", 2.0, 0.0, "")) == "600/600 steps"
    assert measure(Progress(0, 0, "models", "", None, None, "")) == ""
    assert measure(Progress(55, 100, "%", "", 2.4, 19.0, "")) == "55 %, 19 s left"
    assert measure(Progress(7, 0, "rows", "", None, None, "")) == "7 rows"
