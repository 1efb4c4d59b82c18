"""The job of an export: make the files, prove them, and only then call them done."""

import dataclasses
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.evaluation.evaluations import list_evaluations
from localft.export import converter, ollama
from localft.export.card import Facts, base_name, write_card
from localft.export.certificate import Certificate, Check
from localft.export.exports import ExportRecord
from localft.export.modelfile import ModelSettings, context_for, write_modelfile
from localft.export.proof import certify, engine_settings, prove_gguf, prove_merged, still_proved
from localft.export.quantizations import find_quantization
from localft.export.stages import Stages
from localft.export.tokenizer_files import copy_for_converter
from localft.jobs import JobContext
from localft.models.rendering import portable_template, render
from localft.models.tokens import TextTokenizer
from localft.store import files
from localft.store.projects import Project, open_project
from localft.training.runs import open_run

_RENDERED = 12


def run(context: JobContext) -> dict[str, Any]:
    """Make one export in the job's folder. `export.json` is written last; with it the export is complete.

    Raises:
        UserError: a required check failed (the file stays, named as unproved), or something is missing.
    """
    started = time.monotonic()
    settings = context.settings
    project = open_project(settings["project"])
    stages = Stages(context, project, open_run(project, settings["run"]))
    certificate = still_proved(stages) or _make(stages)
    record = ExportRecord(
        target=settings["target"],
        quantization=settings["quantization"] if settings["target"] in ("gguf", "ollama") else None,
        run=stages.run.id,
        base_model=stages.run.base_model.reference,
        files=certificate.files,
        created_at=files.now(),
        seconds=round(time.monotonic() - started, 2),
    )
    if settings["target"] == "ollama":
        record, certificate = _hand_over(stages, record, certificate)
    _write_card(stages, record, certificate)
    shutil.rmtree(stages.work, ignore_errors=True)
    record.save(stages.folder / "export.json")
    context.progress(100, 100, "%", "Done")
    return {"message": _message(record, certificate), "seconds": record.seconds, "peaks": stages.peaks}


def _make(stages: Stages) -> Certificate:
    """Make and prove the files of the target."""
    make = {"adapter": _adapter, "merged": _merged, "gguf": _gguf, "ollama": _gguf}
    paths, checks = make[stages.context.settings["target"]](stages)
    stages.context.progress(96, 100, "%", "Writing the certificate")
    certificate = certify(stages, checks, paths)
    certificate.save(stages.folder / "certificate.json")
    if not certificate.proved:
        raise _unproved(paths, certificate)
    return certificate


def _message(record: ExportRecord, certificate: Certificate) -> str:
    where = f"In Ollama as {record.ollama_name}" if record.ollama_name else "Exported"
    warnings = [check.name for check in certificate.checks if check.outcome == "failed"]
    rest = f" Worth a look, since this check failed: {warnings[0]}." if warnings else ""
    return f"{where}: {certificate.sentence}{rest}"


def _adapter(stages: Stages) -> tuple[list[Path], list[Check]]:
    if stages.is_full:
        raise UserError("This run trained all weights, so it has no adapter.", "Export the merged model instead.")
    order = {
        "adapter": stages.adapter,
        "model": str(stages.base),
        "base_name": _public_base(stages),
        "chat_template": portable_template(stages.chat_format),
        "output": str(stages.folder),
    }
    made = stages.child("adapter_files", order, 5, 90).value
    place = Check(
        name="Every part of the adapter has its place in the base model",
        outcome="passed",
        detail=f"{made['pairs']} parts, each for exactly one tensor.",
    )
    return [stages.folder / "adapter_model.safetensors"], [place]


def _public_base(stages: Stages) -> str:
    model = stages.run.base_model
    return model.reference if model.origin == "hub" else model.name


def _merged(stages: Stages) -> tuple[list[Path], list[Check]]:
    output = stages.folder / "model"
    order = {
        "model": str(stages.model),
        "adapter": stages.adapter,
        "tokenizer": str(stages.base),
        "chat_template": portable_template(stages.chat_format),
        "output": str(output),
    }
    made = stages.child("merged", order, 2, 70).value
    checks = prove_merged(stages, output, made, 70, 97)
    return sorted(output.glob("*.safetensors")), checks


def _gguf(stages: Stages) -> tuple[list[Path], list[Check]]:
    """Convert, quantise, prove; the file gets its name last."""
    final, modelfile = _final(stages)
    stages.context.progress(0, 100, "%", "Fetching the GGUF converter" if converter.find() is None else "Starting")
    converter.obtain()
    quantization = find_quantization(stages.context.settings["quantization"])
    direct = quantization.direct or bool(stages.context.settings["ollama_quantizes"])
    form = quantization.name if quantization.direct else _sixteen_bits(stages)
    converted = stages.work / f"{form}.gguf"
    end = 60 if direct else 45
    made = stages.once(
        "convert", converted, lambda: stages.child("gguf", _conversion(stages, form, converted), 1, end).value
    )
    source = converted
    if not direct:
        source, form = stages.work / f"{quantization.name}.gguf", quantization.name
        order = {"source": str(converted), "output": str(source), "quantization": form, "threads": stages.threads}
        stages.once("quantize", source, lambda: stages.child("quantize", order, end, 70).value)
    checks = prove_gguf(stages, source, form, made, 70, 95)
    stages.context.raise_if_stopped()
    files.replace(source, final)
    if modelfile:
        files.write_text(stages.folder / "Modelfile", modelfile)
    return [final], checks


def _final(stages: Stages) -> tuple[Path, str | None]:
    """The path of the finished GGUF, and its Modelfile; none where Ollama gets a text that no Modelfile can hold.

    Raises:
        UserError: the export is for others, who need the Modelfile.
    """
    name = stages.context.settings["quantization"]
    if stages.context.settings["ollama_quantizes"]:
        name = _sixteen_bits(stages)
    final = stages.folder / f"{stages.project.slug}-{name}.gguf"
    try:
        return final, write_modelfile(final.name, model_settings(stages))
    except UserError:
        if stages.context.settings["target"] != "ollama":
            raise
        return final, None


def _sixteen_bits(stages: Stages) -> str:
    """The form in which nothing is lost on the way to a smaller one: the base model's own 16 bits."""
    config = stages.run.base_model.config
    kind = str(config.get("dtype") or config.get("torch_dtype") or "")
    return "F16" if kind == "float16" else "BF16"


def _conversion(stages: Stages, form: str, output: Path) -> dict[str, Any]:
    chat_format = stages.chat_format
    # The converter derives the model's description from the name of this folder.
    folder = stages.work / stages.project.slug
    copy_for_converter(stages.base, folder, chat_format)
    tokenizer = TextTokenizer(stages.base)
    eos = tokenizer.token_id(chat_format.special_tokens.get("eos_token") or chat_format.eos_text)
    eot = tokenizer.token_id(chat_format.end_of_turn)
    bos = chat_format.special_tokens.get("bos_token", "")
    text = render(chat_format, stages.conversations[0], add_generation_prompt=True)
    return {
        "converter": str(converter.obtain()),
        "model": str(stages.model),
        "adapter": stages.adapter,
        "tokenizer": str(folder),
        "output": str(output),
        "type": form,
        "name": stages.project.name,
        "licence": stages.run.base_model.licence,
        "base_name": base_name(stages.run.base_model),
        "tokens": {"bos": tokenizer.token_id(bos), "eos": eos, "eot": eot if eot != eos else None},
        # The template writes the token itself, or the model was trained without: no program may add a second one.
        "add_bos": bool(bos) and text.startswith(bos),
        "proof": engine_settings(stages),
    }


def model_settings(stages: Stages) -> ModelSettings:
    """How a runtime should use the model: as it was trained and evaluated."""
    given = stages.context.settings["system_prompt"]
    recipe = stages.run.recipe.settings
    return ModelSettings(
        stop=stages.chat_format.stop_tokens,
        context=context_for(recipe.max_length, stages.run.base_model.context_length),
        system=given if given is not None else stages.system_prompt,
    )


def _unproved(paths: Sequence[Path], certificate: Certificate) -> UserError:
    """Keep the files of a failed proof, under names that nobody takes for proved ones."""
    first = paths[0]
    if first.parent.name == "model":
        kept = first.parent.with_name("model.unproved")
        shutil.rmtree(kept, ignore_errors=True)
        files.replace(first.parent, kept)
    else:
        kept = first.with_name(f"{first.stem}.unproved{first.suffix}")
        files.replace(first, kept)
    return UserError(certificate.sentence, f"The export was not completed; what was made lies aside as {kept.name}.")


def _hand_over(stages: Stages, record: ExportRecord, certificate: Certificate) -> tuple[ExportRecord, Certificate]:
    """Give the file to Ollama, ask a test question, and compare what Ollama renders."""
    name, file = ollama.model_name(stages.context.settings["ollama_name"]), record.files[0]
    settings, quantize = model_settings(stages), None
    if stages.context.settings["ollama_quantizes"] and record.quantization:
        quantize = "q" + record.quantization[1:]
    with ollama.OllamaClient() as client:
        _claim(stages.project, name, client.names())
    order = {
        "name": name, "file": str(stages.folder / file.name), "sha256": file.sha256, "quantize": quantize,
        "model": dataclasses.asdict(settings), "conversations": stages.conversations[:_RENDERED],
    }  # fmt: skip
    seen = stages.child("handing_over", order, 96, 100).value
    rendering = _check_rendering(stages, settings.system, seen["texts"])
    answer = seen["answer"]
    asked = Check(
        name="Ollama answers a test question",
        outcome="passed" if answer else "failed",
        detail=answer[:200] or "The answer is empty.",
        required=False,
    )
    # An interrupted attempt may have come as far.
    before = [check for check in certificate.checks if check.name not in (rendering.name, asked.name)]
    certificate = certificate.model_copy(update={"checks": (*before, rendering, asked)})
    certificate.save(stages.folder / "certificate.json")
    return record.model_copy(update={"ollama_name": name, "answer": answer}), certificate


def _claim(project: Project, name: str, there: Sequence[str]) -> None:
    """Note that a name in Ollama is this project's, before anything is made under it.

    The note lies beside the exports, since an attempt may end before its own record, or be deleted after.

    Raises:
        UserError: Ollama has a model of this name that the project has not made; it is not overwritten.
    """
    full, path = name if ":" in name else f"{name}:latest", project.exports / "ollama.json"
    with files.locked(project.exports / ".lock"):
        own = files.read_json(path)["names"] if path.exists() else []
        if full in there and full not in own:
            raise UserError(
                f"Ollama already has a model named {name}, which this project has not made.",
                f"Choose another name, or remove that model: `ollama rm {name}`.",
            )
        files.write_json(path, {"names": sorted({*own, full})})


def _check_rendering(stages: Stages, system: str, theirs: Sequence[str] | None) -> Check:
    """Compare, byte for byte, what Ollama makes of conversations with what was trained."""
    title = "Ollama makes the same text of conversations"
    if theirs is None:
        return Check(name=title, outcome="not checked", detail="This Ollama does not tell.", required=False)
    for conversation, text in zip(stages.conversations, theirs, strict=False):
        # Ollama puts the model's system prompt before a conversation that has none.
        own = [] if not system or conversation[0]["role"] == "system" else [{"role": "system", "content": system}]
        ours = render(stages.chat_format, [*own, *conversation], add_generation_prompt=True)
        if text != ours:
            detail = f"{text[:150]!r} instead of {ours[:150]!r}"
            return Check(name=title, outcome="failed", detail=detail, required=False)
    return Check(name=title, outcome="passed", detail=f"{len(theirs)} conversations, byte for byte.")


def _write_card(stages: Stages, record: ExportRecord, certificate: Certificate) -> None:
    evaluation = next(
        (one for one in list_evaluations(stages.project).items if one.run_id == stages.run.id and one.verdict), None
    )
    scores = evaluation.scorecard.scores if evaluation and evaluation.scorecard else ()
    facts = Facts(
        name=stages.project.name,
        base_model=stages.run.base_model,
        recipe=stages.run.recipe,
        dataset=stages.dataset,
        files=[(file.name, file.bytes) for file in record.files],
        usage=_usage(record),
        certificate=certificate,
        verdict=evaluation.verdict.sentence if evaluation and evaluation.verdict else "",
        scores=[(score.label, score.base, score.tuned) for score in scores],
    )
    where = stages.folder / "model" if record.target == "merged" else stages.folder
    files.write_text(where / "README.md", write_card(facts))


def _usage(record: ExportRecord) -> list[str]:
    file = record.files[0].name
    if file.endswith(".gguf"):
        name = record.ollama_name or Path(file).stem.lower()
        return [f"ollama create {name} -f Modelfile", f"llama-server -m {file} --jinja", f"lms import {file}"]
    if record.target == "adapter":
        return ["model = peft.AutoPeftModelForCausalLM.from_pretrained(FOLDER)"]
    return ["model = transformers.AutoModelForCausalLM.from_pretrained(FOLDER)"]
