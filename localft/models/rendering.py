"""Messages to text by a chat template, byte for byte as transformers renders it, in a sandbox with limits."""

import functools
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.thinking import OPEN, split_thinking

if TYPE_CHECKING:
    import jinja2

TEMPLATE_BYTES = 65_536
_SPARE_CHARACTERS = 1_000_000
# The field that templates agree on; a few read `thinking`.
_THINKING_FIELD = re.compile(r"reasoning_content|\.thinking\b|\[['\"]thinking['\"]\]")
_STRFTIME = re.compile(r"strftime_now\(\s*([\"'])(.*?)\1\s*\)")


def render(
    chat_format: ChatFormat,
    messages: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]] = (),
    add_generation_prompt: bool = False,
) -> str:
    """Render a conversation (role and content a message) to the text that the model reads.

    `add_generation_prompt` ends the text where the assistant's next turn begins.

    Raises:
        UserError: the template refuses the conversation, fails, or writes far more text than it was given.
    """
    return render_asking(chat_format, messages, tools, add_generation_prompt, asks_for_thinking(chat_format))


def asks_for_thinking(chat_format: ChatFormat) -> bool | None:
    """What a template is told as enable_thinking; None leaves it at its own default."""
    if not chat_format.can_think or chat_format.thinking == "keep":
        return None
    return chat_format.thinking == "on"


def render_asking(
    chat_format: ChatFormat,
    messages: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]],
    add_generation_prompt: bool,
    enable_thinking: bool | None,
) -> str:
    """`render` with thinking asked for (True), refused (False) or left to the template (None)."""
    import jinja2

    conversation = _prepare(chat_format, messages)
    variables: dict[str, Any] = dict(chat_format.special_tokens)
    if enable_thinking is not None:
        variables["enable_thinking"] = enable_thinking
    limit = _SPARE_CHARACTERS + 4 * sum(len(str(message)) for message in conversation) + 4 * len(str(tools))
    try:
        template = _compile(chat_format.template, chat_format.fixed_date)
        pieces, length = [], 0
        for piece in template.generate(
            messages=conversation,
            tools=_arguments_parsed(list(tools)) or None,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            **variables,
        ):
            pieces.append(piece)
            length += len(piece)
            if length > limit:
                raise UserError("The chat template writes far more text than it was given.", _CHOOSE_ANOTHER)
    except jinja2.TemplateError as error:
        reason = str(error.message or type(error).__name__).rstrip(".")
        raise UserError(f"The chat template refuses this conversation: {reason}.", _REFUSED) from error
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        reason = f"{type(error).__name__}: {str(error)[:200]}".rstrip(".")
        raise UserError(f"The chat template fails on this conversation: {reason}.", _CHOOSE_ANOTHER) from error
    return "".join(pieces)


_CHOOSE_ANOTHER = "Choose another chat template for this model, or another model."
_REFUSED = "Change the roles and their order in the example, or choose another chat template."


def _prepare(chat_format: ChatFormat, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as the template gets them: thinking in its place, tool arguments as objects, system text merged."""
    conversation = [_with_thinking(chat_format, _arguments_parsed(message)) for message in messages]
    if chat_format.merges_system and conversation and conversation[0].get("role") == "system":
        system, rest = conversation[0]["content"], conversation[1:]
        if rest and rest[0].get("role") == "user":
            return [{**rest[0], "content": f"{system}\n\n{rest[0]['content']}"}, *rest[1:]]
        return [{"role": "user", "content": system}, *rest]
    return conversation


def _with_thinking(chat_format: ChatFormat, message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if message.get("role") != "assistant" or not isinstance(content, str) or OPEN not in content:
        return message
    answer, thinking = split_thinking(content, opened=False)
    if chat_format.thinking == "off":
        return {**message, "content": answer}
    if thinking and _THINKING_FIELD.search(chat_format.template):
        return {"thinking": thinking, **message, "content": answer, "reasoning_content": thinking}
    return message


def _arguments_parsed(value: Any) -> Any:
    """A copy in which every JSON text under "arguments" is the object it stands for, as templates expect it."""
    if isinstance(value, dict):
        return {
            key: _parsed(item) if key == "arguments" and isinstance(item, str) else _arguments_parsed(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_arguments_parsed(item) for item in value]
    return value


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


@functools.lru_cache(maxsize=16)
def _compile(template: str, fixed_date: str) -> "jinja2.Template":
    """Compile a template in an environment of its own, with what transformers offers to templates and nothing else."""
    from localft.models.template_environment import make_environment

    if len(template.encode("utf-8", errors="replace")) > TEMPLATE_BYTES:
        raise UserError(f"The chat template is larger than {TEMPLATE_BYTES // 1024} KB.", _CHOOSE_ANOTHER)
    return make_environment(datetime.fromisoformat(fixed_date).replace(tzinfo=UTC)).from_string(template)


def portable_template(chat_format: ChatFormat) -> str:
    """The template for programs that pass no options: date and thinking of this format are written into it.

    With it llama.cpp and Ollama render as localft does, where they would otherwise take today's date and the template's
    own default for thinking. It renders the same text as `render` (tested).
    """
    date = datetime.fromisoformat(chat_format.fixed_date).replace(tzinfo=UTC)
    template = _STRFTIME.sub(lambda call: json.dumps(date.strftime(call[2])), chat_format.template)
    settings = {}
    if "strftime_now" in template and "strftime_now(" not in template:
        # Templates ask whether there is such a function, and take a date of their own where an engine has none.
        settings["strftime_now"] = "true"
    asked = asks_for_thinking(chat_format)
    if asked is not None and "enable_thinking" in template:
        settings["enable_thinking"] = str(asked).lower()
    # The newline after a block is dropped by Jinja, and leaves the template's own first line at the start of a line.
    return "".join(f"{{%- set {name} = {value} %}}\n" for name, value in settings.items()) + template
