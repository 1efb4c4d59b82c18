"""The pre-training text: a seeded stream of documents, each a plain text or a conversation, and its tokens."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tokenizers import Tokenizer

from starter.chatting import CHATTING
from starter.prose import PROSE
from starter.reading import READING
from starter.tokenizer import END_OF_TEXT, SPECIAL_TOKENS, TURN_START, DropoutEncoder, render, special_ids

PLAIN_SHARE = 0.3  # of documents; the rest are conversations
READING_SHARE = 0.7  # of conversations
ECHO_SHARE = 0.1  # of documents: a row of random tokens, said two or three times
DROPOUT_SHARE = 0.15  # of plain documents and conversations
DROPOUT = 0.25  # of merges
PROMPT_WEIGHT = 0.2  # of a prompt's token in the loss, against 1 for an answer's
Made = TypeVar("Made")
SPECIAL = re.compile("(" + "|".join(re.escape(token) for token in SPECIAL_TOKENS) + ")")


@dataclass(frozen=True)
class TokenDocument:
    """Token ids of one document and the weight of each in the loss."""

    ids: list[int]
    weights: list[float]


def _make(rng: random.Random, weighted: Sequence[tuple[Callable[[random.Random], Made], int]]) -> Made:
    """Let one of the generators, chosen by its weight, write something."""
    makers, weights = zip(*weighted, strict=True)
    return rng.choices(makers, weights)[0](rng)


def documents(seed: int) -> Iterator[str]:
    """An endless stream of texts, special tokens included."""
    rng = random.Random(seed)
    while True:
        if rng.random() < PLAIN_SHARE:
            yield _make(rng, PROSE) + END_OF_TEXT
        else:
            tasks = READING if rng.random() < READING_SHARE else CHATTING
            yield render(_make(rng, tasks))


def plain_parts(texts: Iterable[str]) -> Iterator[str]:
    """What stands between the special tokens: the text that the tokenizer learns from."""
    for text in texts:
        yield from SPECIAL.split(text)[::2]


def token_documents(seed: int, tokenizer: Tokenizer) -> Iterator[TokenDocument]:
    """The same stream as tokens; some documents with BPE dropout, and now and then one of bare bytes."""
    rng = random.Random(seed + 1)
    merges = [(left, right) for left, right in json.loads(tokenizer.to_str())["model"]["merges"]]
    pieces = DropoutEncoder(tokenizer, merges, DROPOUT)
    special = special_ids(tokenizer)
    for text in documents(seed):
        if rng.random() < ECHO_SHARE:
            yield _echo(rng, tokenizer)
        if rng.random() < DROPOUT_SHARE:
            yield _tokens(text, special, lambda part: pieces.encode(rng, part))
        else:
            yield _tokens(text, special, lambda part: tokenizer.encode(part).ids)


def _echo(rng: random.Random, tokenizer: Tokenizer) -> TokenDocument:
    """Random tokens and their repetition: teaches to copy early on, and every token, bare bytes included, is met."""
    ids = [rng.randrange(len(SPECIAL_TOKENS), tokenizer.get_vocab_size()) for _ in range(rng.randint(4, 20))]
    times = rng.randint(1, 2)
    end = special_ids(tokenizer)[END_OF_TEXT]
    return TokenDocument([*ids, *ids * times, end], [0.0] * len(ids) + [1.0] * (len(ids) * times + 1))


def _tokens(text: str, special: dict[str, int], encode: Callable[[str], list[int]]) -> TokenDocument:
    """Encode the parts between special tokens one by one. What an assistant says counts in full, a prompt less."""
    document = TokenDocument([], [])
    is_conversation, answering = text.startswith(TURN_START), False
    for part in SPECIAL.split(text):
        if part in special:
            ids = [special[part]]
        else:
            ids = encode(part)
            answering = part.startswith("assistant\n")
        document.ids.extend(ids)
        document.weights.extend([1.0 if answering or not is_conversation else PROMPT_WEIGHT] * len(ids))
    return document
