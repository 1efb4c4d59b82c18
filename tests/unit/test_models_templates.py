"""Chat formats: whose template, which tokens stop, what fills up, and templates that cannot be trusted."""

import json
from pathlib import Path

import pytest

from localft import paths
from localft.cli.main import main
from localft.errors import UserError
from localft.models.find import find_model
from localft.models.templates import chat_format_for, template_names
from tests.model_folders import CHATML, make_model_folder, write_json

GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<start_of_turn>' + m.role + '\\n' + m.content + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>assistant\\n' }}{% endif %}"
)


def test_the_models_own_template_is_taken_from_either_place(tmp_path: Path) -> None:
    in_file = make_model_folder(tmp_path / "file")
    in_config = make_model_folder(tmp_path / "config", None, tokenizer_config={"chat_template": CHATML})
    several = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": CHATML}]
    in_list = make_model_folder(tmp_path / "list", None, tokenizer_config={"chat_template": several})
    for folder in (in_file, in_config, in_list):
        made = chat_format_for(find_model(str(folder)))
        assert (made.template, made.template_name, made.end_of_turn) == (CHATML, "own", "<|im_end|>")
        assert len(made.template_hash) == 64


def test_stop_tokens_are_the_end_of_turn_and_all_ends_that_the_model_names(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m", GEMMA, eos="<|endoftext|>")
    write_json(folder / "generation_config.json", {"eos_token_id": [0, 5]})
    made = chat_format_for(find_model(str(folder)))
    assert made.stop_tokens == ("<end_of_turn>", "<|endoftext|>", "<|begin|>")
    assert (made.eos_text, made.end_of_turn) == ("<|endoftext|>", "<end_of_turn>")


def test_padding_ends_nothing_where_there_is_another_token(tmp_path: Path) -> None:
    own = make_model_folder(tmp_path / "own")
    assert chat_format_for(find_model(str(own))).pad_text == "<|endoftext|>"
    same = make_model_folder(tmp_path / "same", tokenizer_config={"pad_token": "<|im_end|>"})
    assert chat_format_for(find_model(str(same))).pad_text == "<|endoftext|>"


def test_a_template_without_a_system_role_is_noticed(tmp_path: Path) -> None:
    assert chat_format_for(find_model(str(make_model_folder(tmp_path / "g", GEMMA)))).merges_system
    assert not chat_format_for(find_model(str(make_model_folder(tmp_path / "c")))).merges_system


def test_a_base_without_a_template_gets_one_by_name(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "m", None)))
    assert not model.has_chat_template
    assert template_names(model) == ["chatml", "plain", "alpaca"]
    assert chat_format_for(model).template_name == "chatml"
    assert chat_format_for(model, template_name="plain").stop_tokens == ("<|im_end|>",)
    with pytest.raises(UserError, match="no chat template named 'llama'"):
        chat_format_for(model, template_name="llama")


def test_the_template_of_a_base_without_one_is_told_with_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_model_folder(tmp_path / "m", None)
    assert main(["models", "show", str(folder), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["chat_templates"] == ["chatml", "plain", "alpaca"]
    assert "none; chatml is used unless" in printed.err
    assert "### Instruction" in printed.err


def test_a_template_that_never_ends_is_refused_and_the_app_lives(tmp_path: Path) -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    model = find_model(str(make_model_folder(tmp_path / "m", endless)))
    with pytest.raises(UserError, match="does not come to an end"):
        chat_format_for(model)


def test_a_template_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    doubling = (
        "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}"
    )
    model = find_model(str(make_model_folder(tmp_path / "m", doubling)))
    with pytest.raises(UserError):
        chat_format_for(model)


def test_a_template_is_tried_in_a_child_once(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "m")))
    first = chat_format_for(model)
    remembered = list((paths.cache_dir() / "templates").iterdir())
    assert len(remembered) == 1
    remembered[0].write_text(json.dumps({"knows_system": False, "after_answer": "<|im_end|>"}), encoding="utf-8")
    assert chat_format_for(model) == first.model_copy(update={"merges_system": True}), (
        "the second time it is remembered"
    )
    remembered[0].write_text("{", encoding="utf-8")
    assert chat_format_for(model) == first


def test_templates_that_leave_out_the_answer_are_refused(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "m", "{{ messages[0].content }}")))
    with pytest.raises(UserError, match="leaves out what the assistant says"):
        chat_format_for(model)
