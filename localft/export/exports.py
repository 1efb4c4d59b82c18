"""Exports of a project: how large they would be, start, list, open. The work is done by localft.export.worker."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from localft import jobs
from localft.export.certificate import Certificate, CertifiedFile
from localft.export.quantizations import DEFAULT_QUANTIZATION, QUANTIZATIONS, Quantization
from localft.jobs import JobView
from localft.models.base_model import BaseModel
from localft.store.projects import Listing, Project
from localft.store.records import Record

if TYPE_CHECKING:
    from localft.training.runs import Run

__all__ = [
    "DEFAULT_QUANTIZATION",
    "QUANTIZATIONS",
    "Export",
    "ExportRecord",
    "Quantization",
    "SizeRow",
    "Target",
    "estimate_sizes",
    "list_exports",
    "open_export",
    "start_export",
]

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


def estimate_sizes(base_model: BaseModel, run: "Run | None" = None) -> list[SizeRow]:
    """Estimate the bytes of each GGUF form from the numbers of config.json, smallest first; one is recommended."""
    raise NotImplementedError


def start_export(
    project: Project,
    run: "Run",
    target: Target,
    quantization: str = DEFAULT_QUANTIZATION,
    ollama_name: str | None = None,
    system_prompt: str | None = None,
) -> Export:
    """Check disk and memory, then start the export as a job in a folder of its own.

    `ollama_name` is used by the target "ollama" only and defaults to the project's name. `system_prompt` goes into the
    Modelfile; left out, it is the one that all training examples share, if they do. A stopped export goes on with
    `jobs.resume(export.folder)`.

    Raises:
        UserError: the run has no weights yet, too little disk, an unknown form, an unusable name.
    """
    raise NotImplementedError


def list_exports(project: Project) -> Listing[Export]:
    """All exports of a project, newest first."""
    raise NotImplementedError


def open_export(project: Project, export_id: str | None = None) -> Export:
    """Read one export, by default the newest.

    Raises:
        UserError: there is none.
    """
    raise NotImplementedError


def read_export(folder: Path) -> Export:
    """Read the export of a folder; reading only."""
    record = ExportRecord.load(folder / "export.json") if (folder / "export.json").exists() else None
    certificate = Certificate.load(folder / "certificate.json") if (folder / "certificate.json").exists() else None
    return Export(folder, folder.name, jobs.read(folder), record, certificate)
