"""A file's bytes, or a sentence why they cannot be had."""

from pathlib import Path

from localft.errors import UserError, explain


def load(path: Path, name: str) -> bytes:
    """The bytes of a file that people know as `name`.

    Raises:
        UserError: it is missing, a folder, a device, empty, or may not be read.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file.", "Name the files inside it.")
    if path.is_char_device() or path.is_block_device():
        raise UserError(f"{path} is a device, not a file.", "Name a file with examples in it.")
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        known = explain(error)
        if known is not None:
            raise known from error
        raise UserError(f"{path} cannot be read: {error}.", "Check the path.") from error
    if not content.strip():
        raise UserError(f"{name} is empty.", "Choose a file with examples in it.")
    return content
