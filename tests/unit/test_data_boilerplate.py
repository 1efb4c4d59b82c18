"""Refusals, placeholders and damaged letters as they are commonest are found; what only looks like them is not."""

import pytest

from localft.data.checks import encoding_damage
from localft.data.checks.boilerplate import KINDS, without
from localft.data.checks.finding import Row
from localft.data.checks.privacy import KINDS as PERSONAL
from localft.data.examples import Example, Message

REFUSALS, PLACEHOLDERS = KINDS


def answered(text: str) -> Row:
    return Row(
        "train", 0, Example(messages=(Message(role="user", content="So?"), Message(role="assistant", content=text)))
    )


@pytest.mark.parametrize(
    "text",
    [
        "I cannot fulfill this request.", "I can’t fulfil that.", "I'm unable to assist with that request.",
        "I’m not able to help with this.", "I'm an AI language model.", "I'm just an AI", "Well, I am an AI.",
        "I was trained by OpenAI.", "I'm Claude, made by Anthropic.", "I'm ChatGPT.", "I am a large language model.",
        "As of my last update in September 2021, it was so.", "As of my last update, it is blue.",
    ],
)  # fmt: skip
def test_words_of_other_models_are_found(text: str) -> None:
    assert without(REFUSALS)(0, answered(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "I'm Claude from the support.", "I'm an AI engineer.", "I was trained by my father.", "I'm unable to sleep.",
        "As of my last update to your ticket nothing moved.", "I cannot full-time work.", "It is an AI language model.",
    ],
)  # fmt: skip
def test_words_of_people_are_no_refusals(text: str) -> None:
    row = answered(text)
    assert without(REFUSALS)(0, row) is row


@pytest.mark.parametrize(
    "text",
    [
        "Dear <NAME>,", "Dear <FIRST_NAME>,", "Hello [Customer Name]!", "Call [PHONE NUMBER].", "Write to [EMAIL].",
        "The price is TBD.", "Dear XXX, hello", "My name is ____.", "Name:____", "____ is my name", "`x` by <NAME>",
    ],
)  # fmt: skip
def test_placeholders_are_found(text: str) -> None:
    assert without(PLACEHOLDERS)(0, answered(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        *(f"See {kind.stand_in}." for kind in PERSONAL), "A List<T>, a Map<NAME>, a <div> and <DIV>, <s>, <PAD>.",
        "See [Street Address](https://mail.com) and [Full Name][1].", "Super Bowl XXX", "xxx", "Above\n____\nbelow",
        "`SELECT [Customer Name]`", "```sql\nSELECT [Customer Name], 'TBD' FROM x\n```", "rows[CITY]", "snake____case",
        "- [x] done", "[1] See below.", "<b>NAME</b>", "[Note]: so it is", "```\n<NAME>",
    ],
)  # fmt: skip
def test_marks_code_and_markdown_are_no_placeholders(text: str) -> None:
    row = answered(text)
    assert without(PLACEHOLDERS)(0, row) is row


@pytest.mark.parametrize("text", ["привет", "Скажи, где мой ключ?", "Καλημέρα κόσμε", "你好，世界", "Straße und Café"])
@pytest.mark.parametrize("read_as", ["cp1252", "latin-1"])
def test_letters_of_any_alphabet_that_were_decoded_wrongly_are_found_and_mended(text: str, read_as: str) -> None:
    damaged = "".join(_read(byte, read_as) for byte in text.encode())
    check = encoding_damage.EncodingDamage()
    assert check.seen(answered(damaged))
    assert encoding_damage.mended(damaged) == text
    assert check.seen(answered(text)) is None


def _read(byte: int, encoding: str) -> str:
    """As browsers read it: what Windows-1252 leaves out is a control character."""
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize(
    "text", ["«ESPAÑ»", "“SEÑ…” Ñ” Ð“", "Il a dit « oui, à côté\u00a0» et é\u00a0»", "2\u00a0×\u00a03", "ÞÓRÐ–ÆÐ"]
)
def test_letters_that_stand_where_they_belong_are_no_damage(text: str) -> None:
    assert encoding_damage.EncodingDamage().seen(answered(text)) is None
    assert encoding_damage.mended(text) == text
