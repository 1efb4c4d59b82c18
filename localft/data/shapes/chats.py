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
from localft.errors import UserError

PRIVACY = (
    "Chats hold other people's words, and a tuned model may repeat them: ask those people first. The data check looks "
    "for personal data."
)
# What Python has among encodings that no file of text is in: ways to write letters in programs and in addresses.
_NO_ENCODINGS = {"charmap", "idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_SPEAKERS_NAMED, _CHATS_NAMED = 12, 5
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


@dataclass(frozen=True)
class Room:
    """One chat of a file, its messages in their order."""

    name: str
    said: list[Said]


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
        last = {said.identity: said.name for room in self.rooms for said in room.said}
        shared = Counter(last.values())
        return {who: name if shared[name] == 1 else f"{name} ({excerpt(who)})" for who, name in last.items()}

    @cached_property
    def speakers(self) -> dict[str, int]:
        """Everyone who speaks, with the number of messages, the most talkative first."""
        counts = Counter(self.names[said.identity] for room in self.rooms for said in room.said)
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


def conversations(log: ChatLog, choice: ChatChoice, voice: str) -> list[Row]:
    """The conversations as rows with `messages`, `voice` being the assistant; those without an answer say why."""
    gap = choice.gap_hours * 3600
    return [row for room in log.rooms for row in _of_room(room, log.names, voice, gap)]


def describe(log: ChatLog, name: str, choice: ChatChoice, voice: str) -> list[str]:
    """What a person should know about how a file of chats became conversations."""
    hours = f"{choice.gap_hours:g} {'hour' if choice.gap_hours == 1 else 'hours'}"
    notes = [f"In {name} {voice} is the assistant; after more than {hours} of silence a new conversation begins."]
    groups = [room.name for room in log.rooms if _is_group(_heard(room, log.names, voice), log.names)]
    if groups:
        shown = f"{len(groups):,} chats of {name} have" if len(groups) > 1 else f"The chat {excerpt(groups[0])} has"
        notes.append(f"{shown} more than two speakers: there each message to {voice} begins with its writer's name.")
    undated = sum(said.moment is None for room in log.rooms for said in room.said)
    if undated:
        notes.append(f"Messages of {name} without a readable date, taken to follow at once: {undated:,}.")
    unheard = sum(said.is_bot and log.names[said.identity] != voice for room in log.rooms for said in room.said)
    left_out = log.left_out + Counter({"messages of bots": unheard})
    if left_out:
        kinds = "; ".join(f"{kind}: {count:,}" for kind, count in left_out.most_common())
        notes.append(f"Left out of {name}: {kinds}.")
    return notes


def _heard(room: Room, names: dict[str, str], voice: str) -> list[Said]:
    """The messages of people, and of a bot if it is the one to learn from."""
    return [said for said in room.said if not said.is_bot or names[said.identity] == voice]


def _is_group(said: list[Said], names: dict[str, str]) -> bool:
    return len({names[one.identity] for one in said}) > 2


def _of_room(room: Room, names: dict[str, str], voice: str, gap: float) -> Iterator[Row]:
    said = _heard(room, names, voice)
    if said and all(names[one.identity] != voice for one in said):
        # One line for the whole chat: an export of an account may hold thousands of conversations of others.
        reason = f"{voice} says nothing in the chat {excerpt(room.name)} (messages: {len(said):,})"
        yield Row(said[0].number, None, reason, "another's chat", excerpt(said[0].text))
        return
    named = _is_group(said, names)
    for part in _cut(said, gap):
        yield _row(part, names, voice, named)


def _cut(said: list[Said], gap: float) -> Iterator[list[Said]]:
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
