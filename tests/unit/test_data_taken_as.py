"""What a text file is can be said where it looks like something else: a chat, or a document."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.importing import preview_files
from localft.data.making.reading import read_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape
from localft.errors import UserError
from localft.store.projects import create_project
from localft.ui.data_chats import chosen

CHAT = "".join(f"31/12/2023, 23:{n:02} - {'Anna' if n % 2 else 'Ben'}: what is number {n}?\n" for n in range(10))
NOTES = "A diary.\n\n" * 30 + "31/12/2023, 23:01 - Anna: something was said\n31/12/2023, 23:02 - Ben: so it was\n"
TELEGRAM = {
    "name": "Ben", "type": "personal_chat", "id": 1,
    "messages": [
        {"id": n, "type": "message", "date": f"2026-01-01T10:0{n}:00", "from": "AB"[n % 2], "from_id": "ab"[n % 2],
         "text": f"words {n}"} for n in range(6)
    ],
}  # fmt: skip


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["chat.txt", "chat"])
def test_a_chat_is_read_as_a_document(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, CHAT)
    assert preview_files([path]).speakers
    read = read_files([path], chat=ChatChoice(taken_as="document"))
    assert (read.shape, read.speakers) == (Shape.TEXT, {})
    assert read.examples[0].text.startswith("31/12/2023, 23:00 - Ben: what is number 0?")


def test_questions_are_read_as_a_document(tmp_path: Path) -> None:
    path = write(tmp_path, "faq.txt", "Q: Who?\nA: Me.\n\nQ: Why?\nA: So.\n")
    assert read_files([path]).shape is Shape.QUESTIONS
    assert read_files([path], chat=ChatChoice(taken_as="document")).shape is Shape.TEXT


@pytest.mark.parametrize("name", ["notes.txt", "notes.md"])
def test_a_document_is_read_as_a_chat(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, NOTES)
    assert read_files([path]).shape is Shape.TEXT
    read = read_files([path], chat=ChatChoice("Ben", taken_as="chat"))
    assert (read.shape, read.speakers) == (Shape.WHATSAPP, {"Anna": 1, "Ben": 1})
    assert read.examples[0].answer == "so it was"


@pytest.mark.parametrize(("name", "text"), [("a.txt", "No date at all.\n"), ("a.json", '[{"prompt": "a"}]')])
def test_what_is_no_chat_is_refused(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{name} holds no chat that localft knows"):
        read_files([write(tmp_path, name, text)], chat=ChatChoice(taken_as="chat"))


def test_a_chat_in_json_is_read_as_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "result.json", json.dumps(TELEGRAM))
    assert preview_files([path]).speakers
    assert preview_files([path], chat=ChatChoice(taken_as="document")).speakers == {}


def test_tables_stay_tables(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "prompt,answer\nwhy,because\n")
    for taken_as in ("chat", "document"):
        assert read_files([path], chat=ChatChoice(taken_as=taken_as)).shape is Shape.PROMPT_COMPLETION


def test_the_choice_of_the_command_and_of_the_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_project("Notes")
    path = write(tmp_path, "chat.txt", CHAT)
    command = ["data", "import", "notes", str(path), "--dry-run", "--json"]
    assert main([*command, "--as", "document"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == "plain text"
    assert main([*command, "--voice", "Ben", "--as", "chat"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == "WhatsApp chat"
    # Whose voice it was in the chat says nothing of a document.
    assert chosen("Ben", 3, "best", "document") == ChatChoice(taken_as="document")
    assert chosen("Ben", 3, "best", "chat") == ChatChoice("Ben", taken_as="chat")
    with pytest.raises(UserError, match="cannot be read as 'poem'"):
        ChatChoice(taken_as="poem")  # ty: ignore[invalid-argument-type]
