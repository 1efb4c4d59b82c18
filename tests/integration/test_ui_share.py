"""The public link: Gradio's helper program is checked before it runs, and is gone once the link is closed.

The helper here is a stand-in that says what the real one says; Gradio's link service is out of reach of tests.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from gradio import networking, tunneling

from localft.errors import UserError
from localft.ui import share

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
_PORT = 45_678
_HELPER = "#!/bin/sh\necho 'start proxy success: http://abc123.gradio.live'\nexec sleep 600\n"


class LinkService(BaseHTTPRequestHandler):
    """Says where the tunnel goes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps([{"host": "127.0.0.1", "port": 9, "root_ca": "none"}]).encode())

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def others() -> set[int]:
    """The processes that other tests keep: no helpers of ours."""
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: set[int]) -> Iterator[Path]:
    """The stand-in, where Gradio keeps its helper, with its checksum where Gradio keeps that."""
    path = tmp_path / "frpc"
    path.write_text(_HELPER)
    path.chmod(0o700)
    monkeypatch.setattr(tunneling, "BINARY_PATH", str(path))
    monkeypatch.setattr(tunneling, "BINARY_FOLDER", tmp_path)
    monkeypatch.setattr(tunneling, "BINARY_URL", "http://127.0.0.1:9/frpc")
    monkeypatch.setitem(tunneling.CHECKSUMS, "http://127.0.0.1:9/frpc", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.chdir(tmp_path)
    service = HTTPServer(("127.0.0.1", 0), LinkService)
    monkeypatch.setattr(networking, "GRADIO_API_SERVER", f"http://127.0.0.1:{service.server_port}")
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield path
    service.shutdown()
    service.server_close()
    assert _helpers(others) == []


def _helpers(others: set[int]) -> list[psutil.Process]:
    new = [child for child in psutil.Process().children() if child.pid not in others]
    return [child for child in new if child.status() != psutil.STATUS_ZOMBIE]


def test_the_helper_is_gone_once_the_link_is_closed(helper: Path, others: set[int]) -> None:
    assert share._open_tunnel(_PORT) == "https://abc123.gradio.live"
    [process] = _helpers(others)
    share._close_tunnel(_PORT)
    assert not process.is_running()
    assert not [tunnel for tunnel in tunneling.CURRENT_TUNNELS if tunnel.local_port == _PORT]


def test_a_helper_that_was_tampered_with_is_removed_and_never_run(helper: Path, tmp_path: Path) -> None:
    helper.write_text(f"#!/bin/sh\ntouch {tmp_path / 'it-ran'}\n" + _HELPER)
    with pytest.raises(UserError, match="nothing is shared now"):
        share._open_tunnel(_PORT)
    assert not helper.exists()
    assert not (tmp_path / "it-ran").exists()


def test_without_a_checksum_nothing_is_fetched(helper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(tunneling.CHECKSUMS, "http://127.0.0.1:9/frpc")
    with pytest.raises(UserError, match="could be checked on this kind of computer"):
        share._open_tunnel(_PORT)
