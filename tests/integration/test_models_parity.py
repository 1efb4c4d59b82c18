"""Rendering, tokens and masks against transformers, over the real chat templates that TRL carries."""

import datetime
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest

from localft.data.examples import Example, Message
from localft.errors import UserError
from localft.models.chat_format import ChatFormat, Thinking
from localft.models.find import find_model
from localft.models.inspection import LEFT_OUT, NATIVE_TYPES
from localft.models.rendering import render
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example, encode_prompt
from tests.tiny_models import CORPUS, make_tiny_model, make_tokenizer

TOOL = {"type": "function", "function": {"name": "look", "description": "Look <up>", "parameters": {"type": "object"}}}
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {
    "question": [{"role": "user", "content": 'hi <b> "x" ü🙂'}],
    "answer": [{"role": "user", "content": " hi\n"}, {"role": "assistant", "content": "Paris "}],
    "system": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Paris"},
    ],
    "turns": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Paris"},
        {"role": "user", "content": "and?"},
        {"role": "assistant", "content": "Rome"},
    ],
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_numbers_that_configs_leave_out_are_the_defaults_of_transformers(kind: str) -> None:
    from transformers import AutoConfig

    defaults = AutoConfig.for_model(kind)
    assert LEFT_OUT[kind] == {name: getattr(defaults, name) for name in LEFT_OUT[kind]}


def test_every_native_type_is_one_of_transformers() -> None:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    assert set(CONFIG_MAPPING_NAMES) >= NATIVE_TYPES


def templates() -> dict[str, str]:
    import trl

    folder = Path(trl.__file__).parent / "chat_templates"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.jinja"))}


class _NewYear(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "_NewYear":
        return cls(2026, 1, 1)


@pytest.mark.parametrize("thinking", ["off", "on", "keep"])
def test_rendering_is_that_of_transformers_byte_for_byte(thinking: Thinking, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.utils import chat_template_utils

    monkeypatch.setattr(chat_template_utils, "datetime", _NewYear)
    tokenizer = make_tokenizer(tuple(CORPUS), None)
    special = {name: text for name, text in tokenizer.special_tokens_map.items() if isinstance(text, str)}
    compared = 0
    for name, template in templates().items():
        chat_format = ChatFormat(
            template=template, template_hash="", template_name="own", stop_tokens=(), eos_text="", pad_text="",
            special_tokens=special, thinking=thinking, can_think="enable_thinking" in template,
        )  # fmt: skip
        told = {"enable_thinking": thinking == "on"} if chat_format.can_think and thinking != "keep" else {}
        for kind, messages in CONVERSATIONS.items():
            for prompt in (False, True):
                for tools in ([], [TOOL]):
                    try:
                        wanted = tokenizer.apply_chat_template(
                            messages, chat_template=template, tools=tools or None, tokenize=False,
                            add_generation_prompt=prompt, **told,
                        )  # fmt: skip
                    except (jinja2.TemplateError, TypeError, AttributeError, ValueError):
                        with pytest.raises(UserError):
                            render(chat_format, messages, tools, prompt)
                        continue
                    assert render(chat_format, messages, tools, prompt) == wanted, (name, kind, prompt)
                    compared += 1
    assert compared > 500, "the templates of TRL were not found"


# The name of a template, how it ends a turn, and what TRL's variant for training marks beyond the answer and its end.
FAMILIES = {
    "qwen2_5": ("<|im_end|>", "\n"),
    "qwen3_instruct_2507": ("<|im_end|>", "\n"),
    "qwen3": ("<|im_end|>", "\n"),
    "llama3": ("<|eot_id|>", ""),
    "gemma3": ("<end_of_turn>", "\n"),
    "lfm2": ("<|im_end|>", "\n"),
    "cohere": ("<|END_OF_TURN_TOKEN|>", ""),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mask_is_that_of_templates_with_generation_marks(family: str, tmp_path: Path) -> None:
    end, beyond = FAMILIES[family]
    folder, marked = _folder_for(family, end, tmp_path / family)
    tokenizer = TextTokenizer(folder)
    chat_format = chat_format_for(find_model(str(folder)))
    assert chat_format.end_of_turn == end
    messages = [*CONVERSATIONS["answer"][:1], {"role": "assistant", "content": "Paris"}]
    ours = encode_example(chat_format, tokenizer, _example(messages), 10_000)[0]
    theirs = marked.apply_chat_template(
        messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, enable_thinking=False
    )
    learned = tokenizer.decode([t for t, learned in zip(ours.token_ids, ours.learned, strict=True) if learned])
    reference = tokenizer.decode(
        [t for t, learned in zip(theirs["input_ids"], theirs["assistant_masks"], strict=True) if learned]
    )
    # TRL learns what surrounds the answer too: an empty place for thinking, newlines that no model is asked to write.
    reference = re.sub(r"^<think>\s*</think>\s*", "", reference.removeprefix("\n"))
    assert learned + beyond == reference
    shared = theirs["input_ids"][: len(ours.token_ids)]
    assert ours.token_ids == shared


def _folder_for(family: str, end: str, folder: Path) -> tuple[Path, Any]:
    """A model folder with the template of a family, and a tokenizer with TRL's variant of it."""
    own, marked = templates()[family], templates()[f"{family}_training"]
    make_tiny_model(folder, chat_template="")
    tokenizer = make_tokenizer(tuple(CORPUS), None)
    marks = sorted({end, *re.findall(r"<\|[a-zA-Z_]+\|>|<start_of_turn>", own)})
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    tokenizer.eos_token = end
    tokenizer.chat_template = own
    tokenizer.save_pretrained(folder)
    tokenizer.chat_template = marked
    return folder, tokenizer


def _example(messages: list[dict[str, Any]]) -> Example:
    return Example(messages=tuple(Message(role=one["role"], content=one["content"]) for one in messages))


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_tokens_are_those_of_transformers(architecture: Any, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = make_tiny_model(tmp_path / "model", architecture)
    theirs: Any = AutoTokenizer.from_pretrained(folder)
    ours = TextTokenizer(folder)
    chat_format = chat_format_for(find_model(str(folder)))
    for messages in CONVERSATIONS.values():
        wanted = theirs.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        assert encode_prompt(chat_format, ours, messages) == wanted
        assert ours.decode(wanted) == theirs.decode(wanted)
    texts = ["  two  spaces", "line\n\n\nbreaks\t", "ünïcode 中文 🙂", "<|im_end|> inside", ""]
    assert ours.encode_many(texts) == [theirs(text, add_special_tokens=False)["input_ids"] for text in texts]


def test_the_mask_agrees_with_the_marks_of_the_tiny_models_template(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = make_tiny_model(tmp_path / "model")
    theirs: Any = AutoTokenizer.from_pretrained(folder)
    ours = TextTokenizer(folder)
    chat_format = chat_format_for(find_model(str(folder)))
    for name in ("answer", "system", "turns"):
        messages = CONVERSATIONS[name]
        encoded = encode_example(chat_format, ours, _example(messages), 10_000)
        wanted = theirs.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
        assert len(encoded) == 1
        length = len(encoded[0].token_ids)
        assert encoded[0].token_ids == wanted["input_ids"][:length], "only the newline after the last end is left out"
        assert [int(one) for one in encoded[0].learned] == wanted["assistant_masks"][:length]
        assert not any(wanted["assistant_masks"][length:])
