"""Exports of a project: how large they would be, start, list, open. The work is done by localft.export.worker."""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from localft import jobs, words
from localft.advice import Advice
from localft.errors import UserError
from localft.export import modelfile, ollama
from localft.export.certificate import Certificate, CertifiedFile
from localft.export.quantizations import DEFAULT_QUANTIZATION, QUANTIZATIONS, Quantization, find_quantization
from localft.export.sizes import estimate_bytes
from localft.hardware import read_memory
from localft.jobs import JobOrder, JobView
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.store import files
from localft.store.projects import Listing, Project, list_folders, open_one_of
from localft.store.records import Record
from localft.training.runs import Run, run_weights

__all__ = [
    "DEFAULT_QUANTIZATION",
    "OLLAMA_MAKES",
    "QUANTIZATIONS",
    "Export",
    "ExportRecord",
    "Quantization",
    "SizeRow",
    "Target",
    "estimate_sizes",
    "estimate_targets",
    "has_engine",
    "list_exports",
    "open_export",
    "read_export",
    "start_export",
    "usual_form",
]

WORKER = "localft.export.worker"
# Below this many weights a 4-bit form is felt, and 8 bits are small enough.
_SMALL_MODEL = 1_000_000_000
# What Ollama quantises by itself, of the forms that need llama.cpp.
OLLAMA_MAKES = ("Q4_K_M",)
_SPARE_BYTES = 64_000_000
_LIBRARY_BYTES = 700_000_000
_NEEDS_ENGINE = "Needs llama-cpp-python here; Ollama makes Q4_K_M by itself."

Target = Literal["adapter", "merged", "gguf", "ollama"]


class ExportRecord(Record):
    """export.json, written last: the export is complete and proved as far as its certificate says."""

    target: Target
    quantization: str | None
    run: str
    base_model: str
    files: tuple[CertifiedFile, ...]
    ollama_name: str | None = None
    answer: str | None = None
    created_at: str
    seconds: float


@dataclass(frozen=True)
class Export:
    """An export as its folder says: `record` is None until it is complete, `certificate` until it was checked."""

    folder: Path
    id: str
    job: JobView
    record: ExportRecord | None
    certificate: Certificate | None

    @property
    def gguf(self) -> Path | None:
        """The GGUF file, once the export is complete and has one."""
        names = [file.name for file in self.record.files if file.name.endswith(".gguf")] if self.record else []
        return self.folder / names[0] if names else None

    @property
    def modelfile(self) -> Path | None:
        """The Modelfile beside it."""
        path = self.folder / "Modelfile"
        return path if self.record and path.exists() else None


@dataclass(frozen=True)
class SizeRow:
    """One line of the table from which a person chooses: the file's estimated bytes, and what speaks for it."""

    quantization: str
    bytes: int
    recommended: bool
    note: str
    makeable: bool = True


def estimate_sizes(base_model: BaseModel, run: Run | None = None) -> list[SizeRow]:
    """Estimate the bytes of each GGUF form from the numbers of config.json, smallest first; one is recommended.

    A model has the same size before and after training, so `run` changes nothing yet.
    """
    engine = has_engine()
    best = "Q8_0" if base_model.parameters < _SMALL_MODEL or not engine else DEFAULT_QUANTIZATION
    rows = []
    for form in QUANTIZATIONS:
        makeable = form.direct or engine
        note = form.meaning if makeable else f"{form.meaning} {_NEEDS_ENGINE}"
        size = estimate_bytes(base_model, form.name)
        rows.append(SizeRow(form.name, size, form.name == best, note, makeable))
    return rows


def estimate_targets(run: Run) -> dict[Target, int]:
    """The bytes of what an export can be beside a GGUF: the adapter, where there is one, and the merged model."""
    trained = sum(path.stat().st_size for path in run_weights(run).glob("*.safetensors"))
    if run.recipe.settings.method == "full":
        return {"merged": trained}
    # Merged tensors keep their types, so the merged model is as large as the base model.
    return {"merged": run.base_model.weight_bytes, "adapter": trained}


def usual_form(target: Target) -> str:
    """The form of a GGUF where none is chosen: the usual one, if it can be made here or by Ollama."""
    makeable = has_engine() or (target == "ollama" and DEFAULT_QUANTIZATION in OLLAMA_MAKES)
    return DEFAULT_QUANTIZATION if makeable else "Q8_0"


def has_engine() -> bool:
    """Tell whether llama-cpp-python is installed, which makes k-quants and proves GGUF files; it is not imported."""
    return importlib.util.find_spec("llama_cpp") is not None


def start_export(
    project: Project,
    run: Run,
    target: Target,
    quantization: str | None = None,
    ollama_name: str | None = None,
    system_prompt: str | None = None,
) -> Export:
    """Check disk and memory, then start the export as a job in a folder of its own.

    `quantization` is the `usual_form` unless given. `ollama_name` is used by the target "ollama" only and defaults to
    the project's name. `system_prompt` goes into the Modelfile; left out, it is the one that all training examples
    share, if they do. A stopped export goes on with `jobs.resume(export.folder)`.

    Raises:
        UserError: the run has no weights yet, too little disk, an unknown form, an unusable name.
    """
    form = find_quantization(quantization or usual_form(target))
    check_order(project, run, target, form)
    if system_prompt and target == "gguf":
        modelfile.quoted(system_prompt, "system prompt")
    folder = project.exports / files.new_id()
    order = JobOrder(
        worker=WORKER,
        title=f"Exporting {run.base_model.name} as {_words(target, form)}",
        project=project.slug,
        needs_device=target != "adapter",
        created_at=files.now(),
        settings={
            "project": project.slug,
            "run": run.id,
            "target": target,
            "quantization": form.name,
            "ollama_name": ollama.model_name(ollama_name or project.slug) if target == "ollama" else None,
            "ollama_quantizes": target == "ollama" and not form.direct and not has_engine(),
            "system_prompt": system_prompt,
        },
    )
    jobs.start(folder, order)
    return read_export(folder)


def _words(target: Target, form: Quantization) -> str:
    kinds = {"adapter": "an adapter", "merged": "a merged model", "gguf": f"GGUF {form.name}"}
    return kinds.get(target, f"{form.name} for Ollama")


def check_order(project: Project, run: Run, target: Target, form: Quantization) -> None:
    """Refuse before anything is started what could not be finished.

    Raises:
        UserError: with what is missing: weights, an adapter, llama-cpp-python, Ollama, disk or memory.
    """
    weights = run_weights(run)
    if not any(weights.glob("*.safetensors")):
        raise UserError(
            f"The weights of the run {run.id} are gone from {weights}.", "Choose another run, or train again."
        )
    model_folder(run.base_model)
    if target not in get_args(Target):
        raise UserError(f"There is no export target named {target!r}.", f"Choose one of {', '.join(get_args(Target))}.")
    if target == "adapter" and run.recipe.settings.method == "full":
        raise UserError("This run trained all weights, so it has no adapter.", "Export the merged model instead.")
    if target in ("gguf", "ollama") and not _is_possible(target, form):
        raise UserError(
            f"{form.name} needs llama-cpp-python, which is not installed here.",
            "Choose Q8_0, or export to Ollama as Q4_K_M: it quantises by itself. `localft doctor` tells how to get it.",
        )
    if target == "ollama":
        _check_ollama(project)
    _check_disk(project, run, target, form)
    if target != "adapter":
        _check_memory(run.base_model)


def _is_possible(target: Target, form: Quantization) -> bool:
    return form.direct or has_engine() or (target == "ollama" and form.name in OLLAMA_MAKES)


def _check_ollama(project: Project) -> None:
    status = ollama.ollama_status()
    by_hand = Advice(
        f"or make the file and use the commands that it comes with: `localft export {project.slug} --to gguf`.",
        "or make the file and use the commands that it comes with.",
    )
    if not status.answers:
        raise UserError(status.sentence, by_hand.after("Start Ollama and try again, "))
    if not status.takes_files:
        raise UserError(status.sentence, by_hand.after("Update Ollama and try again, "))


def _check_disk(project: Project, run: Run, target: Target, form: Quantization) -> None:
    """The file and what it is made of on the way, which lie side by side for a moment, and some space to breathe."""
    if target in ("gguf", "ollama"):
        sixteen = 0 if form.direct else 2 * run.base_model.parameters
        # Without the engine Ollama makes the smaller form, in its own folder.
        made = estimate_bytes(run.base_model, form.name) if form.direct or has_engine() else 0
        needed = made + sixteen
    else:
        needed = estimate_targets(run)[target]
    needed = int(needed * 1.1) + _SPARE_BYTES
    project.exports.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(project.exports).free
    if free < needed:
        smaller = ", or choose a smaller form" if target in ("gguf", "ollama") else ""
        raise UserError(
            f"This export needs {words.size(needed)} of disk, and {words.size(free)} are free.",
            f"Free some space{smaller}.",
        )


def _check_memory(model: BaseModel) -> None:
    """The largest matrix in float32 three times (read, changed, written), beside what the libraries take."""
    inner = model.config.get("text_config")
    config = {**model.config, **inner} if isinstance(inner, dict) else model.config
    largest = int(config.get("vocab_size") or 0) * int(config.get("hidden_size") or 0)
    needed, memory = 12 * largest + _LIBRARY_BYTES, read_memory()
    if memory.available_bytes < needed:
        raise UserError(
            f"This export needs {words.size(needed)} of memory, and {words.size(memory.available_bytes)} are free.",
            "Close other programs, then try again.",
        )


def list_exports(project: Project) -> Listing[Export]:
    """All exports of a project, newest first."""
    return list_folders(project.exports, read_export)


def open_export(project: Project, export_id: str | None = None) -> Export:
    """Open an export, the newest without `export_id`.

    Raises:
        UserError: there is none, or its records cannot be read.
    """
    begin = Advice(f"Make one: `localft export {project.slug}`.", "Make one, in Export.")
    return open_one_of(project, "export", project.exports, read_export, export_id, begin)


def read_export(folder: Path) -> Export:
    """Read the export of a folder; reading only."""
    record = ExportRecord.load(folder / "export.json") if (folder / "export.json").exists() else None
    certificate = Certificate.load(folder / "certificate.json") if (folder / "certificate.json").exists() else None
    return Export(folder, folder.name, jobs.read(folder), record, certificate)
