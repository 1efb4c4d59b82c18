"""README.md cannot lie: its tables are the code's, its files exist, and each of its commands is run in its order."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import click
import make_readme_tables
import pytest

from localft.cli.main import application
from localft.cli.output import Output
from localft.errors import UserError
from localft.store.projects import create_project

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# What makes a command small enough for a test; its words stay as they are.
SMALLER = {
    "localft train support-bot": ["--epochs", "0.1"],
    "localft train support-bot --detach": ["--epochs", "0.3"],
    "localft sweep support-bot --ranks 8,16 --learning-rates 2e-3,4e-3 --yes": ["--epochs", "0.02"],
    "localft evaluate support-bot": ["--limit", "4"],
}
# Commands about models and datasets of the hub, which the tests never ask.
NEEDS_NETWORK = ("Qwen/Qwen3-0.6B", " hub:")


def commands() -> list[str]:
    """The lines of all blocks marked as shell, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip() and not line.startswith("#")]


def mentioned() -> list[str]:
    """The commands within sentences that are given something; one without names a command only."""
    text = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"`localft ([^`]+)`", text)
    return [command for command in found if re.search(r" -|\.\w|\bdata \w+ \w", command)]


def run(command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", *shlex.split(command), *SMALLER.get(command, [])]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_tables_are_the_codes() -> None:
    assert make_readme_tables.with_tables(README) == README, "run python build/make_readme_tables.py"


def test_the_bootstrap_commands_are_those_of_the_checks() -> None:
    words = {command.split()[2] for command in commands() if command.startswith("python3 build/bootstrap.py")}
    assert words == {"demo", "test"}
    assert "python3 build/bootstrap.py test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    explained = (ROOT / "build" / "bootstrap.py").read_text(encoding="utf-8")
    assert all(f"python3 build/bootstrap.py {word} " in explained for word in words)


def test_every_other_block_is_localft() -> None:
    others = [command for command in commands() if not command.startswith("python3 build/bootstrap.py")]
    assert others
    assert all(command.startswith("localft ") for command in others)


def test_the_commands_within_sentences_would_be_accepted() -> None:
    assert len(mentioned()) > 3
    for line in commands():
        if line.startswith("localft new "):
            create_project(shlex.split(line)[2])
    for line in mentioned():
        command: click.Command = application
        given = shlex.split(line)
        while isinstance(command, click.Group):
            inner = command.get_command(click.Context(command, obj=Output()), given.pop(0))
            assert inner is not None, line
            command = inner
        try:
            command.make_context(None, given, obj=Output()).close()
        except (click.UsageError, UserError) as error:
            pytest.fail(f"{line}: {error}")


def test_what_is_searched_for_is_found() -> None:
    (search,) = [command for command in commands() if " --search " in command]
    slug = search.split()[3]
    for command in commands():
        if command.startswith(("localft new", f"localft data import {slug}")) and slug in command.lower():
            assert run(command).returncode == 0
    found = re.search(r"(\d+) examples? found", run(search).stdout)
    assert found and int(found[1]) > 0


@pytest.mark.timeout(900)
def test_the_commands_of_the_tour_work_in_their_order() -> None:
    for command in commands():
        if not command.startswith("localft "):
            continue
        if command.startswith("localft serve"):
            serve(command)
            continue
        done = run(command)
        assert "Traceback" not in done.stderr, f"{command}\n{done.stderr}"
        if any(name in command for name in NEEDS_NETWORK):
            assert done.returncode == 1, command
            assert "offline mode is on" in done.stderr, f"{command}\n{done.stderr}"
        elif command.endswith("--to ollama"):
            assert done.returncode in {0, 1}, f"{command}\n{done.stderr}"
            assert "ollama" in (done.stdout + done.stderr).lower()
        elif command == "localft doctor":
            assert done.returncode in {0, 1}
        else:
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            assert done.stdout.strip(), command


def serve(command: str) -> None:
    """Start a server, ask it, and end it as a person would."""
    words = [sys.executable, "-m", *shlex.split(command), "--json"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    value = json.loads("".join(lines))
    request = urllib.request.Request(f"{value['url']}/models", headers={"Authorization": f"Bearer {value['key']}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        names = [model["id"] for model in json.load(answer)["data"]]
    assert names == value["models"] == ["base", "tuned"]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err


@pytest.mark.timeout(120)
def test_localft_alone_opens_the_app() -> None:
    """Without a word it serves the app; a browser is told the address with its key."""
    process = subprocess.Popen(
        [sys.executable, "-m", "localft", "--no-browser", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = next(match[0] for line in process.stderr if (match := re.search(r"http://127\.0\.0\.1:\S+", line)))
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address, timeout=30) as answer:
        assert answer.status == 200
        assert "localft" in answer.read().decode()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in {0, 130}
    assert os.environ["LOCALFT_HOME"]
