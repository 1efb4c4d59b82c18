"""What a run was made with: versions, device, driver, seed, data and base model; and how much memory it took."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import torch

from localft import __version__
from localft.hardware import read_hardware
from localft.store.records import Record

_LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "datasets", "tokenizers")


class Environment(Record):
    """environment.json.

    `base_digest` is the fingerprint of the base model that the run learns on; None in runs of an older localft.
    """

    localft: str
    python: str
    system: str
    libraries: dict[str, str]
    device: str
    driver: str | None
    cuda: str | None
    threads: int
    memory_bytes: int
    seed: int
    dataset: str
    dataset_sha256: str
    base_model: str
    base_revision: str | None
    base_digest: str | None = None


def read_environment(
    seed: int,
    dataset: str,
    dataset_sha256: str,
    base_model: str,
    base_revision: str | None,
    base_digest: str | None = None,
) -> Environment:
    """Describe this process and this computer."""
    hardware = read_hardware()
    on_gpu = torch.cuda.is_available()
    return Environment(
        localft=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        libraries={name: metadata.version(name) for name in _LIBRARIES},
        device=torch.cuda.get_device_name(0) if on_gpu else _processor(),
        driver=hardware.driver,
        cuda=torch.version.cuda,
        threads=torch.get_num_threads(),
        memory_bytes=hardware.memory.total_bytes,
        seed=seed,
        dataset=dataset,
        dataset_sha256=dataset_sha256,
        base_model=base_model,
        base_revision=base_revision,
        base_digest=base_digest,
    )


def _processor() -> str:
    """The processor's name; Linux tells it in a file only."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8", errors="replace").splitlines() if told.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def forget_unused_memory() -> None:
    """Give back to the card what torch holds of it and nothing uses."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def peak_memory_bytes() -> int:
    """The most memory that was in use at once: of the card where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if os.name == "nt":
        usage: Any = psutil.Process().memory_info()
        return int(usage.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024
