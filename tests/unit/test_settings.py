"""Settings declared once: what a form and a command line get from them, and how mistakes are told."""

from enum import Enum
from typing import Literal

import pytest
from pydantic import Field

from localft.errors import UserError
from localft.planning.recipe import TrainingSettings
from localft.preferences import Preferences
from localft.settings import Settings, fields, parse


class Flavour(Enum):
    SWEET = "sweet"
    SOUR = "sour"


class Example(Settings):
    count: int = Field(3, ge=1, le=10, description="How many.")
    share: float = Field(0.5, gt=0, lt=1, description="What part.")
    mode: Literal["slow", "fast"] = Field("slow", description="How.")
    flavour: Flavour = Field(Flavour.SWEET, description="What taste.")
    limit: int | None = Field(None, ge=1, description="At most.")
    exact: bool = Field(False, description="Whether.")


def test_a_field_knows_all_that_a_form_needs() -> None:
    known = {field.name: field for field in fields(Example)}
    assert list(known) == ["count", "share", "mode", "flavour", "limit", "exact"]
    assert (known["count"].kind, known["count"].minimum, known["count"].maximum) == (int, 1, 10)
    assert known["share"].minimum == 0
    assert known["mode"].choices == ("slow", "fast")
    assert known["flavour"].choices == ("sweet", "sour")
    assert known["limit"].optional
    assert known["limit"].default is None
    assert known["exact"].kind is bool
    assert known["share"].description == "What part."


def test_names_become_labels_and_flags() -> None:
    known = {field.name: field for field in fields(TrainingSettings)}
    assert known["learning_rate"].label == "Learning rate"
    assert known["learning_rate"].flag == "--learning-rate"
    price = fields(Preferences)[0]
    assert (price.label, price.flag) == ("Price per kWh", "--price-per-kwh")


def test_every_setting_of_a_run_explains_itself_and_accepts_its_default() -> None:
    for field in fields(TrainingSettings):
        assert field.description.endswith("."), field.name
        assert parse(TrainingSettings, {field.name: field.default})


def test_an_unknown_name_is_told_with_the_nearest_right_one() -> None:
    with pytest.raises(UserError, match="learning_rat is unknown, did you mean learning_rate"):
        parse(TrainingSettings, {"learning_rat": 1e-4})


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(UserError) as caught:
        parse(Example, {"count": 99, "mode": "medium", "colour": "red"}, "the file x.json")
    message = caught.value.message
    assert message.startswith("Something is wrong in the file x.json")
    assert all(word in message for word in ("count", "mode", "colour"))


def test_text_from_a_command_line_is_read_as_numbers() -> None:
    parsed = parse(Example, {"count": "4", "share": "0.25", "limit": None})
    assert (parsed.count, parsed.share, parsed.limit) == (4, 0.25, None)
