"""The real app in a process of its own, with a home of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 120
_ADDRESS = re.compile(r"localft runs at (http://127\.0\.0\.1:(\d+)/)\?token=(\S+)")


@dataclass(frozen=True)
class RunningApp:
    """Where it answers, and the key to it."""

    home: Path
    address: str
    port: int
    token: str
    process: "subprocess.Popen[str]"
    said: list[str]

    @property
    def link(self) -> str:
        """The address that opens the page."""
        return f"{self.address}?token={self.token}"

    @property
    def headers(self) -> dict[str, str]:
        """What a program sends along."""
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def running_app(home: Path, extra: Mapping[str, str] | None = None) -> Generator[RunningApp]:
    """Start `localft app` on a free port, and end it as Ctrl-C does."""
    environment = {**os.environ, "LOCALFT_HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "localft", "app", "--port", "0", "--no-browser"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**environment, **(extra or {})},
    )  # fmt: skip
    said: list[str] = []
    found = threading.Event()
    listener = threading.Thread(target=_listen, args=(process, said, found), daemon=True)
    listener.start()
    try:
        if not found.wait(_START_SECONDS):
            raise AssertionError("The app did not start:\n" + "".join(said))
        address = _ADDRESS.search("".join(said))
        assert address is not None, "".join(said)
        yield RunningApp(home, address[1], int(address[2]), address[3], process, said)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join(timeout=10)


def _listen(process: "subprocess.Popen[str]", said: list[str], found: threading.Event) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if _ADDRESS.search(line):
            found.set()
    found.set()
