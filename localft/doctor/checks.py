"""The doctor's judgement: facts in, findings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from localft.compilers import command_for_compiler
from localft.doctor.facts import Facts
from localft.torch_builds import (
    LLAMA_CPP_PYTHON,
    TORCH,
    TorchBuild,
    choose_torch,
    driver_needed,
    driver_number,
    llama_index,
)

Severity = Literal["ok", "warning", "error"]

_OLDEST_PYTHON = (3, 11)
_GIGABYTE = 10**9
# Below these, a model of some billion parameters does not fit: its download, or what is needed to load it.
_LITTLE_DISK = 20 * _GIGABYTE
_HARDLY_ANY_DISK = 5 * _GIGABYTE
_LITTLE_MEMORY = 8 * _GIGABYTE
_WINDOWS_COMMIT = 32 * _GIGABYTE


@dataclass(frozen=True)
class Finding:
    """One thing about this computer, in whole sentences."""

    severity: Severity
    subject: str
    """Two or three words, for the head of a line."""
    what: str
    why: str = ""
    """What it means for the user."""
    fix: str = ""
    """The command, or the few steps, that mend it."""


def findings(facts: Facts) -> list[Finding]:
    """Judge everything, in the order in which one would ask."""
    return [
        _python(facts),
        _card(facts),
        _torch(facts),
        _bitsandbytes(facts),
        _llama_cpp(facts),
        _memory(facts),
        _disk(facts),
        _ollama(facts),
        _cache(facts),
        _token(facts),
    ]


def worst(found: Sequence[Finding]) -> Severity:
    """Return the gravest severity among findings."""
    order: tuple[Severity, ...] = ("error", "warning", "ok")
    return next((severity for severity in order if any(finding.severity == severity for finding in found)), "ok")


def _python(facts: Facts) -> Finding:
    version = ".".join(map(str, facts.python))
    if facts.python >= _OLDEST_PYTHON:
        return Finding("ok", "Python", f"Python {version} runs localft.")
    needed = ".".join(map(str, _OLDEST_PYTHON))
    return Finding(
        "error",
        "Python",
        f"Python {version} is too old.",
        f"localft needs {needed} or newer.",
        f"uv python install {needed}",
    )


def _card(facts: Facts) -> Finding:
    hardware = facts.hardware
    if hardware.driver_problem:
        mismatch = "mismatch" in hardware.driver_problem.lower()
        fix = "Restart the computer." if mismatch else "nvidia-smi"
        why = "The driver was updated while it was in use." if mismatch else "Until it answers, the processor is used."
        return Finding(
            "error", "Graphics card", f"The NVIDIA driver does not answer: {hardware.driver_problem}.", why, fix
        )
    if not hardware.gpus:
        return Finding(
            "warning",
            "Graphics card",
            "There is no NVIDIA card, or none that may be used.",
            "The starter model trains on the processor in minutes; models of a billion parameters would take days.",
        )
    cards = "; ".join(
        f"{card.name} with {_memory_size(card.free_bytes)} of {_memory_size(card.total_bytes)} free"
        for card in hardware.gpus
    )
    return Finding("ok", "Graphics card", f"{cards}; driver {hardware.driver}.")


def _torch(facts: Facts) -> Finding:
    hardware, torch = facts.hardware, facts.torch
    capability = hardware.gpus[0].compute_capability if hardware.gpus else None
    best = choose_torch(hardware.system, hardware.driver if hardware.gpus else None, capability)
    if torch is None:
        return Finding(
            "error", "PyTorch", "PyTorch is not installed.", "Nothing can be trained.", _torch_command(facts, best)
        )
    if not hardware.gpus:
        return Finding("ok", "PyTorch", f"PyTorch {torch.version}.")
    if best.note:
        return Finding("error", "NVIDIA driver", best.note, fix=_driver_command(facts))
    if torch.cuda is None:
        why = f"Training would use the processor and leave the {hardware.gpus[0].name} idle."
        what = f"PyTorch {torch.version} is a build for the processor."
        return Finding("error", "PyTorch", what, why, _torch_command(facts, best))
    if driver_number(hardware.driver or "") < driver_needed(torch.cuda):
        what = f"The NVIDIA driver {hardware.driver} is too old for PyTorch {torch.version}."
        why = (
            f"CUDA {torch.cuda} needs driver {driver_needed(torch.cuda)} or newer; a build for CUDA 12 runs with yours."
        )
        return Finding("error", "PyTorch", what, why, _torch_command(facts, best))
    return Finding("ok", "PyTorch", f"PyTorch {torch.version} for CUDA {torch.cuda}.")


def _torch_command(facts: Facts, build: TorchBuild) -> str:
    if facts.way == "uv":
        backend = f"--torch-backend {build.variant} " if build.index else ""
        return _install_command(facts, f"{backend}--reinstall-package torch torch=={TORCH}")
    index = f"--extra-index-url {build.index} " if build.index else ""
    return _install_command(facts, f"{index}{build.requirement}")


def _install_command(facts: Facts, words: str) -> str:
    """Return the command that installs something the way localft itself was installed."""
    if facts.way == "bootstrap":
        # The environment lies in the checkout. Its own Python starts the bootstrap where there is no other one.
        return f'"{facts.interpreter}" "{Path(facts.interpreter).parents[2] / "build" / "bootstrap.py"}" setup'
    if facts.way == "uv":
        return f'uv pip install --python "{facts.interpreter}" {words}'
    return f'"{facts.interpreter}" -m pip install {words}'


def _driver_command(facts: Facts) -> str:
    if facts.hardware.system == "Windows":
        return "Install the newest driver with the NVIDIA app, then restart."
    return "Install the newest NVIDIA driver (on Ubuntu: sudo ubuntu-drivers install), then restart."


def _bitsandbytes(facts: Facts) -> Finding:
    if facts.bitsandbytes:
        return Finding("ok", "bitsandbytes", f"bitsandbytes {facts.bitsandbytes}, for training in 4 bits.")
    return Finding(
        "error",
        "bitsandbytes",
        "bitsandbytes is not installed.",
        "QLoRA, which trains a model in a third of the memory, is not possible without it.",
        _install_command(facts, '"bitsandbytes>=0.50"'),
    )


def _llama_cpp(facts: Facts) -> Finding:
    if facts.llama_cpp:
        return Finding("ok", "llama.cpp", f"llama-cpp-python {facts.llama_cpp}, for trying out GGUF files.")
    what = (
        "llama-cpp-python is not installed." if facts.compiler else "There is no llama-cpp-python and no C++ compiler."
    )
    return Finding(
        "warning",
        "llama.cpp",
        what,
        "Chatting with GGUF files and the k-quants (Q4_K_M, Q5_K_M, Q6_K) are missing; F16, BF16 and Q8_0 are exported "
        "all the same, and Ollama quantises on import.",
        _llama_command(facts),
    )


def _llama_command(facts: Facts) -> str:
    """Return the commands that bring a ready build, or a compiler where only that helps."""
    index = "--index" if facts.way == "uv" else "--extra-index-url"
    words = f"{index} {llama_index(facts.hardware.system)} llama-cpp-python=={LLAMA_CPP_PYTHON}"
    command = _install_command(facts, words)
    if facts.compiler:
        return command
    # The bootstrap has looked for a ready build already.
    if facts.way == "bootstrap":
        return f"{command_for_compiler()}\n{command}"
    return f"{command}\nIf that asks for a compiler, first: {command_for_compiler()}"


def _memory(facts: Facts) -> Finding:
    memory, system = facts.hardware.memory, facts.hardware.system
    size = _memory_size(memory.total_bytes)
    if memory.total_bytes < _LITTLE_MEMORY:
        why = "Loading a model needs about its size in memory for a moment; small ones work."
        return Finding(
            "warning", "Memory", f"This computer has {size} of memory.", why, "Close other programs while training."
        )
    # Windows promises memory before it is used: without a page file, loading a model fails with memory to spare.
    if system == "Windows" and memory.total_bytes + memory.swap_total_bytes < _WINDOWS_COMMIT:
        return Finding(
            "warning",
            "Page file",
            f"Windows has {size} of memory and a page file of {_memory_size(memory.swap_total_bytes)}.",
            "Loading a larger model can end with 'the paging file is too small', however much memory is free.",
            "Start SystemPropertiesPerformance, open Advanced, Virtual memory, and let Windows manage the size.",
        )
    return Finding("ok", "Memory", f"{size} of memory, {_memory_size(memory.available_bytes)} of it free.")


def _disk(facts: Facts) -> Finding:
    disk = facts.hardware.disk
    free = min(disk.free_bytes, facts.cache.free_bytes)
    place = disk.folder if disk.free_bytes <= facts.cache.free_bytes else facts.cache.folder
    what = f"{_disk_size(free)} are free on the disk of {place}."
    if free >= _LITTLE_DISK:
        return Finding("ok", "Disk", what)
    hardly_any = free < _HARDLY_ANY_DISK
    why = (
        "Too little for any but the smallest models: one of a billion parameters takes 2 to 3 GB, twice that to export."
        if hardly_any
        else "Enough for small models; one of 8 billion parameters takes 16 GB, and as much again to export."
    )
    fix = "Free some space (`hf cache ls` shows downloaded models), or move LOCALFT_HOME and HF_HOME to a larger disk."
    return Finding("error" if hardly_any else "warning", "Disk", what, why, fix)


def _ollama(facts: Facts) -> Finding:
    status = facts.ollama
    if status.answers and not status.secure:
        fix = {
            "Windows": "winget upgrade Ollama.Ollama",
            "Darwin": "Open Ollama in the menu bar and choose Restart to update.",
        }.get(facts.hardware.system, "curl -fsSL https://ollama.com/install.sh | sh")
        holes = "Versions before 0.35.0 have known security holes."
        why = holes if status.takes_files else "It is too old to take a file."
        return Finding("warning", "Ollama", status.sentence, why, fix)
    why = (
        "" if status.answers else "It is only needed to send tuned models there; files for it can be exported without."
    )
    return Finding("ok", "Ollama", status.sentence, why)


def _cache(facts: Facts) -> Finding:
    cache = facts.cache
    what = f"Downloaded models lie in {cache.folder} and take {_disk_size(cache.bytes)}."
    if cache.offline:
        return Finding(
            "warning", "Downloads", what, "HF_HUB_OFFLINE is set: nothing is downloaded.", "unset HF_HUB_OFFLINE"
        )
    return Finding("ok", "Downloads", what)


def _token(facts: Facts) -> Finding:
    if facts.token:
        what = f"A Hugging Face token ending in {facts.token.ending} is in {facts.token.source}."
        return Finding("ok", "Hugging Face", what)
    what = "There is no Hugging Face token; only models behind a licence page need one (`hf auth login`)."
    return Finding("ok", "Hugging Face", what)


def _disk_size(amount: int) -> str:
    return f"{amount / _GIGABYTE:.1f} GB"


def _memory_size(amount: int) -> str:
    # Memory is sold in powers of two and called GB: a "12 GB" card has 12 x 2^30 bytes.
    return f"{amount / 2**30:.1f} GB"
