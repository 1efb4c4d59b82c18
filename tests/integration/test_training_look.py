"""The look before the first step, as the session acts on it: a meter and a card that say what they are told."""

from pathlib import Path
from typing import Any

import pytest
import torch

from localft.errors import StartAgain, UserError
from localft.planning.plan import ALL_LAYERS, Plan
from localft.store import files
from localft.training import session as session_module
from localft.training.relief import is_relieved, relieved
from tests.session_help import make_session

MEASURED = [90_000_000, 100_000_000, 200_000_000]


class ToldMeter:
    """The peaks of the warm-up and of both measurements."""

    def __init__(self) -> None:
        self._left = iter(MEASURED)

    def reset(self) -> None:
        pass

    def peak(self) -> int:
        return next(self._left)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What is free on the card, to be set."""
    free = {"bytes": 0}
    module: Any = session_module
    monkeypatch.setattr(module, "CardMeter", ToldMeter)
    monkeypatch.setattr(module, "room_on_card", lambda: free["bytes"])
    return free


def probes(folder: Path) -> list[dict[str, Any]]:
    return [event for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "probe"]


def test_where_there_is_room_it_is_only_noted(tmp_path: Path, card: dict[str, int]) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    card["bytes"] = 10**12
    model: Any = session.trainer.model
    before, random = [one.clone() for one in model.parameters()], torch.get_rng_state()
    session._probe_memory()
    (found,) = probes(folder)
    small, large = found["points"]
    assert small["tokens"] < large["tokens"]
    assert [small["bytes"], large["bytes"]] == MEASURED[1:]
    assert found["predicted_bytes"] > 1.02 * MEASURED[-1] and found["room_bytes"] == 10**12
    assert not is_relieved(folder)
    # Nothing was learned from it.
    assert torch.equal(torch.get_rng_state(), random)
    after = list(model.parameters())
    assert all(torch.equal(one, other) and other.grad is None for one, other in zip(before, after, strict=True))


def test_where_there_is_none_it_starts_again_with_less(tmp_path: Path, card: dict[str, int]) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    card["bytes"] = 150_000_000
    with pytest.raises(
        StartAgain, match=r"^A look before the first step found that .* are needed and .* are free\."
    ) as told:
        session._probe_memory()
    assert "4 of the 8 examples" in str(told.value)
    assert len(probes(folder)) == 1
    plan = Plan.load(folder / "plan.json")
    assert plan.micro_batch_size == 8 and relieved(folder, plan).micro_batch_size == 4


def test_of_one_example_only_so_many_layers_are_computed_twice_as_are_needed(
    tmp_path: Path, card: dict[str, int]
) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    session._plan = session._plan.model_copy(update={"micro_batch_size": 1, "accumulation": 8})
    card["bytes"] = 10**12
    session._probe_memory()
    (found,) = probes(folder)
    card["bytes"] = found["predicted_bytes"] - 1
    with pytest.raises(StartAgain, match="computing 1 layer twice instead of 0"):
        session._probe_memory()
    assert relieved(folder, Plan.load(folder / "plan.json")).recomputed_layers == 1


def test_where_nothing_is_left_to_change_it_is_a_persons_turn(tmp_path: Path, card: dict[str, int]) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    least = {"micro_batch_size": 1, "recomputed_layers": ALL_LAYERS}
    session._plan = session._plan.model_copy(update=least)
    card["bytes"] = 150_000_000
    with pytest.raises(UserError, match="too small for one example at once") as told:
        session._probe_memory()
    assert "--max-length" in told.value.hint and not is_relieved(folder)
