"""Every test has a home of its own, and no test reports to anyone."""

import signal
from pathlib import Path

import pytest

from localft import privacy


def pytest_configure() -> None:
    """Programs that tests start hear Ctrl-C and a closing terminal, however the tests were started.

    A shell without job control has commands in the background ignore the one, `nohup` the other: programs inherit it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    closing = getattr(signal, "SIGHUP", None)
    if closing is not None and signal.getsignal(closing) is signal.SIG_IGN:
        signal.signal(closing, signal.SIG_DFL)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: compressed ones hold the time, and processes that share the tests have to agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move everything localft keeps into a temporary folder; offline, telemetry off."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LOCALFT_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    privacy.switch_telemetry_off()
    return folder
