"""Model folders without weights worth the name: enough to be found, rendered and tokenised, made without torch."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = (
    "The quick brown fox jumps over the lazy dog while the customer waits for an answer to the question.",
    '{"category": "billing", "urgency": "high"} {"category": "technical", "urgency": "low"}',
    "You are a helpful assistant. What is the capital of France? Paris. Rome is the capital of Italy.",
    "0 1 2 3 4 5 6 7 8 9 10 user assistant system User: Assistant: think",
)
SPECIAL = (
    "<|begin|>",
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
)

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def make_model_folder(
    folder: Path,
    template: str | None = CHATML,
    *,
    adds_bos: bool = False,
    config: dict[str, Any] | None = None,
    tokenizer_config: dict[str, Any] | None = None,
    eos: str = "<|im_end|>",
    like_sentencepiece: bool = False,
) -> Path:
    """Write a folder that looks like a small Llama, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_str(_trained_like_sentencepiece() if like_sentencepiece else _trained())
    if adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin|> $A", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    values: dict[str, Any] = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 256,
        "vocab_size": tokenizer.get_vocab_size(),
    }
    write_json(folder / "config.json", values | (config or {}))
    settings: dict[str, Any] = {"bos_token": "<|begin|>", "eos_token": eos, "pad_token": "<|endoftext|>"}
    write_json(folder / "tokenizer_config.json", settings | (tokenizer_config or {}))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8", newline="")
    write_safetensors(folder / "model.safetensors", {"model.embed.weight": [40, 8], "lm_head.weight": [40, 8]})
    return folder


@cache
def _trained() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer.to_str()


@cache
def _trained_like_sentencepiece() -> str:
    """As Llama 2 and Mistral have it: a space before the text, spaces inside of tokens, bytes for what is unknown."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *SPECIAL],
        show_progress=False,
    )
    tokenizer.train_from_iterator([text.replace(" ", "▁") for text in TEXTS], trainer)
    return tokenizer.to_str()


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def write_safetensors(path: Path, shapes: dict[str, list[int]]) -> None:
    """A safetensors file of bfloat16 zeros."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        size = 2
        for length in shape:
            size *= length
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(end))
