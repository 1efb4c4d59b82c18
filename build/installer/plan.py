"""Decisions of the set-up as pure functions: which llama-cpp-python, how much disk. For torch: localft.torch_builds."""

from dataclasses import dataclass

from localft.torch_builds import TorchBuild

LLAMA_CPP_PYTHON = "0.3.36"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"

# Gigabytes of the finished environment and of the downloads beside it, measured on Linux and rounded up.
_DISK_CPU = 4
_DISK_CUDA = 12


@dataclass(frozen=True)
class Machine:
    """What the decisions rest on."""

    system: str
    """platform.system(): Linux, Darwin or Windows."""
    architecture: str
    """platform.machine(), in lower case."""
    driver: str | None = None
    """Version of the NVIDIA driver, None where there is none."""
    compute_capability: tuple[int, int] | None = None
    """Of the first card; None where it is not known."""
    has_compiler: bool = False


def disk_needed(machine: Machine, build: TorchBuild, from_own_index: bool) -> int:
    """Return the free bytes that the set-up needs.

    Args:
        from_own_index: whether PyTorch's index is used. The ordinary one has CUDA builds for Linux on x86, card or not.
    """
    is_x86_linux = machine.system == "Linux" and machine.architecture in ("x86_64", "amd64")
    is_large = build.uses_card or (is_x86_linux and not from_own_index)
    return (_DISK_CUDA if is_large else _DISK_CPU) * 10**9


def llama_index(machine: Machine) -> str:
    """Return the maintainers' wheel index for this system.

    Always the processor's build beside an NVIDIA card: the CUDA wheels need the libraries of an installed CUDA toolkit,
    and an exported file is tried out on the processor while the card trains. On a Mac the Metal build needs no more.
    """
    return f"{LLAMA_INDEX}/{'metal' if machine.system == 'Darwin' else 'cpu'}"
