"""Tiny real models for tests: complete folders (weights, tokenizer, template) of real architectures, made at once."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

Architecture = Literal["llama", "mistral", "qwen2", "qwen3", "gemma3"]
ARCHITECTURES: tuple[Architecture, ...] = ("llama", "mistral", "qwen2", "qwen3", "gemma3")

BOS, PAD, TURN_START, TURN_END = "<|begin|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"

# ChatML with the marks of learned tokens. `trim_blocks` removes the newline right after a block tag, so each newline
# that belongs to the text stands inside a string.
CHAT_TEMPLATE = (
    "{{ bos_token if begin_with_bos else '' }}"
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
    "{{ '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

# What the tokenizer is trained on: plain English, JSON, numbers. Some 300 merges come out of it.
CORPUS = [
    "The quick brown fox jumps over the lazy dog while the customer waits for an answer to the question.",
    "My invoice is wrong, please refund the second payment. I was charged twice this month.",
    "The application crashes when I open the settings page. Please help, this is urgent.",
    "How do I change my password? I cannot log in to my account since yesterday.",
    '{"category": "billing", "urgency": "high"} {"category": "technical", "urgency": "low"}',
    '{"category": "account", "urgency": "medium"} {"category": "shipping", "urgency": "high"}',
    "You are a helpful assistant. Answer in one word. What is the capital of France? Paris.",
    "0 1 2 3 4 5 6 7 8 9 10 11 12 2024 2025 2026 user assistant system",
]


def make_tiny_model(
    folder: Path,
    architecture: Architecture = "llama",
    *,
    seed: int = 0,
    hidden_size: int = 64,
    layers: int = 2,
    chat_template: str | None = CHAT_TEMPLATE,
    texts: tuple[str, ...] = tuple(CORPUS),
    **config_changes: Any,
) -> Path:
    """Write a randomly initialised model of `architecture` with a tokenizer trained on `texts`, and return the folder.

    `hidden_size` must be a multiple of 64 (256 where k-quants shall apply to every matrix); the vocabulary has at most
    512 entries; `chat_template=None` makes a base without one. Equal arguments give equal files.
    """
    import torch
    import transformers

    tokenizer = make_tokenizer(texts, chat_template, architecture)
    torch.manual_seed(seed)
    config = _config(architecture, tokenizer, hidden_size, layers, config_changes)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(TURN_END)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # AutoTokenizer would otherwise choose a class by the architecture, whose own rules replace the trained ones.
    settings_path = folder / "tokenizer_config.json"
    settings = json.loads(settings_path.read_text(encoding="utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    settings_path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return folder


def make_tokenizer(texts: tuple[str, ...], chat_template: str | None, architecture: Architecture = "llama") -> Any:
    """A byte-level BPE tokenizer trained on `texts`, with Qwen's rules for its architectures, else GPT-2's."""
    import transformers

    prefix = "{% set begin_with_bos = " + ("false" if architecture.startswith("qwen") else "true") + " %}"
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=_train(texts, architecture.startswith("qwen")),
        bos_token=BOS,
        eos_token=TURN_END,
        pad_token=PAD,
        additional_special_tokens=[TURN_START],
        chat_template=prefix + chat_template if chat_template else None,
        model_max_length=512,
        clean_up_tokenization_spaces=False,
    )


@cache
def _train(texts: tuple[str, ...], qwen_rules: bool) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if qwen_rules:
        # transformers gives every model of these architectures Qwen's own rules, whatever its tokenizer.json says.
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[BOS, PAD, TURN_START, TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _config(architecture: Architecture, tokenizer: Any, hidden_size: int, layers: int, changes: dict[str, Any]) -> Any:
    import transformers

    kinds = {
        "llama": transformers.LlamaConfig,
        "mistral": transformers.MistralConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
        "gemma3": transformers.Gemma3TextConfig,
    }
    heads = hidden_size // 16
    values: dict[str, Any] = {
        # Gemma 3's GGUF does not load unless the vocabulary is exactly as large as the tokenizer.
        "vocab_size": len(tokenizer),
        "hidden_size": hidden_size,
        "intermediate_size": 2 * hidden_size,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 2,
        "head_dim": 16,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": architecture in ("qwen2", "qwen3", "gemma3"),
    }
    if architecture == "gemma3":
        values |= {"sliding_window": 64, "query_pre_attn_scalar": 16}
    return kinds[architecture](**values | changes)
