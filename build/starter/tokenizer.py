"""The tokenizer: a small byte-level BPE whose every token can be learned, and its chat template."""

import itertools
import random
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from starter.templates import Message

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL_TOKENS = [END_OF_TEXT, TURN_START, TURN_END]

# The renderer drops a newline right after a block tag (trim_blocks): newlines that count are written as '\n'.
CHAT_TEMPLATE = """\
{%- for message in messages -%}
    {{- '<|im_start|>' + message['role'] + '\\n' -}}
    {%- if message['role'] == 'assistant' -%}
        {%- generation -%}{{- message['content'] + '<|im_end|>' -}}{%- endgeneration -%}
    {%- else -%}
        {{- message['content'] + '<|im_end|>' -}}
    {%- endif -%}
    {{- '\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Learn a byte-level BPE with the pre-tokenizer of GPT-2, so that llama.cpp's "gpt-2" splits text the same way."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return tokenizer


def special_ids(tokenizer: Tokenizer) -> dict[str, int]:
    """The token id of each special token."""
    vocabulary = tokenizer.get_vocab()
    return {token: vocabulary[token] for token in SPECIAL_TOKENS}


def render(messages: list[Message]) -> str:
    """The text of a conversation; equal to what CHAT_TEMPLATE gives, without the cost of rendering it 100,000 times."""
    return "".join(f"{TURN_START}{message['role']}\n{message['content']}{TURN_END}\n" for message in messages)


class DropoutEncoder:
    """Encodes text and leaves out random merges (BPE dropout, Provilkov et al. 2020): pieces of words are met too.

    The tokenizers library has such a dropout, but its random numbers cannot be seeded.
    """

    def __init__(self, tokenizer: Tokenizer, merges: list[tuple[str, str]], dropout: float) -> None:
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.ids = tokenizer.get_vocab()
        self.splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        self.dropout = dropout

    def encode(self, rng: random.Random, text: str) -> list[int]:
        """Token ids of a text without special tokens."""
        return [
            self.ids[piece] for word, _ in self.splitter.pre_tokenize_str(text) for piece in self._pieces(rng, word)
        ]

    def _pieces(self, rng: random.Random, word: str) -> list[str]:
        pieces = list(word)
        while len(pieces) > 1:
            pairs = [
                (self.ranks[pair], place) for place, pair in enumerate(itertools.pairwise(pieces)) if pair in self.ranks
            ]
            kept = [pair for pair in pairs if rng.random() >= self.dropout]
            if not kept:
                break
            _, place = min(kept)
            pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
        return pieces


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context_length: int) -> None:
    """Write tokenizer.json, tokenizer_config.json and chat_template.jinja."""
    from transformers import PreTrainedTokenizerFast

    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )
    wrapped.save_pretrained(folder)
