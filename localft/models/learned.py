"""Which tokens of an example are learned: the assistant's turns, as the model will have to continue its prompt."""

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.conversation import Conversation
from localft.models.rendering import asks_for_thinking, render_asking
from localft.models.thinking import CLOSE, OPEN, join_thinking, split_thinking
from localft.models.tokens import Learn, TextTokenizer


@dataclass(frozen=True)
class WholeEncoding:
    """An uncut token sequence: its ids, which are learned, and for each the end of its characters in `text`."""

    text: str
    token_ids: list[int]
    learned: list[bool]
    ends: list[int]


@dataclass(frozen=True)
class _Turn:
    """One learned turn: what the model is given (`prompt`), and what it should write, its end token included."""

    prompt: str
    completion: str


_EMPTY_THINKING = re.compile(rf"\s*(?:{OPEN})?\s*{CLOSE}\s*")


def encode_whole(
    chat_format: ChatFormat, tokenizer: TextTokenizer, example: Conversation, learn: Learn = "all"
) -> list[WholeEncoding]:
    """`localft.models.tokens.encode_example` before the cut.

    Raises:
        UserError: the template refuses the conversation.
    """
    messages = [message.as_chat() for message in example.messages]
    if example.plain:
        return [_encode_plain(chat_format, tokenizer, str(messages[0]["content"]), example.plain == "whole")]
    answers = [index for index, message in enumerate(example.messages) if message.role == "assistant"]
    if learn == "last":
        answers = answers[-1:]
    turns = [
        _turn(chat_format, messages[: index + 1], example.tools) for index in answers if example.messages[index].learn
    ]
    if len(turns) > 1:
        together = _encode_together(tokenizer, turns)
        if together is not None:
            return [together]
    return [_encode_turn(tokenizer, turn) for turn in turns]


def _encode_plain(chat_format: ChatFormat, tokenizer: TextTokenizer, text: str, ends: bool) -> WholeEncoding:
    """Plain text as models are trained on it at first: no template, and a token for the beginning and the end."""
    whole = chat_format.bos_text + text + (chat_format.eos_text if ends else "")
    token_ids, offsets = tokenizer.offsets(whole)
    learned = [end > len(chat_format.bos_text) for _, end in offsets]
    return WholeEncoding(whole, token_ids, learned, [end for _, end in offsets])


def _turn(chat_format: ChatFormat, messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> _Turn:
    """What the model is given before the last of `messages`, and what it should write for it."""
    asked = asks_for_thinking(chat_format)
    prompt = render_asking(chat_format, messages[:-1], tools, True, asked)
    full = render_asking(chat_format, messages, tools, False, asked)
    answer, thinking = split_thinking(str(messages[-1]["content"]), opened=False)
    thinking = thinking if chat_format.thinking != "off" else ""
    completion = None
    if full.startswith(prompt):
        completion = _up_to_end(full[len(prompt) :], answer, chat_format)
    if completion is None or thinking.strip() not in completion:
        if messages[-1].get("tool_calls"):
            raise UserError(
                "The chat template writes a tool call in another place than the one it prompts for.",
                "Leave out the examples with tool calls, or choose another chat template.",
            )
        completion = _composed(prompt, answer, thinking) + (chat_format.end_of_turn or chat_format.eos_text)
    if chat_format.thinking == "on" and chat_format.can_think and not thinking:
        # See ChatFormat: the empty place for thinking then belongs to the prompt.
        empty = _EMPTY_THINKING.match(completion)
        if empty:
            return _Turn(prompt + empty[0], completion[empty.end() :])
    return _Turn(prompt, completion)


def _up_to_end(tail: str, answer: str, chat_format: ChatFormat) -> str | None:
    """What the template writes for an answer, up to and with the first end token behind it.

    Where it writes none, the end of text is learned there; None if the answer is not in it.
    """
    position = tail.find(answer.strip())
    if position < 0:
        return None
    behind = position + len(answer.strip())
    if not chat_format.end_of_turn:
        return tail.rstrip() + chat_format.eos_text
    end = tail.find(chat_format.end_of_turn, behind)
    return tail[: end + len(chat_format.end_of_turn)] if end >= 0 else None


def _composed(prompt: str, answer: str, thinking: str) -> str:
    """A turn as the model has to write it where the template itself would write something else after this prompt."""
    if prompt.rstrip().endswith(OPEN):
        # The prompt has opened the thinking already: the turn goes on inside of it.
        return f"{thinking}\n{CLOSE}\n\n{answer}"
    return join_thinking(answer, thinking)


def _encode_together(tokenizer: TextTokenizer, turns: list[_Turn]) -> WholeEncoding | None:
    """All turns in one sequence, None unless each turn is there exactly what it is alone."""
    text = turns[-1].prompt + turns[-1].completion
    for turn in turns:
        if not text.startswith(turn.prompt + turn.completion):
            return None
    token_ids, offsets = tokenizer.offsets(text)
    learned = [False] * len(token_ids)
    for turn in turns:
        start, end = len(turn.prompt), len(turn.prompt) + len(turn.completion)
        first = _boundary(tokenizer, token_ids, offsets, text, start)
        last = _boundary(tokenizer, token_ids, offsets, text, end)
        if first is None or last is None:
            return None
        learned[first:last] = [True] * (last - first)
    return WholeEncoding(text, token_ids, learned, [end for _, end in offsets])


def _encode_turn(tokenizer: TextTokenizer, turn: _Turn) -> WholeEncoding:
    """One turn: the tokens of the prompt as inference makes them, then those of the completion."""
    text = turn.prompt + turn.completion
    token_ids, offsets = tokenizer.offsets(text)
    boundary = _boundary(tokenizer, token_ids, offsets, text, len(turn.prompt))
    ends = [end for _, end in offsets]
    if boundary is None:
        prompt_ids, prompt_offsets = tokenizer.offsets(turn.prompt)
        completion_ids, completion_ends = _continue(tokenizer, turn.completion)
        boundary = len(prompt_ids)
        token_ids = prompt_ids + completion_ids
        ends = [end for _, end in prompt_offsets] + [len(turn.prompt) + end for end in completion_ends]
    learned = [False] * boundary + [True] * (len(token_ids) - boundary)
    return WholeEncoding(text, token_ids, learned, ends)


def _boundary(
    tokenizer: TextTokenizer,
    token_ids: list[int],
    offsets: list[tuple[int, int]],
    text: str,
    position: int,
) -> int | None:
    """The number of tokens before the character `position`, if the text up to there has exactly these tokens.

    None where a token reaches over the position, or the text alone would be cut into other tokens. An added token
    separates what stands before it from what follows, so only the piece after the last one has to be encoded again.
    """
    count = bisect.bisect_left(offsets, position, key=lambda offset: offset[0])
    if count and offsets[count - 1][1] > position:
        return None
    anchor = next((index for index in range(count - 1, -1, -1) if token_ids[index] in tokenizer.added_tokens), 0)
    start = offsets[anchor][0] if anchor else 0
    if tokenizer.encode(text[start:position]) == token_ids[anchor:count]:
        return count
    # Some tokenizers treat the start of a text in a special way, so the piece alone proves nothing: try all of it.
    return count if anchor and tokenizer.encode(text[:position]) == token_ids[:count] else None


def _continue(tokenizer: TextTokenizer, text: str) -> tuple[list[int], list[int]]:
    """The tokens of a text that continues another, and the end of each in the text.

    Some tokenizers treat the start of a text in a special way (a space put before it). Encoding after a line feed and
    taking that away again avoids it, unless the line feed merges with what follows.
    """
    anchor = tokenizer.encode("\n")
    token_ids, offsets = tokenizer.offsets("\n" + text)
    if anchor and token_ids[: len(anchor)] == anchor:
        return token_ids[len(anchor) :], [end - 1 for _, end in offsets[len(anchor) :]]
    token_ids, offsets = tokenizer.offsets(text)
    return token_ids, [end for _, end in offsets]
