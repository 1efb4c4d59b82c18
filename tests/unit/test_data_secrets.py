"""Secrets and numbers of accounts go as a whole, what only looks like them stays, and no second look finds any."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.checks import secret_keys
from localft.data.checks.finding import CheckContext, Row
from localft.data.checks.privacy import KINDS, Privacy, redacted
from localft.data.examples import Example, Message
from localft.data.versions import DatasetVersion

OF = {kind.name: kind for kind in KINDS}
BASE64 = "MIIEpAIBAAKCAQEAabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL"
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36P"
VERSION = DatasetVersion(
    id="any", created_at="", sources=(), seed=1, ratios=(0.8, 0.1, 0.1),
    counts={"train": 1, "validation": 0, "test": 0}, set_aside=0, sha256="",
)  # fmt: skip


def found_in(text: str) -> set[str]:
    example = Example(messages=(Message(role="user", content="So?"), Message(role="assistant", content=text)))
    check = Privacy()
    check.look(Row("train", 0, example))
    return {finding.check for finding in check.findings(CheckContext([Row("train", 0, example)], VERSION))}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Here:\n{BEGIN}\nMIIE\n{END}\nKeep it.", "Here:\n[key]\nKeep it."),
        (f"{BEGIN}\nProc-Type: 4,ENCRYPTED\n\n{BASE64}\n{BASE64}\nab12==\n{END}", "[key]"),
        (f"{BEGIN}\n{BASE64}\n{BASE64}\nabcd12==\nThanks for it", "[key]\nThanks for it"),
        (f"{BEGIN}\nThat is how it begins.", "[key]\nThat is how it begins."),
        (json.dumps({"k": f"{BEGIN}\n{BASE64}\n{END}\n"}), r'{"k": "[key]\n"}'),
        (f"{BEGIN}\\n{BASE64}\\nab12==", "[key]"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY BLOCK-----", "[key]"),
        (f"{BEGIN}\n{BASE64}\n{BEGIN}\n{BASE64}\n{END}", "[key]\n[key]"),
        (f"Take github_pat_11ABCDE0_{LETTERS}, now.", "Take [key], now."),
        ("sk_live_a1b2c3d4e5f6g7 rk_live_a1b2c3d4e5f6g7 sk_test_a1b2c3d4e5f6g7", "[key] [key] [key]"),
        ("glpat-abcdefghij0123456789", "[key]"),
        (f"npm_{LETTERS}0123456789", "[key]"),
        ("ASIAABCDEFGHIJKLMNOP and AKIAABCDEFGHIJKLMNOP", "[key] and [key]"),
        (f"token={JWT}.", "token=[key]."),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYabcdefghij", "aws_secret_access_key = [key]"),
        ("Authorization: Bearer abcdefghij.klmnop-1234567890", "Authorization: Bearer [key]"),
        ("My password: hunter22x. Why?", "My password: [key]. Why?"),
        ("DB_PASSWORD=Tr0ub4dor&3", "DB_PASSWORD=[key]"),
        ('{"password": "S3cretPw!", "n": 1}', '{"password": "[key]", "n": 1}'),
        (r'"{\"apiKey\": \"a1b2c3d4e5\"}"', r'"{\"apiKey\": \"[key]\"}"'),
        ("api_key = 'abcdef-ghijkl'", "api_key = '[key]'"),
        ("**Password:** `Tr0ub4dor&3`", "**Password:** `[key]`"),
        ("Passwort: Sommer2024!", "Passwort: [key]"),
        ("password: secret: a1b2c3d4e5", "password: secret: [key]"),
        ("password=" + "a1" * 300, "password=[key]"),
        ("postgres://user:S3cretPw@db.example.org/x", "postgres://user:[key]@db.example.org/x"),
        ("redis://:p@ss@cache.mail.com:6379", "redis://:[key]@cache.mail.com:6379"),
        (f"gsk_{LETTERS}{LETTERS}", "[key]"),
        (f"Grok: xai-{LETTERS}{LETTERS}", "Grok: [key]"),
        (f"r8_{LETTERS}0123456789", "[key]"),
        (f"ya29.a0Af{LETTERS}", "[key]"),
        (f"SG.abcdefghij0123456789ab.{LETTERS}0123456789ABCDEFG", "[key]"),
        ("bot 123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc ok", "bot [key] ok"),
        (f"MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.{LETTERS}0-2", "[key]"),
        ("https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx", "https://[key]"),
        (f"AccountKey={LETTERS}0123456789==;", "AccountKey=[key];"),
        ("My password is Tr0ub4dor&3. Why?", "My password is [key]. Why?"),
        ("Das Passwort lautet jetzt: Sommer2024", "Das Passwort lautet jetzt: [key]"),
        ("Пароль: Секрет123", "Пароль: [key]"),
        ("密码：abc12345", "密码：[key]"),
    ],
)
def test_secrets_go_as_a_whole_and_nothing_is_found_again(text: str, left: str) -> None:
    assert found_in(text) == {"secrets"}
    assert redacted(text, OF["secrets"]) == left
    assert found_in(left) == set()


@pytest.mark.parametrize(
    "text",
    [
        "sk-something-like-the-name-of-a-class-2", "The password is case-sensitive.",
        "Your password is at least 8characters long.", "password: forgot it",
        "My password: I forgot it in 2024", "Password: required, at least 8 characters",
        "password: [key]", "password=<password>", 'password: "********"', "password: ********", "api_key=xxxxxxxxxxxx",
        'api_key = "YOUR_API_KEY"', "api_key: 'your-api-key-here'", "password: ${DB_PASSWORD1}", "password: changeme",
        'api_key = os.environ["API_KEY_1"]', "password = get_password1(user)", "password = {{password1}}",
        "the passwords: a1b2c3d4e5", "secret: https://mail.com/page1", "The bearer of this letter is his only friend.",
        "Bearer [key]", "postgres://user:password@db.mail.com", "postgres://user:[key]@db.mail.com",
        "postgres://user:<password>@db.mail.com", "http://mail.com:8080/a", "sk_live_…", "eyJ is how they begin.",
        "max_tokens: 4096a1234", "secret: x1", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    ],
)  # fmt: skip
def test_talk_about_secrets_and_what_stands_for_them_is_left_alone(text: str) -> None:
    assert found_in(text) == set()
    assert redacted(text, OF["secrets"]) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Pay to DE89 3704 0044 0532 0130 00.", "Pay to [IBAN]."),
        ("DE89370400440532013000", "[IBAN]"),
        ("de89-3704-0044-0532-0130-00 BIC COBADEFF", "[IBAN] BIC COBADEFF"),
        ("GB82 WEST 1234 5698 7654 32 and NO93 8601 1117 947", "[IBAN] and [IBAN]"),
        ("IBAN:FR14\u00a02004\u00a01010\u00a00505\u00a00001\u00a03M02\u00a0606", "IBAN:[IBAN]"),
        ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[IBAN]"),
    ],
)
def test_numbers_of_accounts_are_found_by_their_checksum(text: str, left: str) -> None:
    assert found_in(text) == {"bank account numbers"}
    assert redacted(text, OF["bank account numbers"]) == left
    assert found_in(left) == set()


@pytest.mark.parametrize(
    "text", ["DE88370400440532013000", "DE8937040044053201300", "DE893704004405320130001", "QQ89370400440532013000",
             "XDE89370400440532013000", "ES2024 is the version after ES2023"],
)  # fmt: skip
def test_other_words_are_no_numbers_of_accounts(text: str) -> None:
    assert redacted(text, OF["bank account numbers"]) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Jürgen@müller.de", "[e-mail address]"),
        ("Write to иван@почта.рф, please", "Write to [e-mail address], please"),
        ("ann.lee@mail.com谢谢", "[e-mail address]谢谢"),
        ("https://mail.com:8080/ann@mail.com", "https://mail.com:8080/[e-mail address]"),
    ],
)
def test_addresses_have_letters_of_any_alphabet(text: str, left: str) -> None:
    assert redacted(text, OF["e-mail addresses"]) == left


@pytest.mark.parametrize("text", ["Anna@müller", "ann@example.org", "postgres://user:password@db.mail.com"])
def test_what_is_no_address_stays(text: str) -> None:
    assert redacted(text, OF["e-mail addresses"]) == text


PIECES = st.sampled_from(
    [BEGIN, END, "\n", " ", BASE64, "ab12==", "password", "=", ": ", '"', "'", "a1b2c3d4", "secret", "api_key", "@",
     "://", "user:", ".com", "-", "_", "sk-", LETTERS, "eyJ", ".", "Bearer ", "[key]", "0170", "1234567", "`", "\\"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_after_a_repair_nothing_is_found_again(text: str) -> None:
    assert secret_keys.SIGNS.stand_in(text) or not secret_keys.PATTERN.search(text)
    once = redacted(text, OF["secrets"])
    assert redacted(once, OF["secrets"]) == once
