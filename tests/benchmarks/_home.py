"""Where a benchmark keeps what it makes."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_home() -> Generator[Path]:
    """Make this process keep everything in a temporary folder, and ask no hub for anything."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["LOCALFT_HOME"] = home
        os.environ["HF_HUB_OFFLINE"] = "1"
        yield Path(home)
