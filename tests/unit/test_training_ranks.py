"""Several cards: no more than there are, and a process alone speaks for itself."""

from dataclasses import replace

import pytest

from localft.errors import UserError
from localft.hardware import Gpu, read_hardware
from localft.training.ranks import agreed, is_first, local_rank, ranks
from localft.training.runs import refuse_missing_cards


def cards(count: int) -> tuple[Gpu, ...]:
    gib = 1 << 30
    return tuple(Gpu(index, f"GPU-{index}", "RTX 3060", 12 * gib, 11 * gib, (8, 6)) for index in range(count))


@pytest.mark.parametrize(("wanted", "there"), [(1, 0), (1, 1), (2, 2), (2, 4)])
def test_as_many_cards_as_there_are(wanted: int, there: int) -> None:
    refuse_missing_cards(wanted, replace(read_hardware(), gpus=cards(there), system="Linux"))


@pytest.mark.parametrize(("wanted", "there", "says"), [(2, 0, "has none"), (2, 1, "has 1 "), (5, 4, "has 4 ")])
def test_more_cards_than_there_are(wanted: int, there: int, says: str) -> None:
    with pytest.raises(UserError, match=says):
        refuse_missing_cards(wanted, replace(read_hardware(), gpus=cards(there), system="Linux"))


def test_several_cards_on_windows() -> None:
    with pytest.raises(UserError, match="On Windows"):
        refuse_missing_cards(2, replace(read_hardware(), gpus=cards(2), system="Windows"))
    refuse_missing_cards(1, replace(read_hardware(), gpus=cards(2), system="Windows"))


def test_a_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (is_first(), local_rank(), ranks()) == (True, 0, 1)
    assert agreed(True, False) == (True, False)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (is_first(), local_rank(), ranks()) == (False, 1, 2)
