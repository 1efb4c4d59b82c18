"""Quantising a 16-bit GGUF with llama.cpp's own quantiser. Runs as a child only."""

import ctypes
import errno
import os
import shutil
from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.export.child import Report
from localft.store import files

_BUFFER_BYTES = 512 * 2**20
# llama.cpp does not say why it failed; with less than a block of a file left, the disk is the reason.
_LEFT_BYTES = 1 << 16


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write `output` (path) as `quantization` (Q4_K_M, Q5_K_M or Q6_K) of the GGUF `source`, on `threads` threads.

    Raises:
        UserError: llama.cpp refuses.
        OSError: the disk is full.
    """
    import llama_cpp

    source, output = Path(settings["source"]), Path(settings["output"])
    part = output.with_name(output.name + ".part")
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = settings["threads"]
    parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{settings['quantization']}")
    parameters.max_buf_size = _BUFFER_BYTES
    report(0, 0, f"Quantising to {settings['quantization']}")
    status = llama_cpp.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(parameters))
    if status != 0:
        if shutil.disk_usage(part.parent).free < _LEFT_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))
        raise UserError(f"llama.cpp could not quantise the file (status {status}).", "The details are in worker.log.")
    files.replace(part, output)
    return {"bytes": output.stat().st_size}
