"""A small folder with the files that the converter reads a tokenizer from, with the chat template of the run."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localft.models.chat_format import ChatFormat
from localft.models.rendering import portable_template
from localft.store import files

# Everything but weights and chat templates that a model folder may hold for its tokenizer.
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
)
_GENERATION = re.compile(r"\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}")


def engine_template(chat_format: ChatFormat) -> str:
    """The chat template for other programs: it renders what localft renders, with no option set and no extension.

    Date and thinking are written into it. The marks of what was learned become blocks that every Jinja knows and that
    treat the white space around them alike. A token's name that this model does not have is set to nothing, since
    engines would put something in.
    """
    template = _GENERATION.sub(
        lambda mark: f"{{%{mark[1]} {'endif' if mark[2] else 'if true'} {mark[3]}%}}", portable_template(chat_format)
    )
    missing = [
        name for name in ("bos_token", "eos_token") if name in template and name not in chat_format.special_tokens
    ]
    return "".join(f"{{%- set {name} = '' %}}\n" for name in missing) + template


def copy_tokenizer(base: Path, target: Path, chat_template: str, extra: Sequence[str] = ()) -> None:
    """Copy the tokenizer files of a model folder, and `extra` ones, with another chat template in place of its own."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (*TOKENIZER_FILES, *extra):
        if (base / name).is_file() and name != "tokenizer_config.json":
            shutil.copyfile(base / name, target / name)
    settings: dict[str, Any] = {}
    if (base / "tokenizer_config.json").is_file():
        settings = json.loads((base / "tokenizer_config.json").read_text(encoding="utf-8"))
    files.write_json(target / "tokenizer_config.json", settings | {"chat_template": chat_template})


def read_tokenizer_json(folder: Path) -> dict[str, Any]:
    """The tokenizer.json of a model folder as it is."""
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
