"""What tests on a card start from; without a card they are skipped."""

from pathlib import Path

import pytest
import torch

from localft.models.base_model import BaseModel
from tests.forked_jobs import Nursery
from tests.sample_projects import make_base_model


@pytest.fixture(autouse=True)
def card() -> None:
    """Skip where there is no CUDA card."""
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA card here")


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    return Nursery(preloaded=False)


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    return make_base_model(tmp_path / "model")
