"""The commands of the bootstrap. A second start comes no further than this file and installer.environment."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from installer.environment import Environment
from installer.say import SetupError, say

_ROOT = Path(__file__).resolve().parents[2]


def run(words: Sequence[str], root: Path = _ROOT) -> int:
    """Set up if need be, then do what the words say. Returns the exit status."""
    command = words[0] if words else "app"
    environment = Environment(root)
    extras = ("dev",) if command == "test" else ()
    try:
        if command == "setup" or not environment.is_ready(extras):
            from installer.flow import set_up

            set_up(environment, extras, look_again=command == "setup")
        if command == "setup":
            return 0
        if command == "test":
            return _run_tests(environment, words[1:])
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return 130
    return _hand_over(environment, words or ["app"])


def _run_tests(environment: Environment, options: Sequence[str]) -> int:
    from installer.chromium import ensure_chromium

    ensure_chromium()
    return _become([str(environment.python), "-m", "tests.check", *options], environment.root)


def _hand_over(environment: Environment, words: Sequence[str]) -> int:
    return _become([str(environment.program("localft")), *words])


def _become(command: list[str], folder: Path | None = None) -> int:
    """Replace this process by another, so that signals and the exit status are its own; Windows has to wait for it."""
    if folder is not None:
        os.chdir(folder)
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)
    import subprocess

    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130
