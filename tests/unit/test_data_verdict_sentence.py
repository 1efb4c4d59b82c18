"""The verdict in a sentence: enough for a try only, or no task for fine-tuning, in whatever language is asked."""

from pathlib import Path

import pytest

from localft.data.checks.changing_knowledge import _CHANGING, _SIGNS
from localft.data.exports.verdict_page import title_of
from tests.unit.test_data_checking import WORDS, check, clean, found


@pytest.mark.parametrize(("count", "is_a_try"), [(12, True), (49, True), (50, False)])
def test_so_few_examples_are_enough_for_a_try_only(count: int, is_a_try: bool, tmp_path: Path) -> None:
    report = check(tmp_path, clean(count))
    assert report.verdict == "ready"
    assert ("for a try only" in report.sentence) == ("for a try only" in title_of(report)) == is_a_try
    assert ("Ready to train" in report.sentence) == ("Ready to train" in title_of(report)) == (not is_a_try)


CHANGING = [
    "Who is the president of {} now?",
    "What is the current price of {}?",
    "Was kostet es, und wie ist der aktuelle Preis von {}?",
    "Wie wird das Wetter in {} heute?",
    "Quel est le prix actuel de {} ?",
    "Quelle est la météo de {} aujourd’hui ?",
    "¿Cuál es el precio actual de {}?",
    "¿Quién es ahora el presidente de {}?",
    "Qual è oggi il prezzo di {}?",
    "Chi è adesso il presidente di {}?",
    "Qual é o preço de {} hoje?",
    "Quem é agora o presidente de {}?",
    "Wat is de huidige prijs van {}?",
    "Wie is nu de president van {}?",
]


@pytest.mark.parametrize("question", CHANGING)
def test_knowledge_that_changes_is_known_in_seven_languages(question: str, tmp_path: Path) -> None:
    places = [f"{word} {other}" for word in WORDS[:8] for other in WORDS[8:13]]
    rows = [
        {"prompt": question.format(one), "completion": f"Of {one} {n} and {n % 7}."} for n, one in enumerate(places)
    ]
    report = check(tmp_path, rows)
    assert report.verdict == "not fine-tuning"
    assert found(report)["changing knowledge"] == ("problem", 40)


@pytest.mark.parametrize(
    "question", ["Wie schreibt man eine Zahl, eine Nummer?", "Is an orange round?", "What does a price tag look like?"]
)
def test_a_word_within_another_is_no_sign_of_it(question: str) -> None:
    assert not _CHANGING.search(question)
    assert not _SIGNS.stand_in(question)
