"""How good an answer is, measured against the expected one. Thinking is taken off before anything is compared."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from localft.evaluation.scorecard import Unit
from localft.models.thinking import split_thinking

Shape = Literal["json", "label", "text", "long text"]

# A word is a run of letters and digits; of scripts written without spaces, each character counts as one.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_LABEL_WORDS = 8
_LONG_WORDS = 80


@dataclass(frozen=True)
class Measure:
    """What a measure is called, what it says, and in which direction it is better."""

    label: str
    meaning: str
    unit: Unit
    higher_is_better: bool = True


MEASURES: dict[str, Measure] = {
    "exact_match": Measure("Exactly right", "Answers equal to the expected one; JSON is compared by value.", "share"),
    "json_valid": Measure("Valid JSON", "Answers that a program can read as JSON.", "share"),
    "json_fields": Measure("JSON fields", "Expected fields that are there with the right value.", "share"),
    "rouge_l": Measure("ROUGE-L", "Words in common with the expected answer, in the same order.", "share"),
    "bleu": Measure("BLEU", "Sequences of up to four words in common, over all answers together.", "points"),
    "chrf": Measure("chrF", "Sequences of up to six characters in common with the expected answer.", "points"),
    "loss": Measure("Loss", "How unexpected the expected answers are to the model, for each token.", "nats", False),
    "perplexity": Measure("Perplexity", "Between how many tokens the model is undecided, on average.", "ratio", False),
    "latency_median": Measure("Answer time, median", "Seconds for one answer when asked alone.", "seconds", False),
    "latency_p95": Measure(
        "Answer time, slow", "95 of 100 answers asked alone take at most so long.", "seconds", False
    ),
    "tokens_per_second": Measure("Speed", "Tokens per second of an answer asked alone.", "tokens/s"),
}


def normalise(text: str) -> str:
    """The text with every run of white space as one space, and none at the ends."""
    return " ".join(text.split())


def exact_match(answer: str, expected: str) -> float:
    """1 if both are the same, else 0: as values where JSON (an object, a list) is expected, else up to white space."""
    wanted = _container(expected)
    if wanted is not None:
        given = _container(answer)
        return float(given is not None and same_value(given, wanted))
    return float(normalise(answer) == normalise(expected))


def json_valid(answer: str) -> float:
    """1 if the whole answer is one value of JSON (RFC 8259), else 0. A fence of Markdown around it does not count."""
    return float(_parse(answer) is not _NOTHING)


def json_fields(answer: str, expected: str) -> dict[str, float] | None:
    """For each field that the expected object has, 1 if the answer has it with the same value, else 0.

    Fields of nested objects are named by their path (`address.city`); lists are values. None where no object with
    fields is expected.
    """
    wanted = _container(expected)
    if not isinstance(wanted, dict) or not wanted:
        return None
    given = _parse(answer)
    found = dict(_leaves(given)) if isinstance(given, dict) else {}
    return {
        path: float(path in found and same_value(found[path], value)) for path, value in _leaves(wanted)
    }  # fmt: skip


def rouge_l(answer: str, expected: str) -> float:
    """ROUGE-L, the F1 of the longest common subsequence of words, 0 to 1 (Lin 2004; rouge-score, Unicode words)."""
    if not words(expected):
        return float(not words(answer))
    return float(_rouge().score(expected, answer)["rougeL"].fmeasure)


def chrf(answer: str, expected: str) -> float:
    """chrF2 of one answer, 0 to 100 (Popović 2015; sacrebleu: character 6-grams, beta 2)."""
    return float(_chrf().sentence_score(answer, [expected]).score)


@dataclass(frozen=True)
class BleuCounts:
    """What BLEU is computed of: matching and possible n-grams of length 1 to 4, words given and expected."""

    matching: tuple[int, ...]
    possible: tuple[int, ...]
    given: int
    expected: int


def bleu_counts(answer: str, expected: str) -> BleuCounts:
    """The n-grams of one answer (sacrebleu, tokenizer 13a)."""
    score = _bleu().sentence_score(answer, [expected])
    return BleuCounts(tuple(score.counts), tuple(score.totals), score.sys_len, score.ref_len)


def corpus_bleu(matching: Sequence[int], possible: Sequence[int], given: int, expected: int) -> float:
    """BLEU of summed counts, 0 to 100 (Papineni et al. 2002; sacrebleu, exponential smoothing)."""
    from sacrebleu.metrics.bleu import BLEU

    counts = [int(count) for count in matching], [int(count) for count in possible]
    return float(BLEU.compute_bleu(*counts, int(given), int(expected), smooth_method="exp").score)


def score_answer(answer: str, expected: str) -> dict[str, float]:
    """Every measure of one answer by itself: the keys of MEASURES that apply, and `field.PATH` for each JSON field."""
    answer, expected = split_thinking(answer)[0].strip(), split_thinking(expected, opened=False)[0].strip()
    scores = {
        "exact_match": exact_match(answer, expected),
        "rouge_l": rouge_l(answer, expected),
        "chrf": chrf(answer, expected),
    }
    fields = json_fields(answer, expected)
    if _container(expected) is not None:
        scores["json_valid"] = json_valid(answer)
    if fields is not None:
        scores["json_fields"] = sum(fields.values()) / len(fields)
        scores |= {f"field.{path}": value for path, value in fields.items()}
    return scores


def shape_of(expected: Sequence[str]) -> Shape:
    """What the expected answers look like: JSON, one of few short labels, text, or long text."""
    texts = [split_thinking(text, opened=False)[0].strip() for text in expected]
    if texts and sum(_container(text) is not None for text in texts) >= 0.9 * len(texts):
        return "json"
    lengths = sorted(len(words(text)) for text in texts)
    few = len(set(map(normalise, texts))) <= max(2, len(texts) / 2)
    if lengths and lengths[-1] <= _LABEL_WORDS and (few or lengths[len(lengths) // 2] <= 3):
        return "label"
    return "long text" if lengths and lengths[len(lengths) // 2] > _LONG_WORDS else "text"


def choose_primary(expected: Sequence[str]) -> tuple[str, str]:
    """The measure that the verdict rests on for answers like these, and why (a sentence)."""
    return {
        "json": ("exact_match", "The expected answers are JSON, which is right or wrong."),
        "label": ("exact_match", "The expected answers are short, so an answer is right or wrong."),
        "text": ("chrf", "The expected answers are text, which can be right in many words; likeness is measured."),
        "long text": (
            "loss",
            "The expected answers are long, and equally good ones share few words; what counts is how likely the model "
            "finds the expected ones.",
        ),
    }[shape_of(expected)]


def words(text: str) -> list[str]:
    """The words of a text in lower case, in any script."""
    return _WORD.findall(text.lower())


def same_value(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 and 1.0 are the same number, true is not 1, texts are compared up to white space."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return normalise(one) == normalise(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return one == other


_NOTHING = object()


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOTHING


def _container(text: str) -> Any:
    """The object or list that the text is, None for anything else."""
    value = _parse(text) if text.lstrip()[:1] in {"{", "["} else None
    return value if isinstance(value, dict | list) else None


def _leaves(value: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, item in value.items():
        path = f"{prefix}{key}"
        if isinstance(item, dict) and item:
            found.extend(_leaves(item, f"{path}."))
        else:
            found.append((path, item))
    return found


class _Words:
    """The tokenizer that rouge-score is given; its own drops every letter that is not ASCII."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True)
