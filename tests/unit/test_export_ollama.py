"""Ollama is asked over loopback only, and believed only where it says success."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from localft.errors import UserError
from localft.export.modelfile import ModelSettings
from localft.export.ollama import OllamaClient, loopback_address, model_name, ollama_status
from tests.fake_ollama import FakeOllama, Trouble, fake_ollama

SETTINGS = ModelSettings(stop=("<|im_end|>",), context=4096, system="Be brief.")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    with fake_ollama() as state:
        monkeypatch.setenv("OLLAMA_HOST", state.address)
        yield state


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 20_000)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:11500/", "http://127.0.0.1:11500"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":9999", "http://127.0.0.1:9999"),
        ("[::1]:7000", "http://[::1]:7000"),
        ("[::]", "http://[::1]:11434"),
        ("127.9.9.9", "http://127.9.9.9:11434"),
    ],
)
def test_addresses_of_this_computer(host: str, address: str) -> None:
    assert loopback_address(host) == address


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.5:11434", "example.com", "http://example.com@127.0.0.1", "https://127.0.0.1",
        "localhost.example.com", "127.0.0.1.example.com", "[::ffff:8.8.8.8]:1", "2130706433", "127.0.0.1:99999",
        "user:pass@127.0.0.1:1", "0x7f.1",
    ],
)  # fmt: skip
def test_addresses_elsewhere_are_refused(host: str) -> None:
    with pytest.raises(UserError, match="this computer only"):
        loopback_address(host)


@pytest.mark.parametrize("name", ["support-bot", "Support Bot", "qwen3_tuned.v2", "bot:v1"])
def test_names_that_ollama_takes(name: str) -> None:
    assert model_name(name) == name.lower().replace(" ", "-")


@pytest.mark.parametrize(
    "name", ["", "-bot", "../bot", "me/bot", "host:1/me/bot", "a" * 81, "bot:", "bot\nFROM x", "бот"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="no name for a model"):
        model_name(name)


def test_status_in_one_sentence(server: FakeOllama) -> None:
    assert ollama_status().sentence == "Ollama 0.35.1 is running."
    server.version = "0.34.2"
    status = ollama_status()
    assert status.answers and not status.secure
    assert "security" in status.sentence


def test_status_without_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    assert ollama_status().sentence == "Ollama does not answer on this computer."
    monkeypatch.setenv("OLLAMA_HOST", "ollama.example.com")
    assert not ollama_status().answers


def test_a_file_is_handed_over_once_with_progress(server: FakeOllama, file: tuple[Path, str]) -> None:
    path, digest = file
    seen: list[tuple[float, float]] = []
    with OllamaClient() as client:
        assert not client.has_blob(digest)
        client.push_blob(path, digest, lambda done, total, _: seen.append((done, total)))
        client.push_blob(path, digest)
    assert server.blobs == {digest: path.stat().st_size}
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    assert [method for method, _, _ in server.requests].count("POST") == 1


def test_another_file_than_the_digest_says_is_refused(server: FakeOllama, file: tuple[Path, str]) -> None:
    with OllamaClient() as client, pytest.raises(UserError, match="digest mismatch"):
        client.push_blob(file[0], "0" * 64)
    assert not server.blobs


def test_create_sends_what_ollama_understands(server: FakeOllama, file: tuple[Path, str]) -> None:
    path, digest = file
    said: list[str] = []
    with OllamaClient() as client:
        client.push_blob(path, digest)
        client.create("bot", {path.name: digest}, SETTINGS, progress=lambda *report: said.append(report[2]))
        assert client.names() == ["bot:latest"]
        assert client.chat("bot", [{"role": "user", "content": "Capital of France?"}]) == "Paris"
    order = server.models["bot:latest"]
    assert order["files"] == {"model.gguf": f"sha256:{digest}"}
    assert order["parameters"]["stop"] == ["<|im_end|>"]
    assert "modelfile" not in order and "template" not in order
    assert said[-1] == "Ollama: success"
    asked = next(body for method, path, body in server.requests if path == "/api/chat")
    assert asked["keep_alive"] == 0


def test_a_failure_behind_status_200_is_a_failure(server: FakeOllama, file: tuple[Path, str]) -> None:
    path, digest = file
    with OllamaClient() as client:
        client.push_blob(path, digest)
        server.fail_create = "unsupported architecture"
        with pytest.raises(UserError, match="unsupported architecture"):
            client.create("bot", {path.name: digest}, SETTINGS)
        server.fail_create, server.end_early = "", True
        with pytest.raises(UserError, match="without saying"):
            client.create("bot", {path.name: digest}, SETTINGS)
    assert not server.models


def test_an_unknown_blob_and_an_unknown_model_are_explained(server: FakeOllama) -> None:
    with OllamaClient() as client:
        with pytest.raises(UserError, match="status 500"):
            client.create("bot", {"model.gguf": "0" * 64}, SETTINGS)
        with pytest.raises(UserError, match="not found"):
            client.chat("bot", [{"role": "user", "content": "Hi"}])


def test_what_ollama_renders_can_be_asked_for(server: FakeOllama, file: tuple[Path, str]) -> None:
    path, digest = file
    with OllamaClient() as client:
        client.push_blob(path, digest)
        client.create("bot", {path.name: digest}, SETTINGS)
        question = [{"role": "user", "content": "Hi"}]
        assert client.render("bot", question) == "system:Be brief.\nuser:Hi\n"
        server.tells_rendering = False
        assert client.render("bot", question) is None


def test_no_proxy_stands_between(server: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ollama_status().answers


def test_one_that_is_too_old_to_take_a_file_is_told_before(server: FakeOllama) -> None:
    server.version = "0.5.4"
    status = ollama_status()
    assert status.answers and not status.takes_files and not status.secure
    assert "too old to take a file (0.5.5 can)" in status.sentence
    for version in ("0.5.5", "0.0.0", "0.35.0-rc1"):
        server.version = version
        assert ollama_status().takes_files


ANSWERS = {
    "500": "Ollama would not {} (status 500): llama runner process has terminated.",
    "drops": "The connection to Ollama broke",
    "other program": "is not Ollama.",
}


DEEDS = {
    "/api/version": "tell its version",
    "/api/tags": "list its models",
    "/api/blobs": "store the file",
    "/api/create": "make the model",
    "/api/chat": "answer",
}


# The answer to a file has no text that could tell another program.
@pytest.mark.parametrize(
    ("path", "deed", "trouble"),
    [
        (path, deed, trouble)
        for path, deed in DEEDS.items()
        for trouble in ANSWERS
        if (path, trouble) != ("/api/blobs", "other program")
    ],
)
def test_whatever_fails_there_is_a_sentence_here(
    server: FakeOllama, file: tuple[Path, str], path: str, deed: str, trouble: Trouble
) -> None:
    gguf, digest = file
    server.trouble[path] = trouble

    def all_of_it() -> None:
        with OllamaClient() as client:
            client.version()
            client.names()
            client.push_blob(gguf, digest)
            client.create("bot", {gguf.name: digest}, SETTINGS)
            client.chat("bot", [{"role": "user", "content": "Hi"}])

    with pytest.raises(UserError) as caught:
        all_of_it()
    assert ANSWERS[trouble].format(deed) in caught.value.message
    assert isinstance(ollama_status().sentence, str)


def test_thinking_is_an_answer_where_there_is_no_other(server: FakeOllama, file: tuple[Path, str]) -> None:
    path, digest = file
    server.answer, server.thinking = "", "The capital is"
    with OllamaClient() as client:
        client.push_blob(path, digest)
        client.create("bot", {path.name: digest}, SETTINGS)
        assert client.chat("bot", [{"role": "user", "content": "Hi"}]) == "The capital is"
