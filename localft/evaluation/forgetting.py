"""What a tuned model lost of general language: how unexpected neutral text is to it, against the base model."""

import math
from typing import Literal

from localft.assets import asset
from localft.evaluation.scorecard import Forgetting
from localft.models.chat_format import ChatFormat
from localft.models.tokens import Encoded, TextTokenizer

# Perplexity of the tuned model over that of the base. Up to a tenth more is what 4 bits instead of 16 can cost a small
# model, which nobody notices in a chat; half as much again is about a model of the next smaller size.
SOME, CLEAR = 1.10, 1.50
_WINDOW = 512
# A model undecided between more than 150 tokens on plain English never learned it: there is nothing to forget.
_KNOWS_NOTHING = 5.0


def neutral_windows(tokenizer: TextTokenizer, chat_format: ChatFormat, context_length: int) -> list[Encoded]:
    """The bundled neutral text as windows of at most 512 tokens, of which all but the first are learned.

    Each begins with the token that the tokenizer would put before a text, without which some models are lost.
    """
    ids = tokenizer.encode((asset("neutral-text") / "neutral.txt").read_text(encoding="utf-8"))
    start = tokenizer.encode(chat_format.bos_text) if chat_format.bos_text else []
    step = min(_WINDOW, context_length) - len(start)
    windows = [start + ids[position : position + step] for position in range(0, len(ids), step)]
    return [Encoded(window, [False] + [True] * (len(window) - 1)) for window in windows if len(window) > 1]


def describe_forgetting(base_loss: float, tuned_loss: float, tokens: int) -> Forgetting:
    """Put both losses (nats a token, over the same tokens) into a word and a sentence."""
    ratio = math.exp(min(50.0, tuned_loss - base_loss))
    word: Literal["none", "some", "clear"] = "none" if ratio < SOME else "some" if ratio < CLEAR else "clear"
    change = (
        "as sure as" if abs(ratio - 1) < 0.005 else f"{_percent(ratio)} {'less' if ratio > 1 else 'more'} sure than"
    )
    sentence = {
        "none": f"No sign of forgetting: on neutral text the tuned model is {change} the base model.",
        "some": f"Some forgetting: on neutral text the tuned model is {change} the base model. "
        "Fewer epochs or a lower learning rate would keep more.",
        "clear": f"Clear forgetting: on neutral text the tuned model is {change} the base model. It may fail outside "
        "of your task; fewer epochs, a lower learning rate or some general examples among yours would help.",
    }[word]
    if base_loss > _KNOWS_NOTHING:
        sentence = f"On neutral text the tuned model is {change} the base model, which knows little of it itself."
    return Forgetting(
        word=word, sentence=sentence, base_loss=base_loss, tuned_loss=tuned_loss, ratio=ratio, tokens=tokens
    )


def _percent(ratio: float) -> str:
    """How much higher (or lower) the perplexity is."""
    if ratio > 10:
        return "many times"
    return f"{abs(ratio - 1) * 100:.0f} %"
