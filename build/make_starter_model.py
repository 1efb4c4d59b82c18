"""Make assets/starter-model: a very small chat model, trained from nothing on text that this script writes itself.

python build/make_starter_model.py            ten minutes to an hour on two processor cores
"""

import argparse
import itertools
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import torch
from starter.card import write_card
from starter.corpus import documents, plain_parts, token_documents
from starter.tokenizer import END_OF_TEXT, TURN_END, save_tokenizer, special_ids, train_tokenizer
from starter.training import initialise, pack, train
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

SEED = 20261124
THREADS = 2
VOCAB_SIZE = 2048
CONTEXT_LENGTH = 1024
BATCH_TOKENS = 2048
STEPS = 2800
TARGET = Path(__file__).resolve().parent.parent / "assets" / "starter-model"


def make_model(vocab_size: int) -> LlamaForCausalLM:
    """An untrained Llama of 4.5 million weights. All widths are multiples of 256, the block of llama.cpp's k-quants."""
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=256,
        intermediate_size=1024,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_LENGTH,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    return LlamaForCausalLM(config)


def check_vocabulary(tokenizer: Tokenizer, seed: int, tokens: int) -> int:
    """Count every token in the first `tokens` tokens of the training text; return the smallest count.

    A token that never occurs keeps a random embedding, and LoRA cannot teach it afterwards.

    Raises:
        ValueError: some tokens do not occur.
    """
    seen: Counter[int] = Counter()
    for document in token_documents(seed, tokenizer):
        seen.update(document.ids)
        if seen.total() >= tokens:
            break
    missing = [tokenizer.id_to_token(identity) for identity in range(tokenizer.get_vocab_size()) if not seen[identity]]
    if missing:
        raise ValueError(f"{len(missing)} tokens never occur in the training text: {missing[:20]}")
    return min(seen[identity] for identity in range(tokenizer.get_vocab_size()))


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, target: Path, facts: dict[str, str]) -> None:
    """Write everything to a folder beside the target and exchange the two at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".starter-model-", dir=target.parent))
    end, pad = special_ids(tokenizer)[TURN_END], special_ids(tokenizer)[END_OF_TEXT]
    model.config.eos_token_id, model.config.pad_token_id = end, pad
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad, do_sample=False, max_new_tokens=256)
    model.to(torch.bfloat16).save_pretrained(folder)
    save_tokenizer(tokenizer, folder, CONTEXT_LENGTH)
    write_card(folder, facts)
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
    old = target.with_name(f".{target.name}-old")
    if target.exists():
        target.replace(old)
    folder.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    """Train tokenizer and model and save both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write (default: assets/starter-model)")
    parser.add_argument(
        "--steps", type=int, default=STEPS, help=f"training steps of {BATCH_TOKENS} tokens (default: {STEPS})"
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"seed of text and weights (default: {SEED})")
    parser.add_argument("--threads", type=int, default=THREADS, help=f"processor threads (default: {THREADS})")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    # Processors with bfloat16 units (AMX) multiply twice as fast so; on all others this changes nothing.
    torch.set_float32_matmul_precision("medium")
    torch.manual_seed(options.seed)
    random.seed(options.seed)

    tokenizer = train_tokenizer(plain_parts(itertools.islice(documents(options.seed + 100), 30_000)), VOCAB_SIZE)
    rarest = check_vocabulary(tokenizer, options.seed, options.steps * BATCH_TOKENS * 9 // 10)
    model = make_model(tokenizer.get_vocab_size())
    initialise(model)
    print(
        f"{model.num_parameters():,} weights, {tokenizer.get_vocab_size()} tokens, the rarest occurs {rarest} times",
        flush=True,
    )
    batches = pack(token_documents(options.seed, tokenizer), BATCH_TOKENS, special_ids(tokenizer)[END_OF_TEXT])
    loss = train(model, batches, options.steps)
    save(
        model,
        tokenizer,
        options.target,
        {"steps": f"{options.steps:,}", "tokens": f"{options.steps * BATCH_TOKENS:,}", "loss": f"{loss:.2f}"},
    )
    print(f"saved {options.target}", flush=True)


if __name__ == "__main__":
    main()
