"""From what was seen to what it means: the checks of a certificate, each with its outcome and a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from localft.export.certificate import Check

# Root mean square of the difference over the spread of the logits. Weights and activations in 16 bits give 0.005 to
# 0.01 on two layers; it grows with the square root of the depth, and a reference in bfloat16 adds its own.
_EXACT_FORMS = {"F16": 0.05, "BF16": 0.05, "Q8_0": 0.15}
# How much of the training must be in the file: 1 is all, 0 is the base model.
_EXACT_EFFECT, _LEAST_EFFECT = 0.9, 0.5


def check_pairs(pairs: int, method: str) -> Check:
    """Every part of the adapter is in the file (a part without a place would have ended the export before)."""
    if method == "full":
        return Check(name="The trained weights are in the file", outcome="passed", detail="All weights were trained.")
    return Check(
        name="Every part of the adapter is in the file",
        outcome="passed",
        detail=f"{pairs} parts, each merged exactly once.",
        figures={"pairs": float(pairs)},
    )


def check_engine(seen: Mapping[str, Any], pre_tokenizer: str | None, by_rules: bool) -> list[Check]:
    """What llama.cpp said about the file."""
    return [
        Check(name="llama.cpp loads the file", outcome="passed", detail=f"Context of {seen['context']} tokens."),
        check_tokens(seen["tokens"], pre_tokenizer, by_rules),
        _check_template(seen["template"]),
        _check_stops(seen["stops"]),
    ]


def check_tokens(tokens: Mapping[str, Any], pre_tokenizer: str | None, by_rules: bool) -> Check:
    """Equal token ids: those of the run's own prompts, and of all texts where the pre-tokenizer was found by rules."""
    different = tokens["different_prompts"] + tokens["different_texts"]
    failed = tokens["different_prompts"] > 0 or (by_rules and different > 0)
    found = f"pre-tokenizer {pre_tokenizer}, {'found by its rules' if by_rules else 'known to llama.cpp'}"
    compared = f"{tokens['prompts']} conversations and {tokens['texts']} difficult texts"
    if different:
        detail = f"{different} of {compared} differ ({found}); the first: {tokens['first']}."
    else:
        detail = f"Equal token ids for {compared}" + (f" ({found})." if pre_tokenizer else ".")
    if tokens["different_decomposed"]:
        # Known for Qwen's tokenizers among others: llama.cpp takes text as it is.
        detail += " Letters and accents that are written apart, which is rare, are not put together by llama.cpp."
    return Check(name="Text becomes the same tokens", outcome="failed" if failed else "passed", detail=detail)


def _check_template(template: Mapping[str, Any]) -> Check:
    same = template["different"] == 0 and template["conversations"] > 0
    detail = (
        f"{template['conversations']} conversations are rendered byte for byte as in training."
        if same
        else f"{template['different']} of {template['conversations']} differ: {template['first']}."
    )
    return Check(name="Conversations become the same text", outcome="passed" if same else "failed", detail=detail)


def _check_stops(stops: Mapping[str, Sequence[str]]) -> Check:
    """At least one stop text must end an answer inside the engine; the Modelfile names all of them."""
    ending = stops["ending"]
    listed = ", ".join(stops["stops"])
    if not stops["stops"]:
        return Check(name="Answers end", outcome="failed", detail="The chat format names no stop token.")
    if ending:
        return Check(name="Answers end", outcome="passed", detail=f"llama.cpp stops at {', '.join(ending)}.")
    return Check(
        name="Answers end",
        outcome="failed",
        required=False,
        detail=f"No single token ends an answer; programs must be told to stop at {listed}, as the Modelfile does.",
    )


def check_logits(seen: Mapping[str, Any], form: str) -> list[Check]:
    """The file against the trained model: `seen` is what localft.export.reference returned."""
    figures: dict[str, float] = seen["figures"]
    return [_check_effect(figures, form), _check_closeness(figures, form), _check_answers(figures, form)]


def _check_effect(figures: dict[str, float], form: str) -> Check:
    """Is it the tuned model, or the base? Judged where the training moved the logits more than the form's own error."""
    least = _EXACT_EFFECT if form in _EXACT_FORMS or form == "safetensors" else _LEAST_EFFECT
    effect = figures["effect"]
    visible = figures["trained"] > 2 * figures["relative"]
    passed = abs(effect - 1) <= 1 - least
    share = f"{effect:.1%} of what the training changed is in the file's answers"
    if passed or visible:
        return Check(
            name="It is the tuned model, not the base",
            outcome="passed" if passed else "failed",
            detail=f"{share}.",
            figures=figures,
        )
    return Check(
        name="It is the tuned model, not the base",
        outcome="not checked",
        detail=f"The training changed less than the rounding of {form} does.",
        figures=figures,
    )


def _check_closeness(figures: dict[str, float], form: str) -> Check:
    limit = _EXACT_FORMS.get(form, 0.05 if form == "safetensors" else None)
    detail = (
        f"The logits differ by {figures['relative']:.2%} of their spread (at most {figures['largest']:.3g}), "
        f"divergence {figures['divergence']:.2g} nats a token, over {figures['steps']:.0f} tokens."
    )
    passed = limit is None or figures["relative"] <= limit
    name = "The numbers are those of the trained model" if limit else "How much the smaller form changes the numbers"
    return Check(name=name, outcome="passed" if passed else "failed", detail=detail, required=limit is not None)


def _check_answers(figures: dict[str, float], form: str) -> Check:
    """Equal greedy answers in 16 bits; a token that both find equally likely, within their error, counts as equal."""
    steps, ties = figures["steps"], figures["ties"]
    same = figures["agreement"] + (ties / steps if steps else 0.0)
    exact = form in ("F16", "BF16", "safetensors")
    detail = f"The trained model's likeliest token is the file's in {figures['agreement']:.1%} of {steps:.0f} places"
    detail += f", in {ties:.0f} more the two are equally likely." if ties else "."
    failed = exact and same < 1 - 1e-9
    name = "The same answers" if exact else "How often the answers agree"
    return Check(name=name, outcome="failed" if failed else "passed", detail=detail, required=exact)


def not_checked(name: str, reason: str) -> Check:
    """A check that could not be made here, and why."""
    return Check(name=name, outcome="not checked", detail=reason)
