"""What a person is told when something goes wrong, and the one table from known exceptions to sentences."""

import errno
import os
import re


class UserError(Exception):
    """Something the user can understand and mend.

    `message` says what happened and where; `hint` says what to do next. Both are whole sentences without markup.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Stopped(Exception):
    """Raised inside long work when the user has asked it to stop; whatever is finished has been saved."""


class StartAgain(Exception):
    """Raised inside a job that can only go on in a fresh process; what it says is how it goes on."""


# Library exceptions are matched by qualified name, so that no library is imported only to explain its errors. The first
# match along an exception's method resolution order wins, hence subclasses explain themselves before their parents do.
_SENTENCES: dict[str, tuple[str, str]] = {
    "huggingface_hub.errors.GatedRepoError": (
        "This model is gated: its owner wants you to accept terms first.",
        "Open the model's page on the Hugging Face hub, accept the terms, then run `hf auth login` and try again.",
    ),
    "huggingface_hub.errors.RepositoryNotFoundError": (
        "There is no model with this id on the Hugging Face hub, or it is private.",
        "Check the spelling (owner/name); for a private model run `hf auth login` first.",
    ),
    "huggingface_hub.errors.RevisionNotFoundError": (
        "The model has no such revision.",
        "Leave the revision out to use the newest.",
    ),
    "huggingface_hub.errors.LocalEntryNotFoundError": (
        "The file is not on this computer and the Hugging Face hub cannot be reached.",
        "Connect to the internet and try again, or choose a model that is already downloaded.",
    ),
    "huggingface_hub.errors.OfflineModeIsEnabled": (
        "Offline mode is on, so the Hugging Face hub is not asked.",
        "Unset HF_HUB_OFFLINE to download, or choose a model that is already downloaded.",
    ),
    "huggingface_hub.errors.HfHubHTTPError": (
        "The Hugging Face hub answered with an error.",
        "Try again in a few minutes; the details are in the log.",
    ),
    "torch.OutOfMemoryError": (
        "The graphics card ran out of memory.",
        "Choose a smaller model, shorter examples or a smaller batch, and close other programs that use the card.",
    ),
    "httpx.ConnectError": (
        "The server could not be reached.",
        "Check that it is running and that the internet connection works.",
    ),
    "httpx2.ConnectError": (
        "The server could not be reached.",
        "Check that it is running and that the internet connection works.",
    ),
    "httpx.TimeoutException": (
        "The server did not answer in time.",
        "Try again; if it happens often, check the connection.",
    ),
    "httpx2.TimeoutException": (
        "The server did not answer in time.",
        "Try again; if it happens often, check the connection.",
    ),
    "safetensors._safetensors_rust.SafetensorError": (
        "A weights file is damaged or incomplete.",
        "Download the model again with `localft models download`.",
    ),
    "torch.distributed.DistBackendError": (
        "One of the processes that learn together has ended.",
        "Its reason is in worker.log in the run's folder. Resume to go on, or train on one card.",
    ),
    "builtins.MemoryError": ("This computer ran out of memory.", "Close other programs, or choose a smaller model."),
}

# As PyTorch, CUDA and HIP, cuBLAS, cuDNN, cuSOLVER, Triton and bitsandbytes say it, in lower case.
_OUT_OF_MEMORY = (
    "out of memory",
    "out_of_memory",
    "memoryallocation",
    "alloc_failed",
    # What cublasCreate and cudnnCreate say of a card that is full.
    "cublas_status_not_initialized",
    "cudnn_status_not_initialized",
    "defaultcpuallocator",
    "std::bad_alloc",
    "unable to allocate",
    "not enough memory",
    "cannot allocate memory",
)
_COMPUTERS_MEMORY = ("defaultcpuallocator", "std::bad_alloc", "cannot allocate memory")
_DEVICE_LOST = (
    "unspecified launch failure",
    "illegal memory access",
    "launch timed out",
    "misaligned address",
    "gpu is lost",
    "fallen off the bus",
    "cuda error: unknown error",
    "cuda driver error: unknown error",
    "cuda unknown error",
    "uncorrectable ecc error",
    "driver shutting down",
    "no cuda-capable device",
)

# As Gloo says it; NCCL's error has a type of its own.
_PROCESS_LOST = ("connection closed by peer", "connection reset by peer")

_PAGE_FILE = 1455  # ERROR_COMMITMENT_LIMIT of Windows, which has no errno

_SYSTEM_SENTENCES: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("The disk is full{where}.", "Free some space and try again; nothing already saved is lost."),
    errno.EDQUOT: (
        "Your disk quota is used up{where}.",
        "Free some space and try again; nothing already saved is lost.",
    ),
    errno.EFBIG: (
        "The file grew larger than this system allows{where}.",
        "Choose a disk without such a limit; nothing already saved is lost.",
    ),
    errno.EACCES: ("Access is denied{where}.", "Check the permissions of the file or folder."),
    errno.EPERM: ("Access is denied{where}.", "Check the permissions of the file or folder."),
    errno.EROFS: ("The disk is read-only{where}.", "Choose another folder with LOCALFT_HOME."),
    errno.ENOENT: ("There is no file or folder{where}.", "Check the spelling of the path."),
    errno.EISDIR: ("This is a folder, not a file{where}.", "Name a file inside it."),
    errno.ENOTDIR: ("There is a file where a folder is needed{where}.", "Move the file, or choose another folder."),
    errno.EEXIST: ("There is already something{where}.", "Move it, or choose another name."),
    errno.ENAMETOOLONG: ("A name is too long for this disk{where}.", "Choose a shorter name."),
    errno.EIO: ("The disk reports an error{where}.", "Check the disk and its cable; copy what matters elsewhere."),
    errno.ENOMEM: ("This computer ran out of memory{where}.", "Close other programs, or choose a smaller model."),
    errno.EADDRINUSE: (
        "The port is already in use.",
        "Choose another one with --port, or close the program that uses it.",
    ),
    _PAGE_FILE: (
        "Windows has no memory left to promise, however much of it is free: the page file is too small.",
        "Start SystemPropertiesPerformance, open Advanced, Virtual memory, let Windows manage the size, and try again.",
    ),
}
# Windows numbers its errors in its own way; Python translates most of them.
_WINDOWS_NUMBERS = {_PAGE_FILE: _PAGE_FILE, 5: errno.EACCES, 39: errno.ENOSPC, 112: errno.ENOSPC}


def explain(error: BaseException) -> UserError | None:
    """Return the sentence for a known exception, or None for one that deserves its traceback.

    An out-of-memory condition is recognised by its text too, since CUDA reports it in many spellings.
    """
    if isinstance(error, UserError):
        return error
    number = system_number(error)
    if number in _SYSTEM_SENTENCES:
        sentence, hint = _SYSTEM_SENTENCES[number]
        place = getattr(error, "filename", None)
        return UserError(sentence.format(where=f": {place}" if place else ""), hint)
    if is_out_of_memory(error):
        on_card = not isinstance(error, MemoryError | OSError) and not _says(error, _COMPUTERS_MEMORY)
        return UserError(*_SENTENCES["torch.OutOfMemoryError" if on_card else "builtins.MemoryError"])
    if _says(error, _PROCESS_LOST):
        return UserError(*_SENTENCES["torch.distributed.DistBackendError"])
    for kind in type(error).__mro__:
        sentence_and_hint = _SENTENCES.get(f"{kind.__module__}.{kind.__qualname__}")
        if sentence_and_hint is not None:
            return UserError(*sentence_and_hint)
    return None


def system_number(error: BaseException) -> int | None:
    """Return the errno of an exception, None without one; libraries written in Rust have it in their text only."""
    if isinstance(error, OSError) and error.errno in _SYSTEM_SENTENCES:
        return error.errno
    found = re.search(r"\b(?:os error|WinError) (\d+)\b", str(error))
    number = int(found[1]) if found else None
    return _WINDOWS_NUMBERS.get(number or 0) if os.name == "nt" else number


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception means that memory was used up, of the computer or of the card in any spelling."""
    refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return refused or isinstance(error, MemoryError) or _says(error, _OUT_OF_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Tell whether an exception means that the card is gone for this process, which nothing but a new one mends."""
    return _says(error, _DEVICE_LOST)


def _says(error: BaseException, spellings: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(spelling in text for spelling in spellings)
