"""Telegram Desktop's result.json: one chat, or all chats of an account."""

from itertools import islice
from typing import Any

from localft.data.readers.chats.messages import NOTICES, Gathering, LeftOut, message_of, moment_of, seconds_of
from localft.data.readers.json_text import is_array
from localft.data.shapes.chats import ChatLog, Said
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.values import is_missing, to_text

_LAYOUT = Layout(Shape.TELEGRAM, {"messages": "messages"}, "it is laid out as Telegram Desktop exports chats")
_LOOKED_AT = 50
HOLDERS = ("chats", "left_chats")
"""The fields of an export of a whole account that list its chats."""


def read_telegram(value: Any) -> ChatLog | None:
    """Read an export; None if the value is none."""
    chats = _chats(value)
    if chats is None:
        return None
    gathering = Gathering(_message)
    for chat in chats:
        gathering.add(chat.get("name"), chat["messages"])
    return gathering.log(_LAYOUT)


def _chats(value: Any) -> list[dict[str, Any]] | None:
    """The chats of an export, None if it is not Telegram's."""
    if not isinstance(value, dict):
        return None
    if _is_chat(value):
        return [value]
    lists = [value[key].get("list") for key in HOLDERS if isinstance(value.get(key), dict)]
    chats = [chat for listed in lists if isinstance(listed, list) for chat in listed if _is_chat(chat)]
    return chats or None


def _is_chat(value: Any) -> bool:
    """Telegram numbers its chats, names their kind, and says of each message what it is and when it was sent."""
    if not isinstance(value, dict) or not is_array(value.get("messages")) or "type" not in value:
        return False
    messages = [one for one in islice(value["messages"], _LOOKED_AT) if isinstance(one, dict)]
    return any("date" in one and one.get("type") in ("message", "service") for one in messages) or (
        not messages and "id" in value
    )


def _message(message: dict[str, Any], number: int) -> Said:
    if message.get("type") == "service":
        raise LeftOut(NOTICES)
    if not is_missing(message.get("forwarded_from")):
        # Someone else's words, whoever passed them on.
        raise LeftOut("forwarded messages")
    moment = seconds_of(message.get("date_unixtime"))
    moment = moment_of(message.get("date")) if moment is None else moment
    return message_of(number, message.get("from_id"), message.get("from"), _text(message.get("text")), moment)


def _text(text: Any) -> str:
    """A text, or the list of its pieces: plain ones, and links, bold words and the like as objects."""
    pieces = text if isinstance(text, list) else [text]
    words = [piece.get("text") if isinstance(piece, dict) else piece for piece in pieces]
    if not all(isinstance(word, str) or is_missing(word) for word in words):
        raise BadRow("not text", "its text is neither a text nor a list of texts")
    return "".join(map(to_text, words))
