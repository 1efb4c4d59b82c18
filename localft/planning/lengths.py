"""How long the examples of a dataset version are, in tokens of the base model: plans and proposals rest on it."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from localft.data.examples import Example
from localft.data.versions import load_split
from localft.models.base_model import BaseModel
from localft.models.download import is_present, model_folder
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example
from localft.planning.recipe import TrainingSettings
from localft.store.projects import Project

# Before a model is downloaded its tokenizer is not at hand. Byte-level BPE of today's vocabularies (100k entries and
# more) makes a token of some four bytes of English; three is on the safe side for other languages and for JSON.
_BYTES_PER_TOKEN = 3.0
_TEMPLATE_TOKENS_PER_MESSAGE = 6
# Beyond so many examples a sample says the same, and of the others only so many can be the longest.
_SAMPLE = 2_000
_LONGEST = 64
_NO_CUT = 1_000_000


@dataclass(frozen=True)
class TokenStats:
    """Lengths of the sequences that are trained on, in tokens, before any cut.

    `train` and `validation` count sequences, or pairs of two; a length is always that of one sequence. `lengths` are
    those of a fair sample in the order of the examples, the two of a pair side by side; `longest` is that of all.
    `learned` is the mean number of tokens with a loss, `learned_share` the largest part of a sequence that they are.
    `estimated` says that they were guessed from the text, because the tokenizer is not on this computer yet.
    """

    train: int
    validation: int
    lengths: tuple[int, ...]
    longest: int
    learned: float
    learned_share: float = 1.0
    estimated: bool = False

    @cached_property
    def p99(self) -> int:
        """The length that 99 of 100 sequences do not exceed."""
        return _percentile(sorted(self.lengths), 0.99)

    def units(self, max_length: int, sequences: int = 1) -> list[int]:
        """The lengths of the sample's examples, of `sequences` each, once everything longer is cut."""
        cut = [max(1, min(length, max_length)) for length in self.lengths]
        return [sum(cut[start : start + sequences]) for start in range(0, len(cut), sequences)]


def measure_tokens(
    project: Project, version_id: str, base_model: BaseModel, settings: TrainingSettings | None = None
) -> TokenStats:
    """Measure the training examples of a version with the model's own tokenizer and chat format, or estimate them.

    Raises:
        UserError: the version is missing or damaged, or the chat template refuses an example.
    """
    train = load_split(project, version_id, "train")
    validation = load_split(project, version_id, "validation")
    sample = train if len(train) <= _SAMPLE else train[:: math.ceil(len(train) / _SAMPLE)]
    chosen = settings or TrainingSettings()
    counted, estimated = _count(sample, base_model, chosen)
    # A sample misses the longest, which memory depends on.
    longest = counted if sample is train else counted + _count(_longest(train), base_model, chosen)[0]
    return TokenStats(
        # A conversation may make several sequences: some templates render earlier turns differently later on.
        train=round(len(train) * len(counted) / max(1, len(sample)) / chosen.sequences),
        validation=len(validation),
        lengths=tuple(total for total, _ in counted),
        longest=max((total for total, _ in longest), default=0),
        learned=sum(learned for _, learned in counted) / max(1, len(counted)),
        # A guess of the whole says little about its parts.
        learned_share=1.0 if estimated else max((learned / total for total, learned in longest), default=1.0),
        estimated=estimated,
    )


def _longest(examples: Sequence[Example]) -> list[Example]:
    """Those with the most text: the one with the most tokens is among them, unless its text is a very odd one."""
    return heapq.nlargest(_LONGEST, examples, key=lambda example: _estimate(example)[0])


def _count(
    examples: Sequence[Example], base_model: BaseModel, settings: TrainingSettings
) -> tuple[list[tuple[int, int]], bool]:
    """(tokens, learned tokens) of each sequence, of pairs both; and whether they are estimates."""
    learn = settings.learn
    if settings.objective == "dpo":
        examples = [one for example in examples if example.rejected for one in (example, example.worse)]
        learn = "last"
    if not is_present(base_model):
        return [one for example in examples for one in _estimated_parts(example, settings.max_length)], True
    tokenizer = TextTokenizer(model_folder(base_model))
    chat_format = chat_format_for(base_model, settings.thinking, settings.chat_template)
    counted = [
        (len(encoded.token_ids), encoded.learned_count)
        for example in examples
        for encoded in encode_example(
            chat_format, tokenizer, example, settings.max_length if example.plain else _NO_CUT, learn
        )
    ]
    return counted, False


def _estimated_parts(example: Example, max_length: int) -> list[tuple[int, int]]:
    """The sequences of an example: plain text goes on in another where it is longer."""
    total, learned = _estimate(example)
    if not example.plain:
        return [(total, learned)]
    parts = [min(total - start, max_length) for start in range(0, total, max_length)]
    return [(part, part) for part in parts]


def _estimate(example: Example) -> tuple[int, int]:
    def tokens(text: str) -> int:
        return math.ceil(len(text.encode("utf-8", errors="replace")) / _BYTES_PER_TOKEN) + _TEMPLATE_TOKENS_PER_MESSAGE

    total = sum(tokens(message.content) for message in example.messages)
    learned = sum(tokens(message.content) for message in example.messages if message.role == "assistant")
    return total, learned


def _percentile(ordered: Sequence[int], fraction: float) -> int:
    """The smallest value that at least `fraction` of the values do not exceed."""
    if not ordered:
        return 0
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]
