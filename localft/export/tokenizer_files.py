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
# Ollama exchanges a template for one of its own that differs by less than 100 letters, white space included. This note
# is longer, so that the model sees what it was trained on. A block and no comment: the line end after it is dropped.
_NOTE = (
    "{%- set localft_note = 'The conversation has to be written exactly as this template writes it, as in training; "
    "a similar template would change spaces and line ends, and with them the answers of this model.' %}\n"
)
# What `localft.models.rendering` does for templates without a system role: the text goes before the first user turn.
_MERGE_SYSTEM = (
    "{%- if messages and messages[0]['role'] == 'system' %}\n"
    "{%- if messages|length > 1 and messages[1]['role'] == 'user' %}\n"
    "{%- set messages = [{'role': 'user', 'content': messages[0]['content'] + '\\n\\n' + messages[1]['content']}]"
    " + messages[2:] %}\n"
    "{%- else %}\n"
    "{%- set messages = [{'role': 'user', 'content': messages[0]['content']}] + messages[1:] %}\n"
    "{%- endif %}\n"
    "{%- endif %}\n"
)


def engine_template(chat_format: ChatFormat) -> str:
    """The chat template for other programs: it renders what localft renders, with no option set and no extension.

    Date and thinking are written into it. The marks of what was learned become blocks that every Jinja knows and that
    treat the white space around them alike. The names of tokens are given their texts, or none.
    """
    template = _GENERATION.sub(
        lambda mark: f"{{%{mark[1]} {'endif' if mark[2] else 'if true'} {mark[3]}%}}", portable_template(chat_format)
    )
    known = chat_format.special_tokens
    # Engines pass the first two, from the file, where there are such tokens; else they would put something in.
    told = {name: "" for name in ("bos_token", "eos_token") if name not in known}
    told |= {name: text for name, text in known.items() if name not in ("bos_token", "eos_token")}
    names = "".join(
        f"{{%- set {name} = {json.dumps(told[name], ensure_ascii=False)} %}}\n" for name in told if name in template
    )
    return _NOTE + names + (_MERGE_SYSTEM if chat_format.merges_system else "") + template


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


def copy_for_converter(base: Path, target: Path, chat_format: ChatFormat) -> None:
    """Copy what the GGUF converter reads beside the weights, the chat template for engines among it.

    Beside a tokenizer.model the converter takes from tokenizer_config.json which tokens are special; newer files say it
    in tokenizer.json only.
    """
    copy_tokenizer(base, target, engine_template(chat_format), ("config.json", "generation_config.json"))
    path = target / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    if "added_tokens_decoder" not in settings:
        added = read_tokenizer_json(base).get("added_tokens", [])
        settings["added_tokens_decoder"] = {str(token.pop("id")): token for token in added}
        files.write_json(path, settings)


def read_tokenizer_json(folder: Path) -> dict[str, Any]:
    """The tokenizer.json of a model folder as it is."""
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
