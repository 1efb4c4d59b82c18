"""Chats between people, read message by message: the same conversations as of small files, in the same memory."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localft.data import spool
from localft.data.readers import blocks, json_text, large
from localft.data.readers.opening import open_files
from localft.data.shapes import chats
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.rows import Contents, PartedRows
from localft.errors import Stopped

VOICE = "Anna"
TOPICS = 60


def moments() -> Iterator[tuple[int, str, int, str]]:
    """(number, who, in seconds since 1970, what) of some talks, half a day after each other."""
    for number in range(4 * TOPICS):
        who = ("Ben", "Anna", "Cem" if number % 40 > 35 else "Ben", "Anna")[number % 4]
        yield (
            number,
            who,
            1_700_000_000 + number // 4 * 43_200 + number % 4 * 60,
            f"Nr. {number}: “{'ü ' * (number % 7)}”",
        )


def discord(order: int = 1) -> dict[str, Any]:
    from datetime import UTC, datetime

    messages = [
        {
            "type": "Default" if number % 17 else "GuildMemberJoin",
            "timestamp": datetime.fromtimestamp(second, UTC).isoformat(),
            "content": what,
            "author": {
                "id": f"id {who}",
                "name": f"{who}{number // 100}" if who == "Ben" else who,
                "isBot": who == "Cem",
            },
        }
        for number, who, second, what in moments()
    ]
    return {
        "guild": {"name": "G"},
        "channel": {"name": "kitchen"},
        "messages": [*messages[::order], 7],
        "messageCount": 9,
    }


def telegram(name: str = "Ben", **more: Any) -> dict[str, Any]:
    messages = [
        {
            "type": "message",
            "date_unixtime": str(second),
            "date": "x",
            "from": who,
            "from_id": who,
            "text": [what, {"text": "!"}],
        }
        for number, who, second, what in moments()
    ]
    return {
        "name": name,
        "type": "personal_chat",
        "id": 1,
        "messages": [*messages, {"type": "service", "date": "x"}],
        **more,
    }


def account() -> dict[str, Any]:
    other = telegram("Dora")
    other["messages"] = [one for one in other["messages"] if one.get("from") != "Anna"]
    return {
        "about": "a" * 100_000,
        "profile_pictures": [{"date": "x"}],
        "contacts": {"list": [{"name": "Ben"}]},
        "chats": {"about": "…", "list": [telegram(), 7, {"type": "saved"}, other, telegram("Cem", messages=[])]},
        "left_chats": {"list": [telegram("Eve")]},
    }


def whatsapp(american: bool = False) -> str:
    from datetime import UTC, datetime

    dated = "%m/%d/%y, %H:%M" if american else "%d.%m.%Y, %H:%M"
    said = (f"{datetime.fromtimestamp(at, UTC):{dated}} - {who}: {what}\nand\r\nmore" for _, who, at, what in moments())
    return "nothing before\n" + "\n".join(said) + "\n"


def discord_table() -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"])
    for one in discord(-1)["messages"][:-1]:
        writer.writerow([one["author"]["id"], one["author"]["name"], one["timestamp"], one["content"], "", ""])
    return text.getvalue() + "one,cell\n"


CONTENTS = {
    "discord.json": json.dumps(discord()).encode(),
    "newest_first.json": json.dumps(discord(-1), ensure_ascii=False, indent=1).encode(),
    "marked.json": b"\xef\xbb\xbf" + json.dumps(discord(), ensure_ascii=False).encode(),
    "telegram.json": json.dumps(telegram(), ensure_ascii=False).encode(),
    "messages_first.json": json.dumps(dict(reversed(telegram().items()))).encode(),
    "account.json": json.dumps(account(), ensure_ascii=False, indent=2).encode(),
    "wide.json": json.dumps(account(), ensure_ascii=False).encode("utf-16"),
    "western.json": json.dumps(telegram(), ensure_ascii=False).encode("cp1252"),
    "whatsapp.txt": whatsapp().encode(),
    "american.txt": whatsapp(american=True).encode(),
    "undecodable.txt": whatsapp().encode().replace(b"Nr. 7", b"Nr. \xff"),
    "western.txt": whatsapp().encode("cp1252"),
    "no_ending": whatsapp().encode(),
    "channel.csv": discord_table().encode(),
    "western.csv": discord_table().encode("cp1252"),
}


def opened(path: Path, choice: ChatChoice) -> Contents:
    (contents,) = open_files(path, choice=choice)
    return contents


@pytest.fixture(params=[64, 1 << 20])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Everything is read and kept in blocks of so many characters."""
    monkeypatch.setattr(json_text, "_BLOCK", request.param)
    monkeypatch.setattr(blocks, "_BLOCK", request.param)
    monkeypatch.setattr(spool, "_BLOCK", request.param)
    monkeypatch.setattr(spool, "_HELD", 10 * request.param)
    monkeypatch.setattr(chats, "_PART", 20)
    return int(request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("voice", [VOICE, "Ben", None])
def test_a_large_chat_is_read_as_a_small_one(
    name: str, voice: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name])
    whole = opened(path, ChatChoice(voice))
    monkeypatch.setattr(large, "LARGE", 1)
    streamed = opened(path, ChatChoice(voice))
    assert list(streamed.rows) == list(whole.rows)
    assert (streamed.notes, streamed.layout, streamed.bytes) == (whole.notes, whole.layout, whole.bytes)
    assert list(streamed.speakers.items()) == list(whole.speakers.items())
    assert (streamed.voice, len(whole.speakers) > 1) == (whole.voice, True)
    if whole.voice:
        assert isinstance(streamed.rows, PartedRows)
        assert sum(row.values is not None for row in streamed.rows) > TOPICS // 2
        shares = [share for _, share in streamed.rows.parts()]
        assert shares == sorted(shares)
        assert shares[-1] == 1


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("name", CONTENTS)
def test_while_a_large_chat_is_looked_through_it_is_told_how_far_and_can_be_stopped(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name])
    monkeypatch.setattr(large, "LARGE", 1)
    told: list[tuple[str, float, float, str]] = []
    assert list(open_files(path, choice=ChatChoice(VOICE), tell=lambda *given: told.append(given)))
    looked = [(done, total, unit) for message, done, total, unit in told if message == f"Looking through {name}"]
    assert looked and all(0 <= done <= total and unit == "bytes" for done, total, unit in looked)

    def stop(*given: object) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        list(open_files(path, choice=ChatChoice(VOICE), tell=stop))


def test_a_chat_that_is_a_document_is_no_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(whatsapp(), encoding="utf-8")
    monkeypatch.setattr(large, "LARGE", 1)
    assert opened(path, ChatChoice(taken_as="document")).speakers == {}
    assert opened(path, ChatChoice()).speakers


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("telegram.json", lambda talks: json.dumps({**telegram(), "messages": telegram()["messages"] * talks})),
        ("discord.json", lambda talks: json.dumps({**discord(-1), "messages": discord(-1)["messages"] * talks})),
        ("chat.txt", lambda talks: whatsapp() * talks),
        ("channel.csv", lambda talks: "".join([discord_table(), *discord_table().partition("\n")[2:] * (talks - 1)])),
    ],
)
def test_a_larger_chat_takes_no_more_memory(
    name: str, of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", 1)
    for module in (json_text, blocks, spool):
        monkeypatch.setattr(module, "_BLOCK", 1 << 13)
    monkeypatch.setattr(spool, "_HELD", 1 << 13)
    monkeypatch.setattr(chats, "_PART", 200)
    monkeypatch.setattr(large, "_LONGEST_FIRST_LINE", 1 << 13)
    path, peaks, counts = tmp_path / name, list[int](), list[int]()
    for talks in (4, 4, 20):
        path.write_text(of(talks), encoding="utf-8", newline="")
        tracemalloc.start()
        counts.append(sum(row.values is not None for row in opened(path, ChatChoice(VOICE)).rows))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert counts[2] > 4 * counts[1]
    # The first round has what is kept of modules, too.
    assert peaks[2] < 1.5 * peaks[1]
