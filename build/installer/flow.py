"""The set-up itself, from an empty checkout to a stamp."""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping

from installer.environment import Environment, Stamp, exclusive, fingerprint
from installer.indexes import is_on, reachable, read_pip_settings
from installer.llama import fetch_converter, install_llama
from installer.machine import free_bytes, read_machine
from installer.plan import Machine, disk_needed
from installer.say import SetupError, detail, say
from installer.tools import Tool, find_tool, log_tail
from localft.torch_builds import NEWEST_PYTHON, TORCH, TorchBuild, choose_torch

# What the finished environment has to be able to do. A missing system library (the Visual C++ runtime on Windows, say)
# then shows here, with its own words, and not in the middle of the first training.
_CHECK = "import torch, transformers, gradio, localft; print(torch.__version__)"


def set_up(environment: Environment, extras: tuple[str, ...], look_again: bool = False) -> None:
    """Make the environment ready, whatever state it is in.

    Args:
        extras: optional dependencies of the project that are wanted, "dev" for the tests.
        look_again: go through everything even where a finished set-up is found.

    Raises:
        SetupError: it cannot be done; the text says what to do.
    """
    with exclusive(environment.root):
        if environment.is_ready(extras) and not look_again:
            return
        started = time.monotonic()
        _announce(environment)
        before = environment.stamp()
        machine = read_machine()
        _require_system(machine)
        pip_settings = read_pip_settings()
        tool = find_tool(environment, pip_settings)
        build = choose_torch(machine.system, machine.driver, machine.compute_capability)
        index = torch_index(build, machine, pip_settings)
        _require_disk(environment, disk_needed(machine, build, from_own_index=index is not None))
        wanted = tuple(sorted({*extras, *(before.extras if before else ())}))
        _prepare_folder(environment, tool)
        environment.begin()
        _install_torch(tool, build, index)
        _install_project(tool, wanted)
        llama = install_llama(tool, machine, pip_settings)
        fetch_converter(tool)
        torch = _check(environment)
        stamp = Stamp(fingerprint(environment.root), str(environment.root), wanted, torch, llama)
        environment.finish(stamp)
        say(f"ready after {_minutes(time.monotonic() - started)}")


def torch_index(build: TorchBuild, machine: Machine, pip_settings: Mapping[str, str]) -> str | None:
    """Return PyTorch's index, or None for the user's own where PyTorch's is not wanted or does not answer."""
    if build.note:
        say(build.note)
    if build.index is None:
        return None
    if not is_on(pip_settings.get("no-index", "")) and reachable(build.index):
        return build.index
    if machine.system == "Windows" and build.uses_card:
        say(
            "PyTorch's own index cannot be reached, and on Windows the ordinary one only has torch for the processor. "
            "Run `python build/bootstrap.py setup` again when it can be, to use the graphics card."
        )
    return None


def _announce(environment: Environment) -> None:
    if environment.is_broken():
        say("the Python that .venv was made with is gone; making it anew")
    elif environment.was_interrupted():
        say("the last set-up was interrupted; finishing it")
    elif not environment.exists():
        say(f"setting up in {environment.folder}; nothing is changed outside of it")
    else:
        say(f"bringing {environment.folder} up to date")


def _require_system(machine: Machine) -> None:
    if machine.system == "Darwin" and machine.architecture == "x86_64":
        raise SetupError("PyTorch is no longer made for Macs with Intel processors, so localft does not run here.")
    if sys.version_info[:2] > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        raise SetupError(f"PyTorch {TORCH} is made for Python up to {newest}: start the set-up with python{newest}.")


def _require_disk(environment: Environment, needed: int) -> None:
    free = free_bytes(environment.root)
    if environment.stamp() is None and not environment.was_interrupted() and free < needed:
        raise SetupError(
            f"The set-up needs about {needed / 1e9:.0f} GB and {environment.root} has {free / 1e9:.1f} GB free. "
            "Free some space, or move this folder to a larger disk, and start again."
        )


def _prepare_folder(environment: Environment, tool: Tool) -> None:
    moved = (stamp := environment.stamp()) is not None and stamp.root != str(environment.root)
    if environment.is_broken() or moved:
        _remove(environment)
    if not environment.exists():
        say(f"a Python environment of its own, with {tool.name}")
        tool.create()


def _remove(environment: Environment) -> None:
    try:
        shutil.rmtree(environment.folder)
    except OSError as error:
        raise SetupError(
            f"The folder {environment.folder} has to be made anew and cannot be removed ({error.strerror}). Close what "
            "uses it (localft, a terminal, an editor), delete it, and start again."
        ) from error


def _install_torch(tool: Tool, build: TorchBuild, index: str | None) -> None:
    say(f"PyTorch {TORCH}, {_build_in_words(build)}")
    if index is not None:
        if tool.install(build.requirement, extra_index=index):
            return
        detail("PyTorch's own index did not have it; asking the ordinary one")
    if tool.install(f"torch=={TORCH}"):
        return
    raise _failure(tool, "PyTorch could not be installed.")


def _build_in_words(build: TorchBuild) -> str:
    if build.uses_card:
        return f"for the graphics card (CUDA {build.variant[2:4]}.{build.variant[4:]})"
    return "for the processor" if build.variant == "cpu" else "for this Mac"


def _install_project(tool: Tool, extras: tuple[str, ...]) -> None:
    say("localft and the libraries it stands on")
    wanted = f"[{','.join(extras)}]" if extras else ""
    if not tool.install("--editable", f"{tool.environment.root}{wanted}"):
        raise _failure(tool, "The libraries could not be installed.")


def _failure(tool: Tool, sentence: str) -> SetupError:
    log = tool.environment.log
    return SetupError(
        f"{sentence} The end of {log}:\n\n{log_tail(log)}\n\n"
        "If the network was the reason, start again: what is there is kept."
    )


def _check(environment: Environment) -> str:
    """Import the heavy libraries once and return the version of torch that answers."""
    say("checking that everything starts")
    answer = subprocess.run([str(environment.python), "-c", _CHECK], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        reason = "\n".join(answer.stderr.strip().splitlines()[-5:])
        raise SetupError(f"The libraries are installed but do not start:\n\n{reason}")
    return answer.stdout.strip()


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
