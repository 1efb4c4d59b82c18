"""What this computer has: cards, memory, disk, processor; read without torch, and never by raising."""

import contextlib
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft import paths

_CHOSEN = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA card."""

    index: int
    """Its number in NVIDIA's own order, by PCI slot."""
    uuid: str
    name: str
    total_bytes: int
    free_bytes: int
    """What no program uses at this moment."""
    compute_capability: tuple[int, int] | None
    """(8, 6) for an RTX 3060; None where the driver does not say."""
    holders: tuple[tuple[int, int | None], ...] = ()
    """(process id, bytes it holds) as far as the driver tells; it names no bytes on Windows, no process under WSL."""


@dataclass(frozen=True)
class Memory:
    """The computer's memory in bytes; swap is the page file on Windows."""

    total_bytes: int
    available_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int = 0


@dataclass(frozen=True)
class Disk:
    """The disk that holds a folder, in bytes."""

    folder: Path
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Hardware:
    """This computer."""

    system: str
    """Linux, Darwin or Windows."""
    gpus: tuple[Gpu, ...]
    """The strongest first, unless a person has chosen; CUDA numbers them alike in localft's jobs (`cuda_variables`)."""
    driver: str | None
    """Version of the NVIDIA driver, None where there is none or it does not answer."""
    driver_problem: str
    """Why a driver that is installed does not answer; empty where all is well or there is none."""
    memory: Memory
    disk: Disk
    """Of the folder with the projects."""
    physical_cores: int
    logical_cores: int
    waits_for: tuple[str, ...] = ()
    """Titles of localft's own work whose memory is counted as free here (`localft.jobs.holding`)."""


def read_hardware() -> Hardware:
    """Look at this computer; some milliseconds, a few tens where there is an NVIDIA driver."""
    gpus, driver, problem = _read_nvidia()
    return Hardware(
        system=platform.system(),
        gpus=visible(gpus, os.environ.get(_CHOSEN)),
        driver=driver,
        driver_problem=problem,
        memory=read_memory(),
        disk=read_disk(paths.data_dir()),
        physical_cores=_physical_cores(),
        logical_cores=os.cpu_count() or 1,
    )


def read_memory() -> Memory:
    """Return the state of the computer's memory."""
    import psutil

    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Memory(memory.total, memory.available, swap.total, swap.free)


def read_disk(folder: Path) -> Disk:
    """Return the disk that holds a folder, or will hold it once the folder has been made."""
    import psutil

    existing = next((place for place in (folder, *folder.parents) if place.exists()), Path.cwd())
    usage = psutil.disk_usage(str(existing))
    return Disk(folder, usage.total, usage.free)


def visible(gpus: Sequence[Gpu], wish: str | None) -> tuple[Gpu, ...]:
    """Return the cards that CUDA programs are meant to see.

    Args:
        wish: CUDA_VISIBLE_DEVICES: numbers or the beginnings of UUIDs, up to the first that fits no card; None for all,
            those with the most memory first, of these the newest.
    """
    if wish is None:
        return tuple(sorted(gpus, key=lambda gpu: (gpu.total_bytes, gpu.compute_capability or (0, 0)), reverse=True))
    chosen: list[Gpu] = []
    for word in (part.strip() for part in wish.split(",")):
        matching = [gpu for gpu in gpus if word == str(gpu.index) or (word[:4] == "GPU-" and gpu.uuid.startswith(word))]
        if len(matching) != 1:
            break
        chosen += matching
    return tuple(chosen)


def cuda_variables() -> dict[str, str]:
    """What the environment of a process needs, so that CUDA numbers the cards as they are ordered here.

    Its own order is by speed, and NVIDIA's management library, which is read here, counts by slot: what was planned for
    one card would run on another.
    """
    if _CHOSEN in os.environ:
        return {"CUDA_DEVICE_ORDER": os.environ.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID")}
    gpus = visible(_read_nvidia()[0], None)
    return {_CHOSEN: ",".join(gpu.uuid for gpu in gpus)} if gpus else {}


def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def _read_nvidia() -> tuple[list[Gpu], str | None, str]:
    """Return the cards, the driver's version, and what is wrong with a driver that is there but does not answer."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return [], None, "" if _is_missing(error) else str(error)
    try:
        driver = str(pynvml.nvmlSystemGetDriverVersion())
        return [_read_gpu(index) for index in range(pynvml.nvmlDeviceGetCount())], driver, ""
    except pynvml.NVMLError as error:
        return [], None, str(error)
    finally:
        pynvml.nvmlShutdown()


def _is_missing(error: Exception) -> bool:
    """Tell whether there is no NVIDIA driver at all, as opposed to one that is broken."""
    import pynvml

    return getattr(error, "value", None) == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND


def _read_gpu(index: int) -> Gpu:
    import pynvml

    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
        capability = (int(major), int(minor))
    except pynvml.NVMLError:
        capability = None
    return Gpu(
        index=index,
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
        name=str(pynvml.nvmlDeviceGetName(handle)),
        total_bytes=int(memory.total),
        free_bytes=int(memory.free),
        compute_capability=capability,
        holders=_read_holders(handle),
    )


def _read_holders(handle: Any) -> tuple[tuple[int, int | None], ...]:
    """Who holds memory of a card; a process that computes and draws is told twice, with the same bytes."""
    import pynvml

    holders: dict[int, int | None] = {}
    for read in (pynvml.nvmlDeviceGetComputeRunningProcesses, pynvml.nvmlDeviceGetGraphicsRunningProcesses):
        # Neither is there with every driver, and what is free is known without them.
        with contextlib.suppress(pynvml.NVMLError):
            for process in read(handle):
                holders[int(process.pid)] = None if process.usedGpuMemory is None else int(process.usedGpuMemory)
    return tuple(holders.items())
