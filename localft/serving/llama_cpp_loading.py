"""Opening a GGUF file in llama.cpp, on processors too that promise more than they keep."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any


def open_gguf(path: Path, **options: Any) -> Any:
    """`llama_cpp.Llama(path, **options)`, quiet; the caller closes it.

    Virtual machines may announce AMX, Intel's matrix unit for servers, and then refuse it: llama.cpp ends the whole
    process with the first quantised matrix. No consumer processor has AMX, so where it is announced llama.cpp is told
    to keep to its ordinary kernels.

    Raises:
        ValueError, RuntimeError: llama.cpp cannot load the file.
    """
    import llama_cpp

    announced = b"AMX" in llama_cpp.llama_print_system_info()
    with _ordinary_kernels() if announced else contextlib.nullcontext():
        return llama_cpp.Llama(str(path), verbose=False, **options)


@contextlib.contextmanager
def _ordinary_kernels() -> Generator[None]:
    """Switch weight repacking off, and AMX with it: an option of llama.cpp that its Python class does not pass on."""
    from llama_cpp import llama_cpp as bindings

    original = bindings.llama_model_default_params

    def changed() -> Any:
        parameters = original()
        parameters.use_extra_bufts = False
        return parameters

    bindings.llama_model_default_params = changed
    try:
        yield
    finally:
        bindings.llama_model_default_params = original
