"""WhatsApp's text: every spelling of its dates and times, and what WhatsApp itself says in many languages."""

import time
from pathlib import Path

import pytest

from localft.data.making.reading import ReadResult, read_files
from localft.data.shapes.chats import ChatChoice
from localft.data.shapes.detecting import Shape
from localft.errors import UserError


def read(path: Path, *lines: str, voice: str | None = "Anna", gap: float = 3, strict: bool = True) -> ReadResult:
    path.write_bytes("\n".join(lines).encode())
    return read_files([path], strict=strict, chat=ChatChoice(voice, gap))


def talks(result: ReadResult) -> list[list[tuple[str, str]]]:
    return [[(message.role, message.content) for message in one.messages] for one in result.examples]


@pytest.mark.parametrize(
    ("hello", "hours_later", "a_day_later"),
    [
        ("[31.12.23, 23:59:01] ", "[01.01.24, 00:05:00] ", "[02.01.24, 00:05:00] "),
        ("\u200e[31/12/2023, 23:59:01] ", "[01/01/2024, 00:05:00] ", "[02/01/2024, 00:05:00] "),
        ("[12/31/23, 11:59:01\u202fPM] ", "[1/1/24, 12:05:00\u202fAM] ", "[1/2/24, 12:05:00\u202fAM] "),
        ("[31/12/23, 11:59:01 p.\u00a0m.] ", "[1/1/24, 12:05:00 a.\u00a0m.] ", "[2/1/24, 12:05:00 a.\u00a0m.] "),
        ("[31.12.2023 klo 23.59.01] ", "[1.1.2024 klo 0.05.00] ", "[2.1.2024 klo 0.05.00] "),
        ("[2023/12/31 下午11:59:01] ", "[2024/1/1 上午12:05:00] ", "[2024/1/2 上午12:05:00] "),
        ("31/12/2023, 23:59 - ", "01/01/2024, 00:05 - ", "02/01/2024, 00:05 - "),
        ("12/31/23, 11:59\u202fPM - ", "1/1/24, 12:05\u202fAM - ", "1/2/24, 12:05\u202fAM - "),
        ("31.12.23, 23:59 - ", "01.01.24, 00:05 - ", "02.01.24, 00:05 - "),
        ("31/12/2023 à 23:59 - ", "01/01/2024 à 00:05 - ", "02/01/2024 à 00:05 - "),
        ("2023-12-31, 11:59 p.m. - ", "2024-01-01, 12:05 a.m. - ", "2024-01-02, 12:05 a.m. - "),
        ("\u200f31\u200f/12\u200f/2023، 11:59 م - ", "\u200f1\u200f/1\u200f/2024، 12:05 ص - ",
         "\u200f2\u200f/1\u200f/2024، 12:05 ص - "),
        ("٣١/١٢/٢٠٢٣، ١١:٥٩ م - ", "١/١/٢٠٢٤، ١٢:٠٥ ص - ", "٢/١/٢٠٢٤، ١٢:٠٥ ص - "),
        ("31.12.23, 23:59:01: ", "01.01.24, 00:05:00: ", "02.01.24, 00:05:00: "),
    ],
)  # fmt: skip
def test_every_spelling_of_date_and_time(tmp_path: Path, hello: str, hours_later: str, a_day_later: str) -> None:
    lines = [f"{hello}Ben: Hello", f"{hours_later}Anna: Hi", f"{a_day_later}Ben: Again", f"{a_day_later}Anna: Yes"]
    result = read(tmp_path / "chat.txt", *lines)
    assert (result.shape, result.speakers) == (Shape.WHATSAPP, {"Ben": 2, "Anna": 2})
    assert talks(result) == [
        [("user", "Hello"), ("assistant", "Hi")],
        [("user", "Again"), ("assistant", "Yes")],
    ]
    assert [one.row for one in result.examples] == [1, 3]


@pytest.mark.parametrize(
    ("days", "conversations"),
    [
        (["01/02/24", "02/02/24", "13/02/24"], 3),  # Day first: the last one decides.
        (["02/01/24", "02/02/24", "02/13/24"], 3),  # Month first.
        (["30/01/24", "31/01/24", "01/02/24"], 3),
        (["31/04/24", "12/05/24", "13/05/24"], 2),  # There is no 31 April: taken to follow at once.
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_whole_file(
    tmp_path: Path, days: list[str], conversations: int
) -> None:
    lines = [f"{day}, 10:0{turn} - {who}: {day} {who}" for day in days for turn, who in enumerate(["Ben", "Anna"])]
    assert len(read(tmp_path / "chat.txt", *lines).examples) == conversations


def test_an_ambiguous_file_is_read_so_that_it_goes_forward(tmp_path: Path) -> None:
    # Month first these are 1 and 2 February, day first 2 January and 2 February: midnight is no gap in February only.
    lines = ["2/1/24, 11:59 PM - Ben: Late", "2/2/24, 12:01 AM - Anna: Early"]
    assert len(read(tmp_path / "chat.txt", *lines).examples) == 1
    lines = [line.replace("PM", "pm").replace("AM", "am") for line in lines]
    assert read(tmp_path / "chat.txt", *lines, strict=False).examples == []


def test_messages_of_several_lines_and_dates_inside_them(tmp_path: Path) -> None:
    result = read(
        tmp_path / "chat.txt",
        "[31.12.23, 10:00:00] Ben: A list:\r", "- eggs\r", "\r", "12.01.24, 10:30 - dentist: no\r",
        "[31.12.23, 10:01:00] Anna: Got it: all of it\r",
    )  # fmt: skip
    assert talks(result) == [
        [("user", "A list:\n- eggs\n\n12.01.24, 10:30 - dentist: no"), ("assistant", "Got it: all of it")]
    ]


OWN_WORDS = [
    "<Media omitted>", "<Medien ausgeschlossen>", "<Multimedia omitido>", "<Médias omis>", "<Media weggelaten>",
    "<Mídia oculta>", "<Без медиафайлов>", "<メディアは含まれていません>", "null",
    "\u200eimage omitted", "\u200eBild weggelassen", "image omitted", "sticker omitido", "\u200e何か",
    "\u200e<attached: 00000012-PHOTO-2023.jpg>", "IMG-20231231-WA0001.jpg (file attached)",
    "\u200eIMG-20231231-WA0001.jpg (Datei angehängt)", "You deleted this message", "This message was deleted.",
    "\u200eDu hast diese Nachricht gelöscht.", "Ce message a été supprimé", "", "Missed voice call",
    "Waiting for this message. This may take a while.", "Live-Standort geteilt",
]  # fmt: skip


@pytest.mark.parametrize("own", OWN_WORDS)
def test_what_whatsapp_says_itself_is_left_out(tmp_path: Path, own: str) -> None:
    lines = ["31/12/2023, 10:00 - Ben: Hello", f"31/12/2023, 10:01 - Ben: {own}", "31/12/2023, 10:02 - Anna: Hi"]
    result = read(tmp_path / "chat.txt", *lines)
    assert talks(result) == [[("user", "Hello"), ("assistant", "Hi")]]
    assert any(note.startswith("Left out of chat.txt: ") for note in result.notes)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<b>", "<b>"), ("<3 <3", "<3 <3"), ("a <b c d>", "a <b c d>"), ("See: this (and)", "See: this (and)"),
        ("\u200eIMG-1.jpg (file attached)\nMy cat", "My cat"), ("<Media omitted>\nMy cat", "My cat"),
        ("a" + " " * 200_000 + "b", "a" + " " * 200_000 + "b"), ("Nice \u200e<a 2>", "Nice"),
        ("Nice \u200e<This message was edited>", "Nice"), ("Gut <Diese Nachricht wurde bearbeitet.>", "Gut"),
        ("Missed voice call from Anna", "Missed voice call from Anna"),
        ("@\u2068Cleo\u2069 look", "@Cleo look"), ("👩\u200d🍳", "👩\u200d🍳"),
    ],
)  # fmt: skip
def test_what_people_write_stays(tmp_path: Path, written: str, kept: str) -> None:
    result = read(tmp_path / "chat.txt", f"31/12/2023, 10:00 - Ben: {written}", "31/12/2023, 10:02 - Anna: Hi")
    assert talks(result) == [[("user", kept), ("assistant", "Hi")]]


def test_lines_without_a_name_are_notices_and_strangers_have_a_tilde(tmp_path: Path) -> None:
    result = read(
        tmp_path / "chat.txt",
        "[31.12.23, 09:00:00] Kitchen: \u200eMessages and calls are end-to-end encrypted.",
        "[31.12.23, 09:01:00] \u200eYou created this group",
        '[31.12.23, 09:02:00] Ben changed the name to "Food: now"',
        "[31.12.23, 10:00:00] ~\u202fBen: Hello",
        "[31.12.23, 10:01:00] \u200eAnna: Hi",
    )
    assert result.speakers == {"Ben": 1, "Anna": 1}
    assert talks(result) == [[("user", "Hello"), ("assistant", "Hi")]]


def test_what_stands_before_the_first_message_and_bytes_of_no_encoding_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    lines = [b"History", b"31/12/2023, 10:00 - Ben: \xff\xfe\xfa", b"31/12/2023, 10:01 - Ben: Hello",
             b"31/12/2023, 10:02 - Anna: Hi"]  # fmt: skip
    path.write_bytes(b"\n".join(lines))
    result = read_files([path], chat=ChatChoice("Anna"))
    assert [(row.row, row.kind) for row in result.set_aside] == [(1, "not a message"), (2, "undecodable")]
    assert talks(result) == [[("user", "Hello"), ("assistant", "Hi")]]


@pytest.mark.parametrize(
    "lines",
    [
        ["Minutes", "Present: Ms. Smith", "15.01.2024 10:30: Opening by Ms. Smith: welcome", "She thanked all."],
        ["15.01.2024, 10:30: Opening: welcome", "15.01.2024, 10:45: Report: all is well"],
        [f"[2024-01-15 10:30:{second:02}] INFO: started" for second in range(30)],
        [f"2024-01-15 10:30:{second:02} - server WARNING: slow" for second in range(30)],
        [f"{day}/12/2023, 10:00 - I went to the shop, and home again." for day in range(1, 30)],
        [
            "1/12/2023, 10:00 - Ben: Hello",
            "1.12.2023, 10:00 - Opening",
            "[1/12/2023, 10:00] Break",
            "1-12-2023 10:00 - End",
        ],
    ],
)
def test_minutes_logs_and_diaries_are_documents(tmp_path: Path, lines: list[str]) -> None:
    result = read(tmp_path / "a.txt", *lines, voice=None)
    assert (result.shape, result.speakers) == (Shape.TEXT, {})
    assert result.examples[0].text == "\n".join(lines)


def test_many_may_enter_a_group_before_anybody_speaks(tmp_path: Path) -> None:
    notices = ["31/12/2023, 10:00 - Messages are encrypted.", *["31/12/2023, 10:00 - Ben added Cleo"] * 30]
    talk = [f"31/12/2023, 11:{turn:02} - {'Anna' if turn % 2 else 'Ben'}: word {turn}" for turn in range(40)]
    assert read(tmp_path / "a.txt", *notices, *talk).speakers == {"Ben": 20, "Anna": 20}


def test_impossible_times_follow_at_once_and_notices_alone_are_a_sentence(tmp_path: Path) -> None:
    result = read(tmp_path / "a.txt", "31/12/2023, 10:00 - Ben: Hello", "99/99/2023, 77:99 - Anna: Hi")
    assert len(result.examples) == 1
    assert any("without a readable date" in note for note in result.notes)
    with pytest.raises(UserError, match="nobody says a word"):
        read(tmp_path / "a.txt", *["[31.12.23, 09:01:00] \u200eMessages are encrypted."] * 2)


def test_a_hundred_thousand_lines_and_one_endless_line_take_seconds(tmp_path: Path) -> None:
    lines = [
        f"{1 + day % 28:02}/{1 + day // 28:02}/2023, 10:{turn % 60:02} - {'Ben' if turn % 2 else 'Anna'}: {day} {turn}"
        for day in range(336)
        for turn in range(300)
    ]
    began = time.process_time()
    assert len(read(tmp_path / "chat.txt", *lines).examples) == 336
    nasty = ["31/12/2023, 10:00 - Ben: " + "<a " * 200_000, "31/12/2023, 10:01 - Anna: " + " (" * 200_000]
    assert len(read(tmp_path / "chat.txt", *nasty).examples) == 1
    assert time.process_time() - began < 60, "it is linear: some seconds"


@pytest.mark.parametrize(
    "poll",
    [
        ["\u200ePOLL:", "Eggs?", "\u200eOPTION: Soft (\u200e2 votes)", "\u200eOPTION: Hard (\u200e0 votes)", ""],
        ["POLL:", "Eggs?", "OPTION: Soft (2 votes)", "OPTION: Hard (0 votes)"],
        ["UMFRAGE:", "Eier?", "OPTION: Weich (1 Stimme)"],
        ["SONDAGE :", "Œufs ?", "OPTION : Mollets (2 votes)"],
    ],
)
def test_polls_are_no_words_of_a_person(tmp_path: Path, poll: list[str]) -> None:
    at = "31/12/2023, 23:59 - "
    first, *rest = poll
    lines = [f"{at}Ben: Hello", f"{at}Anna: {first}", *rest, f"{at}Anna: Hi", f"{at}Ben: Poll: a or b", f"{at}Anna: b"]
    result = read(tmp_path / "chat.txt", *lines)
    assert talks(result) == [[("user", "Hello"), ("assistant", "Hi"), ("user", "Poll: a or b"), ("assistant", "b")]]
    assert any("polls: 1" in note for note in result.notes)


def test_deleted_messages_in_vietnamese_are_left_out(tmp_path: Path) -> None:
    at = "31/12/2023, 23:59 - "
    deleted = [f"{at}Ben: Tin nhắn này đã bị xóa", f"{at}Anna: Bạn đã xóa tin nhắn này"]
    result = read(tmp_path / "chat.txt", f"{at}Ben: Xin chào", *deleted, f"{at}Anna: Chào")
    assert talks(result) == [[("user", "Xin chào"), ("assistant", "Chào")]]
