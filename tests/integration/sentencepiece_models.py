"""Tiny models with a SentencePiece tokenizer.model beside their tokenizer.json, as Llama 2, Mistral and Gemma have."""

import json
from pathlib import Path
from typing import Any, Literal

from localft.models.find import find_model
from localft.models.templates import chat_format_for
from tests.integration.export_models import Subject, add_adapter
from tests.tiny_models import CORPUS

Kind = Literal["mistral", "gemma3"]
_NAMES: dict[Kind, dict[str, str]] = {
    "mistral": {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
    "gemma3": {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"},
}
_TURNS = ("<start_of_turn>", "<end_of_turn>")
_TEMPLATES: dict[Kind, str] = {
    "mistral": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}"
        "{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}"
    ),
    "gemma3": (
        "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) }}"
        "{{ '\\n' + m.content | trim + '<end_of_turn>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
    ),
}


def make_sentencepiece_subject(folder: Path, kind: Kind) -> Subject:
    """A tiny model of this kind with an adapter; the tokenizer.json spells the rules of the tokenizer.model out."""
    import sentencepiece
    import torch
    import transformers

    base = folder / "base"
    base.mkdir(parents=True)
    (folder / "corpus.txt").write_text("\n".join(CORPUS * 50), encoding="utf-8")
    own: dict[str, Any] = {}
    if kind == "gemma3":
        own = {
            "user_defined_symbols": [*_TURNS, "\n", "\n\n"], "add_dummy_prefix": False,
            "pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, **{name.replace("_token", "_piece"): text
            for name, text in _NAMES[kind].items()},
        }  # fmt: skip
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus.txt"), model_prefix=str(base / "tokenizer"), model_type="bpe", vocab_size=520,
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="identity", split_digits=True,
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, minloglevel=3, **own,
    )  # fmt: skip
    (base / "tokenizer.vocab").unlink()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_rules(base / "tokenizer.model", kind), chat_template=_TEMPLATES[kind], **_NAMES[kind]
    )
    values: dict[str, Any] = {"sliding_window": 64, "query_pre_attn_scalar": 16} if kind == "gemma3" else {}
    config = {"mistral": transformers.MistralConfig, "gemma3": transformers.Gemma3TextConfig}[kind](
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=512, tie_word_embeddings=kind == "gemma3",
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=0, **values,
    )  # fmt: skip
    torch.manual_seed(0)
    model: Any = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(base)
    tokenizer.save_pretrained(base)
    settings = json.loads((base / "tokenizer_config.json").read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    return Subject(base, add_adapter(model, folder / "adapter"), chat_format_for(find_model(str(base))), folder)


def _rules(path: Path, kind: Kind) -> Any:
    """The same tokenizer for the tokenizers library, as the published models spell it."""
    import sentencepiece
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers.convert_slow_tokenizer import generate_merges

    trained = sentencepiece.SentencePieceProcessor(model_file=str(path))
    vocabulary = {trained.id_to_piece(index): index for index in range(len(trained))}
    scores = {piece: trained.get_score(index) for piece, index in vocabulary.items()}
    merges = generate_merges(vocabulary, scores)
    rules = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    spaces = normalizers.Replace(" ", "▁")
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    special = list(_NAMES[kind].values())
    if kind == "gemma3":
        rules.normalizer, rules.pre_tokenizer = spaces, pre_tokenizers.Split(" ", "merged_with_previous")
        special += _TURNS
        rules.add_tokens([AddedToken(text, normalized=False) for text in ("\n", "\n\n")])
    else:
        rules.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spaces])
        steps.append(decoders.Strip(" ", 1, 0))
    rules.decoder = decoders.Sequence(steps)
    rules.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    return rules
