"""What holds for all projects: set by option or form, kept, and refused in one sentence where it is wrong."""

from pathlib import Path

import pytest

from localft import words
from localft.errors import UserError
from localft.preferences import Preferences, read_preferences, set_preferences


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    assert read_preferences() == Preferences()
    assert not home.exists()


def test_what_is_set_is_kept_and_the_rest_stays() -> None:
    set_preferences({"price_per_kwh": 0.42})
    set_preferences({"currency": "CHF"})
    assert read_preferences() == Preferences(price_per_kwh=0.42, currency="CHF")


def test_a_price_out_of_range_changes_nothing() -> None:
    set_preferences({"price_per_kwh": 0.42})
    with pytest.raises(UserError, match="your preferences: price_per_kwh"):
        set_preferences({"price_per_kwh": -1})
    with pytest.raises(UserError, match="price_per_kwh"):
        set_preferences({"price_per_kwh": "cheap"})
    with pytest.raises(UserError, match="did you mean currency"):
        set_preferences({"curency": "CHF"})
    assert read_preferences().price_per_kwh == 0.42


@pytest.mark.parametrize("text", ["{", "[]", '"cheap"', '{"price_per_kwh": "cheap"}', '{"unknown": 1}', "\x00"])
def test_a_damaged_file_is_named(home: Path, text: str) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "preferences.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"preferences\.json"):
        read_preferences()


def test_energy_has_a_price() -> None:
    preferences = Preferences(price_per_kwh=0.25)
    assert preferences.price_of(4_000) == 1.0
    assert words.money(preferences.price_of(4_000), preferences.currency) == "1.00 €"
    assert words.money(0.004, "£") == "less than 0.01 £"
    assert words.money(0, "£") == "0.00 £"
