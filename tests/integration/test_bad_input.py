"""Whatever is put in: one sentence that says what, where and what to do; exit 1; the project as it was."""

import contextlib
import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.versions import newest_version
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store.projects import Project, create_project
from tests.bad_input import as_lines, conversation, good_rows, one_sentence, project_with_good_data, run_cli, snapshot


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_with_good_data(tmp_path)


# ----------------------------------------------------------------------------------------------------------------- data


@dataclass(frozen=True)
class BadFile:
    """A file, and what must be said about it besides its name."""

    name: str
    make: Callable[[Path], object]
    says: tuple[str, ...]

    @property
    def expected(self) -> tuple[str, ...]:
        return self.says or (self.name,)


def _make_folder(path: Path) -> None:
    path.mkdir()


BAD_FILES = [
    BadFile("missing.jsonl", lambda path: None, ("missing.jsonl",)),
    BadFile("empty.jsonl", lambda path: path.touch(), ("empty.jsonl", "empty")),
    BadFile("blank.jsonl", lambda path: path.write_text("\n\n  \n"), ()),
    BadFile("folder.jsonl", _make_folder, ("folder.jsonl", "is a folder")),
    BadFile("picture.jsonl", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40), ()),
    BadFile("noise.jsonl", lambda path: path.write_bytes(hashlib.shake_256(b"seed").digest(50_000)), ()),
    BadFile("numbers.json", lambda path: path.write_text("[1, 2, 3]"), ()),
    BadFile("number.json", lambda path: path.write_text("7"), ()),
    BadFile("broken.json", lambda path: path.write_text('[{"prompt": "a"'), ()),
    BadFile("three.jsonl", lambda path: path.write_text(as_lines(good_rows(3))), ("only 3",)),
    BadFile("unknown.csv", lambda path: path.write_text("colour,weight\nred,1\nblue,2\n"), ("unknown.csv", "colour")),
    BadFile("notes.docx", lambda path: path.write_bytes(b"PK\x03\x04" + b"\x00" * 100), ()),
    BadFile("deep.jsonl", lambda path: path.write_text("[" * 100_000 + "\n"), ()),
    BadFile(
        "twice.jsonl",
        lambda path: path.write_text(as_lines(good_rows(3) * 9)),
        ("only 3", "24 more cannot be used", "exact duplicate"),
    ),
    BadFile("table.jsonl", lambda path: path.write_text("prompt,answer\na,b c\n"), ("JSON object of its own",)),
    BadFile("image.parquet", lambda path: path.write_bytes(b"PAR1" + b"\x00" * 64 + b"PAR1"), ()),
]


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_a_file_that_cannot_be_used(
    bad: BadFile, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / bad.name
    bad.make(path)
    before = snapshot(project.folder)
    capsys.readouterr()
    assert main(["data", "import", "support-bot", str(path)]) == 1
    one_sentence(capsys.readouterr().err, *bad.expected)
    assert snapshot(project.folder) == before


def _utf16(path: Path) -> None:
    path.write_text(as_lines(good_rows()), encoding="utf-16")


def _long_line(path: Path) -> None:
    path.write_text(as_lines([*good_rows(), conversation("x" * 10_000_000, "Too long.")]))


def _mixed(path: Path) -> None:
    pairs = [{"prompt": f"Say {number}.", "completion": f"Number {number}."} for number in range(20)]
    path.write_text(as_lines([*good_rows(20), *pairs, 17, "text", {"colour": "red"}]))


def _bytes_within(path: Path) -> None:
    lines = as_lines(good_rows()).encode() + b'{"prompt": "caf\xe9", "completion": "a bar"}\n'
    path.write_bytes(lines)


def _array(path: Path) -> None:
    path.write_text(json.dumps(good_rows()))


@pytest.mark.parametrize("make", [_utf16, _long_line, _mixed, _bytes_within, _array])
def test_a_file_that_is_odd_but_usable(
    make: Callable[[Path], None], project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.jsonl"
    make(path)
    capsys.readouterr()
    assert main(["data", "import", "support-bot", str(path), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["examples"] >= 40
    if make is _mixed:
        assert value["shape"] == "several shapes"
        assert {row["row"] for row in value["set_aside"]} == {41, 42, 43}
    assert newest_version(project).id == value["dataset"]


@pytest.mark.parametrize(
    ("voice", "says"),
    [
        ([], "a chat between people"),
        (["--voice", "Zoe"], "Nobody called 'Zoe'"),
        (["--gap-hours", "nan"], "cannot begin"),
    ],
)
def test_a_chat_without_a_voice_that_is_in_it(
    voice: list[str], says: str, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "chat.txt"
    source.write_text("31/12/2023, 10:00 - Ben: Hello\n31/12/2023, 10:01 - Anna: Hi\n")
    before = snapshot(project.folder)
    capsys.readouterr()
    assert main(["data", "import", "support-bot", str(source), *voice]) == 1
    one_sentence(capsys.readouterr().err, says)
    assert snapshot(project.folder) == before


@pytest.mark.parametrize("options", [["prompt"], ["=colour"], ["prompt="], ["prompt=a", "prompt=b"]])
def test_a_mapping_that_is_none(options: list[str], project: Project, tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text(as_lines(good_rows()))
    before = snapshot(project.folder)
    mapping = [part for option in options for part in ("--map", option)]
    assert main(["data", "import", "support-bot", str(source), *mapping]) == 2
    assert snapshot(project.folder) == before


@pytest.mark.parametrize(("rows", "problem"), [(good_rows(30), ""), (good_rows(3), "only 3 usable")])
def test_a_dry_run_says_what_would_happen(
    rows: list[Any], problem: str, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text(as_lines([*rows, 17]))
    before = snapshot(project.folder)
    capsys.readouterr()
    assert main(["data", "import", "support-bot", str(source), "--dry-run", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert snapshot(project.folder) == before
    assert (value["dataset"], len(value["set_aside"])) == (None, 1)
    assert value["counts"] == (None if problem else {"train": 24, "validation": 3, "test": 3})
    assert problem in value["problem"]


def test_a_version_that_was_changed_or_is_not_there(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.datasets / newest_version(project).id / "train.jsonl").write_text("{\n")
    capsys.readouterr()
    for command in ("check", "show"):
        assert main(["data", command, "support-bot"]) == 1
        one_sentence(capsys.readouterr().err, "train.jsonl is damaged: line 1")
        assert main(["data", command, "support-bot", "--dataset", "../.."]) == 1
        one_sentence(capsys.readouterr().err, "no version '../..'")


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["../x", "CON", "con", "a/b", "..", "", "   ", "x" * 300, "\\\\server\\share"])
def test_a_name_that_is_no_name(name: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name]) == 1
    one_sentence(capsys.readouterr().err)
    assert not list((home / "projects").glob("[!.]*"))


def test_a_name_that_is_taken(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["new", "support-bot"]) == 1
    one_sentence(capsys.readouterr().err, "already")


def test_a_project_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["train"], ["plan"], ["runs"], ["evaluate"], ["chat", "-m", "x"], ["serve"], ["export"], ["share"]):
        assert main([command[0], "nobody", *command[1:]]) == 1
        one_sentence(capsys.readouterr().err, "nobody")


def test_a_project_without_data_or_runs(capsys: pytest.CaptureFixture[str]) -> None:
    create_project("empty")
    for command in (["train"], ["plan"], ["data", "check"], ["data", "show"]):
        assert main([*command, "empty"]) == 1
        one_sentence(capsys.readouterr().err, "`localft data import empty FILE`")
    for command in (["evaluate"], ["chat", "-m", "x"], ["serve"], ["export"], ["share"]):
        assert main([command[0], "empty", *command[1:]]) == 1
        one_sentence(capsys.readouterr().err, "`localft train empty`")


def test_a_damaged_project_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for content in ("{", "[]", '{"schema_version": 99}', ""):
        (project.folder / "project.json").write_text(content)
        assert main(["runs", "support-bot"]) == 1
        one_sentence(capsys.readouterr().err, "project.json")


# --------------------------------------------------------------------------------------------------------------- models


def _pickles(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def _remote_code(folder: Path) -> None:
    config = {"architectures": ["OddForCausalLM"], "model_type": "odd", "auto_map": {"AutoModelForCausalLM": "odd.Odd"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\x00" * 4)


@pytest.mark.parametrize(("make", "word"), [(_pickles, "pickle"), (_remote_code, "code of its own")])
def test_a_model_that_would_run_code(
    make: Callable[[Path], None], word: str, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    make(folder)
    before = snapshot(project.folder)
    capsys.readouterr()
    for command in (["models", "show", str(folder)], ["train", "support-bot", "--base-model", str(folder)]):
        assert main(command) == 1
        one_sentence(capsys.readouterr().err, word)
    assert snapshot(project.folder) == before


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("nobody/no-such-model", "offline mode is on"),
        ("not a model", "not a model"),
        ("./no-such-folder", "no-such-folder"),
        ("../../etc", "etc"),
        ("", ""),
    ],
)
def test_a_model_that_cannot_be_found(
    reference: str, says: str, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library reads the environment once, when it is first imported; another test may have been that first.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    before = snapshot(project.folder)
    capsys.readouterr()
    for command in (["models", "show"], ["models", "download"], ["train", "support-bot", "--base-model"]):
        if not reference and command[0] == "train":
            continue
        assert main([*command, reference]) == 1
        one_sentence(capsys.readouterr().err, says)
    assert snapshot(project.folder) == before


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the Hugging Face hub does for a gated model without a token, and for one that does not exist."""

    def do_GET(self) -> None:
        gated = "gated" in self.path
        self.send_response(401 if gated else 404)
        self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
        self.send_header("X-Error-Message", "Access to this model is restricted." if gated else "Repository not found")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("reference", "says"),
    [("owner/gated-model", ("gated", "accept the terms", "hf auth login")), ("owner/no-model", ("no model",))],
)
def test_a_hub_that_says_no(reference: str, says: tuple[str, ...], hub: str) -> None:
    for command in (["models", "show", reference], ["models", "download", reference, "--json"]):
        done = run_cli(*command, HF_ENDPOINT=hub, HF_HUB_OFFLINE="0", HF_TOKEN="")
        assert done.returncode == 1
        one_sentence(done.stderr, *says)
        if "--json" in command:
            assert reference in json.loads(done.stdout)["error"]


def test_no_network() -> None:
    with closed_port() as port:
        done = run_cli("models", "show", "owner/model", HF_ENDPOINT=f"http://127.0.0.1:{port}", HF_HUB_OFFLINE="0")
        assert done.returncode == 1
        one_sentence(done.stderr, "cannot be reached")
        done = run_cli("models", "search", "llama", HF_ENDPOINT=f"http://127.0.0.1:{port}", HF_HUB_OFFLINE="0")
        assert done.returncode == 1
        one_sentence(done.stderr, "cannot be searched")


@contextlib.contextmanager
def closed_port() -> Generator[int]:
    """A port on which nobody listens, kept from being given to others."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


# ------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["train", "support-bot", "--rank", "0"], 1, "rank"),
        (["train", "support-bot", "--epochs", "nan"], 1, "epochs"),
        (["train", "support-bot", "--cards", "33"], 1, "33 graphics cards are asked for"),
        (["train", "support-bot", "--rank", "many"], 2, "--rank"),
        (["train", "support-bot", "--recipe", "missing.json"], 1, "missing.json"),
        (["train", "support-bot", "--dataset", "20200101"], 1, "20200101"),
        (["runs", "support-bot", "--run", "../../x"], 1, "../../x"),
        (["data", "show", "support-bot", "--first", "1000"], 1, "1000"),
        (["data", "show", "support-bot", "--learned", "1000"], 1, "1000"),
        (["data", "show", "support-bot", "--dataset", "x"], 1, "x"),
        (["data", "import", "support-bot", "good.jsonl", "--map", "prompt"], 2, "FIELD=COLUMN"),
        (["chat", "support-bot", "--json"], 2, "-m"),
    ],
)
def test_settings_that_make_no_sense(
    arguments: list[str], status: int, says: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project.folder)
    capsys.readouterr()
    assert main(arguments) == status
    printed = capsys.readouterr().err
    assert says in printed
    assert "Traceback" not in printed
    if status == 1:
        one_sentence(printed)
    assert snapshot(project.folder) == before


def test_a_recipe_with_a_misspelt_setting(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = Recipe(base_model="starter", dataset=newest_version(project).id, settings=TrainingSettings())
    value = json.loads(recipe.model_dump_json())
    value["settings"]["learning_rat"] = 1
    (tmp_path / "recipe.json").write_text(json.dumps(value))
    capsys.readouterr()
    assert main(["train", "support-bot", "--recipe", str(tmp_path / "recipe.json")]) == 1
    one_sentence(capsys.readouterr().err, "learning_rat")
