"""The user's index configuration is honoured, by uv too; an index that does not answer costs no more than its time."""

import os
import socket
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from installer.indexes import (
    names_in_uv_files,
    parse_pip_settings,
    reachable,
    read_pip_settings,
    uv_environment,
    uv_with_index,
)

LISTING = """\
:env:.find-links='/srv/wheels'
global.cert='/etc/ssl/company.pem'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.find-links='/elsewhere'
global.index-url='https://mirror.example/simple'
global.timeout='20'
install.timeout='60'
freeze.timeout='5'
nonsense
global.no-binary=unquoted
"""


def test_the_environment_comes_before_install_and_install_before_global() -> None:
    assert parse_pip_settings(LISTING) == {
        "find-links": "/srv/wheels",
        "cert": "/etc/ssl/company.pem",
        "extra-index-url": "https://one.example/simple https://two.example/simple",
        "index-url": "https://mirror.example/simple",
        "timeout": "60",
    }


def test_uv_is_told_what_pip_knows() -> None:
    assert uv_environment(parse_pip_settings(LISTING), {}) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/srv/wheels",
        "UV_HTTP_TIMEOUT": "60",
        "SSL_CERT_FILE": "/etc/ssl/company.pem",
    }


def test_what_the_user_told_uv_stays() -> None:
    said = {"UV_INDEX_URL": "https://mine.example", "UV_FIND_LINKS": "/mine", "UV_INDEX": "https://more.example"}
    told = uv_environment(parse_pip_settings(LISTING), {**said, "SSL_CERT_FILE": "/mine.pem"})
    assert told == {"UV_HTTP_TIMEOUT": "60"}


def test_no_index_and_proxies_are_passed_on() -> None:
    pip = {"no-index": "true", "proxy": "http://proxy:3128", "trusted-host": "mirror.example"}
    assert uv_environment(pip, {"HTTP_PROXY": "http://other:1"}) == {
        "UV_NO_INDEX": "1",
        "UV_INSECURE_HOST": "mirror.example",
        "HTTPS_PROXY": "http://proxy:3128",
    }
    assert uv_environment({"no-index": "no"}, {}) == {}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[[index]]\nurl = "https://more.example"\n', {"UV_INDEX"}),
        ('[[index]]\nurl = "https://mine.example"\ndefault = true\n', {"UV_INDEX", "UV_DEFAULT_INDEX"}),
        ('[pip]\nindex-url = "https://mine.example"\n', {"UV_PIP", "UV_INDEX_URL"}),
        ("no toml", set()),
    ],
)
def test_what_stands_in_the_files_of_uv_stays_too(text: str, names: set[str], tmp_path: Path) -> None:
    file = tmp_path / "uv.toml"
    file.write_text(text, encoding="utf-8")
    found = names_in_uv_files({"UV_CONFIG_FILE": str(file)})
    assert found == names
    pip = {"index-url": "https://mirror.example/simple"}
    expected = {} if names & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} else {"UV_DEFAULT_INDEX": pip["index-url"]}
    assert uv_environment(pip, found) == expected
    assert names_in_uv_files({"UV_NO_CONFIG": "1"}) == set()


@pytest.mark.skipif(os.name != "posix", reason="where Windows keeps it differs")
def test_the_file_of_the_user_is_found(tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text("no-index = true\n", encoding="utf-8")
    assert "UV_NO_INDEX" in names_in_uv_files({"XDG_CONFIG_HOME": str(tmp_path)})


def test_one_more_index_stands_beside_those_of_the_user() -> None:
    assert uv_with_index("https://torch.example", {})["UV_INDEX"] == "https://torch.example"
    both = uv_with_index("https://torch.example", {"UV_INDEX": "https://one.example https://two.example"})
    assert both["UV_INDEX"] == "https://one.example https://two.example https://torch.example"
    assert both["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_constraints_count_for_uv_too() -> None:
    pip = {"constraint": "/etc/constraints.txt"}
    assert uv_environment(pip, ()) == {"UV_CONSTRAINT": "/etc/constraints.txt"}
    assert uv_environment(pip, {"UV_CONSTRAINT"}) == {}


def test_pip_itself_is_asked() -> None:
    settings = read_pip_settings(sys.executable, {"PIP_INDEX_URL": "https://mirror.example/simple", "PATH": ""})
    assert settings["index-url"] == "https://mirror.example/simple"


def test_without_pip_the_environment_still_counts() -> None:
    assert read_pip_settings("/no/such/python", {"PIP_FIND_LINKS": "/wheels"}) == {"find-links": "/wheels"}


class Index(BaseHTTPRequestHandler):
    """Answers with the number in its path."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """Serve on this machine only."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "expected"), [(200, True), (403, True), (404, False), (500, False)])
def test_an_index_is_reachable_if_it_answers(index: str, status: int, expected: bool) -> None:
    assert reachable(f"{index}/{status}") is expected


def test_a_silent_index_costs_no_more_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("http_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not reachable(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
    assert not reachable("http://127.0.0.1:9", seconds=1)
