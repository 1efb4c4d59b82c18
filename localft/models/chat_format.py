"""What turns messages into tokens, frozen with the run: the same in training, evaluation, chat and export."""

from typing import Literal

from localft.store.records import Record

Thinking = Literal["off", "on", "keep"]


class ChatFormat(Record):
    """chat_format.json.

    `template` is the Jinja text with its SHA-256 in `template_hash`; `template_name` is "own" for the model's own, else
    the name of the one chosen for a base without. `stop_tokens` are the texts of all tokens that end an answer, and
    `end_of_turn` is the one that the template writes after an assistant turn ("" if it writes none: then `eos_text` is
    learned there). `special_tokens` are the texts that a template may use by name (bos_token and so on). The template's
    output is tokenised without any special token added; `bos_text` is the one a tokenizer would add by itself.
    `fixed_date` (YYYY-MM-DD) replaces today's where a template asks for it.

    `thinking` decides three things, the same everywhere:

    - "off": the template is asked for an answer without thinking; thinking in the messages is left out.
    - "on": the template is asked for thinking. Thinking in the examples is learned; where an answer has none, the empty
      place for it belongs to the prompt, so that the model does not learn to skip it.
    - "keep": the template is used with its own default, and each answer is learned as it stands, thinking included;
      also the empty place for it, so that the model learns from the examples when to think.

    `merges_system`: the template knows no system role, so the system text goes before the first user turn.
    """

    template: str
    template_hash: str
    template_name: str
    stop_tokens: tuple[str, ...]
    end_of_turn: str = ""
    bos_text: str = ""
    eos_text: str
    pad_text: str
    special_tokens: dict[str, str] = {}
    thinking: Thinking = "off"
    can_think: bool = False
    merges_system: bool = False
    fixed_date: str = "2026-01-01"
