"""What a run changes when memory runs out: first nothing but the time it takes, and never the batch."""

from pathlib import Path

import pytest

from localft.errors import UserError
from localft.planning.plan import ALL_LAYERS, Plan
from localft.training.relief import (
    after_a_lost_device,
    after_out_of_memory,
    choose_layers,
    forget_losses,
    forget_relief,
    is_relieved,
    layers_chosen,
    relieved,
)


def plan(micro: int, accumulation: int = 1, recomputed: int = 0) -> Plan:
    return Plan(
        device="RTX 3060", on_gpu=True, device_bytes=12 * 2**30, memory={}, total_bytes=1, fits="tightly",
        precision="bf16", micro_batch_size=micro, accumulation=accumulation, recomputed_layers=recomputed,
        steps=10, steps_per_epoch=10, validate_every=5, trained_tokens=1, tokens_per_second=1.0, seconds=1.0,
        watt_hours=1.0,
    )  # fmt: skip


def test_without_trouble_a_run_is_as_planned(tmp_path: Path) -> None:
    assert relieved(tmp_path, plan(8)) == plan(8)


@pytest.mark.parametrize(("batch", "sizes"), [(8, [4, 2, 1]), (12, [6, 3, 1]), (7, [1]), (1, [])])
def test_half_at_once_then_half_again_then_parts_twice_then_a_person(
    batch: int, sizes: list[int], tmp_path: Path
) -> None:
    current = first = plan(batch)
    for size in sizes:
        sentence = after_out_of_memory(tmp_path, current)
        current = relieved(tmp_path, first)
        assert f"{size} of the {batch} examples" in sentence and "the batch stays as it was" in sentence
        assert (current.micro_batch_size, current.accumulation, current.batch_size) == (size, batch // size, batch)
        assert current.recomputed_layers == 0
    assert "twice" in after_out_of_memory(tmp_path, current)
    current = relieved(tmp_path, first)
    assert current.recomputed_layers == ALL_LAYERS and current.batch_size == batch
    with pytest.raises(UserError, match="too small for one example at once") as told:
        after_out_of_memory(tmp_path, current)
    assert "--max-length" in told.value.hint


def test_a_lost_card_is_tried_once_more_and_again_after_progress(tmp_path: Path) -> None:
    current = plan(8)
    assert "lost" in after_a_lost_device(tmp_path, current)
    assert relieved(tmp_path, current) == current
    with pytest.raises(UserError, match="lost again"):
        after_a_lost_device(tmp_path, current)
    forget_losses(tmp_path, current)
    assert "goes on from the last checkpoint" in after_a_lost_device(tmp_path, current)


def test_a_lost_card_keeps_what_memory_has_changed(tmp_path: Path) -> None:
    after_out_of_memory(tmp_path, plan(8))
    halved = relieved(tmp_path, plan(8))
    after_a_lost_device(tmp_path, halved)
    forget_losses(tmp_path, halved)
    assert relieved(tmp_path, plan(8)).micro_batch_size == 4


def test_a_person_who_resumes_begins_with_the_plan_again(tmp_path: Path) -> None:
    first = plan(8)
    first.save(tmp_path / "plan.json")
    forget_relief(tmp_path)
    assert not is_relieved(tmp_path)
    after_out_of_memory(tmp_path, first)
    after_out_of_memory(tmp_path, relieved(tmp_path, first))
    after_a_lost_device(tmp_path, relieved(tmp_path, first))
    forget_relief(tmp_path)
    assert relieved(tmp_path, first) == first
    assert is_relieved(tmp_path), "later plans do not learn from it"
    assert "lost" in after_a_lost_device(tmp_path, first), "it is a first loss again"


def test_the_computers_own_memory_is_called_so(tmp_path: Path) -> None:
    own = plan(1, recomputed=ALL_LAYERS).model_copy(update={"on_gpu": False, "device": "this computer's memory"})
    with pytest.raises(UserError, match=r"^The memory of this computer is too small"):
        after_out_of_memory(tmp_path, own)


def test_layers_that_a_look_has_chosen_stay_chosen(tmp_path: Path) -> None:
    first = plan(8, recomputed=5)
    first.save(tmp_path / "plan.json")
    chosen = choose_layers(tmp_path, first, 2)
    assert chosen == relieved(tmp_path, first) and chosen.recomputed_layers == 2
    assert not is_relieved(tmp_path), "it had to do with nothing less"
    forget_relief(tmp_path)
    assert relieved(tmp_path, first) == chosen and not is_relieved(tmp_path)
    after_a_lost_device(tmp_path, first)
    forget_losses(tmp_path, first)
    assert relieved(tmp_path, first) == chosen


def test_where_memory_runs_out_all_the_same_they_are_those_of_the_plan_again(tmp_path: Path) -> None:
    """Whatever the process that met it believes the plan to be."""
    first = plan(8, recomputed=5)
    first.save(tmp_path / "plan.json")
    choose_layers(tmp_path, first, 2)
    assert "computing 5 layers twice instead of 2" in after_out_of_memory(tmp_path, first)
    current = relieved(tmp_path, first)
    assert (current.micro_batch_size, current.recomputed_layers) == (8, 5)
    assert "4 of the 8 examples" in after_out_of_memory(tmp_path, current)
    forget_relief(tmp_path)
    assert relieved(tmp_path, first) == first and is_relieved(tmp_path)
    assert layers_chosen(tmp_path), "a new process does not choose again what was too little"
