"""Tiny models with a random adapter, on disk as real ones are, and PEFT's own merge of the two to compare with."""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localft.export import converter
from localft.export.tokenizer_files import copy_for_converter
from localft.models.chat_format import ChatFormat
from localft.models.find import find_model
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from tests.tiny_models import Architecture, make_tiny_model

CONVERSATIONS = [
    [{"role": "user", "content": "My invoice is wrong, please refund the second payment."}],
    [{"role": "user", "content": "How do I change my password?"}],
    [
        {"role": "system", "content": "You are a helpful assistant. Answer in one word."},
        {"role": "user", "content": "What is the capital of France?"},
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": 'Grüße, 2026: {"a": [1, 22, 333]}  \n\n 你好 🚀'},
    ],
]


@dataclass(frozen=True)
class Subject:
    """A base model, its adapter, and what is needed to export them."""

    base: Path
    adapter: Path
    chat_format: ChatFormat
    folder: Path

    def gguf_settings(self, form: str = "BF16", output: str = "model.gguf") -> dict[str, Any]:
        tokenizer = TextTokenizer(self.base)
        target = self.folder / "tokenizer"
        copy_for_converter(self.base, target, self.chat_format)
        known = self.chat_format.special_tokens
        return {
            "converter": str(converter.obtain()), "model": str(self.base), "adapter": str(self.adapter),
            "tokenizer": str(target), "output": str(self.folder / output), "type": form, "name": "Tiny",
            "licence": "mit", "base_name": "tiny", "add_bos": False,
            "tokens": {
                "bos": tokenizer.token_id(known.get("bos_token", "")), "eos": tokenizer.token_id(known["eos_token"]),
                "eot": None,
            },
            "proof": self.engine_settings(),
        }  # fmt: skip

    def engine_settings(self, file: str = "model.gguf", answers: int = 3, new_tokens: int = 16) -> dict[str, Any]:
        return {
            "gguf": str(self.folder / file), "tokenizer": str(self.base), "chat_format": self.chat_format.model_dump(),
            "conversations": CONVERSATIONS, "answers": answers, "new_tokens": new_tokens, "threads": 1,
            "logits": str(self.folder / "logits.npy"), "vocabulary_only": False,
        }  # fmt: skip


_CONVERT = """
import json, sys
from localft.errors import UserError
from localft.export import gguf
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    try:
        answer = {"value": gguf.run(json.loads(line), lambda *_: None)}
    except UserError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), file=answers, flush=True)
"""


def convert(*orders: dict[str, Any]) -> list[Any]:
    """What localft.export.gguf returns for each order, or the sentence with which it refuses; all in one child process.

    The worker starts one for each export, most of which is the import of libraries.
    """
    lines = "".join(json.dumps(order) + "\n" for order in orders)
    done = subprocess.run([sys.executable, "-c", _CONVERT], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [answer.get("value", answer.get("error")) for answer in answers]


def make_subject(folder: Path, architecture: Architecture = "llama", **changes: Any) -> Subject:
    """A tiny model in bfloat16 with an adapter on every linear layer, none of it zero."""
    import torch
    import transformers

    torch.set_num_threads(1)
    base = make_tiny_model(folder / "base", architecture, **changes)
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    model.save_pretrained(base)
    return Subject(base, add_adapter(model, folder / "adapter"), chat_format_for(find_model(str(base))), folder)


def add_adapter(model: Any, target: Path, **options: Any) -> Path:
    """Save a random adapter for a loaded model, and take it off again."""
    import peft
    import torch

    options = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", **options}
    tuned = peft.get_peft_model(model, peft.LoraConfig(**options))
    torch.manual_seed(1)
    for name, weight in tuned.named_parameters():
        if "lora_B" in name or "lora_embedding_B" in name:
            weight.data = torch.randn_like(weight) * 0.05
    tuned.save_pretrained(str(target))
    tuned.unload()
    return target


def peft_merge(subject: Subject, **options: Any) -> Any:
    """PEFT's own merge, in float32 unless `dtype` says otherwise."""
    import peft
    import torch
    import transformers

    options = {"dtype": torch.float32, **options}
    base = transformers.AutoModelForCausalLM.from_pretrained(subject.base, **options)
    return peft.PeftModel.from_pretrained(base, str(subject.adapter)).merge_and_unload().eval()


def change_config(base: Path, **changes: Any) -> None:
    path = base / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
