"""Package indexes: is one reachable, and what has the user configured."""

import ast
import os
import subprocess
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

PROBE_SECONDS = 5.0


def reachable(address: str, seconds: float = PROBE_SECONDS) -> bool:
    """Tell whether an index answers within the time.

    Looking up a name can block for much longer than any socket time-out, so the question is asked in a thread of its
    own that is left behind when it takes too long.
    """
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{address.rstrip('/')}/", timeout=seconds):
                answers.append(True)
        except urllib.error.HTTPError as error:
            # Some indexes refuse to list everything, and are there all the same.
            answers.append(error.code in (403, 405))
        except (OSError, ValueError):
            answers.append(False)

    question = threading.Thread(target=ask, daemon=True)
    question.start()
    question.join(seconds)
    return bool(answers and answers[0])


def read_pip_settings(python: str = sys.executable, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return pip's settings for `install` by their long names, the environment before files."""
    command = [python, "-m", "pip", "config", "list"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=dict(environment))
    except (OSError, subprocess.TimeoutExpired):
        return _from_environment(environment)
    return parse_pip_settings(answer.stdout) if answer.returncode == 0 else _from_environment(environment)


def parse_pip_settings(listing: str) -> dict[str, str]:
    """Read the output of `pip config list`: lines such as global.index-url='https://...'."""
    rank = {"global": 0, "install": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, separator, quoted = line.partition("=")
        section, dot, name = key.strip().rpartition(".")
        if not (separator and dot and section in rank):
            continue
        try:
            value = str(ast.literal_eval(quoted.strip()))
        except (ValueError, SyntaxError):
            continue
        if name not in found or rank[section] >= found[name][0]:
            found[name] = (rank[section], value)
    return {name: " ".join(value.split()) for name, (_, value) in found.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith("PIP_") and value
    }


def names_in_uv_files(environment: Mapping[str, str] = os.environ) -> set[str]:
    """Return what uv.toml decides, of this user and of this computer, by the names of the variables for the same."""
    settings: dict[str, Any] = {}
    for path in _uv_files(environment):
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        pip = content.get("pip")
        settings |= content | (pip if isinstance(pip, dict) else {})
    names = {f"UV_{key.upper().replace('-', '_')}" for key in settings}
    has_default = any(isinstance(index, dict) and index.get("default") for index in settings.get("index", []))
    return names | {"UV_DEFAULT_INDEX"} if has_default else names


def _uv_files(environment: Mapping[str, str]) -> list[Path]:
    """Return where uv looks for its settings, the computer's before the user's, which wins."""
    if named := environment.get("UV_CONFIG_FILE"):
        return [Path(named)]
    if environment.get("UV_NO_CONFIG"):
        return []
    if os.name == "nt":
        homes = [environment[name] for name in ("PROGRAMDATA", "APPDATA") if environment.get(name)]
    else:
        homes = ["/etc", environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())]
    return [Path(home, "uv", "uv.toml") for home in homes]


def uv_environment(pip: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return the variables that make uv look where pip would, which it does not do by itself.

    uv takes a package from the first index that knows it, pip takes the best version of all: where pip has several
    places, uv is told to do as pip does.

    Args:
        known: names of the variables that are set, and of those for which uv's own files stand; they stay as they are.
    """
    said = {name for name in known if name.startswith("UV_")}
    told: dict[str, str] = {}
    if "index-url" in pip and not said & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        told["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "extra-index-url" in pip and not said & {"UV_INDEX", "UV_EXTRA_INDEX_URL"}:
        told["UV_INDEX"] = pip["extra-index-url"]
        if "UV_INDEX_STRATEGY" not in said:
            told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "find-links" in pip and "UV_FIND_LINKS" not in said:
        told["UV_FIND_LINKS"] = ",".join(pip["find-links"].split())
    if "constraint" in pip and "UV_CONSTRAINT" not in said:
        told["UV_CONSTRAINT"] = pip["constraint"]
    if is_on(pip.get("no-index", "")) and "UV_NO_INDEX" not in said:
        told["UV_NO_INDEX"] = "1"
    if "trusted-host" in pip and "UV_INSECURE_HOST" not in said:
        told["UV_INSECURE_HOST"] = pip["trusted-host"]
    timeout = pip.get("timeout") or pip.get("default-timeout")
    if timeout and "UV_HTTP_TIMEOUT" not in said:
        told["UV_HTTP_TIMEOUT"] = timeout
    if "cert" in pip and "SSL_CERT_FILE" not in known:
        told["SSL_CERT_FILE"] = pip["cert"]
    if "proxy" in pip:
        told |= {name: pip["proxy"] for name in ("HTTPS_PROXY", "HTTP_PROXY") if name not in known}
    return told


def uv_with_index(index: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which uv looks at one more index; as an option it would take the place of the user's."""
    known = environment.get("UV_INDEX", "").split()
    return {"UV_INDEX": " ".join([*known, index]), "UV_INDEX_STRATEGY": "unsafe-best-match"}


def is_on(value: str) -> bool:
    """Read a truth value the way pip's settings spell it."""
    return value.strip().lower() in ("1", "true", "yes", "on")
