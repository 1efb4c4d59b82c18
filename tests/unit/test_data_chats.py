"""Chats as ChatGPT, Discord, Telegram and WhatsApp export them: speakers, turns, gaps, and what is left out."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localft.data.making.importing import import_files, preview_files
from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.chats import PRIVACY, ChatChoice
from localft.data.shapes.detecting import Shape
from localft.data.versions import SPLITS, load_split
from localft.errors import UserError
from localft.store.projects import create_project


def telegram(*messages: Any, name: str = "Ben") -> dict[str, Any]:
    """A chat of Telegram's from (date, speaker, text), or from whole messages."""
    made = [
        {"id": 7, "type": "message", "date": one[0], "from": one[1], "from_id": f"user{one[1]}", "text": one[2]}
        if isinstance(one, tuple)
        else one
        for one in messages
    ]
    return {"name": name, "type": "personal_chat", "id": 1, "messages": made}


def discord(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"guild": {"id": "1", "name": "Home"}, "channel": {"id": "2", "name": "kitchen"}, "messages": [*messages]}


def wrote(minute: int, name: str, text: str, **more: Any) -> dict[str, Any]:
    """A message as DiscordChatExporter writes it."""
    author = {"id": f"id of {name}", "name": name, "nickname": more.pop("nickname", None), "isBot": False}
    author |= more.pop("author", {})
    moment = f"2024-01-01T10:{minute:02}:00.5+00:00"
    return {"id": str(minute), "type": "Default", "timestamp": moment, "content": text, "author": author, **more}


def read(path: Path, content: Any, voice: str | None = "Anna", gap: float = 3, strict: bool = True) -> ReadResult:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return read_files([path], strict=strict, chat=ChatChoice(voice, gap))


def talks(result: ReadResult) -> list[list[tuple[str, str]]]:
    return [[(message.role, message.content) for message in one.messages] for one in result.examples]


def aside(result: ReadResult) -> list[tuple[int, str]]:
    return [(row.row, row.kind) for row in result.set_aside]


# ----------------------------------------------------------------------------------------------------- the common rules

DAY = "2024-01-01T"
LONG = telegram(
    (f"{DAY}08:00:00", "Anna", "Anyone up?"),
    (f"{DAY}09:00:00", "Ben", "Hello"),
    (f"{DAY}09:00:10", "Ben", "How are you?"),
    (f"{DAY}09:01:00", "Anna", "Fine"),
    (f"{DAY}09:02:00", "Anna", "And you?"),
    (f"{DAY}09:30:00", "Ben", "Fine too"),
    (f"{DAY}12:30:00", "Ben", "Lunch?"),
    (f"{DAY}12:31:00", "Anna", "Gladly"),
    (f"{DAY}15:31:01", "Anna", "Still hungry"),
    (f"{DAY}20:00:00", "Ben", "Good night"),
)


def test_turns_are_merged_cut_at_gaps_and_begin_with_the_user(tmp_path: Path) -> None:
    result = read(tmp_path / "result.json", LONG)
    assert (result.shape, result.voice, result.speakers) == (Shape.TELEGRAM, "Anna", {"Ben": 5, "Anna": 5})
    assert talks(result) == [
        [
            ("user", "Hello\nHow are you?"), ("assistant", "Fine\nAnd you?"),
            ("user", "Fine too\nLunch?"), ("assistant", "Gladly"),
        ]
    ]  # fmt: skip
    assert [(one.source, one.row) for one in result.examples] == [("result.json", 2)]
    assert aside(result) == [(9, "no answer"), (10, "no answer")]
    assert [row.reason for row in result.set_aside] == [
        "nobody but Anna speaks in this conversation",
        "Anna says nothing in this conversation",
    ]


def test_the_gap_is_a_choice_and_has_to_be_longer_than_it(tmp_path: Path) -> None:
    assert [len(talk) for talk in talks(read(tmp_path / "a.json", LONG, gap=2.9))] == [2, 2]
    assert [len(talk) for talk in talks(read(tmp_path / "a.json", LONG, gap=24))] == [4]
    ahead = read(tmp_path / "a.json", LONG, "Ben", gap=24)
    assert talks(ahead)[0][0] == ("user", "Anyone up?"), "with another voice other turns lead"
    for hours in (0, -1, float("nan"), float("inf")):
        with pytest.raises(UserError, match="cannot begin after"):
            ChatChoice("Anna", hours)


def test_a_conversation_in_which_the_voice_only_opens_is_set_aside(tmp_path: Path) -> None:
    result = read(
        tmp_path / "a.json", telegram((f"{DAY}08:00:00", "Anna", "Hi"), (f"{DAY}08:01:00", "Ben", "Hi")), strict=False
    )
    assert [row.reason for row in result.set_aside] == ["Anna opens this conversation and answers nothing in it"]


def test_in_a_group_each_writer_is_named_and_a_note_says_so(tmp_path: Path) -> None:
    group = telegram(
        (f"{DAY}08:00:00", "Ben", "Who cooks?"),
        (f"{DAY}08:00:10", "Ben", "I cannot"),
        (f"{DAY}08:01:00", "Cleo", "Not me"),
        (f"{DAY}08:02:00", "Anna", "Then I do"),
        name="Kitchen",
    )
    result = read(tmp_path / "a.json", group)
    assert talks(result) == [[("user", "Ben: Who cooks?\nI cannot\nCleo: Not me"), ("assistant", "Then I do")]]
    assert any("The chat Kitchen has more than two speakers" in note for note in result.notes)
    assert result.notes[-1] == PRIVACY


def test_a_voice_is_needed_and_has_to_be_one_of_the_speakers(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a chat between people\. .*Anna \(5\), Ben \(5\)\.") as caught:
        read(tmp_path / "a.json", LONG, None)
    assert "--voice NAME" in caught.value.hint
    with pytest.raises(UserError, match=r"Nobody called 'Zoe' speaks in a\.json.*Ben"):
        read(tmp_path / "a.json", LONG, "Zoe", strict=False)
    assert read(tmp_path / "a.json", LONG, " anna ").voice == "Anna"
    preview = preview_files([tmp_path / "a.json"])
    assert (preview.examples, preview.lacks_voice, preview.shape) == ([], True, Shape.TELEGRAM)
    assert preview.columns == [], "there is nothing to map"
    plain = tmp_path / "rows.jsonl"
    plain.write_text('{"prompt": "q", "completion": "an answer"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="no chat between people"):
        read_files([plain], chat=ChatChoice("Anna"))
    with pytest.raises(UserError, match="a chat between people"):
        read_files([plain, tmp_path / "a.json"])
    both = read_files([plain, tmp_path / "a.json"], chat=ChatChoice("Anna"))
    assert (both.shape, len(both.examples)) == (Shape.MIXED, 2)


def test_of_an_archive_only_the_chats_are_named_that_need_a_voice(tmp_path: Path) -> None:
    talk = tree("b", a=node("user", "q", None), b=node("assistant", "an answer", "a"))
    with zipfile.ZipFile(tmp_path / "mix.zip", "w") as mix:
        mix.writestr("gpt.json", json.dumps([talk]))
        mix.writestr("ben.json", json.dumps(LONG))
        mix.writestr("rows.jsonl", '{"prompt": "q", "completion": "an answer"}')
    with pytest.raises(UserError, match=r"^mix\.zip/ben\.json is a chat between people\. "):
        read_files([tmp_path / "mix.zip"])
    with pytest.raises(UserError, match=r"^Nobody called 'Zoe' speaks in mix\.zip/ben\.json\. "):
        read_files([tmp_path / "mix.zip"], chat=ChatChoice("Zoe"))
    with zipfile.ZipFile(tmp_path / "mix.zip", "a") as mix:
        mix.writestr("cleo.json", json.dumps(telegram((f"{DAY}08:00:00", "Cleo", "Hi"))))
    with pytest.raises(UserError, match=r"^mix\.zip/ben\.json, mix\.zip/cleo\.json are chats between people\. "):
        read_files([tmp_path / "mix.zip"])
    found = read_files([tmp_path / "mix.zip"], chat=ChatChoice("Anna"))
    assert "Nothing is taken of mix.zip/cleo.json: Anna says nothing in it." in found.notes


def test_the_page_of_chats_beside_their_data_is_left_out(tmp_path: Path) -> None:
    talk = tree("b", a=node("user", "q", None), b=node("assistant", "an answer", "a"))
    page = f"<html><body>{'<p>All that was said is shown here again.</p>' * 30}</body></html>"
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as export:
        export.writestr("gpt/chat.html", page)
        export.writestr("gpt/conversations.json", json.dumps([talk]))
        export.writestr("other/chat.html", page)
    found = read_files([tmp_path / "export.zip"])
    assert [source.name for source in found.sources] == [
        "export.zip/gpt/conversations.json", "export.zip/other/chat.html",
    ]  # fmt: skip
    assert any(note.startswith("Left out: export.zip/gpt/chat.html shows the same chats") for note in found.notes)


def test_a_version_remembers_whose_voice_it_has(tmp_path: Path) -> None:
    chat = telegram(
        *((f"2024-01-{day:02}T08:00:0{turn}", "Ben" if turn == 0 else "Anna", f"Day {day} {'?!'[turn]}")
          for day in range(1, 21) for turn in (0, 1))
    )  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(chat))
    project = create_project("Anna")
    version = import_files(project, [tmp_path / "a.json"], chat=ChatChoice("anna", 5)).version
    assert (version.sources[0].voice, version.sources[0].gap_hours) == ("Anna", 5)
    assert version.sources[0].shape == "Telegram chat"
    rows = sorted(one.row for name in SPLITS for one in load_split(project, version.id, name))
    assert rows == list(range(1, 41, 2))


def test_a_short_last_word_does_not_cost_the_conversation(tmp_path: Path) -> None:
    chat = telegram((f"{DAY}08:00:00", "Ben", "Coming?"), (f"{DAY}08:01:00", "Anna", "👍"))
    assert talks(read(tmp_path / "a.json", chat)) == [[("user", "Coming?"), ("assistant", "👍")]]


# ------------------------------------------------------------------------------------------------------------- Telegram


def test_telegram_texts_of_pieces_services_forwards_and_files(tmp_path: Path) -> None:
    plain = {"type": "message", "from": "Ben", "from_id": "user1", "date": f"{DAY}08:00:00"}
    chat = telegram(
        {**plain, "text": ["See ", {"type": "link", "text": "example.org"}, " now"]},
        {**plain, "type": "service", "action": "phone_call", "actor": "Ben", "text": ""},
        {**plain, "text": "", "photo": "(File not included)"},
        {**plain, "text": "A long article", "forwarded_from": "News"},
        {**plain, "from": "Anna", "from_id": "user2", "date": "?", "text": "Nice"},
        {**plain, "text": {"type": "bold", "text": []}},
        {**plain, "text": [[1]]},
        {**plain, "text": "x", "from": None, "from_id": None},
        "broken",
    )
    result = read(tmp_path / "result.json", chat)
    assert talks(result) == [[("user", "See example.org now"), ("assistant", "Nice")]]
    assert aside(result) == [(6, "not text"), (7, "not text"), (8, "no writer"), (9, "not a message")]
    notes = " ".join(result.notes)
    assert "without a readable date, taken to follow at once: 1" in notes
    for left_out in ("notices of the app: 1", "without text (pictures, recordings, files): 1", "forwarded messages: 1"):
        assert left_out in notes


def test_telegram_unix_time_goes_before_the_local_date(tmp_path: Path) -> None:
    chat = telegram((f"{DAY}02:59:00", "Ben", "Winter time"), (f"{DAY}02:01:00", "Anna", "Indeed"))
    chat["messages"][0]["date_unixtime"], chat["messages"][1]["date_unixtime"] = "1000", "1100000"
    assert talks(read(tmp_path / "a.json", chat, strict=False)) == []
    chat["messages"][1]["date_unixtime"] = "1120"
    assert len(talks(read(tmp_path / "a.json", chat))) == 1


def test_a_whole_telegram_account_numbers_through_and_lists_a_strangers_chat_once(tmp_path: Path) -> None:
    strangers = telegram(*((f"2024-01-{day:02}T08:00:00", "Radio", f"News {day}") for day in range(1, 9)), name="Radio")
    first = telegram((f"{DAY}08:00:00", "Ben", "Hello"), (f"{DAY}08:01:00", "Anna", "Hi Ben"))
    left = telegram((f"{DAY}08:00:00", "Cleo", "Hello"), (f"{DAY}08:01:00", "Anna", "Hi Cleo"))
    account = {"about": "…", "chats": {"list": [first, strangers, {"id": 9}]}, "left_chats": {"list": [left]}}
    result = read(tmp_path / "result.json", account)
    assert [(one.answer, one.row) for one in result.examples] == [("Hi Ben", 1), ("Hi Cleo", 11)]
    assert aside(result) == [(3, "another's chat")]
    assert result.set_aside[0].reason == "Anna says nothing in the chat Radio (messages: 8)"


def test_two_people_of_one_name_are_told_apart_and_one_with_two_names_is_one(tmp_path: Path) -> None:
    said = [("user1", "Anna"), ("user2", "Ben"), ("user3", "Ben"), ("user1", "Anna Q.")]
    messages = [
        {"type": "message", "date": f"{DAY}08:0{number}:00", "from_id": who, "from": name, "text": f"{number}: hello"}
        for number, (who, name) in enumerate(said)
    ]
    result = read(tmp_path / "a.json", telegram(*messages), "Anna Q.")
    assert result.speakers == {"Anna Q.": 2, "Ben (user2)": 1, "Ben (user3)": 1}
    assert talks(result)[0][0] == ("user", "Ben (user2): 1: hello\nBen (user3): 2: hello")


# -------------------------------------------------------------------------------------------------------------- Discord


def test_discord_nicknames_replies_bots_and_notices(tmp_path: Path) -> None:
    channel = discord(
        wrote(0, "ben", "Hello", nickname="Ben"),
        wrote(1, "dice", "You rolled 6", author={"isBot": True}),
        wrote(2, "ben", "pinned a message", nickname="Ben", type="ChannelPinnedMessage"),
        wrote(3, "ben", "", nickname="Ben", attachments=[{"fileName": "cat.png"}]),
        wrote(4, "anna", "Hi", nickname="Anna", type="Reply", reference={"messageId": "0"}),
    )
    result = read(tmp_path / "kitchen.json", channel)
    assert (result.shape, talks(result)) == (Shape.DISCORD, [[("user", "Hello"), ("assistant", "Hi")]])
    notes = " ".join(result.notes)
    assert "messages of bots: 1" in notes
    assert "notices of the app: 1" in notes
    assert "more than two speakers" not in notes
    bot = read(tmp_path / "kitchen.json", channel, "dice")
    assert talks(bot) == [[("user", "Ben: Hello"), ("assistant", "You rolled 6")]]


def test_discord_written_newest_first_is_turned_round(tmp_path: Path) -> None:
    result = read(tmp_path / "a.json", discord(wrote(5, "Anna", "Hi"), wrote(4, "Ben", "Hello")))
    assert talks(result) == [[("user", "Hello"), ("assistant", "Hi")]]
    assert result.examples[0].row == 2


# -------------------------------------------------------------------------------------------------------------- ChatGPT


def node(role: str | None, text: Any, parent: str | None, **more: Any) -> dict[str, Any]:
    if role is None:
        return {"message": None, "parent": parent, "children": []}
    content = text if isinstance(text, dict) else {"content_type": "text", "parts": [text]}
    message = {"author": {"role": role}, "content": content, "recipient": "all", "metadata": {}, **more}
    return {"message": message, "parent": parent, "children": []}


def tree(current: str, **nodes: dict[str, Any]) -> dict[str, Any]:
    return {"title": "A talk", "current_node": current, "mapping": nodes}


def test_chatgpt_takes_the_branch_of_the_current_node(tmp_path: Path) -> None:
    hidden = {"is_visually_hidden_from_conversation": True}
    picture = {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}, "What is this?"]}
    talk = tree(
        "h",
        a=node(None, "", None),
        b=node("system", "Secret", "a", metadata=hidden),
        c=node("system", "Be brief.", "b"),
        d=node("user", picture, "c"),
        old=node("assistant", "A dog", "d"),
        e=node("assistant", 'search("cat")', "d", recipient="browser"),
        f=node("tool", "A page", "e"),
        g=node("assistant", {"content_type": "thoughts", "thoughts": []}, "f"),
        h=node("assistant", "A cat\ue200cite\ue202turn0search1\ue201.", "g"),
    )
    result = read(tmp_path / "conversations.json", [talk], None)
    assert (result.shape, result.speakers, result.lacks_voice) == (Shape.CHATGPT, {}, False)
    assert talks(result) == [[("system", "Be brief."), ("user", "What is this?"), ("assistant", "A cat.")]]
    notes = " ".join(result.notes)
    assert "personal data" in notes
    for left_out in ("calls of tools and their results: 2", "parts that are no text: 1", "of the kind thoughts: 1"):
        assert left_out in notes


def test_chatgpt_answers_to_a_picture_alone_are_left_out(tmp_path: Path) -> None:
    picture = {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}]}
    talk = tree(
        "d", a=node("user", picture, None), b=node("assistant", "A cat", "a"),
        c=node("user", "Thanks", "b"), d=node("assistant", "Welcome", "c"),
    )  # fmt: skip
    assert talks(read(tmp_path / "a.json", [talk], None)) == [[("user", "Thanks"), ("assistant", "Welcome")]]


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (tree("b", a=node("user", "q", "b"), b=node("assistant", "an answer", "a")), "broken tree"),
        (tree("gone", a=node("user", "q", None)), "broken tree"),
        (tree("a", a=node("user", "q", None)), "no answer"),
        ({"mapping": {"a": 7}, "current_node": "a"}, "broken tree"),
        ({"mapping": [], "current_node": "a"}, "not a conversation"),
        (tree("a", a=node("robot", "q", None)), "not a conversation"),
        (tree("b", a=node("user", "\ud800", None), b=node("assistant", "an answer", "a")), "not text"),
        ({"mapping": {}, "current_node": ["a"]}, "broken tree"),
        ("text", "not a conversation"),
    ],
)  # fmt: skip
def test_chatgpt_sets_broken_conversations_aside(tmp_path: Path, talk: Any, kind: str) -> None:
    good = tree("b", a=node("user", "q", None), b=node("assistant", "an answer", "a"))
    result = read(tmp_path / "a.json", [good, talk], None)
    assert (len(result.examples), aside(result)) == (1, [(2, kind)])


# ----------------------------------------------------------------------------------------------------------- bad in all


def test_a_key_that_occurs_twice_is_no_message(tmp_path: Path) -> None:
    text = json.dumps(LONG).replace('"text": "Hello"', '"text": "Hello", "text": "Bye"')
    result = read(tmp_path / "a.json", text)
    assert (2, "not text") in aside(result)
    assert talks(result)[0][0] == ("user", "How are you?")


@pytest.mark.parametrize("chat", [telegram(), discord(), telegram((f"{DAY}08:00:00", "Ben", ""))])
def test_a_chat_without_a_word_is_a_sentence(tmp_path: Path, chat: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="nobody says a word"):
        read(tmp_path / "a.json", chat)


def test_openai_messages_are_no_chat(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "an answer"}]
    assert read(tmp_path / "a.json", {"messages": turns, "id": 1, "type": "x"}, None).shape is Shape.MESSAGES


def test_a_hundred_thousand_messages_take_seconds(tmp_path: Path) -> None:
    chat = telegram(
        *(
            (f"2024-01-{1 + number // 5000:02}T{number % 24:02}:00:00", "Anna" if number % 3 else "Ben", f"{number}")
            for number in range(100_000)
        )
    )
    began = time.process_time()
    result = read(tmp_path / "a.json", chat)
    assert time.process_time() - began < 60, "it is linear: some seconds"
    assert sum(len(one.messages) for one in result.examples) > 50_000
