"""Templates: columns put together into a prompt, an answer, a system prompt; nothing in them is ever evaluated."""

import json
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from localft.cli.main import main
from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.shapes.column_template import parse_template
from localft.data.shapes.detecting import Shape
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.store.projects import create_project

BOTH = {"prompt_template": "Into {language}: {text}", "answer_template": "{translation}."}


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(**others: Any) -> dict[str, Any]:
    return {"language": "French", "text": "the house", "translation": "la maison", **others}


def test_a_template_puts_columns_together(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", row(), row(text="{translation}", translation=1.5))
    result = read_files([path], {**BOTH, "system_template": "You {{speak}} {language}", "label": "language"})
    first, second = result.examples
    assert [(turn.role, turn.content) for turn in first.messages] == [
        ("system", "You {speak} French"),
        ("user", "Into French: the house"),
        ("assistant", "la maison."),
    ]
    # What a column holds is no template, however it looks.
    assert [turn.content for turn in second.messages][1:] == ["Into French: {translation}", "1.5."]
    assert first.label == "French"
    assert result.shape is Shape.MAPPED
    assert result.reason == "as you chose: label from language, prompt from a template, answer from a template, " + (
        "system from a template"
    )
    assert result.sources[0].mapping["prompt_template"] == BOTH["prompt_template"]


def test_a_template_and_mapped_columns_go_together(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", row())
    (example,) = read_files([path], {"prompt_template": "{text}?", "answer": "translation"}).examples
    assert (example.prompt[0].content, example.answer) == ("the house?", "la maison")


def test_a_system_template_adds_to_what_is_recognised(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"prompt": "q", "completion": "an answer", "system": "old", "shop": "Ann's"})
    (example,) = read_files([path], {"system_template": "You work at {shop}."}).examples
    assert example.messages[0].content == "You work at Ann's."


@pytest.mark.parametrize("value", [None, ""])
def test_a_row_without_the_value_is_set_aside_with_its_line(tmp_path: Path, value: Any) -> None:
    other = {key: text for key, text in row().items() if key != "language"}
    path = jsonl(tmp_path / "a.jsonl", row(), row(text=value), other)
    result = read_files([path], BOTH)
    assert len(result.examples) == 1
    assert [(one.row, one.kind, one.reason) for one in result.set_aside] == [
        (2, "empty column", "the column 'text', which the template names, is empty"),
        (3, "missing column", "it has no column 'language', which the template names"),
    ]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({**BOTH, "prompt_template": "{Langauge}: {text}"}, r"no column 'Langauge'.*Did you mean 'language'\?"),
        ({**BOTH, "prompt_template": "{text.upper}"}, "no column 'text.upper'"),
        ({**BOTH, "prompt_template": "{text[0]}"}, r"no column 'text\[0\]'"),
        ({**BOTH, "prompt_template": "{text!r}"}, "no column 'text!r'"),
        ({**BOTH, "prompt_template": "{text:>30}"}, "no column 'text:>30'"),
        ({**BOTH, "prompt_template": "{text} and {"}, r"stands alone, at '\{'"),
        ({**BOTH, "prompt_template": "{text}} and"}, r"stands alone, at '\} and'"),
        ({**BOTH, "prompt_template": "{ }"}, "no column in them"),
        ({**BOTH, "answer_template": "the same"}, "all answers would be the same"),
        ({"prompt_template": "{text}"}, "nothing for the answer"),
        ({"answer_template": "{text}"}, "nothing for the prompt"),
        ({**BOTH, "prompt": "text"}, "The prompt has a column and a template"),
        ({"messages": "text", "prompt_template": "{text}"}, "names `messages` and `prompt`"),
    ],
)
def test_a_wrong_template_is_a_sentence(tmp_path: Path, mapping: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_files([jsonl(tmp_path / "a.jsonl", row())], mapping)


@hypothesis.given(strategies.text(), strategies.text())
def test_any_text_doubled_in_its_braces_comes_back(text: str, value: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    template = parse_template(f"{doubled}{{column}}")
    assert template.columns == ["column"]
    hypothesis.assume(value and not any("\ud800" <= character <= "\udfff" for character in value))
    assert template.fill({"column": value}) == text + value


def test_the_command_takes_templates_and_keeps_them_with_the_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = create_project("French")
    path = jsonl(tmp_path / "a.jsonl", *(row(text=f"house {number}") for number in range(12)))
    command = ["data", "import", "french", str(path), "--template", "{text}", "--answer-template", "{translation}"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["examples"] == 12
    version = newest_version(project)
    assert version.sources[0].mapping == {"prompt_template": "{text}", "answer_template": "{translation}"}
    assert import_files(project, [path], version.sources[0].mapping).version.id == version.id
    assert main([*command[:4], "--template", "{txt}", "--answer-template", "{translation}"]) == 1
    assert "Did you mean 'text'?" in capsys.readouterr().err
