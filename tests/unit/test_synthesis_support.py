"""Whether an answer says only what its passage says: a table of answers that do and that do not."""

import pytest

from localft.synthesis.support import quoted, why_unsupported

ENGLISH = (
    "Returns and refunds. You may return any item within 14 days of delivery. Refunds are paid to the original payment "
    "method within five working days. Shipping costs of 1,200 yen are not refunded unless the item was faulty. Contact "
    "Anna Berg at the Oslo office, open Monday to Friday, for the form RX-7. The battery lasts 3.5 hours."
)
GERMAN = (
    "Die Rückgabefrist beträgt vierzehn Tage ab Erhalt der Ware. Die Kosten der Rücksendung trägt der Käufer. "
    "Ansprechpartner ist Frau Meier, Tel. 030 123456. Der Mindestbestellwert liegt bei 1.200,50 Euro."
)
CHINESE = "退货期限为收货后14天。退款将在五个工作日内支付。"

SUPPORTED = [
    (ENGLISH, "You can return items within 14 days."),
    (ENGLISH, "Refunds are paid within 5 days to the payment method that was used originally."),
    (ENGLISH, "Refunding takes five working days."),
    (ENGLISH, "Fourteen days after it was delivered."),
    (ENGLISH, "Ask Anna Berg in Oslo."),
    (ENGLISH, "The Oslo office has the RX-7 form."),
    (ENGLISH, "Shipping costs 1200 yen, or 1,200 yen."),
    (ENGLISH, "The battery lasts 3,5 hours."),
    (ENGLISH, "Yes."),
    (ENGLISH, "1. Fill in the form.\n2. Contact the office.\n3. Return the item."),
    (ENGLISH, "No, shipping isn't refunded unless an item is faulty."),
    (GERMAN, "Die Frist für die Rückgabe beträgt 14 Tage."),
    (GERMAN, "Der Käufer trägt die Kosten einer Rücksendung."),
    (GERMAN, "Der Mindestbestellwert liegt bei 1200,50 Euro."),
    (GERMAN, "Unter 030 123456 erreicht man Frau Meier."),
    (CHINESE, "退货期限为14天。"),
]
UNSUPPORTED = [
    (ENGLISH, "You can return items within 30 days.", "has no 30"),
    (ENGLISH, "You can return items within thirty days.", "has no thirty"),
    (ENGLISH, "Items can be returned in two weeks.", "has no two"),
    (ENGLISH, "The battery lasts 35 hours.", "has no 35"),
    (ENGLISH, "Ask Peter Berg for the form.", "does not name Peter"),
    (ENGLISH, "The form RX-9 is needed.", "has no 9"),
    (ENGLISH, "It is open on Sunday.", "does not name Sunday"),
    (ENGLISH, "Use the ZTX form.", "does not name ZTX"),
    (ENGLISH, "The company was founded by engineers who loved mountains and lakes.", "6 of its 6 words"),
    (ENGLISH, "Customers may exchange purchases at any partner shop nearby.", "words are not in the passage"),
    (GERMAN, "Der Verkäufer bezahlt den Versand nach Österreich.", "words are not in the passage"),
    (GERMAN, "Die Frist beträgt drei Tage.", "has no drei"),
    (CHINESE, "保修服务包括所有零件。", "words are not in the passage"),
    (CHINESE, "退货期限为30天。", "has no 30"),
]


@pytest.mark.parametrize(("passage", "answer"), SUPPORTED)
def test_a_supported_answer(passage: str, answer: str) -> None:
    assert why_unsupported(answer, passage) == ""


@pytest.mark.parametrize(("passage", "answer", "says"), UNSUPPORTED)
def test_an_unsupported_answer_and_the_reason(passage: str, answer: str, says: str) -> None:
    assert says in why_unsupported(answer, passage)


def test_how_many_words_have_to_be_there() -> None:
    answer = "Refunds reach wealthy customers."
    assert why_unsupported(answer, ENGLISH) == "3 of its 4 words are not in the passage: reach, wealthy, customers"
    assert why_unsupported(answer, ENGLISH, enough=0.25) == ""


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("any item within 14 days", True),
        ("Any ITEM  within\n14 days \u2026", True),
        ('"any item within 14 days."', True),
        ("any item in 14 days", False),
        ("", False),
        ("...", False),
    ],
)
def test_a_quotation_stands_in_the_passage(quote: str, stands: bool) -> None:
    assert quoted(quote, ENGLISH) is stands
