"""Languages of whole sentences are told; of what is too short or no prose none is."""

import subprocess
import sys

import pytest

from localft.data.texts.languages import NAMES, language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello, my order arrived broken and I want my money back.", "en"),
        ("Hallo, meine Bestellung ist kaputt angekommen.", "de"),
        ("Bonjour, je voudrais annuler mon abonnement.", "fr"),
        ("¿Dónde está mi paquete? Lo espero desde hace una semana.", "es"),
        ("Non riesco ad accedere al mio account", "it"),
        ("Meu pedido não chegou ainda", "pt"),
        ("Mijn bestelling is nog niet aangekomen", "nl"),
        ("Nie mogę się zalogować do konta", "pl"),
        ("Я не могу войти в свой аккаунт, помогите пожалуйста", "ru"),
        ("我的订单在哪里", "zh"),
        ("私の注文はどこですか", "ja"),
        ("내 주문은 어디에 있나요", "ko"),
        ("أين طلبي؟ لقد انتظرت أسبوعا كاملا", "ar"),
        ("मेरा ऑर्डर अभी तक नहीं आया है", "hi"),
        ("```python\nfor word in words: print(word)\n```\nDas gibt jedes Wort in einer eigenen Zeile aus.", "de"),
    ],
)
def test_sentences(text: str, code: str) -> None:
    assert language_of(text) == code
    assert code in NAMES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "Yes.",
        "Berlin",
        "https://example.org/ein/langer/weg",
        "{'label': 'billing'}",
        "x = f(y) + 3",
        "\ud800" * 9,
    ],
)
def test_what_is_no_prose_has_no_language(text: str) -> None:
    assert language_of(text) == ""


def test_the_table_of_languages_is_loaded_only_where_it_is_asked() -> None:
    code = "import sys, localft.data.checks.checking; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
