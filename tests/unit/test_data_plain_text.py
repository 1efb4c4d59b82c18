"""Plain text as training data: cut where paragraphs end, kept together, learned whole, and not asked for answers."""

import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.checks.checking import check_version
from localft.data.checks.finding import Finding, Row, reference
from localft.data.checks.looking import Sightings
from localft.data.checks.token_lengths import measure
from localft.data.examples import Example, Message
from localft.data.exports.exporting import export_version, write_examples
from localft.data.making.importing import import_files
from localft.data.making.reading import read_files
from localft.data.readers.pieces import cut
from localft.data.rows.learning_preview import preview_example
from localft.data.shapes.detecting import Shape
from localft.data.versions import SPLITS, load_split
from localft.errors import UserError
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example
from localft.planning.recipe import TrainingSettings
from localft.store.projects import create_project
from localft.ui.views import data as views
from tests.documents_made import docx, paragraph, pdf, placed
from tests.model_folders import make_model_folder

WORDS = [
    "the",
    "kettle",
    "boils",
    "water",
    "slowly",
    "and",
    "then",
    "tea",
    "is",
    "made",
    "for",
    "guests",
    "who",
    "wait",
]


def sentence(number: int) -> str:
    return f"Sentence {number}: " + " ".join(WORDS[(number * 7 + place) % len(WORDS)] for place in range(18)) + "."


def essay(paragraphs: int, start: int = 0) -> str:
    parts = [" ".join(sentence(start + 4 * number + place) for place in range(4)) for number in range(paragraphs)]
    return "\n\n".join(parts)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def text_of(text: str, plain: str = "whole") -> Example:
    return Example.model_validate({"messages": [Message(role="assistant", content=text)], "plain": plain})


def test_a_document_becomes_pieces_with_their_places(tmp_path: Path) -> None:
    found = read_files([write(tmp_path, "a.md", f"# One\n\n{essay(20)}\n\n# Two\n\n{essay(20, 100)}")])
    assert found.shape is Shape.TEXT
    assert found.reason == "a document without questions and answers"
    assert {one.plain for one in found.examples[:-1]} == {"part"}
    assert found.examples[-1].plain == "whole"
    assert found.examples[0].origin == "a.md, section 1: One"
    assert found.examples[-1].place == "section 2: Two"
    assert all(
        len(one.text) <= 3_000 and one.text == one.answer and not one.prompt[-1].content for one in found.examples
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", essay(30)),
        ("a.html", "".join(f"<p>{part}</p>" for part in essay(30).split("\n\n"))),
        ("a.docx", docx(*map(paragraph, essay(30).split("\n\n")))),
        ("a.pdf", pdf([placed([sentence(4 * page + line) for line in range(4)], size=8) for page in range(30)])),
    ],
)
def test_each_kind_of_document_is_imported(name: str, content: str | bytes, tmp_path: Path) -> None:
    version = import_files(create_project("Texts"), [write(tmp_path, name, content)]).version
    assert version.total >= 10
    assert min(version.counts.values()) >= 1
    assert version.sources[0].shape == "plain text"


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_lone_column_of_text_is_plain_text(suffix: str, tmp_path: Path) -> None:
    texts = [sentence(number) for number in range(12)]
    rows = [json.dumps({"text": text, "url": "x"}) for text in texts]
    content = "\n".join(rows) if suffix == ".jsonl" else "text,url\n" + "".join(f'"{text}",x\n' for text in texts)
    found = read_files([write(tmp_path, f"a{suffix}", content)])
    assert [one.text for one in found.examples] == texts
    assert found.reason == "the column text holds text and nothing answers"


def test_another_column_is_plain_text_if_one_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", "\n".join(json.dumps({"body": sentence(n), "x": 1}) for n in range(3)))
    assert read_files([path], {"text": "body"}).examples[0].text == sentence(0)
    with pytest.raises(UserError, match="plain text has no questions"):
        read_files([path], {"text": "body", "answer": "x", "prompt": "body"})
    with pytest.raises(UserError, match="no columns that localft recognises"):
        read_files([path])


def test_text_with_a_label_stays_a_question_and_its_answer(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", "\n".join(json.dumps({"text": sentence(n), "label": "tea"}) for n in range(3)))
    assert read_files([path]).examples[0].plain == ""


@pytest.mark.parametrize("text", ["[1] A note, and more of it.", "{ a brace", "plain words"])
def test_a_text_may_begin_with_a_bracket(text: str, tmp_path: Path) -> None:
    assert read_files([write(tmp_path, "a.txt", text)]).examples[0].text == text


def test_pieces_of_a_document_stay_in_one_split(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"{number}.txt", essay(20, 1_000 * number)) for number in range(6)]
    project = create_project("Texts")
    version = import_files(project, paths).version
    homes = {name: {one.source for one in load_split(project, version.id, name)} for name in SPLITS}
    assert not homes["train"] & homes["validation"] and not homes["train"] & homes["test"]
    assert sum(map(len, homes.values())) == 6


def test_a_single_document_is_divided_in_blocks_and_that_is_said(tmp_path: Path) -> None:
    project = create_project("Texts")
    made = import_files(project, [write(tmp_path, "a.txt", essay(200))])
    assert any("cannot stay whole in three splits" in note for note in made.read.notes)
    held_out = sorted(one.row for one in load_split(project, made.version.id, "test"))
    assert held_out == list(range(held_out[0], held_out[0] + len(held_out))), "neighbours"
    assert 0.05 < made.version.counts["test"] / made.version.total < 0.2


def test_a_system_prompt_is_none_of_a_text(tmp_path: Path) -> None:
    project = create_project("Texts")
    version = import_files(project, [write(tmp_path, "a.txt", essay(30))], system_prompt="Be brief.").version
    assert {len(one.messages) for one in load_split(project, version.id, "train")} == {1}


def test_checks_that_need_answers_pass_it_over_and_say_so(tmp_path: Path) -> None:
    project = create_project("Texts")
    text = essay(60) + "\n\nWrite to anna.meier@example.org for more, " + sentence(999)
    report = check_version(project, import_files(project, [write(tmp_path, "a.txt", text)]).version)
    found = {finding.check: finding for finding in report.findings}
    assert "are not looked for in it" in found["plain text"].meaning
    assert found["plain text"].count == sum(report.counts.values())
    assert not {"contradictions", "unfinished answers", "leakage", "no odd questions"} & set(found)
    assert any("anna.meier" in row.text for finding in report.findings for row in finding.rows), "what it says is read"


def test_it_is_exported_as_text(tmp_path: Path) -> None:
    project = create_project("Texts")
    version = import_files(project, [write(tmp_path, "a.txt", essay(30))]).version
    exported = io.BytesIO()
    write_examples(exported, project, version, "jsonl")
    lines = [json.loads(line) for line in exported.getvalue().splitlines()]
    assert all(set(line) == {"text", "localft"} for line in lines)
    again = write(tmp_path, "b.jsonl", "\n".join(map(json.dumps, lines)))
    assert {one.text for one in read_files([again]).examples} == {line["text"] for line in lines}
    for form in ("csv", "xlsx"):
        path = tmp_path / f"table.{form}"
        export_version(project, version, path)
        assert {one.text for one in read_files([path]).examples} == {line["text"] for line in lines}


def test_all_tokens_are_learned_and_none_is_cut(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "model")
    chat_format, tokenizer = chat_format_for(find_model(str(folder))), TextTokenizer(folder)
    text = essay(3)
    whole = encode_example(chat_format, tokenizer, text_of(text), 100_000)[0]
    assert tokenizer.decode(whole.token_ids) == chat_format.bos_text + text + chat_format.eos_text
    assert all(whole.learned[1:])
    part = encode_example(chat_format, tokenizer, text_of(text, "part"), 100_000)[0]
    assert tokenizer.decode(part.token_ids) == chat_format.bos_text + text, "it goes on"
    windows = encode_example(chat_format, tokenizer, text_of(text), 64)
    assert max(len(window.token_ids) for window in windows) == 64
    assert [window.cut for window in windows] == [0] * len(windows)
    learned = [
        token
        for window in windows
        for token, known in zip(window.token_ids[1:], window.learned[1:], strict=True)
        if known
    ]
    assert learned == whole.token_ids[1:], "each token is predicted once"
    pieces = preview_example(chat_format, tokenizer, text_of(text), TrainingSettings(max_length=64))
    assert {piece.state for piece in pieces[1:]} == {"learned"}


def test_its_lengths_are_those_of_its_sequences(tmp_path: Path) -> None:
    from localft.data.checks.finding import Row

    model = find_model(str(make_model_folder(tmp_path / "model")))
    lengths = measure([Row("train", 0, text_of(essay(3)))], model, None, 64)
    assert lengths is not None
    assert (lengths.max, lengths.cut, lengths.lost) == (64, 0, ())


def test_it_can_be_edited_but_has_no_turns(tmp_path: Path) -> None:
    from localft.data.rows.editing import change_turn

    project = create_project("Texts")
    version = import_files(project, [write(tmp_path, "a.txt", essay(30))]).version
    changed = change_turn(project, version, "train", 0, 0, "Another text.")
    assert load_split(project, changed.id, "train")[0].text == "Another text."
    with pytest.raises(UserError, match="the text is empty"):
        change_turn(project, version, "train", 0, 0, "  ")


TEXT = st.lists(st.sampled_from(["# Head\n\n", "word ", "line\n", "\n\n", "A sentence. ", "x" * 30, "🙂"]), max_size=60)


@given(parts=TEXT, most=st.integers(20, 200))
def test_cutting_loses_nothing_and_keeps_to_the_length(parts: list[str], most: int) -> None:
    text = "".join(parts)
    spans = cut(text, most)
    assert all(0 < end - start <= most for start, end in spans)
    assert all(before <= start for (_, before), (start, _) in itertools.pairwise(spans))
    assert "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())


def test_a_heading_stays_with_what_is_below_it() -> None:
    text = f"{'a' * 60}\n\n# Head\n\n{'b' * 60}"
    assert [text[start:end] for start, end in cut(text, 80)] == ["a" * 60, f"# Head\n\n{'b' * 60}"]


def test_a_finding_names_the_page_of_a_document() -> None:
    text = Message(role="assistant", content="As it was.")
    row = Row("train", 0, Example(messages=(text,), source="manual.pdf", row=12, plain="part", place="page 3"))
    seen = Sightings()
    seen.add(row)
    assert str(seen.rows[0]) == "manual.pdf, page 3: As it was."
    assert str(reference(replace(row, example=row.example.model_copy(update={"place": ""})), "x")) == (
        "manual.pdf, row 12: x"
    )
    found = Finding("topics", "note", 1, "One.", seen.rows, "Look.")
    assert "page 3" in views.found_rows(found)
