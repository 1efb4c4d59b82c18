"""Chat templates in their sandbox: options, dates, thinking, limits and refusals."""

import jinja2
import pytest

from localft.errors import UserError
from localft.models.chat_format import ChatFormat, Thinking
from localft.models.rendering import portable_template, render

HELLO = [{"role": "user", "content": "hello"}]


def chat_format(
    template: str, thinking: Thinking = "off", can_think: bool = False, merges_system: bool = False
) -> ChatFormat:
    return ChatFormat(
        template=template, template_hash="", template_name="own", stop_tokens=("</s>",), eos_text="</s>",
        pad_text="<pad>", special_tokens={"bos_token": "<s>", "eos_token": "</s>"}, thinking=thinking,
        can_think=can_think, merges_system=merges_system,
    )  # fmt: skip


def test_special_tokens_tools_and_unescaped_json_are_there() -> None:
    template = "{{ bos_token }}{{ tools | tojson }}{{ messages[0].content | tojson }}{{ documents is none }}"
    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    text = render(chat_format(template), [{"role": "user", "content": "<ü>"}], [tool])
    assert text == '<s>[{"type": "function", "function": {"name": "look", "parameters": {}}}]"<ü>"True'


def test_no_tools_means_none_as_templates_test_for_it() -> None:
    assert render(chat_format("{{ tools is none }}"), HELLO) == "True"


def test_todays_date_is_a_fixed_one() -> None:
    template = "{{ strftime_now('%d %b %Y') }}"
    assert render(chat_format(template), HELLO) == "01 Jan 2026"
    assert render(chat_format(template).model_copy(update={"fixed_date": "2030-12-24"}), HELLO) == "24 Dec 2030"


@pytest.mark.parametrize(("thinking", "told"), [("off", "False"), ("on", "True"), ("keep", "unset")])
def test_a_template_is_told_about_thinking(thinking: Thinking, told: str) -> None:
    template = "{{ enable_thinking if enable_thinking is defined else 'unset' }}"
    assert render(chat_format(template, thinking, can_think=True), HELLO) == told


def test_thinking_in_messages_is_left_out_when_it_is_off_and_stays_otherwise() -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    messages = [*HELLO, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nhi"}]
    assert render(chat_format(template, "off"), messages) == "hellohi"
    assert render(chat_format(template, "keep"), messages) == "hello<think>\nhm\n</think>\n\nhi"


def test_templates_that_know_the_field_get_thinking_in_it() -> None:
    template = "{% for m in messages %}[{{ m.reasoning_content }}]{{ m.content }}{% endfor %}"
    messages = [{"role": "assistant", "content": "<think>\nhm\n</think>\n\nhi"}]
    assert render(chat_format(template, "on", can_think=True), messages) == "[hm]hi"


def test_what_users_write_between_think_tags_is_theirs() -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    text = "<think>a</think>b"
    assert render(chat_format(template, "off"), [{"role": "user", "content": text}]) == text


def test_a_system_text_goes_before_the_question_where_the_template_knows_no_system_role() -> None:
    template = "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}"
    messages = [{"role": "system", "content": "be brief"}, *HELLO]
    assert render(chat_format(template, merges_system=True), messages) == "user:be brief\n\nhello;"


def test_tool_arguments_kept_as_json_text_become_objects() -> None:
    template = "{{ messages[0].tool_calls[0].function.arguments | tojson }}"
    call = {"function": {"name": "look", "arguments": '{"at": 1.50}'}}
    assert render(chat_format(template), [{"role": "assistant", "content": "", "tool_calls": [call]}]) == '{"at": 1.5}'


def test_a_refusal_of_the_template_is_a_sentence() -> None:
    template = "{{ raise_exception('Roles must alternate.') }}"
    with pytest.raises(UserError, match=r"refuses this conversation: Roles must alternate\."):
        render(chat_format(template), HELLO)


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__ }}{{ ().__class__.__bases__[0].__subclasses__() }}",
        "{{ namespace(__class__=1) }}",
        "{% set ns = namespace() %}{% set ns._secret = 1 %}",
        "{{ messages.append(1) }}",
        "{{ 'a' * 100000000 }}",
        "{{ 9 ** 99999999 }}",
        "{{ 1 / 0 }}",
        "{% if %}",
        "{{ undefined_thing.attribute }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for a in range(99999) %}{% for b in range(99) %}xxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
    ],
)
def test_a_hostile_or_broken_template_ends_in_a_sentence(template: str) -> None:
    with pytest.raises(UserError):
        text = render(chat_format(template), HELLO)
        assert "__" not in text, "something private was rendered"


def test_a_template_of_unusual_size_is_refused() -> None:
    with pytest.raises(UserError, match="larger than 64 KB"):
        render(chat_format("x" * 70_000), HELLO)


@pytest.mark.parametrize("thinking", ["off", "on", "keep"])
@pytest.mark.parametrize("start", ["", "\n", "  {% if true %}x{% endif %}", "text"])
def test_the_portable_template_renders_the_same_without_any_option(thinking: Thinking, start: str) -> None:
    template = start + (
        "{% set day = strftime_now('%d %b %Y') %}{{ day }} {{ strftime_now(\"%Y\") }}"
        "{% if enable_thinking is defined and enable_thinking is false %}(no thinking){% endif %}"
    )
    original = chat_format(template, thinking, can_think=True)
    portable = chat_format(portable_template(original), "keep")
    later = portable.model_copy(update={"fixed_date": "2033-03-03"})
    assert render(later, HELLO) == render(original, HELLO)


def test_a_template_that_asks_whether_there_is_a_date_gets_the_fixed_one_in_every_engine() -> None:
    template = (
        "{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}"
        "{% else %}{% set day = '26 Jul 2024' %}{% endif %}{{ day }}"
    )
    original = chat_format(template)
    portable = portable_template(original)
    assert render(chat_format(portable), HELLO) == render(original, HELLO) == "01 Jan 2026"
    assert jinja2.Environment(trim_blocks=True).from_string(portable).render() == "01 Jan 2026"
