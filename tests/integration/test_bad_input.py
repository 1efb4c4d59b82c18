"""Whatever is put in: one sentence that says what, where and what to do; exit 1; the project as it was."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from localft.cli.main import main
from localft.data.versions import list_versions, newest_version
from localft.doctor import findings, read_facts
from localft.errors import UserError
from localft.hardware import Gpu, Memory, read_hardware
from localft.models.find import find_model
from localft.planning.lengths import measure_tokens
from localft.planning.plan import make_plan
from localft.planning.recipe import Recipe, TrainingSettings
from localft.store.projects import Project, create_project
from localft.training.runs import list_runs, start_run

_PATIENCE_SECONDS = 120


def conversation(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def good_rows(count: int = 40) -> list[dict[str, Any]]:
    return [conversation(f"What is {number} and {number}?", f"It is {2 * number}.") for number in range(count)]


def as_lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a good version of data, of which nothing may change."""
    made = create_project("Support bot")
    source = tmp_path / "good.jsonl"
    source.write_text(as_lines(good_rows()))
    assert main(["data", "import", "support-bot", str(source)]) == 0
    return made


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest; locks come and go."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def one_sentence(printed: str, *expected: str) -> None:
    """One message for a person, with a hint and without a traceback, that contains what is expected."""
    messages = [line for line in printed.splitlines() if line.startswith("localft: ")]
    assert len(messages) == 1, printed
    assert "Traceback" not in printed
    assert "unexpected" not in printed, printed
    assert printed.splitlines()[-1].startswith("  "), f"no hint: {printed}"
    for text in expected:
        assert text in printed


def run_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localft", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=_PATIENCE_SECONDS,
    )


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


# ------------------------------------------------------------------------------------------------------------- computer


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_no_space_left(project: Project, tmp_path: Path) -> None:
    """The system refuses to write beyond a size, as it does on a full disk."""
    source = tmp_path / "large.jsonl"
    source.write_text(as_lines(good_rows(3000)))
    before = snapshot(project.folder)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "localft", "data", "import", "support-bot", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1
    one_sentence(done.stderr)
    assert snapshot(project.folder) == before
    assert len(list_versions(project).items) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs a small disk of its own")
def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        source = tmp_path / "large.jsonl"
        source.write_text(as_lines(good_rows(5000)))
        assert run_cli("new", "small", LOCALFT_HOME=str(small)).returncode == 0
        before = snapshot(small / "projects" / "small")
        done = run_cli("data", "import", "small", str(source), LOCALFT_HOME=str(small))
        assert done.returncode == 1
        one_sentence(done.stderr, "disk is full", "Free some space")
        assert snapshot(small / "projects" / "small") == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
@pytest.mark.parametrize("place", ["a file", "below a file", "forbidden"])
def test_a_home_that_is_no_folder(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "home", "forbidden": Path("/proc/home")}
    for command in (["new", "x"], ["app", "--no-browser"], ["demo"]):
        done = run_cli(*command, LOCALFT_HOME=str(home[place]))
        assert done.returncode == 1
        one_sentence(done.stderr)


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_cli("app", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    one_sentence(done.stderr, "already in use", "--port")


def test_two_apps_on_the_same_projects(project: Project) -> None:
    """The second app takes a port and a key of its own; both show what is on the disk."""
    command = [sys.executable, "-m", "localft", "--no-browser"]
    apps = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        addresses = []
        for app in apps:
            assert app.stderr is not None
            addresses.append(next(match[0] for line in app.stderr if (match := re.search(r"http://127\S+", line))))
        assert len({address.split("/?")[0] for address in addresses}) == 2
        for address in addresses:
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(address, timeout=60) as answer:
                assert answer.status == 200
    finally:
        for app in apps:
            app.send_signal(signal.SIGINT)
        for app in apps:
            app.communicate(timeout=_PATIENCE_SECONDS)


def test_two_at_once_on_one_project(project: Project, tmp_path: Path) -> None:
    """Two imports at the same moment: both complete, none of them mixed."""
    sources = []
    for number in range(2):
        source = tmp_path / f"part-{number}.jsonl"
        source.write_text(as_lines([conversation(f"{number}: {row}?", f"Answer {row}.") for row in range(100)]))
        sources.append(source)
    command = [sys.executable, "-m", "localft", "data", "import", "support-bot"]
    both = [subprocess.Popen([*command, str(source)], stderr=subprocess.PIPE, text=True) for source in sources]
    for process in both:
        _, err = process.communicate(timeout=_PATIENCE_SECONDS)
        assert process.returncode == 0, err
    versions = list_versions(project)
    assert not versions.broken
    assert sorted(version.total for version in versions.items) == [40, 100, 100]


def test_two_make_the_same_project() -> None:
    command = [sys.executable, "-m", "localft", "new", "twice"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=_PATIENCE_SECONDS)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    one_sentence(next(error for process, error in zip(both, errors, strict=True) if process.returncode), "already")


def test_a_card_that_is_too_small(project: Project) -> None:
    small = Gpu(0, "GPU-1", "Small card", 400 * 2**20, 300 * 2**20, (8, 6))
    hardware = replace(read_hardware(), gpus=(small,), driver="580.65")
    model = find_model("starter").model_copy(update={"parameters": 7_000_000_000})
    recipe = Recipe(base_model="starter", dataset=newest_version(project).id, settings=TrainingSettings())
    plan = make_plan(recipe, model, measure_tokens(project, recipe.dataset, model), hardware)
    assert plan.fits == "no"
    before = snapshot(project.folder)
    with pytest.raises(UserError) as error:
        start_run(project, recipe, plan)
    assert "Small card" in error.value.message
    assert error.value.hint
    assert snapshot(project.folder) == before
    assert not list_runs(project).items


def test_windows_without_a_page_file() -> None:
    facts = read_facts()
    hardware = replace(facts.hardware, system="Windows", memory=Memory(16 * 2**30, 12 * 2**30, 0, 0))
    found = [finding for finding in findings(replace(facts, hardware=hardware)) if finding.subject == "Page file"]
    assert len(found) == 1
    assert "no page file" in found[0].what or "page file of" in found[0].what
    assert "Virtual memory" in found[0].fix


# ------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["train", "support-bot", "--rank", "0"], 1, "rank"),
        (["train", "support-bot", "--epochs", "nan"], 1, "epochs"),
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
