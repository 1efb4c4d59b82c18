"""Handing a file over to Ollama, and asking it there. Runs as a child only: whatever Ollama does, it can be stopped."""

from pathlib import Path
from typing import Any

from localft.export.child import Report
from localft.export.modelfile import ModelSettings
from localft.export.ollama import OllamaClient


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Make a model in Ollama.

    Settings: name (in Ollama), file (path of the GGUF), sha256, model (fields of ModelSettings), quantize (such as
    "q4_K_M", or None), conversations (to be rendered; the first is the test question).

    Returns:
        texts: what the conversations become there, None where this Ollama does not tell; answer.

    Raises:
        UserError: Ollama does not answer, or refuses, in its own words.
    """
    path, sha256, name = Path(settings["file"]), settings["sha256"], settings["name"]
    model = ModelSettings(**settings["model"] | {"stop": tuple(settings["model"]["stop"])})
    with OllamaClient() as client:
        client.push_blob(path, sha256, report)
        client.create(name, {path.name: sha256}, model, settings["quantize"], report)
        report(0, 0, "Comparing what Ollama makes of conversations")
        texts: list[str] = []
        for conversation in settings["conversations"]:
            text = client.render(name, conversation)
            if text is None:
                break
            texts.append(text)
        report(0, 0, "Asking the model in Ollama")
        answer = client.chat(name, settings["conversations"][0])
    return {"texts": texts or None, "answer": answer}
