"""llama-cpp-python: a ready wheel where one exists and works on this processor, else compiled, else done without."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from installer.indexes import is_on, reachable
from installer.plan import Machine
from installer.say import detail, say
from installer.tools import Tool
from localft.torch_builds import LLAMA_CPP_PYTHON, llama_index

REQUIREMENT = f"llama-cpp-python=={LLAMA_CPP_PYTHON}"

_MISSING = (
    "Chatting with GGUF files and the k-quants (Q4_K_M, Q5_K_M, Q6_K) are missing. Everything else works: GGUF export "
    "in F16, BF16 and Q8_0 needs no compiler, and Ollama quantises on import."
)


def install_llama(
    tool: Tool, machine: Machine, pip_settings: Mapping[str, str], works: Callable[[Path], bool] | None = None
) -> bool:
    """Install llama-cpp-python by the first way that leads to one that computes here. It never fails the set-up.

    Args:
        works: tells whether the installed one computes; for tests.

    Returns:
        whether there is one that computes.
    """
    computes = works or probe
    say("llama.cpp, for trying out GGUF files")
    only_binary = ("--only-binary", "llama-cpp-python", REQUIREMENT)
    index = llama_index(machine.system)
    use_index = not is_on(pip_settings.get("no-index", "")) and reachable(index)
    if tool.install(*only_binary, extra_index=index if use_index else None):
        if computes(tool.environment.python):
            return True
        detail("the ready build needs a newer processor than this one")
    if not machine.has_compiler:
        say(f"llama.cpp is left out: there is no ready build for this machine, and no C++ compiler. {_MISSING}")
        return False
    detail("no ready build for this machine, so it is compiled: 5 to 20 minutes, once")
    compile_it = ("--no-binary", "llama-cpp-python", "--force-reinstall", "--no-deps", REQUIREMENT)
    if tool.install(*(compile_it if is_installed(tool) else (REQUIREMENT,))) and computes(tool.environment.python):
        return True
    say(f"llama.cpp could not be compiled; the reason stands in {tool.environment.log}. {_MISSING}")
    return False


def is_installed(tool: Tool) -> bool:
    """Tell whether some llama-cpp-python is there, working or not."""
    question = "import importlib.util as u, sys; sys.exit(u.find_spec('llama_cpp') is None)"
    return subprocess.run([str(tool.environment.python), "-c", question], check=False).returncode == 0


def probe(python: Path) -> bool:
    """Tell whether the installed llama-cpp-python computes; the process that tries may die of it."""
    script = Path(__file__).with_name("llama_probe.py")
    answer = subprocess.run([str(python), str(script)], capture_output=True, check=False)
    return answer.returncode == 0


def fetch_converter(tool: Tool) -> bool:
    """Fetch the GGUF converter that belongs to the engine, so that everything after the set-up works offline.

    It never fails the set-up: the first export fetches it otherwise.
    """
    say("the GGUF converter")
    command = [str(tool.environment.python), "-m", "localft.export.converter"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        detail(f"left for the first export: {(answer.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return answer.returncode == 0
