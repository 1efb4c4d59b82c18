"""The benchmark of cards goes through without one, on small shapes: what nobody can run must not break unseen."""

from dataclasses import replace
from pathlib import Path

from localft.hardware import Hardware
from tests.benchmarks import gpu_training
from tests.benchmarks._measuring import Measured, in_a_process
from tests.benchmarks.gpu_training import Planned, table
from tests.real_models import CONFIGS, write_model

_SMALL = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4}
_SMALL |= {"vocab_size": 2_048, "head_dim": 32, "num_key_value_heads": 2}


def on_a_processor(place: Path) -> tuple[Planned, Measured, Measured]:
    """What is planned, and what localft and TRL did."""

    def without_a_card(hardware: Hardware, gigabytes: float) -> Hardware:
        return replace(hardware, gpus=())

    def no_limit(gigabytes: float, runtime_bytes: int) -> None:
        """A processor has none."""

    # This process is the test's own.
    for name, stand_in in (("with_card_of", without_a_card), ("limit_card", no_limit), ("_EXAMPLES", 8)):
        setattr(gpu_training, name, stand_in)
    planned = gpu_training.prepare(write_model(place / "model", {**CONFIGS["Qwen3-0.6B"], **_SMALL}), "Small", 8.0)
    ours = gpu_training.ours(planned, place / "ours", 8.0)
    return planned, ours, gpu_training.trl(planned, place / "trl", 8.0)


def test_plan_localft_and_trl_come_to_a_table(tmp_path: Path) -> None:
    planned, ours, theirs = in_a_process(on_a_processor, tmp_path)
    assert planned.fits and planned.rate > 0 and planned.flops > 0
    assert not ours.problem and not theirs.problem
    assert ours.rate > 0 and theirs.rate > 0 and ours.peak > 0
    lines = table(replace(planned, device_flops=1e12), {"localft": ours, "TRL": replace(theirs, peak=ours.peak)})
    assert "tokens/s" in lines[0] and "times its rate" in lines[1]
