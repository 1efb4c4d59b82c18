"""The doctor's judgement, on machines that are not here: each fault comes with the command that mends it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localft.doctor import Facts, Finding, examine, findings, read_facts, worst
from localft.doctor.facts import (
    HubCache,
    HubToken,
    InstalledTorch,
    folder_bytes,
    parse_torch_version,
    read_token,
    read_torch,
)
from localft.export.ollama import OllamaStatus
from localft.hardware import Disk, Gpu, Hardware, Memory
from localft.torch_builds import LLAMA_CPP_PYTHON, llama_index

GIGABYTE = 10**9
CARD = Gpu(0, "GPU-1", "NVIDIA GeForce RTX 3060", 12 * 2**30, 11 * 2**30, (8, 6))
HARDWARE = Hardware(
    system="Linux",
    gpus=(CARD,),
    driver="580.65.06",
    driver_problem="",
    memory=Memory(32 * 2**30, 20 * 2**30, 8 * 2**30),
    disk=Disk(Path("/data"), 1000 * GIGABYTE, 300 * GIGABYTE),
    physical_cores=6,
    logical_cores=12,
)
WELL = Facts(
    hardware=HARDWARE,
    python=(3, 12),
    interpreter="/code/.venv/bin/python",
    way="pip",
    torch=InstalledTorch("2.13.0+cu130", "13.0"),
    bitsandbytes="0.50.2",
    llama_cpp="0.3.36",
    compiler=True,
    ollama=OllamaStatus(True, "0.35.1", "Ollama 0.35.1 is running."),
    cache=HubCache(Path("/cache/hub"), 12 * GIGABYTE, 300 * GIGABYTE, offline=False),
    token=HubToken("the file /cache/token", "wxyz"),
    data_folder=Path("/data"),
)


def _faults(facts: Facts) -> list[Finding]:
    return [finding for finding in findings(facts) if finding.severity != "ok"]


def _one_fault(**changes: Any) -> Finding:
    """Return the only finding that is not ok after a change of facts, or of hardware where that has the field."""
    hardware = {name: value for name, value in changes.items() if hasattr(HARDWARE, name)}
    others = {name: value for name, value in changes.items() if name not in hardware}
    faults = _faults(replace(WELL, hardware=replace(HARDWARE, **hardware), **others))
    assert len(faults) == 1, faults
    return faults[0]


def test_a_computer_that_is_well_has_no_faults() -> None:
    assert _faults(WELL) == []
    assert worst(findings(WELL)) == "ok"


def test_torch_for_the_processor_beside_a_card() -> None:
    fault = _one_fault(torch=InstalledTorch("2.13.0+cpu", None))
    assert fault.severity == "error"
    assert "leave the NVIDIA GeForce RTX 3060 idle" in fault.why
    index = "--extra-index-url https://download.pytorch.org/whl/cu130"
    assert fault.fix == f'"/code/.venv/bin/python" -m pip install {index} torch==2.13.0+cu130'


@pytest.mark.parametrize(
    ("way", "system", "fix"),
    [
        ("bootstrap", "Linux", '"/code/.venv/bin/python" "/code/build/bootstrap.py" setup'),
        (
            "uv",
            "Linux",
            'uv pip install --python "/code/.venv/bin/python" --torch-backend cu130 '
            "--reinstall-package torch torch==2.13.0",
        ),
    ],
)
def test_the_command_is_that_of_the_way_localft_was_installed(way: str, system: str, fix: str) -> None:
    assert _one_fault(torch=InstalledTorch("2.13.0+cpu", None), way=way, system=system).fix == fix


def test_a_driver_too_old_for_the_build_that_is_there() -> None:
    fault = _one_fault(driver="566.36")
    assert fault.what == "The NVIDIA driver 566.36 is too old for PyTorch 2.13.0+cu130."
    assert "whl/cu126 torch==2.13.0+cu126" in fault.fix


def test_a_driver_too_old_for_any_build() -> None:
    fault = _one_fault(driver="470.223")
    assert fault.severity == "error"
    assert "needs 525 or newer" in fault.what
    assert "NVIDIA driver" in fault.fix


def test_a_driver_that_does_not_answer() -> None:
    fault = _one_fault(gpus=(), driver=None, driver_problem="Driver/library version mismatch")
    assert (fault.severity, fault.fix) == ("error", "Restart the computer.")


def test_no_card_is_no_error() -> None:
    fault = _one_fault(gpus=(), driver=None, torch=InstalledTorch("2.13.0+cpu", None))
    assert (fault.severity, fault.subject) == ("warning", "Graphics card")


def test_no_torch_at_all() -> None:
    assert "cu130" in _one_fault(torch=None).fix


def test_no_llama_cpp_and_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localft.doctor.checks.command_for_compiler", lambda: "bring a compiler")
    fault = _one_fault(llama_cpp=None, compiler=False)
    assert fault.severity == "warning"
    assert "no C++ compiler" in fault.what
    assert "F16, BF16 and Q8_0" in fault.why
    first, second = fault.fix.split("\n")
    index = f"--extra-index-url {llama_index('Linux')}"
    assert first == f'"/code/.venv/bin/python" -m pip install {index} llama-cpp-python=={LLAMA_CPP_PYTHON}'
    assert second == "If that asks for a compiler, first: bring a compiler"
    first, second = _one_fault(llama_cpp=None, compiler=False, way="bootstrap").fix.split("\n")
    assert (first, second[-7:]) == ("bring a compiler", '" setup')
    assert "\n" not in _one_fault(llama_cpp=None).fix


@pytest.mark.parametrize("name", ["localft-stamp.json", "localft-installing"])
def test_an_environment_of_the_bootstrap_is_recognised(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert read_facts().way == "pip"
    (tmp_path / name).touch()
    assert read_facts().way == "bootstrap"


def test_little_disk_counts_where_the_models_go_too() -> None:
    full = Disk(Path("/data"), 100 * GIGABYTE, 3 * GIGABYTE)
    assert _one_fault(disk=full).severity == "error"
    fault = _one_fault(cache=replace(WELL.cache, free_bytes=15 * GIGABYTE))
    assert (fault.severity, fault.what) == ("warning", "15.0 GB are free on the disk of /cache/hub.")


def test_little_memory_and_windows_without_a_page_file() -> None:
    assert _one_fault(memory=Memory(6 * 2**30, 5 * 2**30, 0)).subject == "Memory"
    small = Memory(16 * 2**30, 9 * 2**30, 0)
    assert _one_fault(memory=small, system="Windows").subject == "Page file"
    assert _faults(replace(WELL, hardware=replace(HARDWARE, memory=small))) == []


def test_an_ollama_with_known_holes() -> None:
    old = OllamaStatus(True, "0.34.2", "Ollama 0.34.2 is running.", secure=False)
    assert _one_fault(ollama=old, system="Windows").fix == "winget upgrade Ollama.Ollama"
    assert _faults(replace(WELL, ollama=OllamaStatus(False, "", "Ollama does not answer."))) == []


def test_an_ollama_that_takes_no_file_is_too_old_and_not_only_unsafe() -> None:
    unsafe = OllamaStatus(True, "0.34.2", "Ollama 0.34.2 is running.", secure=False)
    too_old = OllamaStatus(True, "0.5.4", "Ollama 0.5.4 is running.", secure=False, takes_files=False)
    assert _one_fault(ollama=unsafe).why == "Versions before 0.35.0 have known security holes."
    assert _one_fault(ollama=too_old).why == "It is too old to take a file."
    assert _one_fault(ollama=too_old).fix == _one_fault(ollama=unsafe).fix


def test_an_old_python_missing_bitsandbytes_and_offline_mode() -> None:
    assert _one_fault(python=(3, 10)).severity == "error"
    assert "bitsandbytes>=0.50" in _one_fault(bitsandbytes=None).fix
    assert _one_fault(cache=replace(WELL.cache, offline=True)).fix == "unset HF_HUB_OFFLINE"


def test_the_gravest_finding_counts() -> None:
    ok, warning, error = (Finding(severity, "", "") for severity in ("ok", "warning", "error"))
    assert worst([ok, warning]) == "warning"
    assert worst([warning, error, ok]) == "error"
    assert worst([]) == "ok"


def test_looking_at_the_computer_imports_no_machine_learning() -> None:
    heavy = ("torch", "transformers", "bitsandbytes", "llama_cpp", "gradio", "datasets")
    code = (
        "import sys; from localft.doctor.facts import read_torch; from localft.hardware import read_hardware; "
        f"read_torch(); read_hardware(); print([name for name in {heavy} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_installed_torch_is_found() -> None:
    torch = read_torch()
    assert torch is not None
    assert torch.version[0].isdigit()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\n", InstalledTorch("2.13.0+cu130", "13.0")),
        ("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n", InstalledTorch("2.13.0+cpu", None)),
        ("__version__ = '2.13.0'\ncuda = '12.6'\nhip = None\n", InstalledTorch("2.13.0", "12.6")),
        ("something else", None),
    ],
)
def test_the_text_of_torch_version(text: str, expected: InstalledTorch | None) -> None:
    assert parse_torch_version(text) == expected


def test_of_a_token_only_its_ending_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecret1234")
    assert read_token() == HubToken("the environment variable HF_TOKEN", "1234")
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    assert read_token() is None
    (tmp_path / "token").write_text("hf_anothersecret5678\n", encoding="utf-8")
    found = read_token()
    assert found is not None
    assert found.ending == "5678"
    assert "another" not in repr(found)


def test_links_of_the_cache_are_not_counted_twice(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "one").write_bytes(b"x" * 1000)
    (tmp_path / "snapshot").symlink_to(tmp_path / "blobs" / "one")
    assert folder_bytes(tmp_path) == 1000
    assert folder_bytes(tmp_path / "missing") == 0


def test_this_computer_can_be_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = OllamaStatus(False, "", "Ollama does not answer.")
    monkeypatch.setattr("localft.doctor.facts.ollama_status", lambda: silent)
    found = examine()
    assert {"Python", "Graphics card", "PyTorch", "llama.cpp", "Disk", "Ollama"} <= {
        finding.subject for finding in found
    }
    assert all(finding.what.endswith(".") for finding in found)
    assert all(finding.why and finding.fix for finding in found if finding.severity == "error")
