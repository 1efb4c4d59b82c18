"""Whatever an export of a chat holds, reading ends with rows or with a sentence, and no conversation is misshapen."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.chats import ChatChoice
from localft.errors import UserError

QUIET = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["Anna", "Ben", "Cleo", "anna"])
DATES = st.sampled_from(
    ["2024-01-01T10:00:00", "2024-01-01T18:00:00+14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "no"]
)


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Good three times of four, so that bad values meet good ones."""
    return st.one_of(good, good, good, JSON)


TELEGRAM = st.fixed_dictionaries(
    {"type": mostly(st.just("message")), "date": mostly(DATES), "from": mostly(NAMES), "text": mostly(TEXT)},
    optional={"from_id": mostly(NAMES), "date_unixtime": JSON | st.just("1e400"), "forwarded_from": JSON},
)
AUTHOR = st.fixed_dictionaries({"id": mostly(NAMES), "name": mostly(NAMES)}, optional={"nickname": JSON, "isBot": JSON})
DISCORD = st.fixed_dictionaries(
    {
        "timestamp": mostly(DATES),
        "content": mostly(TEXT),
        "author": mostly(AUTHOR),
    },
    optional={"type": mostly(st.just("Default")), "attachments": JSON},
)  # fmt: skip
NODE_IDS = st.sampled_from(["a", "b", "c", "d"])
NODE = st.fixed_dictionaries(
    {
        "parent": mostly(NODE_IDS | st.none()),
        "message": mostly(
            st.fixed_dictionaries(
                {
                    "author": mostly(st.fixed_dictionaries({"role": mostly(st.sampled_from(["user", "assistant"]))})),
                    "content": mostly(
                        st.fixed_dictionaries(
                            {
                                "content_type": mostly(st.just("text")),
                                "parts": mostly(st.lists(TEXT | JSON, max_size=2)),
                            }
                        )
                    ),
                },
                optional={"recipient": JSON, "metadata": JSON},
            )
        ),
    }
)
CHATGPT = st.lists(
    mostly(
        st.fixed_dictionaries(
            {"mapping": mostly(st.dictionaries(NODE_IDS, mostly(NODE), max_size=4)), "current_node": mostly(NODE_IDS)}
        )
    ),
    max_size=3,
)


def read_or_be_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for voice in (None, "Anna"):
        try:
            result = read_files([path], strict=False, chat=ChatChoice(voice))
        except UserError as error:
            assert error.message.strip()
        else:
            check(result)


def check(result: ReadResult) -> None:
    for row in result.set_aside:
        assert row.row >= 1
        assert row.reason
        row.text.encode("utf-8")
    for example in result.examples:
        example.model_dump_json()
        roles = [message.role for message in example.messages if message.role != "system"]
        if result.speakers:
            assert roles == ["user", "assistant"] * (len(roles) // 2), "they take turns, and the assistant has the last"
    for note in result.notes:
        note.encode("utf-8")


@QUIET
@given(messages=st.lists(mostly(TELEGRAM), max_size=6), name=JSON, whole=st.booleans())
def test_any_telegram(tmp_path: Path, messages: list[Any], name: Any, whole: bool) -> None:
    chat = {"name": name, "type": "personal_chat", "id": 1, "messages": messages}
    value = {"chats": {"list": [chat, name, chat]}} if whole else chat
    read_or_be_told(tmp_path / "result.json", json.dumps(value).encode())


@QUIET
@given(messages=st.lists(mostly(DISCORD), max_size=6), channel=JSON)
def test_any_discord(tmp_path: Path, messages: list[Any], channel: Any) -> None:
    read_or_be_told(tmp_path / "a.json", json.dumps({"channel": channel, "messages": messages}).encode())


@QUIET
@given(conversations=CHATGPT)
def test_any_chatgpt(tmp_path: Path, conversations: list[Any]) -> None:
    read_or_be_told(tmp_path / "conversations.json", json.dumps(conversations).encode())


PIECES = st.sampled_from(
    ["[31.12.23, 23:59:01] ", "31/12/2023, 23:59 - ", "12/31/23, 11:59\u202fPM - ", "99/99/99, 99:99 - ", "\u200e",
     "Anna: ", "Ben: ", "<Media omitted>", "<This message was edited>", "\n", "\r\n", ": ", "a.jpg (file attached)"]
)  # fmt: skip


@QUIET
@given(pieces=st.lists(PIECES | TEXT, max_size=20))
def test_any_whatsapp(tmp_path: Path, pieces: list[str]) -> None:
    read_or_be_told(tmp_path / "chat.txt", "".join(pieces).encode("utf-8", errors="surrogatepass"))
