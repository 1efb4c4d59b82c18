"""What the converter only asserts is told in a sentence."""

import runpy
from pathlib import Path

import pytest

from localft.errors import UserError
from localft.export.gguf import refusals


@pytest.mark.parametrize(("line", "told"), [("assert heads == 4", "assert heads == 4"), ("assert 0, 'odd'", "odd")])
def test_what_the_converter_asserts_is_a_sentence(line: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "converter.py").write_text(f"heads = 3\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError) as error, refusals():
        runpy.run_path(str(tmp_path / "converter.py"))
    assert error.value.message == f"llama.cpp's converter does not take this model: {told} (<module>)."
