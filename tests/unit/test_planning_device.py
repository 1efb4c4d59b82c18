"""The table of cards: every card that people train on at home is in it, and the longest name that fits counts."""

from dataclasses import replace

import pytest

from localft.hardware import Gpu, read_hardware
from localft.planning.device import Device, device_of


def device(name: str) -> Device:
    card = Gpu(0, "GPU-0", name, 8 * 2**30, 8 * 2**30, (8, 6))
    return device_of(replace(read_hardware(), gpus=(card,)))


@pytest.mark.parametrize(
    "name",
    [
        *(f"GTX {number}" for number in ("1060", "1080 Ti", "1650", "1650 SUPER", "1660", "1660 SUPER", "1660 Ti")),
        *(f"RTX {number}" for number in ("2060", "2060 SUPER", "2070", "2070 SUPER", "2080", "2080 SUPER", "2080 Ti")),
        *(f"RTX {number}" for number in ("3050", "3060", "3060 Ti", "3070", "3070 Ti", "3080", "3080 Ti", "3090 Ti")),
        *(f"RTX {number}" for number in ("4050 Laptop GPU", "4060", "4060 Ti", "4070", "4070 SUPER", "4070 Ti SUPER")),
        *(f"RTX {number}" for number in ("4080", "4080 SUPER", "4090", "4090 D", "4090 Laptop GPU")),
        *(f"RTX {number}" for number in ("5050", "5060", "5060 Ti", "5070", "5070 Ti", "5080", "5090")),
    ],
)
def test_a_card_of_a_home_computer_is_known(name: str) -> None:
    found = device(f"NVIDIA GeForce {name}")
    assert found.known and found.flops > 0 and found.watts > 60


def test_each_of_a_family_is_as_fast_as_its_own_name_says() -> None:
    rates = [device(f"NVIDIA GeForce RTX {name}").flops for name in ("4070", "4070 SUPER", "4070 Ti", "4070 Ti SUPER")]
    assert rates == sorted(set(rates))
    assert device("NVIDIA GeForce RTX 4090 Laptop GPU").flops < device("NVIDIA GeForce RTX 4090").flops
    assert device("NVIDIA L40S").flops > device("NVIDIA L40").flops
    assert not device("NVIDIA Odd Card").known
