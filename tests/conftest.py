"""Every test has a home of its own, and no test reports to anyone."""

from pathlib import Path

import pytest

from localft import privacy


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move everything localft keeps into a temporary folder; offline, telemetry off."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LOCALFT_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    privacy.switch_telemetry_off()
    return folder
