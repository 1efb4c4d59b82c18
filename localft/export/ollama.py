"""Ollama on this computer: asked over loopback only, never through a Modelfile."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OllamaStatus:
    """Whether an Ollama answers on this computer, which version, and what to say about it in one sentence."""

    answers: bool
    version: str
    sentence: str
    secure: bool = True


def ollama_status() -> OllamaStatus:
    """Ask the Ollama of this computer for its version; within half a second, without raising."""
    raise NotImplementedError
