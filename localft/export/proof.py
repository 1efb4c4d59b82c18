"""Proving an exported file: what can be checked on this computer is checked, the rest is named with its reason."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from localft import __version__
from localft.errors import UserError
from localft.export import converter
from localft.export.archives import file_sha256
from localft.export.certificate import Certificate, CertifiedFile, Check
from localft.export.children import ChildDied
from localft.export.judgement import check_engine, check_logits, check_pairs, not_checked
from localft.export.stages import Stages
from localft.hardware import read_memory
from localft.models.rendering import render
from localft.models.tokens import TextTokenizer
from localft.store import files

_ANSWERS, _NEW_TOKENS = 6, 32
_NO_ENGINE = "llama-cpp-python is not installed here; `localft doctor` tells how to get it."


def engine_settings(stages: Stages) -> dict[str, Any]:
    """What localft.export.engine_checks needs to know of the run."""
    return {
        "tokenizer": str(stages.base),
        "chat_format": stages.chat_format.model_dump(),
        "conversations": stages.conversations,
        "threads": stages.threads,
    }


def prove_gguf(stages: Stages, path: Path, form: str, made: dict[str, Any], low: float, high: float) -> list[Check]:
    """Load the file in llama.cpp, ask it, and ask the trained model the same."""
    checks = [check_pairs(made["pairs"], stages.run.recipe.settings.method)]
    if importlib.util.find_spec("llama_cpp") is None:
        return [*checks, not_checked("llama.cpp loads the file", _NO_ENGINE)]
    logits = stages.work / "logits.npy"
    order = engine_settings(stages) | {
        "gguf": str(path), "answers": _ANSWERS, "new_tokens": _NEW_TOKENS, "logits": str(logits),
        "vocabulary_only": False,
    }  # fmt: skip
    middle = (low + high) / 2
    try:
        seen: dict[str, Any] = stages.child("engine_checks", order, low, middle).value
    except ChildDied as error:
        seen = {"refusal": str(error)}
    if "refusal" in seen:
        return [*checks, Check(name="llama.cpp loads the file", outcome="failed", detail=seen["refusal"])]
    checks += check_engine(seen, made["pre_tokenizer"], made["by_rules"])
    return checks + _against_trained(stages, seen["answers"], {"logits": str(logits)}, form, middle, high)


def prove_merged(stages: Stages, folder: Path, made: dict[str, Any], low: float, high: float) -> list[Check]:
    """Ask the merged model and the trained one for the answers that the examples have."""
    tokenizer = TextTokenizer(stages.base)
    answers = []
    for example in stages.examples[:_ANSWERS]:
        expected = tokenizer.encode(example.answer)[:_NEW_TOKENS]
        if expected and example.prompt:
            conversation = [message.as_chat() for message in example.prompt]
            prompt = tokenizer.encode(render(stages.chat_format, conversation, add_generation_prompt=True))
            answers.append({"prompt": prompt, "answer": expected})
    if not answers:
        prompt = tokenizer.encode(render(stages.chat_format, stages.conversations[0], add_generation_prompt=True))
        answers = [{"prompt": prompt, "answer": [0]}]
    checks = [check_pairs(made["pairs"], stages.run.recipe.settings.method)]
    return checks + _against_trained(stages, answers, {"merged": str(folder)}, "safetensors", low, high)


def _against_trained(
    stages: Stages, answers: list[dict[str, Any]], what: dict[str, str], form: str, low: float, high: float
) -> list[Check]:
    order = {
        "base_model": stages.run.base_model.model_dump(),
        "adapter": stages.adapter,
        "full": str(stages.weights) if stages.is_full else None,
        "answers": answers,
        "weight_bytes": 2 * stages.run.base_model.parameters,
        "available_bytes": read_memory().available_bytes,
        **what,
    }
    try:
        seen = stages.child("reference", order, low, high).value
    except UserError as error:
        return [not_checked("The numbers are those of the trained model", str(error))]
    return check_logits(seen, form)


def certify(stages: Stages, checks: list[Check], paths: list[Path]) -> Certificate:
    """Write the certificate of finished files."""
    certified = [
        CertifiedFile(
            name=path.relative_to(stages.folder).as_posix(), bytes=path.stat().st_size, sha256=file_sha256(path)
        )
        for path in paths
    ]
    return Certificate(created_at=files.now(), checks=tuple(checks), files=tuple(certified), versions=_versions())


def still_proved(stages: Stages) -> Certificate | None:
    """The certificate of an interrupted attempt, if its files are still what it says of them."""
    path = stages.folder / "certificate.json"
    if not path.exists():
        return None
    certificate = Certificate.load(path)
    unchanged = all(
        (stages.folder / file.name).is_file() and file_sha256(stages.folder / file.name) == file.sha256
        for file in certificate.files
    )
    return certificate if certificate.proved and unchanged else None


def _versions() -> dict[str, str]:
    import importlib.metadata

    versions = {"localft": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("transformers", "peft", "torch", converter.PACKAGE):
        if importlib.util.find_spec(package.replace("-python", "").replace("-", "_")) is not None:
            versions[package] = importlib.metadata.version(package)
    return versions
