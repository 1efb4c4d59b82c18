"""WhatsApp's exported text: `[31.12.23, 23:59:01] Name: text` on iPhones, else `31/12/2023, 23:59 - Name: text`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, islice

from localft.data.readers.chats.messages import NOTICES, LeftOut
from localft.data.readers.chats.whatsapp_words import words_of
from localft.data.readers.encoding import Line
from localft.data.shapes.chats import ChatLog, Room, Said
from localft.data.shapes.detecting import Layout, Shape
from localft.data.shapes.rows import Row, excerpt
from localft.data.shapes.values import BadValue, checked_text
from localft.data.spool import Spool

_LAYOUT = Layout(Shape.WHATSAPP, {"messages": "messages"}, "its lines begin as those of WhatsApp's exported chats")
# So many lines are looked at: the members of a large group all enter before anybody speaks.
_LOOKED_AT = 2_000
# What tells a header ends long before this; lines of other texts have no end.
_OF_A_LINE = 1_000
_FIRST = 20
# Logs have these where chats have names.
_LEVELS = frozenset({"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"})
_MARKS = "\u200e\u200f\u202a\u202b\u202c\ufeff"
_HALVES = r"[ap]\.?\s?m\b\.?|上午|下午|午前|午後|오전|오후|[صم]\b"
_AFTERNOON = frozenset({"pm", "下午", "午後", "오후", "م"})
_FORENOON = frozenset({"am", "上午", "午前", "오전", "ص"})
# Date and time; a short word ("klo", "à") may stand between them, and the half of the day before or after the time.
_HEADER = re.compile(
    r"(?P<open>\[)?(?P<one>\d{1,4})(?P<by>[./-])\s?(?P<two>\d{1,2})(?P=by)\s?(?P<three>\d{1,4})\.?[,،]?\s"
    rf"(?:(?!{_HALVES})[^\W\d_]{{1,3}}\s)?(?P<before>{_HALVES})?\s?"
    rf"(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?(?:\s?(?P<after>{_HALVES}))?"
    r"(?P<close>\]\s?|\s[-–]\s|:\s)",
    re.IGNORECASE,
)
# In Arabic the parts of a date have unseen marks between them.
_WITHIN_DATE = re.compile(r"\u200f(?=[/\d،])|(?<=[/\d])\u200f")
_LONGEST_DATE = 24
_SPEAKER = re.compile(r'([^:"“”„«»]{1,100}):(?:\s(.*)|$)', re.DOTALL)
# In which of the three numbers of a date the year, the month and the day stand.
_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST = (2, 1, 0), (2, 0, 1), (0, 1, 2)
_Order = tuple[int, int, int]
_Numbers = tuple[int, int, int]


@dataclass
class _Message:
    """A message as it stands in the file: its first line, the numbers of its date, its time in seconds, its lines."""

    line: int
    day: _Numbers
    time: int | None
    lines: list[str] = field(default_factory=list)


def read_whatsapp(lines: Iterable[Line], name: str, is_sure: bool = False) -> ChatLog | None:
    """Read an export; None if the lines are none. Messages are numbered by the lines on which they begin.

    The lines are gone through three times. Where a person `is_sure` that it is an export, a single line with a date is
    enough.
    """
    header = _first_header(lines, is_sure)
    if header is None:
        return None
    style = _style(header)
    american = header["by"] == "/" and (header["after"] or "").startswith(("A", "P"))
    order = _order((one.day for one in _messages(lines, style) if isinstance(one, _Message)), american)
    room, bad, left_out = Room(name, Spool()), [], Counter[str]()
    for message in _messages(lines, style):
        if isinstance(message, Row):
            bad.append(message)
            continue
        try:
            room.add(_said(message, order))
        except LeftOut as kind:
            left_out[str(kind)] += 1
        except BadValue as error:
            bad.append(Row(message.line, None, str(error), "not text", excerpt("\n".join(message.lines))))
    return ChatLog(_LAYOUT, [room], bad, left_out)


def is_whatsapp(lines: Iterable[Line], is_sure: bool = False) -> bool:
    """Whether a text that begins with these lines is an export; 2,000 of them are enough to tell."""
    return _first_header(lines, is_sure) is not None


def _first_header(lines: Iterable[Line], is_sure: bool) -> re.Match[str] | None:
    first = [line[:_OF_A_LINE] for line, _ in islice(lines, _LOOKED_AT) if line is not None and line.strip()]
    return _header_of_chat(first, is_sure)


def _header_of_chat(lines: list[str], is_sure: bool) -> re.Match[str] | None:
    """The first header of a chat, None if the lines are none: minutes, a diary or a log has dates in it too.

    In a chat dates of one form begin most dated lines, with somebody's words or WhatsApp's own behind them, and hardly
    a line stands before the first of them.
    """
    found = [(place, header) for place, line in enumerate(lines) if (header := _header(line))]
    forms = Counter(_form(header) for _, header in found)
    if not forms:
        return None
    form = forms.most_common(1)[0][0]
    said = [_form(header) == form and _is_said(header) for _, header in found]
    mostly = 2 * sum(said) > len(said) or 2 * sum(said[:_FIRST]) > len(said[:_FIRST])
    place, header = next((place, header) for place, header in found if _form(header) == form)
    return header if is_sure or (mostly and sum(said) > max(1, place)) else None


def _form(header: re.Match[str]) -> tuple[str, str]:
    return _style(header), header["by"]


def _is_said(header: re.Match[str]) -> bool:
    """Whether what follows a header is a person's, or bears WhatsApp's mark."""
    if _style(header) == ":" and header["second"] is None:
        # Telephones that write a colon here write the seconds too.
        return False
    text = header.string[header.end() :]
    found = _SPEAKER.match(text.lstrip(_MARKS))
    return not _LEVELS & set(re.findall(r"\w+", found[1])) if found else text.startswith("\u200e")


def _header(line: str) -> re.Match[str] | None:
    """Date and time at the beginning of a message, after marks that nobody sees."""
    seen = line.lstrip(_MARKS)
    if "\u200f" in seen[:_LONGEST_DATE]:
        seen = _WITHIN_DATE.sub("", seen[:_LONGEST_DATE]) + seen[_LONGEST_DATE:]
    found = _HEADER.match(seen)
    return found if found and bool(found["open"]) == found["close"].startswith("]") else None


def _style(header: re.Match[str]) -> str:
    """What ends a header; it is the same in a whole file, so that a date in a message is not taken for one."""
    return header["close"].strip().replace("–", "-")


def _messages(lines: Iterable[Line], style: str) -> Iterator[_Message | Row]:
    """Put the lines of each message together; those before the first one, and undecodable ones, are set aside."""
    message: _Message | None = None
    for number, (line, raw) in enumerate(lines, start=1):
        if line is None:
            problem = "bytes that are not text in its encoding; save the file as UTF-8"
            yield Row(number, None, problem, "undecodable", excerpt(raw[:1000]))
            continue
        text = line.rstrip("\r")
        header = _header(text)
        if header is not None and _style(header) == style:
            if message is not None:
                yield message
            day = (int(header["one"]), int(header["two"]), int(header["three"]))
            message = _Message(number, day, _time(header), [header.string[header.end() :]])
        elif message is not None:
            message.lines.append(text)
        elif text.strip():
            yield Row(number, None, "it stands before the first message", "not a message", excerpt(text[:1000]))
    if message is not None:
        yield message


def _time(header: re.Match[str]) -> int | None:
    hour, minute, second = int(header["hour"]), int(header["minute"]), int(header["second"] or 0)
    half = re.sub(r"[\s.]", "", header["before"] or header["after"] or "").casefold()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half in _FORENOON and hour == 12:
        hour = 0
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 61 else None


def _order(days: Iterable[_Numbers], american: bool) -> _Order:
    """The order in which all dates of a file make sense: most of them exist, then most of them go forward.

    Where that leaves a choice, the day is first, unless the rest of the header is American. The year is first only
    where it has four digits: with two, nearly every date could be read so.
    """
    usual = [_MONTH_FIRST, _DAY_FIRST] if american else [_DAY_FIRST, _MONTH_FIRST]
    read, with_year, missing, back = 0, 0, Counter[_Order](), Counter[_Order]()
    before: dict[_Order, int] = {}
    for day, group in groupby(days):
        count = sum(1 for _ in group)
        read += count
        with_year += count if day[0] > 31 else 0
        for order in usual:
            ordinal = _ordinal(day, order)
            missing[order] += ordinal is None
            back[order] += ordinal is not None and ordinal < before.get(order, 0)
            before[order] = before.get(order, 0) if ordinal is None else ordinal
    return _YEAR_FIRST if 2 * with_year > read else min(usual, key=lambda order: (missing[order], back[order]))


def _ordinal(day: _Numbers, order: _Order) -> int | None:
    """The number of a day, None if there is no such date."""
    year, month, number = (day[place] for place in order)
    try:
        return date(year + 2000 if year < 100 else year, month, number).toordinal()
    except ValueError:
        return None


def _said(message: _Message, order: _Order) -> Said:
    """The message of a person.

    Raises:
        LeftOut: WhatsApp itself speaks, or there are no words in it.
        BadValue: it holds a broken character.
    """
    found = _SPEAKER.match(message.lines[0].lstrip(_MARKS))
    # Someone who is no contact has a tilde before the name.
    speaker = excerpt(found[1].strip(_MARKS + "~ \u202f\u00a0")) if found else ""
    if found is None or not speaker:
        raise LeftOut(NOTICES)
    text = words_of([found[2] or "", *message.lines[1:]])
    ordinal = _ordinal(message.day, order)
    moment = None if ordinal is None or message.time is None else float(ordinal * 86400 + message.time)
    return Said(message.line, checked_text(speaker), speaker, checked_text(text), moment)
