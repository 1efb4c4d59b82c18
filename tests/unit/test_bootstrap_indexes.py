"""The user's index configuration is honoured, by uv too; an index that does not answer costs no more than its time."""

import socket
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from installer.indexes import parse_pip_settings, reachable, read_pip_settings, uv_environment

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
