"""A Modelfile says to Ollama what we meant, whatever text goes into it."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localft.errors import UserError
from localft.export.modelfile import ModelSettings, context_for, printable, write_modelfile

COMMANDS = {
    "from",
    "license",
    "template",
    "system",
    "adapter",
    "renderer",
    "parser",
    "parameter",
    "message",
    "requires",
}


def _is_print(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] in "LMNPS"


def _unquote(text: str) -> tuple[str, bool]:
    if text.startswith('"""'):
        return (text[3:-3], True) if len(text) >= 6 and text.endswith('"""') else ("", False)
    if text.startswith('"'):
        return (text[1:-1], True) if len(text) >= 2 and text.endswith('"') else ("", False)
    return text, True


def parse(text: str) -> list[tuple[str, str]]:
    """The states of Ollama's parser, character by character; raises ValueError where it reports an error."""
    state, buffer, name, commands = "nil", "", "", []
    for character in text:
        following, kept = _step(state, character)
        if following != state:
            if state == "name":
                if buffer.lower() not in COMMANDS:
                    raise ValueError(f"invalid command {buffer!r}")
                name = "model" if buffer.lower() == "from" else buffer.lower()
                following = "parameter" if name == "parameter" else following
            elif state == "parameter":
                name = buffer
            elif state == "value":
                value, closed = _unquote(buffer.strip())
                if not closed or character in " \t":
                    buffer += character
                    continue
                commands.append((name, value))
            buffer, state = "", following
        if kept and _is_print(character):
            buffer += character
    if state == "value":
        value, closed = _unquote(buffer.strip())
        if not closed:
            raise ValueError("unexpected end")
        commands.append((name, value))
    elif state not in ("nil", "comment"):
        raise ValueError("unexpected end")
    if not any(command == "model" for command, _ in commands):
        raise ValueError("no FROM line")
    return commands


def _step(state: str, character: str) -> tuple[str, bool]:
    """(next state, whether the character belongs to the buffer)."""
    space, line_end = character in " \t", character in "\r\n"
    if state == "nil":
        return ("comment", False) if character == "#" else ("nil", False) if space or line_end else ("name", True)
    if state == "name":
        if character.isascii() and character.isalpha():
            return "name", True
        if space:
            return "value", False
        raise ValueError("invalid command")
    if state == "value":
        return ("nil", True) if space or line_end else ("value", True)
    if state == "parameter":
        if character.isascii() and (character.isalnum() or character == "_"):
            return "parameter", True
        if space:
            return "value", False
        raise ValueError("unexpected end")
    return ("nil" if line_end else "comment"), False


def _settings(system: str = "", stop: tuple[str, ...] = ("<|im_end|>",)) -> ModelSettings:
    return ModelSettings(stop=stop, context=4096, system=system)


PIECES = [*'"\n\r\t #FROMSYTEP/.x\u2028\u200d\u00a0\x00é🙂', '"""', '""', "\nFROM x\n", '"\nSYSTEM y']
NASTY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(system=st.text(max_size=200) | NASTY, stop=st.lists(st.text(min_size=1, max_size=20) | NASTY, max_size=3))
@settings(max_examples=2_000, deadline=None)
@example(system='ends with a quote"', stop=['"', '""'])
@example(system='"begins', stop=[" "])
@example(system='""\nFROM evil', stop=["\n"])
@example(system="\r\nFROM evil\r", stop=["\\"])
def test_what_ollama_reads_is_what_was_meant(system: str, stop: list[str]) -> None:
    try:
        text = write_modelfile("model.gguf", _settings(system, tuple(stop)))
    except UserError:
        assert any('"""' in printable(one) for one in [system, *stop])
        return
    expected = [("model", "./model.gguf")]
    expected += [("system", printable(system))] if system else []
    expected += [("stop", printable(one)) for one in stop]
    expected += [("num_ctx", "4096"), ("temperature", "0"), ("top_p", "1")]
    assert parse(text) == expected


def test_three_quotes_are_refused_with_a_sentence() -> None:
    with pytest.raises(UserError, match="three double quotes"):
        write_modelfile("model.gguf", _settings('a """\nFROM other\n""" b'))


def test_invisible_separators_cannot_hide_quotes() -> None:
    # The parser drops the character between the quotes, and would then see three of them.
    with pytest.raises(UserError, match="three double quotes"):
        write_modelfile("model.gguf", _settings('"\u200d"\u200d"\nFROM other'))


def test_the_context_is_what_was_trained_but_never_less_than_ollamas_own() -> None:
    assert context_for(1024, 32_768) == 4096
    assert context_for(8192, 32_768) == 8192
    assert context_for(8192, 512) == 512


def test_stop_is_an_array_for_the_http_interface() -> None:
    assert _settings(stop=("<|im_end|>",)).parameters()["stop"] == ["<|im_end|>"]
