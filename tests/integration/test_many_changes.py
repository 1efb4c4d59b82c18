"""More examples than one wants in memory are repaired, compared, divided anew and exported within bounded memory."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from localft import jobs, paths
from localft.data.exports.exporting import FORMS, export_version
from localft.data.making.importing import import_files
from localft.data.repairs.differing import compare_versions
from localft.data.repairs.repairing import repair_version
from localft.data.repairs.summary import summarise
from localft.data.rows.editing import delete_example
from localft.data.versions import iterate_split, list_versions, newest_version
from localft.data.works.background import start_division, start_repair
from localft.data.works.looking_back import (
    ComparisonWork,
    ExportWork,
    look_at_comparison,
    look_at_export,
    start_comparison,
    start_export,
)
from localft.errors import UserError
from localft.jobs import JobState
from localft.store.projects import Project, create_project

ROWS, FEW = 36_000, 2_000
# What a process holds when it begins another one counts for that: so it has to be a small one.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


@pytest.fixture
def project() -> Project:
    return create_project("Many")


def write(path: Path, count: int) -> Path:
    """Conversations of about 1 KB, some with something to mend."""
    chooser = random.Random(5)
    words = ["".join(chooser.choices("abcdefghijklmnoprstuvw", k=chooser.randint(2, 9))) for _ in range(5_000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            question, answer = (" ".join(chooser.choices(words, k=many)).capitalize() + "." for many in (50, 90))
            mail = f" Write to person{number}@mail.com." if number % 10 == 0 else ""
            file.write(json.dumps({"prompt": question + mail, "completion": answer}) + "\n")
    return path


def peak(*words: str) -> int:
    """The most bytes that a command held."""
    return peak_of("-m", "localft", "data", *words)


def peak_of(*words: str) -> int:
    """The most bytes that Python held, told to do that."""
    command = [sys.executable, "-c", PEAK, sys.executable, *words]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def bytes_of_one(project: Project) -> float:
    """What an example takes as an object."""
    tracemalloc.start()
    held = list(iterate_split(project, newest_version(project).id, "train"))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(held)


READ = "import sys; from localft.data.making.reading import read_files; print(len(read_files([sys.argv[1]]).examples))"


def pack(path: Path) -> list[Path]:
    """The same packed in some ways, and in UTF-16."""
    content = path.read_bytes()
    packed, archive, wide = (path.with_name(f"{path.stem}{ending}") for ending in (".jsonl.gz", ".zip", "-wide.jsonl"))
    packed.write_bytes(gzip.compress(content))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("rows.jsonl", content)
    wide.write_bytes(content.decode().encode("utf-16"))
    return [packed, archive, wide]


@pytest.mark.skipif(os.name == "nt", reason="measured by what POSIX tells of children")
@pytest.mark.timeout(900)
def test_packed_and_wide_files_are_read_within_bounded_memory(project: Project, tmp_path: Path) -> None:
    """About as much as the same rows take in a plain file, which is read a block at a time."""
    few, many = (write(tmp_path / f"{name}.jsonl", count) for name, count in (("few", FEW), ("many", ROWS)))
    import_files(project, [few])
    alone = (ROWS - FEW) * bytes_of_one(project)
    plain = peak_of("-c", READ, str(many))
    more = {path.name: peak_of("-c", READ, str(path)) - plain for path in pack(many)}
    print({what: f"{taken / 1e6:.1f} MB" for what, taken in more.items()}, f"of {alone / 1e6:.1f} MB")
    assert max(more.values()) < alone / 3
    assert [folder for folder in (paths.cache_dir() / "reading").glob("*") if folder.is_dir()] == []


def test_jobs_repair_and_divide(project: Project, tmp_path: Path) -> None:
    version = import_files(project, [write(tmp_path / "few.jsonl", 60)]).version
    first = start_repair(project, version, ["e-mail addresses"]).folder
    with pytest.raises(UserError, match="being changed already"):
        start_division(project, version, 7, version.ratios, None)
    seen = list(jobs.follow(first))[-1]
    assert (seen.state, seen.sentence) == (JobState.FINISHED, "Repaired, e-mail addresses: 6 changed.")
    repaired = newest_version(project)
    assert repaired.parent == version.id
    seen = list(jobs.follow(start_division(project, repaired, 7, (0.5, 0.3, 0.2), None).folder))[-1]
    assert seen.state is JobState.FINISHED
    told = r"Divided anew by chance: 50/30/20, seed 7; \d examples? that (was|were) held out (is|are) learned or shown"
    assert re.match(told, seen.sentence), seen.sentence
    assert newest_version(project).counts == {"train": 30, "validation": 18, "test": 12}


def test_jobs_compare_and_write_out(project: Project, tmp_path: Path) -> None:
    version = import_files(project, [write(tmp_path / "few.jsonl", 60)]).version
    with pytest.raises(UserError, match="no version of the data before"):
        start_comparison(project, version)
    repaired = repair_version(project, version, ["e-mail addresses"])
    assert look_at_comparison(project, repaired) == ComparisonWork(None, None)
    seen = list(jobs.follow(start_comparison(project, repaired).folder))[-1]
    assert (seen.state, seen.sentence) == (JobState.FINISHED, "What changed: 6 changed.")
    found = summarise(compare_versions(project, version, repaired))
    assert look_at_comparison(project, repaired).summary == found
    assert start_comparison(project, repaired).state is JobState.FINISHED
    for form in FORMS:
        list(jobs.follow(start_export(project, version, form).folder))
        path = look_at_export(project, version, form).path
        beside = tmp_path / f"beside.{form}"
        export_version(project, version, beside)
        assert path is not None
        assert form == "xlsx" or path.read_bytes() == beside.read_bytes()
    list(jobs.follow(start_export(project, repaired, "csv").folder))
    assert look_at_export(project, version, "csv") == ExportWork(None, None)
    assert look_at_export(project, repaired, "csv").path is not None


def test_a_job_does_not_undo_what_was_done_meanwhile(project: Project, tmp_path: Path) -> None:
    version = import_files(project, [write(tmp_path / "few.jsonl", 60)]).version
    changed = delete_example(project, version, "train", 0)
    seen = list(jobs.follow(start_repair(project, version, ["e-mail addresses"]).folder))[-1]
    assert "changed meanwhile" in seen.sentence
    assert newest_version(project).id == changed.id


@pytest.mark.skipif(os.name == "nt", reason="measured by what POSIX tells of children")
@pytest.mark.timeout(900)
def test_changes_within_bounded_memory(project: Project, tmp_path: Path) -> None:
    """More examples take less than they alone would, were they all in memory."""

    def peaks(name: str, count: int) -> dict[str, int]:
        peak("import", project.slug, str(write(tmp_path / f"{name}.jsonl", count)))
        forms = {
            form: ["export", project.slug, str(tmp_path / f"{name}-out.{form}")] for form in ("jsonl", "csv", "xlsx")
        }
        commands = {
            "repair": ["repair", project.slug, "e-mail addresses"],
            "diff": ["diff", project.slug],
            "split": ["split", project.slug, "--seed=7"],
            "diff of nearly all": ["diff", project.slug, "--json"],
            "edit": ["edit", project.slug, "--example=5", "--text=Another answer."],
            "delete": ["edit", project.slug, "--example=6", "--delete"],
            "add": ["add", project.slug, "--question=What else is there?", "--answer=Nothing."],
            **forms,
        }
        return {what: peak(*command) for what, command in commands.items()}

    little = peaks("few", FEW)
    alone = (ROWS - FEW) * bytes_of_one(project)
    much = peaks("many", ROWS)
    kept = [count - gone for count in (ROWS, FEW) for gone in (0, 1, 0, 0, 0, 0)]
    assert [version.total for version in list_versions(project).items] == kept
    more = {what: much[what] - little[what] for what in much}
    print({what: f"{taken / 1e6:.1f} MB" for what, taken in more.items()}, f"of {alone / 1e6:.1f} MB")
    assert max(more["jsonl"], more["csv"], more["xlsx"]) < alone / 8
    assert max(more["repair"], more["diff"], more["diff of nearly all"], more["edit"], more["delete"]) < alone / 3
    assert max(more["split"], more["add"]) < alone
    assert [folder for folder in (paths.cache_dir() / "reading").glob("*") if folder.is_dir()] == []
