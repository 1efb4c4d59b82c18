"""What the readers of chat exports in JSON share: messages one by one, the unreadable ones set aside."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localft.data.shapes.chats import ChatLog, Room, Said
from localft.data.shapes.conversation import BadRow
from localft.data.shapes.detecting import Layout
from localft.data.shapes.rows import Row, excerpt
from localft.data.shapes.values import BadValue, is_missing, refuse_twins, to_text
from localft.data.spool import Spool

WITHOUT_TEXT = "messages without text (pictures, recordings, files)"
NOTICES = "notices of the app"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LeftOut(Exception):
    """A message that holds no words of its writer; the text is the kind, for counting."""


@dataclass
class Gathering:
    """Collects the messages of an export; they are numbered from 1 through all of its chats."""

    read: Callable[[dict[str, Any], int], Said]
    spool: Spool = field(default_factory=Spool)
    rooms: list[Room] = field(default_factory=list)
    bad: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def add(self, name: Any, messages: Iterable[Any]) -> Room:
        """Read one chat."""
        room = Room(excerpt(name) if isinstance(name, str) and name.strip() else "without a name", self.spool)
        for message in messages:
            self.count += 1
            try:
                room.add(self._message(message))
            except LeftOut as kind:
                self.left_out[str(kind)] += 1
            except (BadRow, BadValue, RecursionError) as error:
                kind = error.kind if isinstance(error, BadRow) else "not text"
                reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
                self.bad.append(Row(self.count, None, reason, kind, excerpt(repr(message)[:1000])))
        room.end()
        self.rooms.append(room)
        return room

    def _message(self, message: Any) -> Said:
        if not isinstance(message, dict):
            raise BadRow("not a message", "it is no object with named fields")
        refuse_twins(message)
        return self.read(message, self.count)

    def log(self, layout: Layout) -> ChatLog:
        """All of it."""
        return ChatLog(layout, self.rooms, self.bad, self.left_out)


def message_of(number: int, identity: Any, name: Any, text: str, moment: float | None, is_bot: bool = False) -> Said:
    """A message, its text without the white space around it.

    Raises:
        LeftOut: the text is empty.
        BadRow: neither an identity nor a name says who wrote it.
        BadValue: a name is no text.
    """
    if not text.strip():
        raise LeftOut(WITHOUT_TEXT)
    known = [to_text(one) for one in (identity, name) if not is_missing(one) and not isinstance(one, dict | list)]
    known = [one for one in known if one.strip()]
    if not known:
        raise BadRow("no writer", "it does not say who wrote it")
    return Said(number, known[0], excerpt(known[-1]), text.strip(), moment, is_bot)


def moment_of(iso: Any) -> float | None:
    """The seconds since 1970 of a moment in ISO 8601, read as UTC where no zone is named; None if it is none."""
    try:
        found = datetime.fromisoformat(str(iso).strip())
        return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        return None


def seconds_of(unix: Any) -> float | None:
    """Seconds since 1970, written as a number or its text; None if it is none."""
    try:
        found = float(unix) if isinstance(unix, str) else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
