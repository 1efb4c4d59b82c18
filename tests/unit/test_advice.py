"""Advice says in the app what to do there, on the command line what to do there, and both where nobody knows which."""

import ast
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import localft
from localft.advice import COLUMNS_FOLD, FIRST_ROW, Advice, in_app, on_command_line
from localft.cli.output import Output, visible
from localft.data.making.reading import read_files
from localft.errors import UserError
from localft.ui.handlers import sentence_for
from localft.ui.views import parts

ROOT = Path(localft.__file__).parent
ADVICE = Advice("Say --so.", "Tick it below.")
# What only the app shows, and what only the command line does. What both may show and has no way in the app stays.
ONE_SURFACE = ("cli/", "ui/", "serving/", "doctor/", "data/exports/exporting.py", "data/hub/", "models/hub.py")
NO_WAY_IN_THE_APP = re.compile(r"`localft doctor`|`localft models download`|--port")


def test_each_surface_shows_its_half(capsys: pytest.CaptureFixture[str]) -> None:
    assert str(sentence_for(UserError("No.", ADVICE))).count("Tick it below.") == 1
    assert "--so" not in str(sentence_for(UserError("No.", ADVICE)))
    assert "Tick it" in parts.sentences([ADVICE]) and "--so" not in parts.sentences([ADVICE])
    output = Output()
    output.failure(UserError("No.", ADVICE))
    assert capsys.readouterr().err == "localft: No.\n  Say --so.\n"
    output.json_mode = True
    output.failure(UserError("No.", ADVICE))
    assert json.loads(capsys.readouterr().out) == {"error": "No.", "hint": "Say --so."}
    assert visible(ADVICE.after("Well: ")) == "Well: Say --so."


def test_what_keeps_the_text_alone_keeps_both_halves() -> None:
    both = "Say --so. In the app: tick it below."
    assert (str(UserError("No.", ADVICE)), f"{ADVICE}") == (f"No. {both}", both)
    assert json.loads(json.dumps({"hint": ADVICE})) == {"hint": both}
    assert ADVICE.after("First. ") == f"First. {both}"
    again = pickle.loads(pickle.dumps(ADVICE.after("First. ")))
    assert (again.in_app, again.on_command_line) == ("First. Tick it below.", "First. Say --so.")
    assert (in_app("plain"), on_command_line("plain")) == ("plain", "plain")


def test_a_table_with_twins_in_its_first_row_names_the_tick_in_the_app(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Hello,Hello\nYes,No\n", encoding="utf-8")
    with pytest.raises(UserError, match="two columns") as caught:
        read_files([path])
    shown = str(sentence_for(caught.value))
    assert FIRST_ROW in shown and "--no-header" not in shown
    assert "--no-header" in on_command_line(caught.value.hint) and FIRST_ROW not in on_command_line(caught.value.hint)


def test_a_first_row_that_looks_like_data_names_the_tick_in_the_app(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Where is the town hall?,In the middle.\nWhere is the station?,At the end.\n", encoding="utf-8")
    [note] = read_files([path], {"prompt": "Where is the town hall?", "answer": "In the middle."}).notes
    assert COLUMNS_FOLD in in_app(note) and FIRST_ROW in in_app(note) and "--no-header" not in in_app(note)
    assert "--no-header" in visible(note) and FIRST_ROW not in visible(note)


def test_no_sentence_for_both_surfaces_names_the_way_of_one_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted(ROOT.rglob("*.py"))
        if not path.relative_to(ROOT).as_posix().startswith(ONE_SURFACE)
        for text in _sentences(ast.parse(path.read_text(encoding="utf-8")))
        if re.search(r"`localft [a-z]|(?:^|\s)--[a-z]", NO_WAY_IN_THE_APP.sub("", text))
    ]
    assert found == []


def _sentences(tree: ast.AST) -> Iterator[str]:
    """The texts that an error is raised with, but for those of an Advice."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.endswith("Error"):
            for argument in call.args:
                if not (isinstance(argument, ast.Call) and getattr(argument.func, "id", "") == "Advice"):
                    yield "".join(
                        one.value
                        for one in ast.walk(argument)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    )
