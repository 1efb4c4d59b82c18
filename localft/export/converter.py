"""The GGUF converter: llama.cpp's own, of the installed engine's revision, fetched once and kept.

`python -m localft.export.converter` fetches it ahead of time, so that everything after works offline. It then lies
beside the engine that it belongs to, in the Python environment, if that is one of its own; else in the cache folder.
"""

import importlib.metadata
import os
import shutil
import sys
import tempfile
from pathlib import Path

from localft import paths
from localft.errors import UserError
from localft.export import archives
from localft.store import files

PACKAGE = "llama-cpp-python"
NEWEST = "0.3.36"
# Each version of the engine carries the converter of its own revision in its source distribution.
_SHA256 = {NEWEST: "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"}
_VENDOR = "vendor/llama.cpp"
_INSIDE = (
    f"{_VENDOR}/conversion",
    f"{_VENDOR}/convert_hf_to_gguf.py",
    f"{_VENDOR}/convert_lora_to_gguf.py",
    f"{_VENDOR}/gguf-py",
    f"{_VENDOR}/LICENSE",
)
_MARKER = "complete.json"


def engine_version() -> str | None:
    """The version of the installed llama-cpp-python; None where there is none."""
    try:
        # Builds for one kind of card carry a mark after a plus sign.
        return importlib.metadata.version(PACKAGE).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def archive_of(version: str) -> archives.Archive:
    """What the source archive of an engine's version must be.

    Raises:
        UserError: localft does not know that version.
    """
    if version not in _SHA256:
        known = ", ".join(_SHA256)
        raise UserError(
            f"localft does not know the GGUF converter of {PACKAGE} {version}.",
            f"Install a version that it knows ({known}): `pip install {PACKAGE}=={NEWEST}`.",
        )
    return archives.Archive(PACKAGE, version, _SHA256[version])


def find() -> Path | None:
    """The folder of the converter for the installed engine, if it was fetched before."""
    version = engine_version() or NEWEST
    return next((folder for folder in _places(version) if (folder / _MARKER).exists()), None)


def obtain(ahead: bool = False) -> Path:
    """Return the folder with `conversion/` and `gguf-py/` for the installed engine, fetching it the first time.

    `ahead`: put it into the Python environment, if that is one of its own.

    Raises:
        UserError: it is not here and cannot be fetched, or the engine's version is unknown.
    """
    version = engine_version() or NEWEST
    archive = archive_of(version)
    found = find()
    if found is not None:
        return found
    environment, cache = _places(version)
    own = ahead and sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK)
    folder = environment if own else cache
    with files.locked(folder.parent / ".lock", timeout=600):
        if not (folder / _MARKER).exists():
            _install(archive, folder)
    return folder


def _install(archive: archives.Archive, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as workplace:
        path = archives.fetch(archive, Path(workplace))
        # What an interrupted attempt left is incomplete: it has no marker.
        shutil.rmtree(folder, ignore_errors=True)
        archives.unpack(path, folder, _INSIDE)
    files.write_json(
        folder / _MARKER, {"package": archive.package, "version": archive.version, "sha256": archive.sha256}
    )


def _places(version: str) -> tuple[Path, Path]:
    """Where the converter may lie: in the Python environment, in the cache folder."""
    # The version comes from package metadata, so only its file name part is used.
    name = Path(version).name
    return Path(sys.prefix) / "share" / "localft" / "converter" / name, paths.cache_dir() / "converter" / name


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{obtain(ahead=True)}\n")
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
