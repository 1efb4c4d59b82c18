"""A file of the hub, read piece by piece without fetching the rest of it."""

import io
from collections.abc import Callable

from localft.errors import UserError

BLOCK_BYTES = 4_000_000
_TRIES = 3


class RangedFile(io.RawIOBase):
    """A file at an address, as a seekable one of `size` bytes; each read asks for its range.

    `advance` is told the bytes of each block that comes; what it raises ends the reading.
    """

    def __init__(self, url: str, size: int, advance: Callable[[int], None]) -> None:
        self._url = url
        self._size = size
        self._advance = advance
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            UserError: the hub gives other bytes than those that were asked for.
        """
        end = self._size if size < 0 else min(self._size, self._position + size)
        blocks = []
        while self._position < end:
            block = self._block(self._position, min(end, self._position + BLOCK_BYTES))
            self._position += len(block)
            blocks.append(block)
            self._advance(len(block))
        return b"".join(blocks)

    def _block(self, start: int, end: int) -> bytes:
        from huggingface_hub import constants
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_backoff

        headers = {**build_hf_headers(), "Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        for _ in range(_TRIES):
            answer = http_backoff("GET", self._url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT)
            hf_raise_for_status(answer)
            if answer.status_code == 206 and len(answer.content) == end - start:
                return answer.content
            if (start, end) == (0, self._size) and len(answer.content) == self._size:
                return answer.content
        raise UserError("The hub does not give pieces of a file.", "Try again in a few minutes.")
