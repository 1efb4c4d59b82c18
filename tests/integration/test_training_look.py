"""The look before the first step, as the session acts on it: a meter and a card that say what they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from localft.errors import StartAgain, UserError
from localft.planning.plan import ALL_LAYERS, Plan
from localft.store import files
from localft.training import session as session_module
from localft.training.layer_counts import room_to_fill
from localft.training.relief import choose_layers, is_changed, is_relieved, layers_chosen, relieved
from tests.session_help import make_session

MEASURED = [90_000_000, 100_000_000, 200_000_000]


class ToldMeter:
    """The peaks of the warm-up and of both measurements."""

    def __init__(self, peaks: Sequence[int]) -> None:
        self._left = iter(peaks)

    def reset(self) -> None:
        pass

    def peak(self) -> int:
        return next(self._left)


@dataclass
class Card:
    """What is free on it, and what each look will measure; the last one is repeated."""

    bytes: int = 0
    looks: list[list[int]] = field(default_factory=lambda: [MEASURED])

    def meter(self) -> ToldMeter:
        return ToldMeter(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    card = Card()
    module: Any = session_module
    monkeypatch.setattr(module, "CardMeter", card.meter)
    monkeypatch.setattr(module, "room_on_card", lambda: card.bytes)
    return card


def probes(folder: Path) -> list[dict[str, Any]]:
    return [event for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "probe"]


def test_where_there_is_room_it_is_only_noted(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    card.bytes = 10**12
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


def test_where_there_is_none_it_starts_again_with_less(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    card.bytes = 150_000_000
    with pytest.raises(
        StartAgain, match=r"^A look before the first step found that .* are needed and .* are free\."
    ) as told:
        session._probe_memory()
    assert "4 of the 8 examples" in str(told.value)
    assert len(probes(folder)) == 1
    plan = Plan.load(folder / "plan.json")
    assert plan.micro_batch_size == 8 and relieved(folder, plan).micro_batch_size == 4


def test_of_one_example_only_so_many_layers_are_computed_twice_as_are_needed(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    session._plan = session._plan.model_copy(update={"micro_batch_size": 1, "accumulation": 8})
    card.bytes = 10**12
    session._probe_memory()
    (found,) = probes(folder)
    card.bytes = found["predicted_bytes"] - 1
    with pytest.raises(StartAgain, match="computing 1 layer twice instead of 0"):
        session._probe_memory()
    assert relieved(folder, Plan.load(folder / "plan.json")).recomputed_layers == 1


def test_where_nothing_is_left_to_change_it_is_a_persons_turn(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    least = {"micro_batch_size": 1, "recomputed_layers": ALL_LAYERS}
    session._plan = session._plan.model_copy(update=least)
    card.bytes = 150_000_000
    with pytest.raises(UserError, match="too small for one example at once") as told:
        session._probe_memory()
    assert "--max-length" in told.value.hint and not is_relieved(folder)


def test_of_several_cards_each_has_less_room(tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they need between them is taken after the look, and its peak does not show it."""
    session, folder = make_session(tmp_path / "model", batch_size=8, micro_batch_size=8)
    card.bytes = 10**12
    session._probe_memory()
    monkeypatch.setattr(session_module, "ranks", lambda: 2)
    # As large a micro-batch as one card alone has.
    monkeypatch.setattr(session, "_make_batches", lambda budget, **_: session._batches)
    session._probe_memory()
    alone, together = probes(folder)
    assert together["predicted_bytes"] - alone["predicted_bytes"] == 4 * session._trainable
    assert alone["room_bytes"] - together["room_bytes"] == 256 * 2**20


LARGE, HUGE = [190_000_000, 200_000_000, 400_000_000], [10**12, 2 * 10**12, 4 * 10**12]


def computed_twice(model: Any) -> list[bool]:
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    return [bool(layer.gradient_checkpointing) for layer in layers]


def test_no_layer_is_computed_twice_that_need_not_be(tmp_path: Path, card: Card) -> None:
    """The plan had been too careful: what is measured again with none has room."""
    session, folder = make_session(tmp_path / "model", recomputed=2, batch_size=8, micro_batch_size=8)
    assert computed_twice(session.trainer.model) == [True, True]
    card.bytes, card.looks = 10**9, [MEASURED, LARGE]
    session._probe_memory()
    assert computed_twice(session.trainer.model) == [False, False]
    planned, chosen = probes(folder)
    assert (planned["recomputed_layers"], chosen["recomputed_layers"]) == (2, 0)
    assert planned["predicted_bytes"] < chosen["predicted_bytes"] <= card.bytes
    told = [event["message"] for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "layers"]
    assert told == ["A look before the first step found room: it computes 0 layers twice instead of 2."]
    assert relieved(folder, Plan.load(folder / "plan.json")).recomputed_layers == 0, "a resumed run does the same"
    assert layers_chosen(folder) and not is_relieved(folder)
    assert session._predicted_bytes() == chosen["predicted_bytes"]


def test_what_was_chosen_is_not_chosen_anew(tmp_path: Path, card: Card) -> None:
    """Neither where a process starts again before the first checkpoint nor where it goes on from one."""
    session, folder = make_session(tmp_path / "model", recomputed=2, batch_size=8, micro_batch_size=8)
    card.bytes = 10**9
    session._resumed_from = folder
    session._probe_memory()
    assert not is_changed(folder) and computed_twice(session.trainer.model) == [True, True]
    session._resumed_from = None
    choose_layers(folder, session._plan, 1)
    session._probe_memory()
    assert relieved(folder, session._plan).recomputed_layers == 1
    assert [found["recomputed_layers"] for found in probes(folder)] == [2, 2]


def test_a_choice_that_a_second_look_does_not_confirm_is_taken_back(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", recomputed=2, batch_size=8, micro_batch_size=8)
    card.bytes, card.looks = 10**9, [MEASURED, HUGE]
    session._probe_memory()
    assert computed_twice(session.trainer.model) == [True, True]
    assert not is_changed(folder)
    (found,) = probes(folder)
    assert session._predicted_bytes() == found["predicted_bytes"]


def test_without_room_for_one_more_all_stay_as_planned(tmp_path: Path, card: Card) -> None:
    session, folder = make_session(tmp_path / "model", recomputed=1, batch_size=8, micro_batch_size=8)
    card.bytes = 10**9
    found = session._look(session._plan)
    assert found is not None
    card.bytes = found.predicted_bytes + 1
    session._probe_memory()
    assert not is_changed(folder) and computed_twice(session.trainer.model) == [True, False]


def test_on_windows_some_room_is_left_over() -> None:
    """As in a plan: a driver that runs out of memory there does not say so."""
    assert room_to_fill(970, "Linux") == 970
    assert room_to_fill(970, "Windows") == 850
