"""ChatGPT's conversations.json: each conversation a tree of messages, of which the branch last seen is taken."""

import re
from collections import Counter
from itertools import groupby
from typing import Any

from localft.data.shapes.chats import trimmed
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.rows import Found, Row, excerpt
from localft.data.shapes.values import BadValue, refuse_twins, to_text

LAYOUT = Layout(Shape.CHATGPT, {"messages": "messages"}, "it is laid out as ChatGPT exports conversations")
PRIVACY = "What people write to ChatGPT is often personal. The data check looks for personal data."
_LOOKED_AT = 50
_ROLES = ("system", "user", "assistant", "tool")
_TEXT = ("text", "multimodal_text")
# Where ChatGPT shows a source, the text has a mark between characters of its own that no font has.
_SOURCE_MARK = re.compile("\ue200(?:file)?cite\ue202[^\ue200\ue201]*\ue201")


def read_chatgpt(value: Any, name: str) -> Found | None:
    """Read an export into rows, numbered by the place of the conversation; None if the value is none."""
    listed = value if isinstance(value, list) else [value]
    if not any(isinstance(one, dict) and isinstance(one.get("mapping"), dict) for one in listed[:_LOOKED_AT]):
        return None
    left_out: Counter[str] = Counter()
    rows = [talk_row(number, one, left_out) for number, one in enumerate(listed, start=1)]
    return Found(rows, talk_notes(left_out, name), LAYOUT)


def talk_notes(left_out: Counter[str], name: str) -> list[str]:
    """What one should know of an export, of which so much was left out."""
    kinds = "; ".join(f"{kind}: {count:,}" for kind, count in left_out.most_common())
    return [PRIVACY, *([f"Left out of {name}: {kinds}."] if left_out else [])]


def talk_row(number: int, conversation: Any, left_out: Counter[str]) -> Row:
    """The row of a conversation, numbered by its place; what is left out of it is counted."""
    counted: Counter[str] = Counter()
    try:
        refuse_twins(conversation)
        messages = _messages(_branch(conversation), counted)
    except (BadRow, BadValue, RecursionError) as error:
        kind = error.kind if isinstance(error, BadRow) else "not text"
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        title = conversation.get("title") if isinstance(conversation, dict) else conversation
        return Row(number, None, reason, kind, excerpt(str(title)[:1000]))
    left_out.update(counted)
    return Row(number, {"messages": messages})


def _branch(conversation: Any) -> list[dict[str, Any]]:
    """The messages from the root to the current node, as ChatGPT shows the conversation."""
    tree = conversation.get("mapping") if isinstance(conversation, dict) else None
    if not isinstance(tree, dict):
        raise BadRow("not a conversation", "it has no tree of messages")
    place = conversation.get("current_node")
    if not isinstance(place, str) or place not in tree:
        raise BadRow("broken tree", "it does not say which of its messages is the current one")
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    while isinstance(place, str) and place in tree:
        node = tree[place]
        if place in seen or not isinstance(node, dict):
            raise BadRow("broken tree", "its messages run in a circle" if place in seen else "one of its nodes is none")
        seen.add(place)
        if isinstance(node.get("message"), dict):
            found.append(node["message"])
        place = node.get("parent")
    return found[::-1]


def _messages(branch: list[dict[str, Any]], left_out: Counter[str]) -> list[dict[str, str]]:
    """System text, then questions and answers in turn.

    Raises:
        BadRow: there is no question with an answer.
        BadValue: a text is none.
    """
    turns: list[tuple[str, str]] = []
    unseen = False
    for message in branch:
        turn = _turn(message, left_out)
        if turn is None:
            continue
        if turn[0] == "user":
            # An answer to a picture alone cannot be learned from words.
            unseen = not turn[1].strip()
        if unseen:
            left_out["questions without words, and their answers"] += 1
        elif turn[1].strip():
            turns.append(turn)
    asked = next((index for index, (role, _) in enumerate(turns) if role == "user"), len(turns))
    system = "\n\n".join(text for role, text in turns[:asked] if role == "system")
    talk = [turn for turn in turns if turn[0] != "system"]
    merged = [
        {"role": role, "content": "\n\n".join(text for _, text in group)}
        for role, group in groupby(talk, key=lambda turn: turn[0])
    ]
    messages = trimmed(merged)
    if not messages:
        raise BadRow("no answer", "it has no question with an answer")
    return [*([{"role": "system", "content": system}] if system else []), *messages]


def _turn(message: dict[str, Any], left_out: Counter[str]) -> tuple[str, str] | None:
    """Role and text of a message, the text empty where a question has none; None if nothing of it is learned."""
    author, content, metadata = (message.get(key) for key in ("author", "content", "metadata"))
    role = author.get("role") if isinstance(author, dict) else None
    if not isinstance(content, dict) or role not in _ROLES:
        raise BadRow("not a conversation", "one of its messages has no known role, or no content")
    if isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation") is True:
        return None
    if role == "tool" or (role == "assistant" and message.get("recipient") not in (None, "all")):
        left_out["calls of tools and their results"] += 1
        return None
    if content.get("content_type") not in _TEXT:
        left_out[f"parts of the kind {excerpt(str(content.get('content_type'))[:40])}"] += 1
        return None
    return role, _text(content.get("parts"), left_out)


def _text(parts: Any, left_out: Counter[str]) -> str:
    texts = []
    for part in parts if isinstance(parts, list) else []:
        # What was spoken has its words beside the sound.
        words = part.get("text") if isinstance(part, dict) else part
        if isinstance(words, str):
            texts.append(_SOURCE_MARK.sub("", to_text(words)).strip())
        elif part is not None:
            left_out["pictures and other parts that are no text"] += 1
    return "\n\n".join(text for text in texts if text)
