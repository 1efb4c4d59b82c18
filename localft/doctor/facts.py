"""What the doctor looks at, read without importing what it judges."""

import importlib.metadata
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from localft import paths
from localft.compilers import has_compiler
from localft.export.ollama import OllamaStatus, ollama_status
from localft.hardware import Hardware, read_hardware

_CUDA_LINE = re.compile(r"^cuda\b[^=]*=\s*(?:'([^']*)'|None)", re.MULTILINE)
_VERSION_LINE = re.compile(r"^__version__\s*=\s*'([^']*)'", re.MULTILINE)


@dataclass(frozen=True)
class InstalledTorch:
    """A build of torch."""

    version: str
    """With its local label, such as 2.13.0+cpu."""
    cuda: str | None
    """The CUDA version it was built for, None for a build without."""


@dataclass(frozen=True)
class HubCache:
    """Where downloaded models lie."""

    folder: Path
    bytes: int
    free_bytes: int
    offline: bool
    """Whether HF_HUB_OFFLINE forbids downloads."""


@dataclass(frozen=True)
class HubToken:
    """That there is a token for the Hugging Face hub; the token itself goes no further than this."""

    source: str
    ending: str
    """Its last four characters."""


@dataclass(frozen=True)
class Facts:
    """Everything that the doctor's judgement rests on."""

    hardware: Hardware
    python: tuple[int, int]
    interpreter: str
    """Path of the Python that runs localft."""
    way: str
    """How localft was installed: bootstrap, uv or pip."""
    torch: InstalledTorch | None
    bitsandbytes: str | None
    llama_cpp: str | None
    compiler: bool
    ollama: OllamaStatus
    cache: HubCache
    token: HubToken | None
    data_folder: Path


def read_facts() -> Facts:
    """Look at this computer; a second at most, most of it spent waiting for an Ollama that is not there."""
    from localft.hardware import read_disk

    cache_folder = _cache_folder()
    return Facts(
        hardware=read_hardware(),
        python=(sys.version_info.major, sys.version_info.minor),
        interpreter=sys.executable,
        way=_way(),
        torch=read_torch(),
        bitsandbytes=_version("bitsandbytes"),
        llama_cpp=_version("llama-cpp-python"),
        compiler=has_compiler(),
        ollama=ollama_status(),
        cache=HubCache(cache_folder, folder_bytes(cache_folder), read_disk(cache_folder).free_bytes, _is_offline()),
        token=read_token(),
        data_folder=paths.data_dir(),
    )


def read_torch() -> InstalledTorch | None:
    """Read torch/version.py as text: importing torch takes seconds, and fails where the doctor is needed most."""
    try:
        files = importlib.metadata.files("torch") or []
        where = next((file for file in files if file.as_posix() == "torch/version.py"), None)
    except importlib.metadata.PackageNotFoundError:
        return None
    try:
        text = Path(str(where.locate())).read_text(encoding="utf-8") if where else ""
    except OSError:
        text = ""
    return parse_torch_version(text) or InstalledTorch(importlib.metadata.version("torch"), None)


def parse_torch_version(text: str) -> InstalledTorch | None:
    """Read the text of torch/version.py; None where it is not what it used to be."""
    version, cuda = _VERSION_LINE.search(text), _CUDA_LINE.search(text)
    return InstalledTorch(version.group(1), cuda.group(1) if cuda else None) if version else None


def read_token() -> HubToken | None:
    """Find the token that downloads from the Hugging Face hub would use, and forget all but its ending."""
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if value := os.environ.get(name, "").strip():
            return HubToken(f"the environment variable {name}", value[-4:])
    try:
        value = Path(constants.HF_TOKEN_PATH).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return HubToken(f"the file {constants.HF_TOKEN_PATH}", value[-4:]) if value else None


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder; links, of which the hub's cache is full, count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            try:
                total += 0 if file.is_symlink() else file.stat().st_size
            except OSError:
                continue
    return total


def _cache_folder() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _way() -> str:
    # The bootstrap's stamp, or its mark of a set-up that has not ended yet.
    if any((Path(sys.prefix) / name).is_file() for name in ("localft-stamp.json", "localft-installing")):
        return "bootstrap"
    return "uv" if (Path(sys.prefix) / "uv-receipt.toml").is_file() and shutil.which("uv") else "pip"
