"""The converter comes from the user's own package index, is the one that localft knows, and unpacks nowhere else."""

import hashlib
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from localft.errors import UserError
from localft.export import archives, converter
from localft.export.archives import Archive, unpack

# A package whose build tool lies inside it: pip reads its metadata without asking any index.
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "tool"\nbackend-path = ["."]\n'
METADATA = "Metadata-Version: 2.2\nName: fake-engine\nVersion: 1.0\n"
TOOL = f"""
from pathlib import Path
def build_wheel(*_, **__): raise SystemExit("nothing has to be built")
def prepare_metadata_for_build_wheel(folder, settings=None):
    target = Path(folder) / "fake_engine-1.0.dist-info"
    target.mkdir()
    (target / "METADATA").write_text({METADATA!r})
    return target.name
"""


def make_tar(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A folder as the only package index, with one source archive in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    members: dict[str, bytes | tarfile.TarInfo] = {
        "fake_engine-1.0/pyproject.toml": PYPROJECT.encode(),
        "fake_engine-1.0/tool.py": TOOL.encode(),
        "fake_engine-1.0/PKG-INFO": METADATA.encode(),
        "fake_engine-1.0/vendor/llama.cpp/conversion/__init__.py": b"",
        "fake_engine-1.0/vendor/llama.cpp/gguf-py/gguf/__init__.py": b"x = 1",
        "fake_engine-1.0/vendor/llama.cpp/src/large.cpp": b"not wanted",
    }
    path = make_tar(folder / "fake_engine-1.0.tar.gz", members)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    return Archive("fake-engine", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def known(index: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Archive:
    """The converter is taken from that archive; the environment of the tests has none, and is its own."""
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(converter, "engine_version", lambda: index.version)
    monkeypatch.setattr(converter, "archive_of", lambda version: index)
    return index


def test_it_is_fetched_once_and_then_needs_nothing(known: Archive, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert converter.find() is None
    folder = converter.obtain()
    assert folder.is_relative_to(home / "cache")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {"conversion/__init__.py", "gguf-py/gguf/__init__.py", "complete.json"}
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setattr(archives, "_ways", lambda: pytest.fail("asked for the network again"))
    assert converter.obtain() == folder == converter.find()


def test_fetched_ahead_it_lies_in_the_environment(known: Archive, tmp_path: Path, home: Path) -> None:
    (tmp_path / "environment").mkdir()
    folder = converter.obtain(ahead=True)
    assert folder.is_relative_to(tmp_path / "environment")
    assert converter.find() == folder == converter.obtain()
    assert not (home / "cache").exists()


def test_what_an_interrupted_attempt_left_is_replaced(known: Archive, home: Path) -> None:
    folder = home / "cache" / "converter" / known.version
    (folder / "conversion").mkdir(parents=True)
    (folder / "conversion" / "half.py").write_text("written when the power went")
    assert converter.find() is None
    assert not (converter.obtain() / "conversion" / "half.py").exists()


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_uv_fetches_the_same_archive(index: Archive, tmp_path: Path) -> None:
    path = archives._fetch_with_uv(index, tmp_path)
    assert archives.file_sha256(path) == index.sha256


def test_another_archive_than_the_known_one_is_refused(known: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converter, "archive_of", lambda version: Archive("fake-engine", "1.0", "0" * 64))
    with pytest.raises(UserError, match=r"another .* than the one that localft knows"):
        converter.obtain()
    assert converter.find() is None


def test_without_network_one_sentence_says_so(known: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(UserError, match="could not be fetched from the package index") as caught:
        converter.obtain()
    assert "Connect to the internet" in caught.value.hint


def test_without_pip_and_uv_one_sentence_says_so(
    index: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archives, "_ways", list)
    with pytest.raises(UserError, match="Neither pip nor uv"):
        archives.fetch(index, tmp_path)


def test_an_unknown_engine_is_named_with_what_is_known() -> None:
    with pytest.raises(UserError, match=r"llama-cpp-python 9\.9\.9") as caught:
        converter.archive_of("9.9.9")
    assert converter.NEWEST in caught.value.hint


def test_a_mark_for_one_kind_of_card_does_not_change_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.3.36+cu130")
    assert converter.engine_version() == "0.3.36"


@pytest.mark.parametrize(
    "name",
    [
        "//keep/evil",
        "top/keep/../../../evil",
        "top/keep/../../evil",
        "top/keep/..",
        "top/keep/a\\..\\..\\evil",
        "top/keep/C:evil",
    ],
)
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", {"top/keep/good": b"1", name: b"evil"})
    with pytest.raises(UserError):
        unpack(archive, tmp_path / "target", ["keep"])
    assert not (tmp_path / "evil").exists() and not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(kind: bytes, tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", {"top/keep/link": special(kind, "/etc/passwd")})
    with pytest.raises(UserError, match="should not"):
        unpack(archive, tmp_path / "target", ["keep"])
    assert not list((tmp_path / "target").rglob("link"))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for content in (b"first", b"second"):
            info = tarfile.TarInfo("top/keep/same")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(UserError, match="should not"):
        unpack(path, tmp_path / "target", ["keep"])


def test_too_much_and_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", {f"top/keep/{number}": b"0" * 1000 for number in range(20)})
    monkeypatch.setattr(archives, "_MOST_FILES", 10)
    with pytest.raises(UserError, match="should not"):
        unpack(archive, tmp_path / "one", ["keep"])
    monkeypatch.setattr(archives, "_MOST_FILES", 100)
    monkeypatch.setattr(archives, "_MOST_BYTES", 5_000)
    with pytest.raises(UserError, match="should not"):
        unpack(archive, tmp_path / "two", ["keep"])


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar.gz", {"top/keep/file": bytes(range(256)) * 2_000})
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UserError, match="damaged"):
        unpack(path, tmp_path / "target", ["keep"])


def test_a_damaged_piece_of_an_archive_is_named(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar.gz", {"top/keep/file": " ".join(map(str, range(100_000))).encode()})
    content = bytearray(path.read_bytes())
    content[100_000:100_400] = b"\xff" * 400
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        unpack(path, tmp_path / "target", ["keep"])


def test_an_archive_without_the_converter_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not hold"):
        unpack(make_tar(tmp_path / "a.tar.gz", {"top/other/file": b"1"}), tmp_path / "target", ["keep"])
