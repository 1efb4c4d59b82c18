"""The template inside the file writes what localft writes, in an engine without our options and extensions."""

import json
from pathlib import Path
from typing import Any

import jinja2
import jinja2.ext
import jinja2.sandbox
import pytest

from localft.export.tokenizer_files import copy_tokenizer, engine_template
from localft.models.chat_format import ChatFormat
from localft.models.named_templates import NAMED_TEMPLATES
from localft.models.rendering import render

CONVERSATIONS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "Hi"}],
    [{"role": "system", "content": " Be brief.\n"}, {"role": "user", "content": "Hi\n\n there "}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello\n"},
        {"role": "user", "content": "{{ 7 * 7 }} {% if x %} <|im_end|>"},
    ],
]
THINKING = (
    "{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)
MARKED = (
    "{{ bos_token }}\n{% for m in messages %}\n  {% generation %}\n{{ m.content }}\n  {% endgeneration %}\n"
    "[{%- generation -%} {{ m.role }} {%- endgeneration -%}]{%+ generation +%} x {%+ endgeneration +%}\n"
    "{% endfor %}{{ eos_token }}"
)
DATED = "Today: {{ strftime_now('%d %b %Y') }}\n{% for m in messages %}{{ m.content }}\n{% endfor %}"
NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('No system role') }}{% endif %}"
    "{{ m.role + ': ' + m.content | trim + '\n' }}{% endfor %}"
)


def chat_format(template: str, **changes: Any) -> ChatFormat:
    values: dict[str, Any] = {
        "template": template, "template_hash": "0" * 64, "template_name": "own", "stop_tokens": ("</s>",),
        "eos_text": "</s>", "pad_text": "<pad>", "special_tokens": {"bos_token": "<s>", "eos_token": "</s>"},
    }  # fmt: skip
    return ChatFormat(**values | changes)


def as_engines_do(template: str, messages: list[dict[str, Any]]) -> str:
    """Plain Jinja with the white space rules of chat templates, today's date, and the tokens that an engine has."""

    def refuse(message: str) -> None:
        raise ValueError(message)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    functions = {"raise_exception": refuse, "strftime_now": lambda form: "another day"}
    values = {**functions, "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True, "tools": None}
    return environment.from_string(template).render(messages=messages, **values)


FORMATS = {
    "thinking off": chat_format(THINKING, can_think=True, thinking="off"),
    "thinking on": chat_format(THINKING, can_think=True, thinking="on"),
    "marks of what was learned": chat_format(MARKED),
    "a date": chat_format(DATED),
    "no system role": chat_format(NO_SYSTEM, merges_system=True),
    "no beginning": chat_format(MARKED, special_tokens={"eos_token": "</s>"}),
    "other names": chat_format("{{ pad_token }}" + MARKED, special_tokens={"bos_token": "<s>", "pad_token": '<｜"▁>'}),
    "no names at all": chat_format(MARKED, special_tokens={}),
    **{name: chat_format(template) for name, template in NAMED_TEMPLATES.items()},
}


@pytest.mark.parametrize("name", FORMATS)
def test_engines_write_what_localft_writes(name: str) -> None:
    template = engine_template(FORMATS[name])
    for conversation in CONVERSATIONS:
        expected = render(FORMATS[name], conversation, add_generation_prompt=True)
        assert as_engines_do(template, conversation) == expected


@pytest.mark.parametrize("name", FORMATS)
def test_ollama_finds_no_similar_template_of_its_own(name: str) -> None:
    # It exchanges a template for a built-in one at an edit distance below 100, which the lengths alone rule out here.
    original, written = FORMATS[name].template, engine_template(FORMATS[name])
    assert written.endswith(original[-20:])
    assert len(written) - len(original) > 100


def test_the_tokenizer_goes_along_with_the_template_of_the_run(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "tokenizer.json").write_text("{}")
    (base / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "chat_template": "old"}))
    (base / "chat_template.jinja").write_text("old")
    (base / "model.safetensors").write_text("large")
    copy_tokenizer(base, tmp_path / "target", "new", ("config.json",))
    assert sorted(path.name for path in (tmp_path / "target").iterdir()) == ["tokenizer.json", "tokenizer_config.json"]
    settings = json.loads((tmp_path / "target" / "tokenizer_config.json").read_text())
    assert settings == {"eos_token": "</s>", "chat_template": "new"}
