"""Decisions of the set-up as pure functions: which build of torch, which llama-cpp-python, how much disk."""

from dataclasses import dataclass

TORCH = "2.13.0"
LLAMA_CPP_PYTHON = "0.3.36"

TORCH_INDEX = "https://download.pytorch.org/whl"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"

# torch 2.13 is built for CUDA 12.6, 13.0 and, as an experiment, 13.2; the first two cover every card between them.
# A driver runs all builds of its own CUDA generation: 13.x from 580 on, 12.x from 525 on (NVIDIA's table of minor
# version compatibility). The builds contain kernels for these compute capabilities (PyTorch's release matrix).
_CUDA_13 = "cu130"
_CUDA_12 = "cu126"
_DRIVER_FOR_CUDA_13 = 580
_DRIVER_FOR_CUDA_12 = 525
_OLDEST_CARD_FOR_CUDA_13 = (7, 5)
_NEWEST_CARD_FOR_CUDA_12 = (9, 0)
_OLDEST_CARD = (5, 0)

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


@dataclass(frozen=True)
class TorchBuild:
    """A build of torch and the index that has it; `index` is None for the user's own index."""

    variant: str
    """cu130, cu126, cpu, or default where the ordinary index has the right build."""
    index: str | None
    note: str = ""
    """A sentence for the user where the choice is not the one they would hope for."""

    @property
    def requirement(self) -> str:
        """The exact pin, with the local label that only the build's own index carries."""
        return f"torch=={TORCH}" if self.index is None else f"torch=={TORCH}+{self.variant}"


def choose_torch(machine: Machine) -> TorchBuild:
    """Return the build of torch that fits the operating system, the NVIDIA driver and the card."""
    if machine.system == "Darwin":
        return TorchBuild("default", None)
    variant, note = _variant(machine)
    return TorchBuild(variant, f"{TORCH_INDEX}/{variant}", note)


def _variant(machine: Machine) -> tuple[str, str]:
    if machine.driver is None:
        return "cpu", ""
    driver = driver_major(machine.driver)
    card = machine.compute_capability or _OLDEST_CARD_FOR_CUDA_13
    if driver < _DRIVER_FOR_CUDA_12:
        return "cpu", (
            f"The NVIDIA driver {machine.driver} is too old for today's PyTorch, which needs {_DRIVER_FOR_CUDA_12} "
            "or newer: update the driver and run `python3 build/bootstrap.py setup`. Until then the processor is used."
        )
    if card < _OLDEST_CARD:
        return "cpu", "The NVIDIA card is too old for today's PyTorch; the processor is used."
    if card < _OLDEST_CARD_FOR_CUDA_13:
        return _CUDA_12, ""
    if driver >= _DRIVER_FOR_CUDA_13:
        return _CUDA_13, ""
    if card > _NEWEST_CARD_FOR_CUDA_12:
        return "cpu", (
            f"This card needs the NVIDIA driver {_DRIVER_FOR_CUDA_13} or newer, and {machine.driver} is installed: "
            "update the driver and run `python3 build/bootstrap.py setup`. Until then the processor is used."
        )
    return _CUDA_12, ""


def driver_major(version: str) -> int:
    """Return the first number of a driver version such as 580.65.06, 0 where it has none."""
    first = version.strip().split(".")[0]
    return int(first) if first.isdigit() else 0


def user_index_build(build: TorchBuild) -> TorchBuild:
    """The same wish against the user's own index, for when PyTorch's cannot be reached."""
    return TorchBuild(build.variant, None, build.note)


def disk_needed(machine: Machine, build: TorchBuild) -> int:
    """Return the free bytes that the set-up needs.

    The ordinary index has CUDA builds for Linux whether or not there is a card, so they are reckoned with there.
    """
    cuda = build.variant.startswith("cu") or (
        build.index is None and machine.system == "Linux" and machine.architecture in ("x86_64", "amd64")
    )
    return (_DISK_CUDA if cuda else _DISK_CPU) * 10**9


def llama_index(machine: Machine) -> str:
    """Return the maintainers' wheel index for this system.

    Always the processor's build beside an NVIDIA card: the CUDA wheels need the libraries of an installed CUDA toolkit,
    and an exported file is tried out on the processor while the card trains. On a Mac the Metal build needs no more.
    """
    return f"{LLAMA_INDEX}/{'metal' if machine.system == 'Darwin' else 'cpu'}"
