"""What the set-up's decisions rest on, and how much disk it needs. Which builds: localft.torch_builds."""

from dataclasses import dataclass

from localft.torch_builds import TorchBuild

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
