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
        (
            "messages.html",
            '<html><body><div class="page_body chat_page"><div class="message default">Hi</div></div></body></html>',
            "Telegram",
        ),
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
