"""Numbers that make no sense, or are missing, are told in a sentence: on the command line and in the app."""

import json
from pathlib import Path

import pytest

from localft.cli.main import main
from localft.data.making.importing import import_files
from localft.errors import UserError
from localft.store.projects import Project, create_project
from localft.ui.shared import filled
from tests.unit.test_data_checking import clean


@pytest.fixture
def project(tmp_path: Path) -> Project:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in clean()), encoding="utf-8")
    made = create_project("Numbers")
    import_files(made, [file])
    return made


@pytest.mark.parametrize("ratios", [("nan", "0.5", "0.5"), ("0.5", "0.5", "nan"), ("inf", "0.5", "0.5")])
def test_shares_that_are_no_numbers_are_refused(
    ratios: tuple[str, str, str], project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "split", project.slug, "--ratios", *ratios]) == 1
    assert "must be above 0 and sum to 1" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("show", "--learned", "1"), ("check",)])
def test_a_length_that_no_model_reads_is_refused(
    command: tuple[str, ...], project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = command
    assert main(["data", name, project.slug, *options, "--max-length", "999999999"]) == 2
    assert "32<=x<=131072" in capsys.readouterr().err


def test_an_emptied_field_is_told_and_zero_is_a_number() -> None:
    assert filled("Seed", 0) == 0
    with pytest.raises(UserError, match="Seed: the field is empty"):
        filled("Seed", None)
