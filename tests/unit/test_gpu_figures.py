"""What the benchmark of cards prints, from figures that need no card."""

from pathlib import Path

import pytest

from tests.benchmarks._measuring import Measured
from tests.benchmarks.gpu_training import Planned, memory_error, table

GIB = 2**30
PLANNED = Planned(Path("run"), True, 7 * GIB, 1 * GIB, rate=900.0, flops=1e9, device_flops=4e12)


def test_a_plan_is_compared_with_what_the_allocator_sees() -> None:
    assert memory_error(PLANNED, Measured(1.0, 5 * GIB)) == pytest.approx(0.2)
    assert memory_error(PLANNED, Measured(1.0, 8 * GIB)) == pytest.approx(-0.25)


def test_the_ways_are_compared_with_the_first() -> None:
    found = {"localft": Measured(1_000.0, 5 * GIB), "TRL": Measured(250.0, 10 * GIB), "Unsloth": Measured(problem="no")}
    assert table(PLANNED, found) == [
        "  localft: 1,000 tokens/s, 25% of the card's peak, 5.00 GiB at most; "
        "the plan's memory is off by +20.0%, its rate by -10%",
        "  TRL: 250 tokens/s, 6% of the card's peak, 10.00 GiB at most; "
        "localft has 4.00 times its rate, 0.50 of its memory",
        "  Unsloth: no",
    ]


def test_layers_that_the_look_chose_are_told_and_not_held_against_the_plan() -> None:
    """With fewer computed twice a run takes more than was planned, and is meant to."""
    (line,) = table(PLANNED, {"localft": Measured(1_000.0, 7 * GIB, probed=7 * GIB, layers=3)})
    assert line.endswith(
        "; the look chose to compute 3 layers twice; the plan's rate is off by -10%"
        "; the look before the first step by +0.0%"
    )


def test_where_localft_has_no_figure_the_others_stand_alone() -> None:
    lines = table(PLANNED, {"localft": Measured(problem="the memory ran out"), "TRL": Measured(250.0, 10 * GIB)})
    assert lines[0] == "  localft: the memory ran out"
    assert lines[1].endswith("10.00 GiB at most")
