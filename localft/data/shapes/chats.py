"""Chats between people: what their readers hand on, whose voice is the assistant's, and the conversations in them."""

import codecs
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Literal, get_args

from localft.advice import Advice
from localft.data.shapes.detecting import Layout
from localft.data.shapes.rows import Row, excerpt, listed
from localft.data.shapes.trees import BRANCHES, Branches
from localft.data.spool import Spool, SpooledList
from localft.errors import UserError

PRIVACY = (
    "Chats hold other people's words, and a tuned model may repeat them: ask those people first. The data check looks "
    "for personal data."
)
# What Python has among encodings that no file of text is in: ways to write letters in programs and in addresses.
_NO_ENCODINGS = {"charmap", "idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_SPEAKERS_NAMED, _CHATS_NAMED = 12, 5
# In messages.
_PART = 10_000
TakenAs = Literal["auto", "chat", "document"]
TAKEN_AS: tuple[TakenAs, ...] = get_args(TakenAs)


@dataclass(frozen=True)
class ChatChoice:
    """Whose voice is the assistant's, and after how many hours of silence a new conversation begins.

    `branches` says which conversations are taken out of trees, in which one message has several answers. `taken_as`
    says what files of text are, where they look like something else: chats, or documents. `encoding` is that of files
    of text, where it need not be found. `has_header` says that the first row of tables names their columns.

    Raises:
        UserError: the hours are no positive number, or there are no such branches or no such encoding.
    """

    voice: str | None = None
    gap_hours: float = 3.0
    branches: Branches = "best"
    taken_as: TakenAs = "auto"
    encoding: str | None = None
    has_header: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.gap_hours) and self.gap_hours > 0):
            raise UserError(
                f"A new conversation cannot begin after {self.gap_hours} hours.", "Give a number above 0; 3 is usual."
            )
        if self.branches not in BRANCHES:
            raise UserError(f"There are no branches {self.branches!r}.", f"Take {', '.join(BRANCHES)}.")
        if self.taken_as not in TAKEN_AS:
            raise UserError(f"A file cannot be read as {self.taken_as!r}.", f"Take {', '.join(TAKEN_AS)}.")
        if self.encoding is not None:
            _check_encoding(self.encoding)


def _check_encoding(name: str) -> None:
    """Refuse what is no encoding of texts, or one that only this system has."""
    try:
        "".encode(name)
        is_one = codecs.lookup(name).name not in _NO_ENCODINGS
    except (LookupError, ValueError):
        is_one = False
    if not is_one:
        names = "cp1250, cp1252, iso8859-2, koi8-r, mac-roman, shift-jis, gb18030"
        said = (
            "An encoding without a name cannot be used" if not name.strip() else f"There is no encoding {name[:40]!r}"
        )
        raise UserError(f"{said}.", f"Usual ones: {names}.")


@dataclass(frozen=True)
class Said:
    """One message with a text: its number in the file, who wrote it, and when (in seconds; None where unreadable).

    `identity` stays the same where people change their names.
    """

    number: int
    identity: str
    name: str
    text: str
    moment: float | None
    is_bot: bool = False


@dataclass
class Writer:
    """What is known of somebody who writes in a chat: the names at first and at last, and how many messages.

    `last` is the number of the last one; `bots` are those of them that a program wrote.
    """

    first_name: str
    last_name: str
    last: int
    count: int = 0
    bots: int = 0


class Room:
    """One chat of a file. Its messages may be more than the memory holds; where it `is_backwards`, the newest is first.

    `dates` are the moments of the first and the last message with a readable date, `undated` counts those without.
    """

    def __init__(self, name: str, spool: Spool) -> None:
        self.name, self.is_backwards = name, False
        self.dates: tuple[float, float] | None = None
        self.undated = 0
        self._said = SpooledList(spool)
        self._writers: dict[str, Writer] = {}

    def add(self, said: Said) -> None:
        """Add a message."""
        self._said.append([*vars(said).values()])
        writer = self._writers.setdefault(said.identity, Writer(said.name, said.name, said.number))
        writer.last_name, writer.last = said.name, said.number
        writer.count += 1
        writer.bots += said.is_bot
        if said.moment is None:
            self.undated += 1
        else:
            self.dates = (self.dates[0] if self.dates else said.moment, said.moment)

    def end(self) -> None:
        """There are no more."""
        self._said.put_by()

    def said(self) -> Iterator[Said]:
        """The messages, the oldest first."""
        return (Said(*values) for values in (reversed(self._said) if self.is_backwards else self._said))

    def count(self) -> int:
        """How many messages there are."""
        return sum(writer.count for writer in self._writers.values())

    def writers(self) -> list[tuple[str, str, Writer]]:
        """(identity, name at last, what else is known) of those who write, in the order of their first messages."""
        if not self.is_backwards:
            return [(who, writer.last_name, writer) for who, writer in self._writers.items()]
        known = sorted(self._writers.items(), key=lambda item: -item[1].last)
        return [(who, writer.first_name, writer) for who, writer in known]


@dataclass(frozen=True)
class ChatLog:
    """What a file of chats holds; `left_out` counts the messages without words of their own, by kind."""

    layout: Layout
    rooms: list[Room]
    bad: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @cached_property
    def names(self) -> dict[str, str]:
        """What to call each identity: the last name it had, and the identity too where others have that name."""
        last = {who: name for room in self.rooms for who, name, _ in room.writers()}
        shared = Counter(last.values())
        return {who: name if shared[name] == 1 else f"{name} ({excerpt(who)})" for who, name in last.items()}

    @cached_property
    def speakers(self) -> dict[str, int]:
        """Everyone who speaks, with the number of messages, the most talkative first."""
        counts = Counter[str]()
        for room in self.rooms:
            for who, _, writer in room.writers():
                counts[self.names[who]] += writer.count
        return dict(counts.most_common())


def find_voice(voice: str | None, speakers: Sequence[str]) -> str | None:
    """The speaker of this name; upper and lower case count only where two differ in nothing else."""
    if voice is None or voice in speakers:
        return voice
    alike = [speaker for speaker in speakers if speaker.casefold() == voice.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def missing_voice(voice: str | None, speakers: dict[str, int], chats: Sequence[str]) -> UserError:
    """The sentence for chats, by the names of their files, that lack a voice or have nobody of that name."""
    names = listed(chats, _CHATS_NAMED)
    said = [f"{name} ({count:,})" for name, count in list(speakers.items())[:_SPEAKERS_NAMED]]
    more = f" and {len(speakers) - len(said):,} more" if len(speakers) > len(said) else ""
    who = f"Those who speak, with their messages: {', '.join(said)}{more}."
    advice = Advice(
        "Say whose voice is the assistant's: --voice NAME.", "Choose below the file whose voice is the assistant's."
    )
    if voice is None:
        are = "is a chat" if len(chats) == 1 else "are chats"
        return UserError(f"{names} {are} between people. {who}", advice)
    return UserError(f"Nobody called {voice[:60]!r} speaks in {names}. {who}", advice)


@dataclass(frozen=True)
class ChatRows:
    """The conversations of a file of chats as rows with `messages`, `voice` being the assistant.

    Those without an answer say why. One conversation is in memory at a time, and a part of the rows.
    """

    log: ChatLog
    choice: ChatChoice
    voice: str

    def __iter__(self) -> Iterator[Row]:
        for part, _ in self.parts():
            yield from part

    def parts(self) -> Iterator[tuple[list[Row], float]]:
        """(some rows, the share of the messages up to them)."""
        whole, read = sum(room.count() for room in self.log.rooms), 0
        rows, size = [*self.log.bad], 0
        for room in self.log.rooms:
            for count, row in _of_room(room, self.log.names, self.voice, self.choice.gap_hours * 3600):
                if size > _PART:
                    yield rows, read / whole
                    rows, size = [], 0
                rows.append(row)
                read += count
                size += count
        yield rows, 1.0


def describe(log: ChatLog, name: str, choice: ChatChoice, voice: str) -> list[str]:
    """What a person should know about how a file of chats became conversations."""
    hours = f"{choice.gap_hours:g} {'hour' if choice.gap_hours == 1 else 'hours'}"
    notes = [f"In {name} {voice} is the assistant; after more than {hours} of silence a new conversation begins."]
    groups = [room.name for room in log.rooms if _is_group(room, log.names, voice)]
    if groups:
        shown = f"{len(groups):,} chats of {name} have" if len(groups) > 1 else f"The chat {excerpt(groups[0])} has"
        notes.append(f"{shown} more than two speakers: there each message to {voice} begins with its writer's name.")
    undated = sum(room.undated for room in log.rooms)
    if undated:
        notes.append(f"Messages of {name} without a readable date, taken to follow at once: {undated:,}.")
    writers = [(log.names[who], writer) for room in log.rooms for who, _, writer in room.writers()]
    left_out = log.left_out + Counter({"messages of bots": sum(one.bots for called, one in writers if called != voice)})
    if left_out:
        kinds = "; ".join(f"{kind}: {count:,}" for kind, count in left_out.most_common())
        notes.append(f"Left out of {name}: {kinds}.")
    return notes


def _heard(room: Room, names: dict[str, str], voice: str) -> dict[str, int]:
    """Those who are heard, with their messages: people, and a bot if it is the one to learn from."""
    heard = Counter[str]()
    for who, _, writer in room.writers():
        is_voice = names[who] == voice
        heard[names[who]] += writer.count if is_voice else writer.count - writer.bots
    return dict(+heard)


def _is_group(room: Room, names: dict[str, str], voice: str) -> bool:
    return len(_heard(room, names, voice)) > 2


def _of_room(room: Room, names: dict[str, str], voice: str, gap: float) -> Iterator[tuple[int, Row]]:
    """(how many messages it is made of, a row) for each conversation."""
    heard = _heard(room, names, voice)
    said = (one for one in room.said() if not one.is_bot or names[one.identity] == voice)
    if heard and voice not in heard:
        # One line for the whole chat: an export of an account may hold thousands of conversations of others.
        count, first = sum(heard.values()), next(said)
        reason = f"{voice} says nothing in the chat {excerpt(room.name)} (messages: {count:,})"
        yield count, Row(first.number, None, reason, "another's chat", excerpt(first.text))
        return
    for part in _cut(said, gap):
        yield len(part), _row(part, names, voice, len(heard) > 2)


def _cut(said: Iterator[Said], gap: float) -> Iterator[list[Said]]:
    """Cut where the clock moves by more than the gap; back, too: exports that were put together do that."""
    part: list[Said] = []
    clock: float | None = None
    for one in said:
        if part and clock is not None and one.moment is not None and abs(one.moment - clock) > gap:
            yield part
            part = []
        clock = one.moment if one.moment is not None else clock
        part.append(one)
    if part:
        yield part


def _row(part: list[Said], names: dict[str, str], voice: str, named: bool) -> Row:
    turns: list[tuple[str, int, list[str]]] = []
    for speaker, group in groupby(part, key=lambda one: names[one.identity]):
        block = list(group)
        text = "\n".join(one.text for one in block)
        role = "assistant" if speaker == voice else "user"
        if named and role == "user":
            text = f"{speaker}: {text}"
        if turns and turns[-1][0] == role:
            turns[-1][2].append(text)
        else:
            turns.append((role, block[0].number, [text]))
    messages = trimmed([{"role": role, "content": "\n".join(texts)} for role, _, texts in turns])
    if messages:
        first = next(number for role, number, _ in turns if role == "user")
        return Row(first, {"messages": messages})
    roles = {role for role, _, _ in turns}
    if "assistant" not in roles:
        problem = f"{voice} says nothing in this conversation"
    elif "user" not in roles:
        problem = f"nobody but {voice} speaks in this conversation"
    else:
        problem = f"{voice} opens this conversation and answers nothing in it"
    return Row(part[0].number, None, problem, "no answer", excerpt(part[0].text))


def trimmed(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """The turns from the user's first to the assistant's last; none where no question has an answer."""
    first = next((index for index, turn in enumerate(turns) if turn["role"] == "user"), len(turns))
    last = next((index for index in reversed(range(len(turns))) if turns[index]["role"] == "assistant"), -1)
    return turns[first : last + 1]
