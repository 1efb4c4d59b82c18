"""Discord, as DiscordChatExporter writes a channel in JSON."""

from typing import Any

from localft.data.readers.chats.messages import NOTICES, Gathering, LeftOut, message_of, moment_of
from localft.data.shapes.chats import ChatLog, Said
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.values import is_missing, to_text

_LAYOUT = Layout(Shape.DISCORD, {"messages": "messages"}, "it is laid out as DiscordChatExporter writes channels")
# 20 and 23 are a bot's answers to a command; whatever else has a type of its own is Discord speaking, not a person.
_WRITTEN = {"Default", "Reply", "20", "23"}
_LOOKED_AT = 50


def read_discord(value: Any) -> ChatLog | None:
    """Read an export, the oldest message first; None if the value is none."""
    if not _is_channel(value):
        return None
    gathering = Gathering(_message)
    channel = value.get("channel")
    gathering.add(channel.get("name") if isinstance(channel, dict) else None, value["messages"])
    written = gathering.rooms[0].said
    dated = [one.moment for one in written if one.moment is not None]
    if dated and dated[0] > dated[-1]:
        # The exporter writes the newest first if asked to.
        written.reverse()
    return gathering.log(_LAYOUT)


def _is_channel(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list):
        return False
    messages = [one for one in value["messages"][:_LOOKED_AT] if isinstance(one, dict)]
    if not messages:
        return isinstance(value.get("guild"), dict) and isinstance(value.get("channel"), dict)
    return any(isinstance(one.get("author"), dict) and "timestamp" in one for one in messages)


def _message(message: dict[str, Any], number: int) -> Said:
    author = message.get("author")
    if not isinstance(author, dict):
        raise BadRow("no writer", "it does not say who wrote it")
    if not is_missing(message.get("type")) and str(message["type"]) not in _WRITTEN:
        raise LeftOut(NOTICES)
    content = message.get("content")
    if not is_missing(content) and not isinstance(content, str):
        raise BadRow("not text", "its content is no text")
    name = author.get("nickname") if not is_missing(author.get("nickname")) else author.get("name")
    moment = moment_of(message.get("timestamp"))
    return message_of(number, author.get("id"), name, to_text(content), moment, author.get("isBot") is True)
