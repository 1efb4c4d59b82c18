"""What this computer has, read without torch."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pynvml
import pytest

from localft import hardware, jobs
from localft.hardware import Gpu, cuda_variables, read_disk, read_hardware, visible
from localft.jobs.records import JobProcess
from tests.job_help import end_now, order, wait_for


def _gpu(index: int, uuid: str) -> Gpu:
    return Gpu(index, uuid, "card", 12 * 2**30, 11 * 2**30, (8, 6))


CARDS = (_gpu(0, "GPU-aaaa-1"), _gpu(1, "GPU-bbbb-2"), _gpu(2, "GPU-bbbb-3"))


def test_this_computer_is_read(home: Path) -> None:
    found = read_hardware()
    assert found.logical_cores >= found.physical_cores >= 1
    assert found.memory.total_bytes >= found.memory.available_bytes > 0
    assert found.disk.folder == home
    assert found.disk.total_bytes > found.disk.free_bytes > 0
    assert found.driver is not None or not found.gpus


def test_the_disk_of_a_folder_to_be_made_is_that_of_its_nearest_parent(tmp_path: Path) -> None:
    missing = tmp_path / "not" / "yet" / "there"
    assert read_disk(missing).total_bytes == read_disk(tmp_path).total_bytes
    assert not missing.exists()


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (None, [0, 1, 2]),
        ("", []),
        ("-1", []),
        ("1", [1]),
        ("2,0", [2, 0]),
        ("0,7,1", [0]),
        ("GPU-aaaa", [0]),
        ("GPU-bbbb", []),
        ("GPU-bbbb-3, 0", [2, 0]),
        ("nonsense", []),
    ],
)
def test_only_the_cards_that_programs_are_meant_to_see(wish: str | None, expected: list[int]) -> None:
    assert [gpu.index for gpu in visible(CARDS, wish)] == expected


WEAK = Gpu(0, "GPU-weak", "GTX 1050", 2 * 2**30, 2 * 2**30, (6, 1))
STRONG = Gpu(1, "GPU-strong", "RTX 3060", 12 * 2**30, 11 * 2**30, (8, 6))
NEWER = Gpu(2, "GPU-newer", "RTX 5070", 12 * 2**30, 11 * 2**30, (12, 0))


def test_the_card_with_the_most_memory_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever slot it is in: the first is the one that everything is planned for."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "_read_nvidia", lambda: ([WEAK, STRONG, NEWER], "580", ""))
    assert read_hardware().gpus == (NEWER, STRONG, WEAK)
    assert cuda_variables() == {"CUDA_VISIBLE_DEVICES": "GPU-newer,GPU-strong,GPU-weak"}
    assert visible([WEAK, STRONG, NEWER], "GPU-newer,GPU-strong,GPU-weak") == (NEWER, STRONG, WEAK), "a job finds them"


def test_numbers_that_a_person_has_chosen_mean_the_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `visible` and nvidia-smi count; CUDA alone would count by speed."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    assert cuda_variables() == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    assert cuda_variables() == {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}


def test_a_job_counts_the_cards_as_its_plan_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "_read_nvidia", lambda: ([WEAK, STRONG], "580", ""))
    folder = tmp_path / "job"
    jobs.start(folder, order(steps=600, seconds=0.05))
    wait_for((folder / "started.json").exists)
    process = psutil.Process(JobProcess.load(folder / "process.json").pid)
    assert process.environ()["CUDA_VISIBLE_DEVICES"] == "GPU-strong,GPU-weak"
    end_now(folder)


def test_without_cards_nothing_is_said_to_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "_read_nvidia", lambda: ([], None, ""))
    assert cuda_variables() == {}


def _fail(code: int) -> None:
    raise pynvml.NVMLError(code)


def test_no_driver_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: _fail(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND))
    found = read_hardware()
    assert (found.gpus, found.driver, found.driver_problem) == ((), None, "")


def test_a_driver_that_was_updated_under_way_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: _fail(pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH))
    found = read_hardware()
    assert found.gpus == ()
    assert "mismatch" in found.driver_problem.lower()


def test_cards_are_read_from_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    answers = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "580.65.06",
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=12 * 2**30, free=10 * 2**30, used=2 * 2**30),
        "nvmlDeviceGetCudaComputeCapability": lambda handle: (8, 6),
        "nvmlDeviceGetUUID": lambda handle: "GPU-1",
        "nvmlDeviceGetName": lambda handle: "NVIDIA GeForce RTX 3060",
        "nvmlDeviceGetComputeRunningProcesses": lambda handle: [SimpleNamespace(pid=7, usedGpuMemory=2**30)],
        "nvmlDeviceGetGraphicsRunningProcesses": lambda handle: _fail(pynvml.NVML_ERROR_NOT_SUPPORTED),
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)
    found = hardware.read_hardware()
    assert found.driver == "580.65.06"
    assert found.gpus == (Gpu(0, "GPU-1", "NVIDIA GeForce RTX 3060", 12 * 2**30, 10 * 2**30, (8, 6), ((7, 2**30),)),)
