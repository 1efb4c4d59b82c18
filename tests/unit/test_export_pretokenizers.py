"""A tokenizer's rules lead to llama.cpp's name for them, or to a refusal that says why."""

from typing import Any

import pytest

from localft.errors import UserError
from localft.export.pretokenizers import by_rules, normalizes

REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}"
    r"\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
GPT2 = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}


def split(pattern: str, behavior: str = "Isolated", invert: bool = False) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def tokenizer(*steps: dict[str, Any], normalizer: Any = None, **model: Any) -> dict[str, Any]:
    return {
        "normalizer": normalizer,
        "pre_tokenizer": steps[0] if len(steps) == 1 else {"type": "Sequence", "pretokenizers": list(steps)},
        "model": {"type": "BPE", "byte_fallback": False, "ignore_merges": False, **model},
    }


@pytest.mark.parametrize(
    ("described", "name"),
    [
        (tokenizer(GPT2), "gpt-2"),
        (tokenizer({"type": "Digits", "individual_digits": True}, GPT2), "smollm"),
        (tokenizer(split(LLAMA3), BYTES, ignore_merges=True), "llama-bpe"),
        (tokenizer(split(LLAMA3), BYTES), "dbrx"),
        (tokenizer(split(QWEN2), BYTES, normalizer={"type": "NFC"}), "qwen2"),
        (tokenizer(split(QWEN2, "Removed", invert=True), BYTES), "qwen2"),
        (tokenizer(split(TEKKEN), BYTES, ignore_merges=True), "tekken"),
        (tokenizer({"type": "Sequence", "pretokenizers": [split(QWEN2)]}, BYTES), "qwen2"),
    ],
)
def test_known_rules(described: dict[str, Any], name: str) -> None:
    assert by_rules(described) == name


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        (tokenizer(split(LLAMA3 + "|x"), BYTES), "not built in"),
        (tokenizer(split(TEKKEN), BYTES), "not built in"),
        (tokenizer(split(QWEN2, "Removed"), BYTES), "a rule of the kind Split"),
        (tokenizer({"type": "Punctuation"}, GPT2), "a rule of the kind Punctuation"),
        (tokenizer({**GPT2, "add_prefix_space": True}), "a space before the text"),
        (tokenizer(GPT2, normalizer={"type": "Lowercase"}), "changes the text first"),
        (tokenizer(GPT2, byte_fallback=True), "no tokenizer.model"),
        ({"model": {"type": "WordPiece"}}, "WordPiece"),
        ({"model": {"type": "BPE"}, "pre_tokenizer": None}, "not built in: none"),
    ],
)
def test_other_rules_are_refused_with_the_reason(described: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason) as caught:
        by_rules(described)
    assert "merged model" in caught.value.hint


def test_composing_is_known() -> None:
    assert normalizes(tokenizer(GPT2, normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}]}))
    assert not normalizes(tokenizer(GPT2))
