"""The chat format of a model: its own template, or one with a name for a base that has none."""

import hashlib
from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat, Thinking
from localft.models.download import tokenizer_folder
from localft.models.inspection import read_object
from localft.models.named_templates import CHATML, NAMED_TEMPLATES, PLAIN
from localft.models.template_probe import Probe, probe, probe_in_child
from localft.models.tokens import TextTokenizer

OWN = "own"
_SPECIAL = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_PADS = (
    "<|finetune_right_pad_id|>",
    "<|pad|>",
    "<pad>",
    "[PAD]",
    "<|PAD_TOKEN|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<unk>",
    "<|reserved_special_token_0|>",
)


def template_names(model: BaseModel) -> list[str]:
    """The chat templates one can choose for a model, the default first ("own" where it has its own)."""
    names = [
        name for name in NAMED_TEMPLATES if name != CHATML or _knows_chatml(TextTokenizer(tokenizer_folder(model)))
    ]
    return [OWN, *names] if model.has_chat_template else names


def chat_format_for(model: BaseModel, thinking: Thinking = "off", template_name: str | None = None) -> ChatFormat:
    """Make the chat format of a model whose tokenizer is here.

    Without a `template_name` it is the model's own template; a base without one gets "chatml" if its tokenizer has the
    marks of that format, else "plain". A template that comes with a model is tried in a child process first.

    Raises:
        UserError: the model is not here, its template fails or does not end, or there is no such template.
    """
    folder = tokenizer_folder(model)
    where = f"The model {model.reference}"
    tokenizer = TextTokenizer(folder)
    special = _special_tokens(folder, where)
    own = own_template(folder, where)
    name = template_name or (OWN if own is not None else CHATML if _knows_chatml(tokenizer) else PLAIN)
    template = own if name == OWN else NAMED_TEMPLATES.get(name)
    if template is None:
        known = ", ".join([*([OWN] if own else []), *NAMED_TEMPLATES])
        raise UserError(f"There is no chat template named {name!r} for {model.reference}.", f"There are: {known}.")
    if name == CHATML and not _knows_chatml(tokenizer):
        raise UserError(
            f"The tokenizer of {model.reference} lacks the marks of the chatml format.", f"Choose {PLAIN!r} instead."
        )
    bos = _added_by_itself(tokenizer)
    if name != OWN and bos:
        template = "{{- bos_token }}" + template
        special = {**special, "bos_token": bos}
    eos = _eos_text(folder, tokenizer, special, where)
    draft = ChatFormat(
        template=template,
        template_hash=hashlib.sha256(template.encode("utf-8", errors="replace")).hexdigest(),
        template_name=name,
        stop_tokens=(),
        bos_text=bos,
        eos_text=eos,
        pad_text="",
        special_tokens={**special, "eos_token": eos},
        thinking=thinking,
        can_think="enable_thinking" in template or "<think>" in template,
    )
    trusted = name != OWN or model.origin == "bundled"
    seen = probe(draft) if trusted else probe_in_child(draft)
    return _completed(draft, seen, folder, tokenizer, where)


def _completed(draft: ChatFormat, seen: Probe, folder: Path, tokenizer: TextTokenizer, where: str) -> ChatFormat:
    """The draft with what its template was seen to do."""
    end = _end_of_turn(seen.after_answer.lstrip(), [*tokenizer.added_tokens.values(), draft.eos_text])
    stops = [end, draft.eos_text, *_generation_ends(folder, tokenizer, where)]
    stop_tokens = tuple(dict.fromkeys(stop for stop in stops if stop))
    return draft.model_copy(
        update={
            "end_of_turn": end,
            "stop_tokens": stop_tokens,
            "pad_text": _pad_text(tokenizer, draft, stop_tokens),
            "merges_system": not seen.knows_system,
        }
    )


def _end_of_turn(behind: str, tokens: list[str]) -> str:
    """The last of the tokens that stand side by side at the start of a text, "" if there is none."""
    end = ""
    while True:
        found = max((text for text in tokens if text.strip() and behind.startswith(text)), key=len, default="")
        if not found:
            return end
        end, behind = found, behind[len(found) :]


def own_template(folder: Path, where: str) -> str | None:
    """The template that comes with a model: chat_template.jinja, else the one in tokenizer_config.json; None without.

    Of several with names it is the one called "default", else the first.

    Raises:
        UserError: it cannot be read.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{where} has a damaged chat_template.jinja.", "Download the model again.") from error
    value: Any = read_object(folder / "tokenizer_config.json", where).get("chat_template")
    if isinstance(value, list):
        named = {str(entry.get("name")): entry.get("template") for entry in value if isinstance(entry, dict)}
        value = named.get("default") or next(iter(named.values()), None)
    return value if isinstance(value, str) and value.strip() else None


def _knows_chatml(tokenizer: TextTokenizer) -> bool:
    return {"<|im_start|>", "<|im_end|>"} <= set(tokenizer.added_tokens.values())


def _special_tokens(folder: Path, where: str) -> dict[str, str]:
    """The texts of the special tokens, by the names under which templates know them."""
    found = {}
    for source in ("special_tokens_map.json", "tokenizer_config.json"):
        values = read_object(folder / source, where)
        for name in _SPECIAL:
            value = values.get(name)
            text = value.get("content") if isinstance(value, dict) else value
            if isinstance(text, str) and text:
                found[name] = text
    return found


def _added_by_itself(tokenizer: TextTokenizer) -> str:
    """The text of the token that the tokenizer would put before every text, "" if it puts none."""
    first = tokenizer.first_added()
    return tokenizer.token_text(first) or "" if first is not None else ""


def _eos_text(folder: Path, tokenizer: TextTokenizer, special: dict[str, str], where: str) -> str:
    """The text of the token that ends a text."""
    candidates = [special.get("eos_token", ""), *_generation_ends(folder, tokenizer, where)]
    for text in candidates:
        if text and tokenizer.token_id(text) is not None:
            return text
    raise UserError(f"{where} does not say which token ends a text.", "Choose another model.")


def _generation_ends(folder: Path, tokenizer: TextTokenizer, where: str) -> list[str]:
    """The texts of the tokens at which the model's own settings end an answer."""
    settings = read_object(folder / "generation_config.json", where)
    ids = settings.get("eos_token_id")
    if ids is None:
        config = read_object(folder / "config.json", where)
        text_config = config.get("text_config")
        ids = config.get("eos_token_id", text_config.get("eos_token_id") if isinstance(text_config, dict) else None)
    numbers = ids if isinstance(ids, list) else [ids]
    texts = [tokenizer.token_text(number) for number in numbers if isinstance(number, int)]
    return [text for text in texts if text]


def _pad_text(tokenizer: TextTokenizer, draft: ChatFormat, stop_tokens: tuple[str, ...]) -> str:
    """The text of the token that fills up short sequences: one that ends nothing, where the vocabulary has one.

    A model that learns from padding equal to its end mark, or that ignores both, never learns to stop.
    """
    own = draft.special_tokens.get("pad_token", "")
    if own and own not in {draft.eos_text, stop_tokens[0]} and tokenizer.token_id(own) is not None:
        return own
    for text in _PADS:
        if text not in stop_tokens and tokenizer.token_id(text) is not None:
            return text
    return draft.eos_text
