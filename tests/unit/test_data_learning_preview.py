"""What a person sees of the mask: the text of the tokens, and which are learned, masked, cut."""

import json
from pathlib import Path

import pytest

from localft.data.examples import Example, Message
from localft.data.making.importing import import_files
from localft.data.rows.learning_preview import preview, preview_example
from localft.data.versions import load_split
from localft.errors import UserError
from localft.models.find import find_model
from localft.models.rendering import render
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from localft.planning.recipe import TrainingSettings
from localft.store.projects import create_project
from tests.model_folders import make_model_folder


def test_the_pieces_are_the_text_and_their_states_the_mask(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "model")
    chat_format = chat_format_for(find_model(str(folder)))
    messages = (Message(role="user", content="Grüße 🙂 中文"), Message(role="assistant", content="schön 🙂!"))
    tokenizer = TextTokenizer(folder)
    pieces = preview_example(chat_format, tokenizer, Example(messages=messages), TrainingSettings())
    text = "".join(piece.text for piece in pieces)
    rendered = render(chat_format, [message.as_chat() for message in messages])
    assert text == rendered.rstrip("\n")
    assert len(pieces) == len(tokenizer.encode(text)), "one piece a token"
    assert "".join(piece.text for piece in pieces if piece.state == "learned") == "schön 🙂!<|im_end|>"
    assert "".join(piece.text for piece in pieces if piece.state == "masked") == text.removesuffix(
        "schön 🙂!<|im_end|>"
    )


def test_what_lies_beyond_the_length_is_cut(tmp_path: Path) -> None:
    model = find_model(str(make_model_folder(tmp_path / "model")))
    project = create_project("Seen")
    path = tmp_path / "a.jsonl"
    rows = [{"prompt": f"question {number}", "completion": "word " * 50} for number in range(10)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    version = import_files(project, [path]).version
    chat_format = chat_format_for(model)
    pieces = preview(project, version, model, chat_format, TrainingSettings(max_length=40), 0)
    assert [piece.state for piece in pieces[40:]] == ["cut"] * (len(pieces) - 40)
    assert "cut" not in {piece.state for piece in pieces[:40]}
    last = preview(project, version.id, model, chat_format, TrainingSettings(), 0, "test")
    assert load_split(project, version.id, "test")[0].prompt[0].content in "".join(piece.text for piece in last)
    with pytest.raises(UserError, match="no example 9: train has 8"):
        preview(project, version, model, chat_format, TrainingSettings(), 8)
