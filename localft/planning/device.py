"""The device a run would use: how much memory it can give, how fast it computes, what it draws."""

from dataclasses import dataclass, replace

from localft.hardware import Gpu, Hardware
from localft.planning.load import Precision

# Dense bf16 or fp16 TFLOP/s with fp32 accumulation, and board power in watts, as the makers publish them (GeForce cards
# of the 20 to 40 series accumulate at half rate). The longest name that occurs in the card's own name is taken.
_CARDS: dict[str, tuple[float, float]] = {
    "GTX 1060": (4.4, 120), "GTX 1070": (6.5, 150), "GTX 1080": (8.9, 180), "GTX 1080 TI": (11.3, 250),
    "GTX 1650": (3.0, 75), "GTX 1660": (5.0, 120), "GTX 1660 SUPER": (5.0, 125), "GTX 1660 TI": (5.4, 120),
    "RTX 2060": (26, 160), "RTX 2060 SUPER": (28.7, 175), "RTX 2070": (30, 175), "RTX 2070 SUPER": (36, 215),
    "RTX 2080": (40, 215), "RTX 2080 SUPER": (44.6, 250), "RTX 2080 TI": (54, 250), "TITAN RTX": (130, 280),
    "RTX 3050": (18, 130), "RTX 3060": (25.5, 170), "RTX 3060 TI": (32, 200), "RTX 3070": (41, 220),
    "RTX 3070 TI": (43, 290), "RTX 3080": (60, 320), "RTX 3080 TI": (68, 350), "RTX 3090": (71, 350),
    "RTX 4050": (18, 115), "RTX 4060": (30, 115), "RTX 4060 TI": (44, 160), "RTX 4070": (58, 200),
    "RTX 4070 SUPER": (71, 220), "RTX 4070 TI": (80, 285), "RTX 4070 TI SUPER": (88, 285), "RTX 4080": (98, 320),
    "RTX 4080 SUPER": (104, 320), "RTX 4090": (165, 450), "RTX 5050": (26, 130),
    "RTX 5060": (39, 145), "RTX 5060 TI": (48, 180), "RTX 5070": (62, 250), "RTX 5070 TI": (88, 300),
    "RTX 5080": (113, 360), "RTX 5090": (210, 575), "A2000": (32, 70), "A4000": (77, 140), "A5000": (111, 230),
    "A6000": (155, 300), "RTX 4000 ADA": (107, 130), "RTX 5000 ADA": (261, 250), "RTX 6000 ADA": (364, 300),
    "L4": (121, 72), "L40": (181, 300), "L40S": (362, 350), "T4": (65, 70), "V100": (125, 300), "A10": (125, 150),
    "A100": (312, 400), "H100": (989, 700), "H200": (989, 700),
}  # fmt: skip
_UNKNOWN_CARD = (20.0, 200.0)

# Laptops: the same name, about two thirds of the power.
_LAPTOP_SHARE = 0.65

# What a processor core with AVX2 or better achieves in fp32, everything around the matrix products counted.
_CORE_FLOPS = 40e9
_PROCESSOR_WATTS = 65.0
# Fans, memory, disk, the processor beside the card.
_REST_WATTS = 60.0


@dataclass(frozen=True)
class Device:
    """`memory` is in bytes, `flops` the peak of dense matrix products per second, `watts` what the computer draws.

    Of several `cards` that learn together, memory and peak are those of the weakest, and the name is that of the one
    with the least memory.
    """

    name: str
    on_gpu: bool
    memory: int
    flops: float
    watts: float
    precision: Precision
    known: bool
    attends_at_once: bool = False
    """Whether torch has attention for documents of varying length here: builds for Linux, cards of 8.0 and newer."""
    refuses: bool = False
    """Whether more memory than there is, is refused; a processor's, and on Windows a card's, is paged out instead."""
    cards: int = 1


def device_of(hardware: Hardware, cards: int = 1) -> Device:
    """The first `cards` of those that are there, else the processor with the computer's memory."""
    if not hardware.gpus:
        return Device(
            name="this computer's memory",
            on_gpu=False,
            memory=hardware.memory.available_bytes,
            flops=_CORE_FLOPS * max(1, hardware.physical_cores),
            watts=_PROCESSOR_WATTS + _REST_WATTS,
            precision="fp32",
            known=False,
        )
    each = [_card(gpu, hardware.system) for gpu in hardware.gpus[:cards]]
    smallest = min(each, key=lambda one: one.memory)
    return replace(
        smallest,
        flops=min(one.flops for one in each),
        watts=sum(one.watts for one in each) + _REST_WATTS,
        precision="bf16" if all(one.precision == "bf16" for one in each) else "fp16",
        known=all(one.known for one in each),
        attends_at_once=all(one.attends_at_once for one in each),
        cards=len(each),
    )


def cards_together(hardware: Hardware) -> int:
    """How many cards could learn together; on Windows, where NVIDIA's library for that does not exist, one."""
    return 1 if hardware.system == "Windows" else max(1, len(hardware.gpus))


def _card(card: Gpu, system: str) -> Device:
    """A card, without what the computer around it draws."""
    name = f" {card.name.upper().replace('-', ' ')} "
    matching = [known for known in _CARDS if f" {known} " in name]
    teraflops, watts = _CARDS[max(matching, key=len)] if matching else _UNKNOWN_CARD
    share = _LAPTOP_SHARE if "LAPTOP" in name else 1.0
    native_bf16 = card.compute_capability is None or card.compute_capability >= (8, 0)
    return Device(
        name=card.name.removeprefix("NVIDIA ").removeprefix("GeForce "),
        on_gpu=True,
        memory=card.free_bytes,
        flops=teraflops * 1e12 * share,
        watts=watts * share,
        precision="bf16" if native_bf16 else "fp16",
        known=bool(matching),
        attends_at_once=native_bf16 and system == "Linux",
        refuses=system != "Windows",
    )
