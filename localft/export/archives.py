"""Fetching one source archive through the package index that the user has configured, with pip or uv."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from localft.errors import UserError

_MOST_FILES = 5_000
_MOST_BYTES = 64_000_000
_FETCH_SECONDS = 1_800


@dataclass(frozen=True)
class Archive:
    """A source distribution of the package index: what it must be."""

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


class FetchError(Exception):
    """One way of fetching did not lead to the archive; the text says why, in the words of the tool."""


def fetch(archive: Archive, folder: Path) -> Path:
    """Put an archive into `folder` with the tool that is there, and return its path.

    pip and uv know the user's index, its credentials, proxies and certificates; no address is written down here. pip
    can only download a source distribution by also reading its metadata, hence asks the index for the build tool of
    the package too; nothing is compiled.

    Raises:
        UserError: no tool, no network, or the archive is not the one that localft knows.
    """
    problems = []
    for name, way in _ways():
        try:
            path = way(archive, folder)
        except FetchError as error:
            problems.append(f"{name}: {str(error)[-300:]}")
            continue
        if file_sha256(path) != archive.sha256:
            path.unlink()
            raise UserError(
                f"The package index delivered another {path.name} than the one that localft knows.",
                "Ask whoever runs the index that you have configured, or remove it from the configuration.",
            )
        return path
    if not problems:
        raise UserError("Neither pip nor uv is there to fetch the GGUF converter.", "Install uv, then try again.")
    raise UserError(
        f"The GGUF converter could not be fetched from the package index ({'; '.join(problems)}).",
        "Connect to the internet and try again; it is needed once.",
    )


def _ways() -> list[tuple[str, Callable[[Archive, Path], Path]]]:
    ways: list[tuple[str, Callable[[Archive, Path], Path]]] = []
    if importlib.util.find_spec("pip") is not None:
        ways.append(("pip", _fetch_with_pip))
    if _uv() is not None:
        ways.append(("uv", _fetch_with_uv))
    return ways


def _fetch_with_pip(archive: Archive, folder: Path) -> Path:
    # Not `--no-binary :all:`, which would build the build tools from source as well.
    _run(
        [
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", archive.package),
            *("--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(folder), archive.requirement),
        ]
    )
    found = sorted(folder.glob("*.tar.gz"))
    if not found:
        raise FetchError("no archive came back")
    return found[0]


def _uv() -> str | None:
    """uv tells the programs that it runs where it is; otherwise it is on the path, if at all."""
    return os.environ.get("UV") or shutil.which("uv")


def _fetch_with_uv(archive: Archive, folder: Path) -> Path:
    """uv has no download command, but a lock file names the archive's address on the user's index."""
    wish, lock = folder / "requirements.in", folder / "pylock.toml"
    wish.write_text(archive.requirement + "\n", encoding="utf-8")
    _run(
        [
            *(str(_uv()), "pip", "compile", "--no-deps", "--no-binary", archive.package, "--no-header", "--quiet"),
            *("--format", "pylock.toml", "--output-file", str(lock), str(wish)),
        ]
    )
    source = tomllib.loads(lock.read_text(encoding="utf-8"))["packages"][0].get("sdist", {})
    target = folder / f"{archive.package}-{archive.version}.tar.gz"
    if "path" in source:
        shutil.copyfile(folder / source["path"], target)
    elif str(source.get("url", "")).startswith("file:"):
        shutil.copyfile(url2pathname(urlsplit(source["url"]).path), target)
    elif "url" in source:
        _download(source["url"], target)
    else:
        raise FetchError("the index has no source archive")
    return target


def _download(address: str, target: Path) -> None:
    import httpx2 as httpx

    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=60) as response, target.open("wb") as file:
            response.raise_for_status()
            for block in response.iter_bytes(1 << 20):
                file.write(block)
    except httpx.HTTPError as error:
        raise FetchError(f"{type(error).__name__} {error}") from error


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(str(error)) from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise FetchError(lines[-1] if lines else f"status {done.returncode}")


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(path: Path, target: Path, inside: Sequence[str]) -> None:
    """Unpack the files below some places of a tar archive, and nothing else, into `target`.

    `inside` are paths below the archive's one top folder; the first of them loses its parents, so that a/b/c and a/b/d
    become c and d. Every member is checked before it is written: plain files only, no link, no path that leads out, not
    too many and not too large.

    Raises:
        UserError: the archive is damaged, or holds what it must not.
    """
    files, bytes_written = 0, 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                wanted = _place(member.name, inside)
                if wanted is None or member.isdir():
                    continue
                files, bytes_written = files + 1, bytes_written + member.size
                if not member.isreg() or files > _MOST_FILES or bytes_written > _MOST_BYTES:
                    raise _unsafe(path, member.name)
                content = archive.extractfile(member)
                destination = target / wanted
                if content is None or not destination.resolve().is_relative_to(target.resolve()):
                    raise _unsafe(path, member.name)
                destination.parent.mkdir(parents=True, exist_ok=True)
                with destination.open("xb") as file:
                    shutil.copyfileobj(content, file)
    except FileExistsError as error:
        raise _unsafe(path, str(error.filename)) from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(f"The archive {path.name} is damaged: {error}.", "Try again.") from error
    if files == 0:
        raise UserError(f"The archive {path.name} does not hold the GGUF converter.", "Update localft.")


def _place(name: str, inside: Sequence[str]) -> PurePosixPath | None:
    """Where a member belongs below the target; None where it is not wanted."""
    parts = PurePosixPath(name).parts[1:]
    for wish in inside:
        wanted = PurePosixPath(wish).parts
        if parts[: len(wanted)] == wanted:
            place = PurePosixPath(*parts[len(wanted) - 1 :])
            if ".." in place.parts or name.startswith("/") or "\\" in name or ":" in name:
                raise UserError(f"The archive holds a file that leads out of it: {name!r}.", "It was not unpacked.")
            return place
    return None


def _unsafe(path: Path, name: str) -> UserError:
    return UserError(f"The archive {path.name} holds what it should not: {name!r}.", "It was not unpacked.")
