"""Telegram Desktop's messages.html: a page of one chat, for those who have no result.json."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pydantic

from localft.data.readers.chats.messages import NOTICES, Gathering, LeftOut, message_of
from localft.data.readers.encoding import decode_text
from localft.data.readers.sandbox import parse
from localft.data.shapes.chats import ChatLog, Said
from localft.data.shapes.detecting import Layout, Shape

_LAYOUT = Layout(Shape.TELEGRAM, {"messages": "messages"}, "it is a page as Telegram Desktop exports chats to be read")
# The styles and the head of a page stand before its first message.
_LOOKED_AT = 1 << 20
# "03.01.2021 12:34:56 UTC+01:00"; older exports name no zone.
_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?: UTC([+-])(\d\d):(\d\d))?$")


class _Record(pydantic.BaseModel):
    """A message of a page, or the name of its `chat`."""

    model_config = pydantic.ConfigDict(populate_by_name=True)

    chat: str = ""
    writer: str = pydantic.Field("", alias="from")
    date: str = ""
    text: str = ""
    is_notice: bool = False
    is_forwarded: bool = False


def is_telegram_page(content: bytes) -> bool:
    """Whether a file begins like such a page."""
    head = content[:_LOOKED_AT]
    return b'class="page_body chat_page"' in head and b'class="message ' in head


def read_telegram_page(content: bytes, name: str) -> tuple[ChatLog, list[str]]:
    """Read a page: the chat, and what one should know of how it was read.

    Raises:
        UserError: it cannot be decoded, is nested too deeply, or needs more than a parser may use.
    """
    text, notes = decode_text(content, name, declares=True)
    about, *messages = parse("telegram", text.encode("utf-8"), name, _Record)
    gathering = Gathering(_message)
    gathering.add(about.chat, [message.model_dump() for message in messages])
    return gathering.log(_LAYOUT), notes


def _message(message: dict[str, Any], number: int) -> Said:
    if message["is_notice"]:
        raise LeftOut(NOTICES)
    if message["is_forwarded"]:
        # Someone else's words, whoever passed them on.
        raise LeftOut("forwarded messages")
    # Two of one name cannot be told apart: a page says nothing else of them.
    return message_of(number, message["writer"], message["writer"], message["text"], _moment(message["date"]))


def _moment(date: str) -> float | None:
    """The seconds since 1970 of a date, read as UTC where no zone is named; None if it is none."""
    found = _DATE.match(date.strip())
    if found is None:
        return None
    day, month, year, time, sign, hours, minutes = found.groups()
    try:
        offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
        zone = timezone(-offset if sign == "-" else offset) if sign else UTC
        return datetime.fromisoformat(f"{year}-{month}-{day}T{time}").replace(tzinfo=zone).timestamp()
    except ValueError:
        return None
