"""The forms a GGUF can take: how large, how exact, and what it needs to be made."""

from dataclasses import dataclass

from localft.errors import UserError


@dataclass(frozen=True)
class Quantization:
    """One form. `direct`: the converter writes it by itself; the others are quantised by llama.cpp in a second step."""

    name: str
    direct: bool
    meaning: str


QUANTIZATIONS: tuple[Quantization, ...] = (
    Quantization("Q4_K_M", False, "The usual choice: a quarter of the size, hardly any loss from 3 B parameters on."),
    Quantization("Q5_K_M", False, "A little larger and a little closer to the trained model."),
    Quantization("Q6_K", False, "Very close to the trained model."),
    Quantization("Q8_0", True, "Practically the trained model at half the size; the choice for small models."),
    Quantization("BF16", True, "The trained model as it is, in the number format it was trained in."),
    Quantization("F16", True, "The trained model in the number format that every program reads."),
)
DEFAULT_QUANTIZATION = "Q4_K_M"


def find_quantization(name: str) -> Quantization:
    """Return a form by its name, in upper or lower case.

    Raises:
        UserError: there is no such form.
    """
    for quantization in QUANTIZATIONS:
        if quantization.name == name.strip().upper():
            return quantization
    names = ", ".join(quantization.name for quantization in QUANTIZATIONS)
    raise UserError(f"There is no quantisation named {name!r}.", f"Choose one of {names}.")
