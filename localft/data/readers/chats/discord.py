"""Discord, as DiscordChatExporter writes a channel in JSON or as a table."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from localft.data.readers.chats.messages import NOTICES, Gathering, LeftOut, message_of, moment_of
from localft.data.readers.json_text import is_array
from localft.data.shapes.chats import ChatLog, Room, Said
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.rows import Row
from localft.data.shapes.values import is_missing, to_text
from localft.data.spool import Spool

_LAYOUT = Layout(Shape.DISCORD, {"messages": "messages"}, "it is laid out as DiscordChatExporter writes channels")
# 20 and 23 are a bot's answers to a command; whatever else has a type of its own is Discord speaking, not a person.
_WRITTEN = {"Default", "Reply", "20", "23"}
_IDENTITY, _NAME, _DATE, _WORDS = "AuthorID", "Author", "Date", "Content"
_LOOKED_AT = 50


def read_discord(value: Any) -> ChatLog | None:
    """Read an export, the oldest message first; None if the value is none."""
    if not _is_channel(value):
        return None
    gathering = Gathering(_message)
    channel = value.get("channel")
    _put_in_order(gathering.add(channel.get("name") if isinstance(channel, dict) else None, value["messages"]))
    return gathering.log(_LAYOUT)


def read_discord_table(rows: Iterable[Row], name: str) -> ChatLog | None:
    """Read an export as CSV, which says neither what is a bot's nor what Discord itself says; None if it is none."""
    columns = next((row.values.keys() for row in rows if row.values is not None), set[str]())
    if not {_IDENTITY, _NAME, _DATE, _WORDS} <= columns:
        return None
    room, bad, left_out = Room(name, Spool()), [], Counter[str]()
    for row in rows:
        values = row.values
        if values is None:
            bad.append(row)
            continue
        try:
            moment = moment_of(values[_DATE])
            room.add(message_of(row.number, values[_IDENTITY], values[_NAME], to_text(values[_WORDS]), moment))
        except LeftOut as kind:
            left_out[str(kind)] += 1
        except BadRow as error:
            bad.append(Row(row.number, None, str(error), error.kind, to_text(values[_WORDS])))
    _put_in_order(room)
    return ChatLog(_LAYOUT, [room], bad, left_out)


def _put_in_order(room: Room) -> None:
    """The oldest message first: the exporter writes the newest first if asked to."""
    room.is_backwards = room.dates is not None and room.dates[0] > room.dates[1]


def _is_channel(value: Any) -> bool:
    if not isinstance(value, dict) or not is_array(value.get("messages")):
        return False
    messages = [one for one in islice(value["messages"], _LOOKED_AT) if isinstance(one, dict)]
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
