"""From exceptions to sentences: the names in the table are those that the libraries really use."""

import errno
import importlib
import os

import pytest
from safetensors import SafetensorError

from localft import errors
from localft.errors import UserError, explain, is_device_lost, is_out_of_memory


def _told(error: BaseException) -> str:
    found = explain(error)
    assert found is not None
    assert found.hint
    return found.message


def test_a_sentence_stays_as_it_is() -> None:
    error = UserError("What.", "How.")
    assert explain(error) is error


def test_what_is_a_mistake_of_ours_is_not_explained_away() -> None:
    assert explain(ZeroDivisionError("x")) is None
    assert explain(RuntimeError("x")) is None


@pytest.mark.parametrize("name", [name for name in errors._SENTENCES if not name.startswith("torch.")])
def test_each_name_in_the_table_is_that_of_a_class(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    known = getattr(importlib.import_module(module), attribute)
    assert f"{known.__module__}.{known.__qualname__}" == name


def test_damaged_weights() -> None:
    assert _told(SafetensorError("Error while deserializing header: invalid header length")).startswith(
        "A weights file"
    )


@pytest.mark.skipif(os.name != "posix", reason="the numbers are those of POSIX")
def test_a_full_disk_that_a_library_tells_in_its_text() -> None:
    text = "Error while serializing: I/O error: No space left on device (os error 28)"
    assert _told(SafetensorError(text)) == "The disk is full."
    assert _told(OSError(28, "No space left on device", "/data/x")) == "The disk is full: /data/x."


def test_no_memory_for_mapping_a_file() -> None:
    assert _told(OSError(12, "Cannot allocate memory")) == "This computer ran out of memory."


@pytest.mark.parametrize(
    "error",
    [
        OSError(22, "[WinError 1455] The paging file is too small for this operation to complete"),
        SafetensorError("The paging file is too small for this operation to complete. (os error 1455)"),
        OSError(
            "[WinError 1455] Die Auslagerungsdatei ist zu klein. Error loading 'c10.dll' or one of its dependencies."
        ),
    ],
)
def test_windows_without_a_page_file(error: Exception) -> None:
    assert "page file is too small" in _told(error)


OUT_OF_MEMORY = [
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 11.99 GiB",
    "CUDA error: out of memory",
    "CUDA driver error: out of memory",
    "HIP out of memory. Tried to allocate 20.00 MiB",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED",
    "Triton Error [CUDA]: out of memory",
    "Error named cudaErrorMemoryAllocation at line 90 in file ops.cu",
    "NCCL error: unhandled cuda error: cuda_error_out_of_memory",
    "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
]
COMPUTERS_MEMORY = [
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate",
    "std::bad_alloc",
    "unable to mmap 4096 bytes from file <model.safetensors>: Cannot allocate memory (12)",
]


@pytest.mark.parametrize("text", OUT_OF_MEMORY)
def test_a_card_that_is_full_in_any_spelling(text: str) -> None:
    assert is_out_of_memory(RuntimeError(text)) and not is_device_lost(RuntimeError(text))
    assert _told(RuntimeError(text)) == "The graphics card ran out of memory."


@pytest.mark.parametrize(
    "error",
    [
        *map(RuntimeError, COMPUTERS_MEMORY),
        MemoryError("Unable to allocate 3 GiB"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_computer_that_is_full_is_not_a_full_card(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert _told(error) == "This computer ran out of memory."


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: unspecified launch failure",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: the launch timed out and was terminated",
        "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.",
        "No CUDA GPUs are available: no CUDA-capable device is detected",
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA driver error: unknown error",
        "CUDA unknown error - this may be due to an incorrectly set up environment",
    ],
)
def test_a_lost_card_is_told_from_a_full_one(text: str) -> None:
    assert is_device_lost(RuntimeError(text)) and not is_out_of_memory(RuntimeError(text))


def test_what_only_speaks_of_memory_is_no_full_memory() -> None:
    assert not is_out_of_memory(ValueError("an example about running out of memory"))
