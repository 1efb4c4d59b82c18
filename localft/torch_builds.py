"""Which builds of torch and llama-cpp-python fit a machine, and the indexes that have them.

The bootstrap reads this file before anything is installed, so it needs the standard library only.
"""

from dataclasses import dataclass

TORCH = "2.13.0"
TORCH_INDEX = "https://download.pytorch.org/whl"
NEWEST_PYTHON = (3, 14)

LLAMA_CPP_PYTHON = "0.3.36"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"

# torch 2.13 is built for CUDA 12.6, 13.0 and, as an experiment, 13.2; the first two cover every card between them.
# A driver runs all builds of its own CUDA generation: 13.x from 580 on, 12.x from 525 on (NVIDIA's table of minor
# version compatibility). The builds contain kernels for these compute capabilities (PyTorch's release matrix).
CUDA_13 = "cu130"
CUDA_12 = "cu126"
DRIVER_FOR_CUDA_13 = 580
DRIVER_FOR_CUDA_12 = 525
_OLDEST_CARD_FOR_CUDA_13 = (7, 5)
_NEWEST_CARD_FOR_CUDA_12 = (9, 0)
_OLDEST_CARD = (5, 0)


@dataclass(frozen=True)
class TorchBuild:
    """A build of torch and the index that has it."""

    variant: str
    """cu130, cu126, cpu, or default where the ordinary index has the right build."""
    note: str = ""
    """A sentence for the user where this is not the build they would hope for."""

    @property
    def uses_card(self) -> bool:
        """Tell whether this build computes on an NVIDIA card."""
        return self.variant.startswith("cu")

    @property
    def index(self) -> str | None:
        """The index that has this build; None for the ordinary one."""
        return None if self.variant == "default" else f"{TORCH_INDEX}/{self.variant}"

    @property
    def requirement(self) -> str:
        """The exact pin, with the local label that only the build's own index carries."""
        return f"torch=={TORCH}" if self.variant == "default" else f"torch=={TORCH}+{self.variant}"


def choose_torch(system: str, driver: str | None, compute_capability: tuple[int, int] | None) -> TorchBuild:
    """Return the build of torch that fits.

    Args:
        system: platform.system().
        driver: version of the NVIDIA driver, None where there is none.
        compute_capability: of the card, None where it is not known; a card of the last years is then assumed.
    """
    if system == "Darwin":
        return TorchBuild("default")
    if driver is None:
        return TorchBuild("cpu")
    number = driver_number(driver)
    card = compute_capability or _OLDEST_CARD_FOR_CUDA_13
    if card < _OLDEST_CARD:
        return TorchBuild("cpu", "The NVIDIA card is too old for today's PyTorch; the processor is used.")
    if number < DRIVER_FOR_CUDA_12:
        return TorchBuild("cpu", _old_driver(driver, DRIVER_FOR_CUDA_12))
    if card < _OLDEST_CARD_FOR_CUDA_13:
        return TorchBuild(CUDA_12)
    if number >= DRIVER_FOR_CUDA_13:
        return TorchBuild(CUDA_13)
    if card > _NEWEST_CARD_FOR_CUDA_12:
        return TorchBuild("cpu", _old_driver(driver, DRIVER_FOR_CUDA_13))
    return TorchBuild(CUDA_12)


def llama_index(system: str) -> str:
    """Return the maintainers' index of ready builds of llama-cpp-python.

    Always the processor's build beside an NVIDIA card: the CUDA wheels need the libraries of an installed CUDA toolkit,
    and an exported file is tried out on the processor while the card trains. On a Mac the Metal build needs no more.

    Args:
        system: platform.system().
    """
    return f"{LLAMA_INDEX}/{'metal' if system == 'Darwin' else 'cpu'}"


def driver_needed(cuda: str) -> int:
    """Return the first driver generation that runs a build for a CUDA version such as 13.0."""
    return DRIVER_FOR_CUDA_13 if int(cuda.split(".")[0]) >= 13 else DRIVER_FOR_CUDA_12


def driver_number(version: str) -> int:
    """Return the generation of a driver version, 580 for 580.65.06; 0 where there is no number."""
    first = version.strip().split(".")[0]
    return int(first) if first.isdigit() else 0


def _old_driver(driver: str, needed: int) -> str:
    return (
        f"The NVIDIA driver {driver} is too old for this card with today's PyTorch, which needs {needed} or newer: "
        "update the driver and set localft up again. Until then the processor is used."
    )
