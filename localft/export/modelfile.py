"""The Modelfile: how Ollama is told of a GGUF by hand. Its grammar has no escapes; what it cannot hold is refused."""

import unicodedata
from dataclasses import dataclass

from localft.errors import UserError

_QUOTES = '"""'
# What Ollama gives a model that says nothing: a short training leaves no shorter memory than any other model has.
_OLLAMA_CONTEXT = 4096


@dataclass(frozen=True)
class ModelSettings:
    """What a runtime should do with the model. Temperature 0 is greedy: the answers that were evaluated."""

    stop: tuple[str, ...]
    context: int
    temperature: float = 0.0
    top_p: float = 1.0
    system: str = ""

    def parameters(self) -> dict[str, object]:
        """The parameters as Ollama's HTTP interface takes them. `stop` must be an array there."""
        return {
            "stop": list(self.stop),
            "num_ctx": self.context,
            "temperature": self.temperature,
            "top_p": self.top_p,
        }


def context_for(trained_length: int, context_length: int) -> int:
    """The context in tokens: what was trained, at least Ollama's own default, at most what the model can hold."""
    return min(context_length, max(trained_length, _OLLAMA_CONTEXT))


def write_modelfile(gguf_name: str, settings: ModelSettings) -> str:
    """The text of a Modelfile that stands beside the GGUF.

    No TEMPLATE: the file carries the run's own, and a second one could only differ.

    Raises:
        UserError: a text that the grammar cannot hold.
    """
    lines = [f"FROM ./{gguf_name}"]
    if settings.system:
        lines.append(f"SYSTEM {quoted(settings.system, 'system prompt')}")
    lines += [f"PARAMETER stop {quoted(text, 'stop text')}" for text in settings.stop]
    lines += [
        f"PARAMETER num_ctx {settings.context}",
        f"PARAMETER temperature {settings.temperature:g}",
        f"PARAMETER top_p {settings.top_p:g}",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str, what: str) -> str:
    """A text as a value that Ollama reads back unchanged (without the characters that its parser drops).

    A value ends at the first line that ends with the quotes it began with, whatever follows: a text with three quotes
    could go on as commands.

    Raises:
        UserError: the text contains three quotes in a row.
    """
    kept = printable(text)
    if _QUOTES in kept:
        raise UserError(
            f"The {what} contains three double quotes in a row, which a Modelfile cannot hold.",
            "Change it, or hand the model to Ollama directly.",
        )
    mark = _QUOTES if '"' in kept or "\n" in kept or "\r" in kept else '"'
    return f"{mark}{kept}{mark}"


def printable(text: str) -> str:
    """The text without what Ollama's parser drops: it keeps line ends, tabs, spaces and what Go calls printable.

    Other kinds of space become a plain one, since words would grow together.
    """
    return "".join(_kept(character) for character in text)


def _kept(character: str) -> str:
    if character in "\n\r\t " or unicodedata.category(character)[0] in "LMNPS":
        return character
    return " " if unicodedata.category(character) == "Zs" else ""
