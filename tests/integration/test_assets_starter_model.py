"""The bundled starter model loads with the real libraries, and its generator lets no token go unmet."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoTokenizer, BatchEncoding, LlamaForCausalLM, PreTrainedTokenizerBase

from localft.assets import asset

BUILD = Path(__file__).parent.parent.parent / "build"
FOLDER = asset("starter-model")
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi!"},
    {"role": "user", "content": "Bye"},
]
RENDERED = (
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
    "<|im_start|>assistant\nHi!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    loaded = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    assert isinstance(loaded, PreTrainedTokenizerBase)
    return loaded


def test_the_model_is_small_loads_and_answers(tokenizer: PreTrainedTokenizerBase) -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) <= 12_000_000
    assert AutoConfig.from_pretrained(FOLDER, local_files_only=True).architectures == ["LlamaForCausalLM"]
    model: Any = LlamaForCausalLM.from_pretrained(FOLDER, local_files_only=True, dtype=torch.float32)
    assert model.config.vocab_size == len(tokenizer)
    assert model.config.hidden_size % 256 == model.config.intermediate_size % 256 == 0
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id != tokenizer.pad_token_id
    question = [{"role": "user", "content": "Who are you?"}]
    inputs = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    assert isinstance(inputs, BatchEncoding)
    answer = model.generate(**inputs, max_new_tokens=40, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    assert answer[-1] == tokenizer.eos_token_id
    assert "starter model" in tokenizer.decode(answer)


def test_the_template_renders_this_text(tokenizer: PreTrainedTokenizerBase) -> None:
    assert tokenizer.apply_chat_template(MESSAGES, tokenize=False) == RENDERED
    prompt = tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True)
    assert prompt == RENDERED + "<|im_start|>assistant\n"


def test_the_template_marks_what_the_assistant_says(tokenizer: PreTrainedTokenizerBase) -> None:
    marked = tokenizer.apply_chat_template(MESSAGES, return_dict=True, return_assistant_tokens_mask=True)
    assert isinstance(marked, BatchEncoding)
    pairs = zip(marked["input_ids"], marked["assistant_masks"], strict=True)
    assert tokenizer.decode([token for token, mask in pairs if mask]) == "Hi!<|im_end|>"


def test_any_text_survives_the_tokenizer(tokenizer: PreTrainedTokenizerBase) -> None:
    text = "".join(map(chr, range(1, 0x250))) + " 漢字 🙂\r\n\t  end"
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    assert all(tokenizer.decode([token]) for token in range(len(tokenizer)))


def test_every_token_occurs_in_the_training_text(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the text is enough; without echoes and dropout the inner pieces of words would be missing."""
    monkeypatch.syspath_prepend(str(BUILD))
    from starter.corpus import token_documents

    seen: Counter[int] = Counter()
    from tokenizers import Tokenizer

    own = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    for document in itertools.islice(token_documents(1, own), 20_000):
        seen.update(document.ids)
    assert [tokenizer.convert_ids_to_tokens(token) for token in range(len(tokenizer)) if not seen[token]] == []


def test_the_tokenizer_splits_like_gpt2(tokenizer: PreTrainedTokenizerBase) -> None:
    settings = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))["pre_tokenizer"]
    assert (settings["type"], settings["add_prefix_space"], settings["use_regex"]) == ("ByteLevel", False, True)


def test_the_optimizer_is_torchs_muon_without_its_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    from starter.muon import Muon

    torch.manual_seed(0)
    start = [torch.randn(256, 64), torch.randn(64, 256), torch.randn(64, 64)]
    ours, theirs = ([torch.nn.Parameter(matrix.clone()) for matrix in start] for _ in range(2))
    optimizers = [
        Muon(ours, lr=0.02, weight_decay=0.05, momentum=0.95),
        torch.optim.Muon(theirs, lr=0.02, weight_decay=0.05, momentum=0.95),
    ]
    for _ in range(5):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for one, other, before in zip(ours, theirs, start, strict=True):
        assert (one - other).norm() < 0.02 * (other - before).norm()
