"""What writing examples will take, said before it begins: questions, tokens, money, time."""

import math
from collections.abc import Sequence

import pydantic

from localft import words
from localft.synthesis.asking import Chat, judging_order, writing_order
from localft.synthesis.passages import Passage, choose_evenly
from localft.synthesis.settings import Kind, SynthesisSettings

# Bytes of UTF-8 to a token: about right for English, cautious for other Latin scripts, near for Chinese and Japanese.
_BYTES_PER_TOKEN = 4.0
_TOKENS_PER_MESSAGE = 6
# What one example takes in a reply, in tokens; and a judgement.
_WRITTEN: dict[Kind, int] = {"question-answer": 90, "instruction": 160, "style": 240}
_JUDGEMENT = 45
ASSUMED_RATE = 20.0
"""Tokens that a model writes in a second where nothing was measured yet: a small one on a consumer's card."""


class Estimate(pydantic.BaseModel):
    """What is expected. `cost` is None where no price was named; prices and cost are in the same money.

    `rate` is in written tokens per second, and `measured` says whether it was seen with this model before.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    passages: int
    chosen: int
    most: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    seconds: float
    rate: float
    measured: bool

    def sentences(self, currency: str) -> list[str]:
        """For a person: what there is, what is asked, what it takes."""
        chosen = "all" if self.chosen == self.passages else f"{self.chosen:,}"
        basis = "as measured before" if self.measured else "assumed; nothing was measured with this model yet"
        cost = "no price was named" if self.cost is None else words.money(self.cost, currency)
        cost = cost if cost.startswith(("no ", "less ")) else f"about {cost}"
        return [
            f"{words.counted(self.passages, 'passage')}, of which {chosen} will be asked about: at most "
            f"{words.counted(self.most, 'example')}.",
            f"About {words.counted(self.calls, 'question')} to the model, {self.tokens_in:,} tokens read and "
            f"{self.tokens_out:,} written. Replies that cannot be used are asked for once more.",
            f"Cost: {cost}. Time: about {words.duration(self.seconds)} at {self.rate:.0f} tokens/s ({basis}).",
        ]


def chosen_passages(settings: SynthesisSettings, passages: Sequence[Passage]) -> list[Passage]:
    """The passages that are asked about: as many as the limit wants, if each gives all that it may."""
    return choose_evenly(passages, math.ceil(settings.most / settings.per_passage))


def estimate(settings: SynthesisSettings, passages: Sequence[Passage], rate: float | None, at_once: int) -> Estimate:
    """What writing from these passages will take.

    `rate` is in written tokens per second of one answer as measured with this model, None where nothing was; `at_once`
    answers are written side by side.
    """
    chosen = chosen_passages(settings, passages)
    wanted = min(settings.most, len(chosen) * settings.per_passage)
    tokens_in = sum(_tokens(writing_order(settings, passage)) for passage in chosen)
    tokens_out = len(chosen) * settings.per_passage * _WRITTEN[settings.kind]
    calls = len(chosen)
    if settings.judge and settings.kind != "style":
        calls += wanted
        each = [_tokens(judging_order(passage, "", "")) + _WRITTEN[settings.kind] for passage in chosen]
        tokens_in += sum(each) * settings.per_passage
        tokens_out += wanted * _JUDGEMENT
    prices = (settings.price_in, settings.price_out)
    known = [price for price in prices if price is not None]
    cost = price_of(settings, tokens_in, tokens_out) if known else None
    together = (rate or ASSUMED_RATE) * at_once
    return Estimate(
        passages=len(passages),
        chosen=len(chosen),
        most=wanted,
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost,
        seconds=tokens_out / together,
        rate=together,
        measured=rate is not None,
    )


def price_of(settings: SynthesisSettings, tokens_in: int, tokens_out: int) -> float:
    """What so many tokens cost; a price that was not named is 0."""
    return (tokens_in * (settings.price_in or 0) + tokens_out * (settings.price_out or 0)) / 1_000_000


def _tokens(messages: Chat) -> int:
    sizes = [len(str(message["content"]).encode("utf-8")) for message in messages]
    return math.ceil(sum(sizes) / _BYTES_PER_TOKEN) + _TOKENS_PER_MESSAGE * len(sizes)
