"""What was seen becomes outcomes and sentences; a doubtful file never passes."""

from typing import Any

import pytest

from localft.export.certificate import Certificate, Check
from localft.export.judgement import check_engine, check_logits, check_pairs

GOOD = {
    "steps": 96.0, "largest": 0.01, "relative": 0.006, "agreement": 1.0, "ties": 0.0, "divergence": 1e-6, "effect": 1.0,
    "trained": 0.9,
}  # fmt: skip
SEEN: dict[str, Any] = {
    "context": 512,
    "tokens": {
        "texts": 33, "prompts": 24, "different_texts": 0, "different_prompts": 0, "first": "",
        "different_decomposed": 0,
    },
    "template": {"conversations": 24, "different": 0, "first": ""},
    "stops": {"stops": ["<|im_end|>"], "ending": ["<|im_end|>"]},
}  # fmt: skip


def outcomes(checks: list[Check]) -> list[str]:
    return [check.outcome for check in checks if check.required]


def judge(form: str, **changes: float) -> list[str]:
    return outcomes(check_logits({"figures": {**GOOD, **changes}}, form))


@pytest.mark.parametrize("form", ["F16", "BF16", "Q8_0", "Q4_K_M", "safetensors"])
def test_the_trained_model_passes_in_every_form(form: str) -> None:
    assert set(judge(form)) == {"passed"}


@pytest.mark.parametrize("form", ["F16", "BF16", "Q8_0", "Q4_K_M", "Q6_K", "safetensors"])
def test_the_base_model_in_place_of_the_tuned_one_fails(form: str) -> None:
    assert "failed" in judge(form, effect=0.0, relative=0.4)


def test_half_of_the_training_is_not_the_trained_model() -> None:
    assert "failed" in judge("BF16", effect=0.8)
    assert "failed" in judge("Q4_K_M", effect=0.4, relative=0.2)


def test_other_numbers_fail_where_nothing_was_rounded_away() -> None:
    assert "failed" in judge("BF16", relative=0.08)
    assert "failed" not in judge("Q4_K_M", relative=0.2, agreement=0.9)


def test_another_answer_fails_in_sixteen_bits_unless_both_are_equally_likely() -> None:
    assert "failed" in judge("F16", agreement=95 / 96)
    assert "failed" not in judge("F16", agreement=95 / 96, ties=1.0)
    assert "failed" not in judge("Q5_K_M", agreement=0.8)


def test_a_training_smaller_than_the_rounding_cannot_be_judged() -> None:
    assert judge("Q4_K_M", effect=0.1, trained=0.1, relative=0.2) == ["not checked"]


def test_different_tokens_fail() -> None:
    known = {**SEEN, "tokens": {**SEEN["tokens"], "different_texts": 1, "first": "'x': [1] instead of [2]"}}
    assert "failed" not in outcomes(check_engine(known, "llama-bpe", by_rules=False))
    assert "failed" in outcomes(check_engine(known, "gpt-2", by_rules=True))
    prompts = {**SEEN, "tokens": {**SEEN["tokens"], "different_prompts": 1}}
    assert "failed" in outcomes(check_engine(prompts, "llama-bpe", by_rules=False))


def test_another_rendering_and_no_rendering_fail() -> None:
    for template in (
        {"conversations": 24, "different": 1, "first": "x"},
        {"conversations": 0, "different": 0, "first": ""},
    ):
        assert "failed" in outcomes(check_engine({**SEEN, "template": template}, None, by_rules=False))


def test_a_stop_text_that_is_no_token_is_told_but_does_not_fail() -> None:
    checks = check_engine({**SEEN, "stops": {"stops": ["\n\nUser:"], "ending": []}}, None, by_rules=False)
    told = next(check for check in checks if check.name == "Answers end")
    assert told.outcome == "failed" and not told.required
    assert "failed" in outcomes(check_engine({**SEEN, "stops": {"stops": [], "ending": []}}, None, by_rules=False))


def certificate(*checks: Check) -> Certificate:
    return Certificate(created_at="2026-01-01T00:00:00+00:00", checks=checks, files=(), versions={})


def test_the_certificate_in_one_sentence() -> None:
    passed, skipped = check_pairs(14, "lora"), Check(name="Asked", outcome="not checked", detail="No memory.")
    failed = Check(name="It is the tuned model", outcome="failed", detail="0 % of it.")
    told = failed.model_copy(update={"required": False})
    assert certificate(passed).sentence == "1 check passed."
    assert certificate(passed, passed, skipped).sentence == "2 checks passed, 1 could not be made here."
    assert certificate(passed, failed).sentence == "Not proved: 'It is the tuned model' failed. 0 % of it."
    assert certificate(passed, told).proved
    assert not certificate(passed, failed).proved
