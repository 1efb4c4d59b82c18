"""Package indexes: is one reachable, and what has the user configured."""

import ast
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping

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


def uv_environment(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv look where pip would, which it does not do by itself.

    uv takes a package from the first index that knows it, pip takes the best version of all: where pip has several
    places, uv is told to do as pip does. What the user has told uv already stays as it is.
    """
    said = {name for name in environment if name.startswith("UV_")}
    told: dict[str, str] = {}
    if "index-url" in pip and not said & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        told["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "extra-index-url" in pip and not said & {"UV_INDEX", "UV_EXTRA_INDEX_URL"}:
        told["UV_INDEX"] = pip["extra-index-url"]
        if "UV_INDEX_STRATEGY" not in said:
            told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "find-links" in pip and "UV_FIND_LINKS" not in said:
        told["UV_FIND_LINKS"] = ",".join(pip["find-links"].split())
    if is_on(pip.get("no-index", "")) and "UV_NO_INDEX" not in said:
        told["UV_NO_INDEX"] = "1"
    if "trusted-host" in pip and "UV_INSECURE_HOST" not in said:
        told["UV_INSECURE_HOST"] = pip["trusted-host"]
    timeout = pip.get("timeout") or pip.get("default-timeout")
    if timeout and "UV_HTTP_TIMEOUT" not in said:
        told["UV_HTTP_TIMEOUT"] = timeout
    if "cert" in pip and "SSL_CERT_FILE" not in environment:
        told["SSL_CERT_FILE"] = pip["cert"]
    if "proxy" in pip:
        told |= {name: pip["proxy"] for name in ("HTTPS_PROXY", "HTTP_PROXY") if name not in environment}
    return told


def is_on(value: str) -> bool:
    """Read a truth value the way pip's settings spell it."""
    return value.strip().lower() in ("1", "true", "yes", "on")
