"""The pre-tokenizer of a tokenizer that the converter does not know, by its rules.

llama.cpp does not read the rules of a tokenizer.json; it has some sets of rules built in, each under a name. The
converter finds the name by a checksum, so it knows published models only. Here the rules themselves are compared with
those built in. A name found this way is a claim, which the certificate proves by comparing token ids.
"""

from typing import Any

from localft.errors import UserError

_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
# The same in the spelling of engines that know no (?i:...), and with the alternatives in another order.
_SPELLINGS = ("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", "'(?i:[sdmt]|ll|ve|re)")
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_START = r"[^\r\n\p{L}\p{N}]?"
_CASED_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_TEKKEN = rf"{_START}{_UPPER}*{_LOWER}+|{_START}{_UPPER}+{_LOWER}*|\p{{N}}{_CASED_TAIL}"
_TAIL = rf"{_CONTRACTIONS}?"
_GPT4O = rf"{_START}{_UPPER}*{_LOWER}+{_TAIL}|{_START}{_UPPER}+{_LOWER}*{_TAIL}|\p{{N}}{{1,3}}{_CASED_TAIL}"
_DEEPSEEK3 = (
    r"\p{N}{1,3}",
    "[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)

# (the splits one after the other, whether whole words in the vocabulary are taken before merges) -> name in llama.cpp
_BUILT_IN: dict[tuple[tuple[str, ...], bool], str] = {
    ((_GPT2,), False): "gpt-2",
    ((r"\p{N}", _GPT2), False): "smollm",
    ((_WORDS + r"|\p{N}{1,3}" + _REST,), True): "llama-bpe",
    ((_WORDS + r"|\p{N}{1,3}" + _REST,), False): "dbrx",
    ((_WORDS + r"|\p{N}" + _REST,), False): "qwen2",
    (
        (
            _CONTRACTIONS
            + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        False,
    ): "qwen35",
    ((_TEKKEN,), True): "tekken",
    ((_GPT4O,), False): "gpt-4o",
    (_DEEPSEEK3, False): "deepseek-v3",
    (
        (
            _CONTRACTIONS
            + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        False,
    ): "seed-coder",
}  # fmt: skip
_HARMLESS_NORMALIZERS = {"NFC"}


def by_rules(tokenizer: dict[str, Any]) -> str:
    """Return llama.cpp's name for the rules of a tokenizer.json.

    Raises:
        UserError: llama.cpp has no such rules, with the reason.
    """
    model = tokenizer.get("model") or {}
    if model.get("type") != "BPE":
        raise _refusal(f"its kind is {model.get('type')}, not BPE")
    if model.get("byte_fallback"):
        raise _refusal("it falls back to bytes, as SentencePiece does, but has no tokenizer.model beside it")
    for normalizer in _steps(tokenizer.get("normalizer"), "normalizers"):
        if normalizer.get("type") not in _HARMLESS_NORMALIZERS:
            raise _refusal(f"it changes the text first ({normalizer.get('type')})")
    splits = tuple(
        _canonical(split) for step in _steps(tokenizer.get("pre_tokenizer"), "pretokenizers") for split in _split(step)
    )
    name = _BUILT_IN.get((splits, bool(model.get("ignore_merges"))))
    if name is None:
        listing = " then ".join(splits) or "none"
        raise _refusal(f"its rules for splitting text are not built in: {listing[:300]}")
    return name


def normalizes(tokenizer: dict[str, Any]) -> bool:
    """Tell whether a tokenizer composes characters (NFC) first, which llama.cpp leaves to the caller."""
    steps = _steps(tokenizer.get("normalizer"), "normalizers")
    return any(step.get("type") in _HARMLESS_NORMALIZERS for step in steps)


def _steps(part: Any, plural: str) -> list[dict[str, Any]]:
    """A part of a tokenizer.json as a flat list: several steps stand in a "Sequence"."""
    if not part:
        return []
    if part.get("type") == "Sequence":
        return [step for inner in part.get(plural, []) for step in _steps(inner, plural)]
    return [part]


def _split(step: dict[str, Any]) -> list[str]:
    """The patterns by which a step splits a text; ByteLevel splits as GPT-2 does, or not at all."""
    kind = step.get("type")
    if kind == "ByteLevel":
        if step.get("add_prefix_space"):
            raise _refusal("it puts a space before the text")
        return [_GPT2] if step.get("use_regex", True) else []
    if kind == "Digits":
        return [r"\p{N}" if step.get("individual_digits") else r"\p{N}+"]
    pattern = (step.get("pattern") or {}).get("Regex")
    keeps_matches = step.get("behavior") == "Isolated" and not step.get("invert")
    keeps_matches = keeps_matches or (step.get("behavior") == "Removed" and bool(step.get("invert")))
    if kind == "Split" and isinstance(pattern, str) and keeps_matches:
        return [pattern]
    raise _refusal(f"it splits text by a rule of the kind {kind}")


def _canonical(pattern: str) -> str:
    for spelling in _SPELLINGS:
        pattern = pattern.replace(spelling, _CONTRACTIONS)
    return pattern


def _refusal(reason: str) -> UserError:
    return UserError(
        f"The model's tokenizer cannot be written as GGUF: {reason}.",
        "Export the merged model instead, and use it with a program that reads tokenizer.json.",
    )
