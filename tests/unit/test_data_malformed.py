"""Malformed input: what comes of fixed inputs is known, of others it is rows or a sentence, nothing changed."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from localft import paths
from tests.malformed.fixed import inputs
from tests.malformed.grammar import IN_CHILD, IN_PROCESS
from tests.malformed.trying import Input, outcome, read_or_be_told

INPUTS = inputs()
EXPECTED: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "malformed" / "expected.json").read_text(encoding="utf-8")
)
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_all_inputs_are_expected() -> None:
    assert list(EXPECTED) == list(INPUTS)
    assert len(INPUTS) >= 280


@pytest.mark.parametrize("name", INPUTS)
def test_what_comes_of_a_fixed_input(name: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, Input(*INPUTS[name])) == EXPECTED[name]
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == [], "nothing was unpacked"
    assert [one for one in (paths.cache_dir() / "reading").glob("*") if one.is_dir()] == []


@settings(QUIET, max_examples=300)
@given(one=IN_PROCESS)
def test_any_input(one: Input, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_or_be_told(tmp_path_factory.getbasetemp(), one)


@settings(QUIET, max_examples=12)
@given(one=IN_CHILD)
def test_any_workbook_and_document(one: Input, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_or_be_told(tmp_path_factory.getbasetemp(), one)
