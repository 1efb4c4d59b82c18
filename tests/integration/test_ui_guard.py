"""The app over HTTP.

Foreign hosts, foreign sites, other users of this computer, files that are none of its business.
"""

import os
import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from localft.ui.app import create_app, create_server_app
from tests.running_app import RunningApp, running_app

CANARY = "canary-of-the-guard-tests"
_TOKEN = "a-token-of-this-launch"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    home = tmp_path_factory.mktemp("guarded")
    (home / "projects" / "secret").mkdir(parents=True)
    (home / "projects" / "secret" / "notes.txt").write_text(CANARY)
    (home / "outside.txt").write_text(CANARY)
    # Switches that would open the app if Gradio saw them.
    switches = {
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SHARE": "True",
        "GRADIO_ALLOWED_PATHS": str(home),
        "GRADIO_MCP_SERVER": "True",
        "GRADIO_VIBE_MODE": "1",
        "GRADIO_RUN_HISTORY": "True",
        "GRADIO_ROOT_PATH": "/evil",
        "GRADIO_ANALYTICS_ENABLED": "True",
        "SYSTEM": "spaces",
        "SPACE_ID": "evil/space",
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }
    with running_app(home, switches) as running:
        yield running


@pytest.fixture(scope="module")
def server_app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALFT_HOME", str(tmp_path_factory.mktemp("swept")))
        return create_server_app(create_app(), _TOKEN)


@pytest.fixture(scope="module")
def client(app: RunningApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.address, headers=app.headers, timeout=60) as client:
        yield client


def paths_of(routes: list[BaseRoute], prefix: str = "") -> list[tuple[str, str]]:
    """(path, method) of every route, parameters filled in."""
    found = []
    for route in routes:
        if isinstance(route, Mount):
            found += paths_of(list(route.routes), prefix + route.path)
        elif (router := getattr(route, "original_router", None)) is not None:
            found += paths_of(list(router.routes), prefix)
        elif isinstance(route, Route):
            path = prefix + re.sub(r"\{[^}]*\}", "x", route.path)
            found += [(path, method) for method in sorted(route.methods or {"GET"})]
    return found


HOSTS = [
    "evil.com", "127.0.0.1.evil.com", "localhost.evil.com", "[::1]x", "localhost.", "LOCALHOST.evil.com",
    "user@localhost", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_no_route_answers_a_foreign_host(server_app: Any, host: str) -> None:
    client = TestClient(server_app, base_url="http://127.0.0.1:7860")
    routes = paths_of(server_app._application.routes)
    assert len(routes) > 60
    for path, method in routes:
        answer = client.request(method, path, headers={"host": host, "Authorization": f"Bearer {_TOKEN}"})
        assert answer.status_code == 421, (method, path)


def test_no_route_answers_without_the_token(server_app: Any) -> None:
    client = TestClient(server_app, base_url="http://127.0.0.1:7860")
    for path, method in paths_of(server_app._application.routes):
        assert client.request(method, path).status_code == 401, (method, path)
    for path in ("/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/queue/join", "/gradio_api/upload", "/login"):
        assert client.post(path, json={}).status_code == 401
    for path in ("/gradio_api/heartbeat/x", "/gradio_api/queue/data?session_hash=x", "/gradio_api/startup-events"):
        assert client.get(path).status_code == 401


def test_the_link_opens_the_app_and_leaves_no_token_behind(app: RunningApp) -> None:
    with httpx.Client(base_url=app.address) as browser:
        first = browser.get("/", params={"token": app.token, "tab": "train"})
        assert (first.status_code, first.headers["location"]) == (303, "/?tab=train")
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert app.token not in cookie
        page = browser.get("/")
        assert page.status_code == 200
        assert app.token not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert browser.get("/config").status_code == 200
    assert httpx.get(app.address, params={"token": "wrong"}).status_code == 401


def test_a_program_uses_the_token_as_bearer(app: RunningApp) -> None:
    assert httpx.get(app.address + "config", headers=app.headers).status_code == 200
    assert httpx.get(app.address + "config", headers={"Authorization": "Bearer x"}).status_code == 401


def test_another_site_cannot_upload_or_call(app: RunningApp) -> None:
    upload = {"files": ("x.jsonl", b"{}", "text/plain")}
    for foreign in ({"Origin": "https://evil.com"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = httpx.post(app.address + "gradio_api/upload", files=upload, headers={**app.headers, **foreign})
        assert answer.status_code == 403, foreign
        answer = httpx.post(app.address + "gradio_api/queue/join", json={}, headers={**app.headers, **foreign})
        assert answer.status_code == 403, foreign
        assert "access-control-allow-origin" not in answer.headers
    preflight = httpx.options(app.address + "config", headers={"Origin": "https://evil.com"})
    assert "access-control-allow-origin" not in preflight.headers


def test_what_gradio_could_switch_on_stays_off(app: RunningApp) -> None:
    for path in (
        "monitoring/summary",
        "gradio_api/runs",
        "gradio_api/mcp",
        "gradio_api/info",
        "gradio_api/openapi.json",
        "openapi.json",
        "docs",
        "gradio_api/vibe-code",
    ):
        assert httpx.get(app.address + path, headers=app.headers, follow_redirects=True).status_code in {
            403,
            404,
            405,
        }, path
    config = httpx.get(app.address + "config", headers=app.headers).json()
    assert config.get("vibe_mode") in {None, False}
    assert config.get("mcp_server") in {None, False}
    assert config.get("space_id") is None
    assert config.get("analytics_enabled") is False
    assert config["root"] == app.address.rstrip("/")
    assert not [line for line in app.said if "telemetry" in line]
    assert all(dependency["api_visibility"] == "private" for dependency in config["dependencies"])


def test_it_listens_on_this_computer_only(app: RunningApp) -> None:
    import psutil

    listening = [one for one in psutil.Process(app.process.pid).net_connections("inet") if one.status == "LISTEN"]
    assert {one.laddr.ip for one in listening} == {"127.0.0.1"}


def test_an_upload_has_a_limit(app: RunningApp) -> None:
    from localft.ui import app as module

    assert module.MAXIMUM_UPLOAD == "1gb"
    config = httpx.get(app.address + "config", headers=app.headers).json()
    assert config["max_file_size"] == 10**9 or config["max_file_size"] == 2**30


def traversals(target: Path) -> list[str]:
    """Ways in which people have asked servers for files that are none of theirs."""
    plain = str(target)
    up = "../" * 8 + plain.lstrip("/")
    ways = [
        plain, up, "/" + up, up.replace("/", "%2f"), up.replace("../", "..%2f"), up.replace("../", "%2e%2e/"),
        up.replace("../", "....//"), up.replace("/", "\\"), f"file://{plain}", f"//{plain}", f"{plain}%00.png",
        f"\\\\?\\{plain}", f"C:{plain}", "/proc/self/environ", "/etc/passwd", "~/.ssh/id_rsa",
        f"/tmp/..{plain}", plain.upper(), plain + "/", plain + "?x", plain + "#x", f"{target.parent}/./{target.name}",
    ]  # fmt: skip
    return ways + ["x/" + way for way in ways] + [way.replace("..", "..;") for way in ways if ".." in way]


@pytest.mark.parametrize(
    "route", ["gradio_api/file=", "gradio_api/file/", "static/", "assets/", "svelte/", "gradio_api/stream/", "proxy="]
)
def test_no_route_gives_out_a_foreign_file(app: RunningApp, client: httpx.Client, route: str) -> None:
    for target in (app.home / "outside.txt", app.home / "projects" / "secret" / "notes.txt"):
        for way in traversals(target):
            answer = client.get(app.address + route + way)
            assert CANARY not in answer.text, way
            assert "root:" not in answer.text, way
            assert "LOCALFT_HOME" not in answer.text, way


def test_downloads_give_out_exports_only(app: RunningApp, client: httpx.Client) -> None:
    for way in traversals(app.home / "projects" / "secret" / "notes.txt"):
        for path in (
            f"downloads/exports/secret/x/{way}",
            f"downloads/exports/{way}/x/y",
            f"downloads/reports/secret/{way}",
            f"downloads/data/secret/{way}/jsonl",
            f"downloads/data/{way}/x/csv",
        ):
            answer = client.get(app.address + path)
            assert answer.status_code in {404, 405, 400}, path
            assert CANARY not in answer.text


def call(client: httpx.Client, dependency: int, data: list[Any]) -> str:
    """Call a function of the app as its page does, and return everything that it answers."""
    session = f"guard{dependency}"
    body = {"data": data, "fn_index": dependency, "session_hash": session, "event_data": None}
    joined = client.post("gradio_api/queue/join", json=body)
    if joined.status_code != 200:
        return joined.text
    heard = []
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            heard.append(line)
            if '"process_completed"' in line:
                break
    return "\n".join(heard)


def test_no_function_gives_out_a_file_that_it_is_named(app: RunningApp, client: httpx.Client) -> None:
    config = httpx.get(app.address + "config", headers=app.headers).json()
    types = {component["id"]: component["type"] for component in config["components"]}
    wanted = str(app.home / "projects" / "secret" / "notes.txt")
    named = {"path": wanted, "url": None, "orig_name": "x", "meta": {"_type": "gradio.FileData"}}
    asked = 0
    for dependency in config["dependencies"]:
        inputs = [types[component] for component in dependency["inputs"]]
        if not dependency["backend_fn"] or not {"textbox", "file", "dropdown"} & set(inputs):
            continue
        values: dict[str, Any] = {"file": [named], "number": 1, "checkbox": True, "state": None}
        answer = call(client, dependency["id"], [values.get(kind, wanted) for kind in inputs])
        assert CANARY not in answer
        asked += 1
    assert asked > 20
    cached = [path for path in (app.home / "cache").rglob("*") if path.is_file()]
    assert not [path for path in cached if CANARY.encode() in path.read_bytes()]


def test_the_app_works_in_an_empty_private_folder(app: RunningApp) -> None:
    if os.name != "posix":
        pytest.skip("looks into /proc")
    folder = Path(f"/proc/{app.process.pid}/cwd").readlink()
    assert folder.is_relative_to(app.home / "cache")
    assert list(folder.iterdir()) == []
    cache = app.home / "cache"
    for private in (folder, folder.parent, folder.parent / "uploads", cache, cache / "app", app.home / "projects"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700, private


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot ask a program politely to end")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_however_it_ends_what_was_uploaded_is_gone(tmp_path: Path, number: signal.Signals) -> None:
    left_behind = tmp_path / "cache" / "app" / "run-999999999-killed"
    (left_behind / "uploads").mkdir(parents=True)
    with running_app(tmp_path) as app:
        assert not left_behind.exists()
        with httpx.Client(base_url=app.address, headers=app.headers) as client:
            sent = client.post("gradio_api/upload", files={"files": ("mine.jsonl", CANARY.encode(), "text/plain")})
            assert sent.status_code == 200
            [stored] = sent.json()
            assert Path(stored).read_text() == CANARY
        app.process.send_signal(number)
        app.process.wait(timeout=30)
        assert "The app is closed." in "".join(app.said)
    assert list((tmp_path / "cache" / "app").iterdir()) == []


def test_a_home_named_from_the_current_folder_stays_where_it_was_named(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        with running_app(tmp_path, {"LOCALFT_HOME": "relative"}):
            assert (tmp_path / "relative" / "cache" / "app").is_dir()
    assert (tmp_path / "relative" / "queue").is_dir()


def test_nothing_of_the_token_is_written_down(app: RunningApp) -> None:
    for path in app.home.rglob("*"):
        assert not path.is_file() or app.token.encode() not in path.read_bytes()
    command = Path(f"/proc/{app.process.pid}/cmdline")
    assert not command.exists() or app.token.encode() not in command.read_bytes()


def test_a_port_in_use_is_a_sentence(app: RunningApp, tmp_path: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "localft", "app", "--port", str(app.port), "--no-browser"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LOCALFT_HOME": str(tmp_path)}
    )
    assert done.returncode == 1
    assert f"Port {app.port} is already in use." in done.stderr
    assert "Traceback" not in done.stderr
