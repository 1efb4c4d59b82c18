"""The frame of the command line: which status for which end, what goes to which stream, and what is not imported."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from localft.cli import main as cli
from localft.cli.group import Entry
from localft.errors import Stopped, UserError


def run(*arguments: str) -> int:
    return cli.main(list(arguments))


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """A command `probe` that raises what a test wants."""

    def add(error: BaseException) -> None:
        @click.command("probe")
        def command() -> None:
            raise error

        monkeypatch.setitem(cli.application.entries, "probe", Entry(f"{__name__}:probe_command", ""))
        monkeypatch.setitem(sys.modules, __name__, type(sys)(__name__))
        monkeypatch.setattr(sys.modules[__name__], "probe_command", command, raising=False)

    return add


def test_a_user_error_is_a_sentence_and_status_1(
    probe: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    probe(UserError("The file is empty.", "Choose another."))
    assert run("probe") == 1
    printed = capsys.readouterr()
    assert printed.err == "localft: The file is empty.\n  Choose another.\n"
    assert printed.out == ""


def test_a_known_library_error_is_explained(
    probe: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    probe(OSError(28, "No space left on device", "/x/y"))
    assert run("probe") == 1
    assert "The disk is full: /x/y." in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped("Saved."), EOFError()])
def test_stopping_is_status_130(probe: Callable[[BaseException], None], error: BaseException) -> None:
    probe(error)
    assert run("probe") == 130


def test_an_unknown_error_keeps_its_traceback_in_a_log(
    probe: Callable[[BaseException], None], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    probe(ZeroDivisionError("nonsense"))
    assert run("probe") == 1
    printed = capsys.readouterr().err
    (log,) = (home / "logs").iterdir()
    assert str(log) in printed
    assert "Traceback" not in printed
    assert "ZeroDivisionError: nonsense" in log.read_text()


def test_debug_shows_the_traceback(
    probe: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCALFT_DEBUG", "1")
    probe(ZeroDivisionError("nonsense"))
    assert run("probe") == 1
    assert "Traceback" in capsys.readouterr().err


def test_wrong_usage_is_status_2_and_names_the_nearest_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("proojects") == 2
    assert "'projects'" in capsys.readouterr().err


def test_a_misspelt_option_names_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "x", "--base-modle", "y") == 2
    assert "--base-model" in capsys.readouterr().err


def test_json_prints_one_object_and_nothing_else_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "Support bot", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["project"] == "support-bot"
    assert "localft data import support-bot FILE" in printed.err


@pytest.mark.parametrize("name", ["../x", "CON", ""])
def test_an_error_is_an_object_too(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", name, "--json") == 1
    assert set(json.loads(capsys.readouterr().out)) == {"error", "hint"}


def test_json_where_the_usage_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "--json") == 2
    assert "NAME" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    "line",
    ["data show s --bad --json", "data diff s --json --nope", "data check s --json --report", "data nope --json",
     "data --json", "nope --json", "runs s --follow=x --json"],
)  # fmt: skip
def test_json_where_the_options_cannot_be_read(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*line.split()) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]
    assert "Error: " in printed.err


def test_no_json_where_the_word_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "show", "--nope", "--", "--json") == 2
    assert not capsys.readouterr().out


def test_a_new_project_is_listed_under_both_names(capsys: pytest.CaptureFixture[str]) -> None:
    run("new", "Support bot")
    capsys.readouterr()
    assert run("projects") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["PROJECT", "NAME"]
    assert lines[1].startswith("support-bot  Support bot")


@pytest.mark.parametrize("model", ["", " ", "./missing", "~nobody-of-this-name/model", "gpt 2", "a/b/c", "x" * 5_000])
def test_a_base_model_that_cannot_be_is_told_before_the_project_is_made(
    model: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new", "Support bot", "--base-model", model, "--json") == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["error"] and printed["hint"]
    assert not (home / "projects" / "support-bot").exists()


def test_a_base_model_is_kept_so_that_it_means_the_same_from_everywhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-model").mkdir()
    (tmp_path / "my-model" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    kept = {}
    for number, model in enumerate(["./my-model", "my-model", "~/my-model", "Qwen/Qwen3-0.6B", "starter"]):
        assert run("new", f"bot {number}", "--base-model", model) == 0
        kept[model] = json.loads((home / "projects" / f"bot-{number}" / "project.json").read_text())["base_model"]
    folder = str((tmp_path / "my-model").resolve())
    assert list(kept.values()) == [folder, folder, folder, "Qwen/Qwen3-0.6B", "starter"]


def test_a_folder_without_a_model_is_told_when_it_is_named(home: Path, tmp_path: Path) -> None:
    assert run("new", "bot", "--base-model", str(tmp_path)) == 1
    assert not (home / "projects" / "bot").exists()


def test_an_empty_base_model_is_a_slip_and_not_the_starter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.dumps({"prompt": f"question {number}", "completion": f"answer {number}"}) for number in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    run("new", "Support bot")
    run("data", "import", "support-bot", str(tmp_path / "a.jsonl"))
    capsys.readouterr()
    for command in ("plan", "train"):
        assert run(command, "support-bot", "--base-model", "", "--json") == 1
        assert json.loads(capsys.readouterr().out)["error"] == "The name of the base model is empty."


def test_a_broken_project_does_not_hide_its_neighbours(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("new", "good")
    (home / "projects" / "bad").mkdir()
    (home / "projects" / "bad" / "project.json").write_text("{")
    capsys.readouterr()
    assert run("projects") == 0
    printed = capsys.readouterr()
    assert "good" in printed.out
    assert "bad cannot be read" in printed.err


def test_paths_lie_below_localft_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("paths", "--json") == 0
    places = json.loads(capsys.readouterr().out)
    assert places["projects"] == str(home / "projects")
    assert places["cache"].startswith(str(home))


def test_help_imports_no_command_and_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from localft.cli.main import main\n"
        "assert main(['--help']) == 0\n"
        "print('MODULES', *sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(done.stdout.rpartition("MODULES ")[2].split())
    heavy = {"torch", "transformers", "gradio", "pydantic", "rich", "huggingface_hub", "numpy", "localft.settings"}
    assert not modules & heavy
    assert {name for name in modules if name.startswith("localft.cli.")} == {
        "localft.cli.group", "localft.cli.main", "localft.cli.output",
    }  # fmt: skip


def test_python_m_localft_ends_with_the_status_of_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "localft", "new", "x/y"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("localft: The name 'x/y' looks like a path.")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-m", "localft", "--help"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


def test_no_command_needs_the_machine_learning_libraries() -> None:
    script = (
        "import sys, click\n"
        "from localft.cli.main import application\n"
        "context = click.Context(application)\n"
        "commands = [application.get_command(context, name) for name in application.list_commands(context)]\n"
        "assert all(commands)\n"
        "print(*sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"torch", "transformers", "datasets", "trl", "peft", "bitsandbytes", "accelerate", "llama_cpp", "gradio"}
    assert not set(done.stdout.split()) & (heavy | {"pandas", "pyarrow", "huggingface_hub", "openai"})
