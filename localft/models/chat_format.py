"""What turns messages into tokens, frozen with the run: the same in training, evaluation, chat and export."""

from typing import Literal

from localft.store.records import Record


class ChatFormat(Record):
    """chat_format.json.

    `template` is the Jinja text, `template_hash` its SHA-256; `template_name` is "own" for the model's own, else
    the name of the one chosen for a base without. `stop_tokens` are the texts of all end-of-turn tokens. `fixed_date`
    (YYYY-MM-DD) replaces today's where a template asks for it. `bos_text` is what the tokenizer would add by itself;
    the template's output is tokenised without special tokens added.
    """

    template: str
    template_hash: str
    template_name: str
    stop_tokens: tuple[str, ...]
    bos_text: str = ""
    eos_text: str
    pad_text: str
    thinking: Literal["off", "on", "keep"] = "off"
    can_think: bool = False
    fixed_date: str = "2026-01-01"
