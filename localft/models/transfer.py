"""One file of the hub into the Hugging Face cache, continued where an earlier attempt ended.

The hub's own client throws a partial file away when its process ends: with weights of several gigabytes in one file
that means starting again. Here the partial file stays, and the finished one is checked against the hub's SHA-256.
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localft.errors import UserError

BLOCK_BYTES = 1_000_000
_SMALL_BYTES = 5_000_000
_UNFINISHED = ".localft.incomplete"
_SHA256 = re.compile(r"[0-9a-f]{64}")
Advance = Callable[[int], None]


def fetch(reference: str, revision: str, name: str, size: int, advance: Advance) -> None:
    """Bring a file of a model that is not there, or not whole, into the cache.

    `advance` is told the bytes that come, and those of earlier attempts.
    What `advance` raises ends the transfer; the bytes so far are kept.

    Raises:
        UserError: the finished file is not what the hub says it is.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    if size < _SMALL_BYTES:
        _fetch_small(reference, revision, name)
        advance(size)
        return
    url = hf_hub_url(reference, name, revision=revision)
    metadata = get_hf_file_metadata(url, retry_on_errors=True)
    etag, commit = metadata.etag, metadata.commit_hash
    if etag is None or commit is None or not re.fullmatch(r"[\w.-]+", etag):
        _fetch_small(reference, revision, name)
        advance(size)
        return
    repository = _repository_folder(reference)
    blob = repository / "blobs" / etag
    size = metadata.size or size
    if not blob.exists() or blob.stat().st_size != size:
        partial = blob.with_name(f"{etag}{_UNFINISHED}")
        _continue(url, partial, size, advance)
        _verify(partial, etag, size, name)
        partial.replace(blob)
    _point(repository / "snapshots" / commit / name, blob)


def _fetch_small(reference: str, revision: str, name: str) -> None:
    """Fetch a file by the hub's own client; what is there under its name is damaged, else it was not asked for."""
    from huggingface_hub import hf_hub_download

    there = (_repository_folder(reference) / "snapshots" / revision / name).exists()
    hf_hub_download(reference, name, revision=revision, force_download=there)


def partial_bytes(reference: str) -> int:
    """Bytes of a model's unfinished files, which a download goes on with."""
    return sum(path.stat().st_size for path in (_repository_folder(reference) / "blobs").glob(f"*{_UNFINISHED}"))


def _repository_folder(reference: str) -> Path:
    """The folder of a model in the cache, laid out as huggingface_hub documents it: blobs, refs, snapshots."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{reference.replace('/', '--')}"


def _continue(url: str, partial: Path, size: int, advance: Advance) -> None:
    """Fetch what is missing of a partial file."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    partial.parent.mkdir(parents=True, exist_ok=True)
    here = partial.stat().st_size if partial.exists() else 0
    if here > size:
        partial.unlink()
        here = 0
    advance(here)
    if here == size:
        return
    bar: Any = type("Bar", (_Bar,), {"advance": staticmethod(advance)})
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    with partial.open("ab") as file:
        http_get(url, file, resume_size=here, headers=headers, expected_size=size, tqdm_class=bar)
        file.flush()
        os.fsync(file.fileno())


def _verify(partial: Path, etag: str, size: int, name: str) -> None:
    """Compare a finished file with what the hub says; large files are named by their SHA-256."""
    right = partial.stat().st_size == size
    if right and _SHA256.fullmatch(etag):
        with partial.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == etag
    if not right:
        partial.unlink()
        raise UserError(f"The file {name} was damaged on its way.", "Start the download again; the rest is kept.")


def _point(pointer: Path, blob: Path) -> None:
    """Let a snapshot's file name lead to its blob; where links cannot be made, the file itself moves there."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        blob.replace(pointer)


class _Bar:
    """What the hub client takes for a progress bar: it counts the blocks."""

    advance: Advance

    def __init__(self, *_: Any, **__: Any) -> None:
        self.n = 0

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def update(self, count: float | None = 1) -> None:
        self.n += int(count or 0)
        type(self).advance(int(count or 0))

    def close(self) -> None: ...

    def refresh(self, *_: Any, **__: Any) -> None: ...
