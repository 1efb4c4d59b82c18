"""What whole runs on tiny models start from."""

from pathlib import Path

import pytest

from localft.models.base_model import BaseModel
from tests.forked_jobs import Nursery
from tests.sample_projects import make_base_model


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    return Nursery()


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are compared bit for bit, so all of them compute with the same number of threads."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    return make_base_model(tmp_path / "model")
