"""Which torch and how much disk, for machines that are not here."""

import pytest

from installer.plan import Machine, disk_needed
from localft.export import converter
from localft.torch_builds import LLAMA_CPP_PYTHON, TorchBuild, choose_torch, driver_needed, driver_number, llama_index

AMPERE, TURING, PASCAL, BLACKWELL, KEPLER = (8, 6), (7, 5), (6, 1), (12, 0), (3, 5)


@pytest.mark.parametrize(
    ("system", "driver", "card", "variant"),
    [
        ("Linux", None, None, "cpu"),
        ("Windows", None, None, "cpu"),
        ("Darwin", None, None, "default"),
        ("Linux", "580.65.06", AMPERE, "cu130"),
        ("Windows", "591.44", BLACKWELL, "cu130"),
        ("Linux", "615.10", None, "cu130"),
        ("Linux", "580.65.06", TURING, "cu130"),
        ("Linux", "580.65.06", PASCAL, "cu126"),
        ("Windows", "566.36", AMPERE, "cu126"),
        ("Linux", "525.60.13", AMPERE, "cu126"),
        ("Linux", "570.124", BLACKWELL, "cpu"),
        ("Linux", "470.223", AMPERE, "cpu"),
        ("Linux", "470.223", KEPLER, "cpu"),
    ],
)
def test_the_build_follows_system_driver_and_card(
    system: str, driver: str | None, card: tuple[int, int] | None, variant: str
) -> None:
    build = choose_torch(system, driver, card)
    assert build.variant == variant
    should_explain = driver is not None and variant == "cpu"
    assert bool(build.note) == should_explain


@pytest.mark.parametrize(("driver", "card", "needed"), [("470.1", AMPERE, "525"), ("570.124", BLACKWELL, "580")])
def test_an_old_driver_is_told_which_one_it_takes(driver: str, card: tuple[int, int], needed: str) -> None:
    note = choose_torch("Linux", driver, card).note
    assert driver in note
    assert f"needs {needed} or newer" in note


def test_the_pin_carries_the_label_that_only_its_index_has() -> None:
    assert TorchBuild("cu130").requirement.endswith("+cu130")
    assert TorchBuild("cu130").index == "https://download.pytorch.org/whl/cu130"
    assert "+" not in TorchBuild("default").requirement
    assert TorchBuild("default").index is None


def test_driver_numbers() -> None:
    assert driver_number("580.65.06") == 580
    assert driver_number("N/A") == 0
    assert (driver_needed("13.0"), driver_needed("12.6")) == (580, 525)


def test_the_ordinary_index_has_the_large_build_for_linux_only() -> None:
    cpu, cuda = TorchBuild("cpu"), TorchBuild("cu130")
    linux, windows, arm = Machine("Linux", "x86_64"), Machine("Windows", "amd64"), Machine("Linux", "aarch64")
    small = disk_needed(linux, cpu, from_own_index=True)
    large = disk_needed(linux, cuda, from_own_index=True)
    assert large > small
    assert disk_needed(linux, cpu, from_own_index=False) == large
    assert disk_needed(windows, cpu, from_own_index=False) == small
    assert disk_needed(arm, cpu, from_own_index=False) == small


def test_a_mac_gets_metal() -> None:
    assert llama_index("Darwin").endswith("/metal")
    assert llama_index("Linux").endswith("/cpu")


def test_the_engine_that_is_installed_is_one_whose_converter_is_known() -> None:
    assert converter.archive_of(LLAMA_CPP_PYTHON).version == LLAMA_CPP_PYTHON
