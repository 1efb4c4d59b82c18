"""Chats that are exported as tables or as pages: read where they say who answers whom, else refused with what to do."""

from pathlib import Path

import pytest

from localft.data.making.reading import read_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape
from localft.errors import UserError


def test_discord_as_a_table(tmp_path: Path) -> None:
    lines = [
        "AuthorID,Author,Date,Content,Attachments,Reactions",
        '"1","anna","2024-01-01T10:01:00.0000000+00:00","Six minutes.","",""',
        '"2","ben","2024-01-01T10:00:00.0000000+00:00","How long for eggs?\nSoft ones.","",""',
        '"2","ben","2024-01-01T09:59:00.0000000+00:00","","https://a.b/c.png",""',
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = read_files([path], chat=ChatChoice("anna"))
    assert result.shape is Shape.DISCORD
    (talk,) = result.examples
    assert [(turn.role, turn.content) for turn in talk.messages] == [
        ("user", "How long for eggs?\nSoft ones."),
        ("assistant", "Six minutes."),
    ]
    assert "Left out of a.csv: messages without text (pictures, recordings, files): 1." in result.notes
    assert read_files([path], strict=False).lacks_voice
    assert read_files([path], {"prompt": "Author", "answer": "Content"}, chat=ChatChoice(taken_as="document")).examples


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.html", "<!DOCTYPE html><html><style>.chatlog__message-group {}</style><body>Hi</body></html>", "Discord"),
        ("a.txt", f"{'=' * 62}\nGuild: Home\nChannel: kitchen\n{'=' * 62}\n\n[1/1/2024 9:00 AM] ben\nHi\n", "Discord"),
    ],
)
def test_a_chat_that_was_exported_to_be_read_is_no_text_to_learn(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=rf"{name} is a {says} chat, exported .* read") as refused:
        read_files([path])
    assert "JSON" in refused.value.hint
    (example,) = read_files([path], chat=ChatChoice(taken_as="document")).examples
    assert "Hi" in example.text


def page(*messages: str) -> str:
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"/></head><body><div class="page_wrap">'
        '<div class="page_header"><div class="content">\n<div class="text bold">\nEggs & more \n</div></div></div>'
        f'<div class="page_body chat_page"><div class="history">{"".join(messages)}</div></div></div></body></html>'
    )


def message(number: int, text: str, writer: str = "", time: str = "10:00:00 UTC+01:00", more: str = "") -> str:
    named = f'<div class="from_name">\n{writer} <span class="details">via @bot</span>\n</div>' if writer else ""
    return (
        f'<div class="message default clearfix{"" if writer else " joined"}" id="message{number}">'
        f'<div class="body"><div class="pull_right date details" title="05.01.2024 {time}">\n10:00\n</div>{named}{more}'
        f'<div class="text">\n{text}\n       </div></div></div>'
    )


FORWARDED = '<div class="forwarded body"><div class="from_name">Carl</div><div class="text">Of Carl</div></div>'
DAY = '<div class="message service" id="message-1"><div class="body details">\n5 January 2024\n</div></div>'
JOINED = '<div class="message service" id="message3"><div class="body details">Ben joined</div></div>'


def test_a_telegram_chat_as_a_page_is_read(tmp_path: Path) -> None:
    path = tmp_path / "messages.html"
    told = page(
        DAY,
        JOINED,
        message(4, 'How long for <a href="https://eggs.example">eggs</a>?<br>Soft &lt;ones&gt;.', "Ben"),
        message(5, "And in the Alps?"),
        message(6, "", "Anna", more=FORWARDED).replace('<div class="text">\n\n       </div>', ""),
        message(7, "Six minutes.", "Anna", "10:05:00 UTC+01:00"),
        message(8, "Thanks", "Ben", "23:00:00"),
        message(9, "Always.", "Anna", "23:01:00"),
    )
    path.write_text(told, encoding="utf-8")
    found = read_files([path], chat=ChatChoice("anna"))
    assert found.shape is Shape.TELEGRAM
    assert [[(turn.role, turn.content) for turn in one.messages] for one in found.examples] == [
        [("user", "How long for eggs?\nSoft <ones>.\nAnd in the Alps?"), ("assistant", "Six minutes.")],
        [("user", "Thanks"), ("assistant", "Always.")],
    ]
    assert "Left out of messages.html: notices of the app: 1; forwarded messages: 1." in found.notes
    asked = read_files([path], strict=False)
    assert asked.lacks_voice
    assert asked.speakers == {"Ben": 3, "Anna": 2}
    (example,) = read_files([path], chat=ChatChoice(taken_as="document")).examples
    assert "Six minutes." in example.text


def test_a_page_without_a_word_is_told(tmp_path: Path) -> None:
    path = tmp_path / "messages.html"
    path.write_text(page(DAY, JOINED), encoding="utf-8")
    with pytest.raises(UserError, match="nobody says a word"):
        read_files([path])
