"""From an uploaded file to a chat with the tuned model and a downloaded GGUF, by hand in the browser."""

import json

import pytest

from tests.browser.walking import Walk

pytestmark = pytest.mark.timeout(1_200)


def test_the_file_is_understood(walked: Walk) -> None:
    assert walked.seen["take"] == "Take 120 examples in"
    assert "120 examples" in walked.seen["data"]
    assert "of 97 in train" in walked.seen["data"]


def test_the_plan_stands_before_the_run(walked: Walk) -> None:
    assert "fits comfortably" in walked.seen["plan"]
    assert "Steps" in walked.seen["plan"]


def test_a_reload_in_the_middle_of_training_shows_the_same_run(walked: Walk) -> None:
    assert "Training starter" in walked.seen["after reload"]
    assert len(list((walked.home / "projects" / walked.slug / "runs").iterdir())) == 1


def test_it_is_trained_and_measured(walked: Walk) -> None:
    assert "The same questions, asked as it learns" in walked.seen["trained"]
    assert "Base model against tuned model" in walked.seen["evaluated"]
    assert "What it has forgotten" in walked.seen["evaluated"]
    assert walked.downloaded["report"].lstrip().lower().startswith(b"<!doctype html")


def test_both_models_answer_side_by_side(walked: Walk) -> None:
    assert "Base model" in walked.seen["chat"]
    assert "Tuned model" in walked.seen["chat"]
    kept = (walked.home / "projects" / walked.slug / "kept.jsonl").read_text(encoding="utf-8")
    messages = json.loads(kept)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]


def test_the_gguf_is_downloaded_and_proved(walked: Walk) -> None:
    assert "checks passed" in walked.seen["exported"]
    [name] = [name for name in walked.downloaded if name.endswith(".gguf")]
    content = walked.downloaded[name]
    assert content.startswith(b"GGUF")
    [written] = (walked.home / "projects" / walked.slug / "exports").glob("*/*.gguf")
    assert content == written.read_bytes()
    assert walked.downloaded["Modelfile"].startswith(b"FROM")
    assert not list((walked.home / "cache" / "app" / "uploads").rglob("*.gguf"))


def test_nothing_left_this_computer_and_nothing_broke(walked: Walk) -> None:
    assert walked.foreign_requests == []
    assert walked.errors == []
