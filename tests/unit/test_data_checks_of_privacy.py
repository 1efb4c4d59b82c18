"""Personal data is found however it is written, in calls of tools too, and what only looks like it is left alone."""

import json
from typing import Any

import pytest

from localft.data.checks.calls import texts_of
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.privacy import KINDS, Privacy, first_find, redacted
from localft.data.examples import Example, Message
from localft.data.repairs.mending import REPAIRS
from localft.data.versions import DatasetVersion

VERSION = DatasetVersion(
    id="any", created_at="", sources=(), seed=1, ratios=(0.8, 0.1, 0.1),
    counts={"train": 1, "validation": 0, "test": 0}, set_aside=0, sha256="",
)  # fmt: skip
OF = {kind.name: kind for kind in KINDS}


def calling(arguments: Any) -> Example:
    call = {"type": "function", "id": "1", "function": {"name": "send", "arguments": arguments}}
    return Example(
        messages=(
            Message(role="user", content="Do it."),
            Message(role="assistant", content="", tool_calls=(call,)),
        )
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("4111 1111 1111 1111.", "[card number]."),
        ("Pay with 4111-1111-1111-1111, or not.", "Pay with [card number], or not."),
        ("4111 1111 1111 1111 12/27", "[card number] 12/27"),
        ("4111111111111111 123", "[card number] 123"),
        ("12 4111 1111 1111 1111 123", "12 [card number] 123"),
        ("1234 4111 1111 1111 1111", "1234 [card number]"),
        ("No.4111111111111111", "No.[card number]"),
        ("378282246310005 or 3782 822463 10005", "[card number] or [card number]"),
        ("3782 822463 10005 12/27 4111 1111 1111 1111 7.50 EUR", "[card number] 12/27 [card number] 7.50 EUR"),
        ("4111 1111 1111 1111 4111 1111 1111 1111", "[card number] [card number]"),
        ("2223 0031 2200 3222 or 2223003122003222", "[card number] or [card number]"),
        ("Pay with 4111\u00a01111\u00a01111\u00a01111 \u2013 now", "Pay with [card number] \u2013 now"),
    ],
)
def test_card_numbers_are_found_with_what_stands_beside_them(text: str, left: str) -> None:
    assert redacted(text, OF["card numbers"]) == left


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112.",
        "3.141592653589793238",
        "1234567890123456",
        "4111" * 9,
        "978-3-16-148410-0",
        "2024013110203009",
    ],
)
def test_other_numbers_are_no_cards(text: str) -> None:
    assert redacted(text, OF["card numbers"]) == text


@pytest.mark.parametrize(
    "number",
    ["030 1234567", "(030) 1234567", "0170-1234567", "089/123456", "030 123 45 67", "0161 496 0000", "06 12 34 56 78",
     "01.23.45.67.89", "06-12345678", "+49 170 1234567", "(212) 555-0123", "0049 170 1234567", "0044 20 7946 0958",
     "090-1234-5678", "8 (912) 345-67-89", "(11) 91234-5678", "+49\u202f170\u20111234567"],
)  # fmt: skip
def test_telephone_numbers_of_several_countries(number: str) -> None:
    assert redacted(f"Call {number}.", OF["telephone numbers"]) == "Call [telephone number]."


@pytest.mark.parametrize(
    "text",
    ["05-12-2024 10:20", "01/02/2024", "02 03 2024", "0.123 456 789", "007 1234", "2024-01-02 03:04:05", "00 12 34 56",
     "10 000 000 000", "100 200 3000", "EUR 100-200-3000", "00 49 170", "(123) 456 7890", "part 0123-456",
     "08:15 0900"],
)  # fmt: skip
def test_other_numbers_are_no_telephone_numbers(text: str) -> None:
    assert redacted(text, OF["telephone numbers"]) == text


@pytest.mark.parametrize(
    "text",
    ["Call me at {}.", "phone: {}", "My mobile number is {}, thanks", "Tel. {}", "Handynummer {}", "Handynr.: {}",
     "Teléfono: {}", "téléphone : {}", "WhatsApp (+{})", "Erreichbar unter {}", "Тел: {}"],
)  # fmt: skip
def test_digits_alone_are_a_telephone_number_where_it_is_said_so(text: str) -> None:
    for number in ("01711234567", "0612345678", "4155550132", "491711234567"):
        expected = text.replace("+{}" if "+{}" in text else "{}", "[telephone number]")
        assert redacted(text.format(number), OF["telephone numbers"]) == expected


@pytest.mark.parametrize(
    "text",
    ["Order 01711234567", "Call 20240131", "phone 123456789012345678", "The phone costs much; item 4155550132",
     "Telephone lines, of which 123456789 are in use", "id=4155550132", "see cell 123456789", "a phone\n0612345678"],
)  # fmt: skip
def test_digits_alone_are_no_telephone_number_elsewhere(text: str) -> None:
    assert redacted(text, OF["telephone numbers"]) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Reach me at anna [at] firma [dot] de today.", "Reach me at [e-mail address] today."),
        ("anna.b(AT)mail.firma(DOT)de", "[e-mail address]"),
        ("anna (at) firma.de, bob{at}firma{punkt}com", "[e-mail address], [e-mail address]"),
        ("anna@firma.de: she knows", "[e-mail address]: she knows"),
        ("anna@firma.de:hunter2", "[e-mail address]:hunter2"),
    ],
)
def test_addresses_are_found_however_they_are_spelled(text: str, left: str) -> None:
    assert redacted(text, OF["e-mail addresses"]) == left
    example = Example(messages=(Message(role="user", content="Ask?"), Message(role="assistant", content=text)))
    check = Privacy()
    check.look(Row("train", 0, example))
    assert check.found["e-mail addresses"].count == 1


@pytest.mark.parametrize(
    "text",
    ["git@github.com:owner/repo.git", "git clone ssh://git@gitlab.com/a/b", "scp x.txt bob@web.firma.org:/srv/www",
     "bob@web.firma.org:notes.txt", "array[at].length", "Look (at) this. Then go.", "x[at] = y.z", "cat [at] home",
     "anna [at] example [dot] com"],
)  # fmt: skip
def test_what_only_looks_like_an_address_is_left_alone(text: str) -> None:
    assert redacted(text, OF["e-mail addresses"]) == text


@pytest.mark.parametrize("number", ["078-05-1120", "SSN: 078 05 1120", "social security number is 899.99.9999"])
def test_social_security_numbers_are_found(number: str) -> None:
    assert redacted(f"His {number}.", OF["social security numbers"]).endswith("[social security number].")


@pytest.mark.parametrize(
    "text",
    ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-4567", "123-45-0000", "123456789", "123 45 6789",
     "100.20.3000", "1-123-45-6789", "123-45-6789-0", "123-45 6789", "SSN 123456789", "part A123-45-6789"],
)  # fmt: skip
def test_other_numbers_are_no_social_security_numbers(text: str) -> None:
    assert redacted(text, OF["social security numbers"]) == text


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ({"to": ["ann.lee@mail.com"], "n": 1}, {"to": ["[e-mail address]"], "n": 1}),
        (json.dumps({"to": "ann.lee@mail.com", "n": 1}), json.dumps({"to": "[e-mail address]", "n": 1})),
        ("to ann.lee@mail.com", "to [e-mail address]"),
    ],
)
def test_calls_of_tools_are_looked_at_and_mended(arguments: Any, left: Any) -> None:
    row = Row("train", 0, calling(arguments))
    kind = OF["e-mail addresses"]
    assert first_find(kind, row.example) is not None
    (mended,) = REPAIRS["e-mail addresses"].rows(CheckContext([row], VERSION))
    assert first_find(kind, mended.example) is None
    assert mended.example == calling(left)


def test_a_card_number_in_a_call_that_is_a_number_becomes_a_text() -> None:
    row = Row("train", 0, calling('{"card": 4111111111111111, "really": true}'))
    (mended,) = REPAIRS["card numbers"].rows(CheckContext([row], VERSION))
    assert mended.example == calling('{"card": "[card number]", "really": true}')
    assert list(texts_of(row.example.messages[-1])) == ["", "4111111111111111"]
