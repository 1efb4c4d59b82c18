"""Every test has a home of its own, and no test reports to anyone."""

import signal
from pathlib import Path

import pytest

from localft import privacy


def pytest_configure() -> None:
    """Programs that tests start hear Ctrl-C, also where a shell has put the tests into the background.

    Without job control a shell has such a command ignore it, and what is ignored is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move everything localft keeps into a temporary folder; offline, telemetry off."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LOCALFT_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    privacy.switch_telemetry_off()
    return folder
