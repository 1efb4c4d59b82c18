"""The model card of the starter model."""

from pathlib import Path

CARD = """\
---
license: apache-2.0
language: en
pipeline_tag: text-generation
library_name: transformers
tags: [localft, tiny, chat]
---

# localft starter model

A very small chat model (Llama architecture, 4.5 million weights, bfloat16) for trying localft without a download.

**It knows nothing.** It was trained from nothing on {tokens} tokens of text that
`build/make_starter_model.py` writes from templates: little stories, letters, word lists, reading tasks (what is this
message about, how does it sound, when is it needed), small conversations. It has never seen a book, a web page or a
fact. Do not use it for anything that matters, and do not judge the fine-tuning of real models by it. It is there to
show within minutes how the whole path works, from examples to a model in Ollama.

- English only, and only simple English. Other languages come out as noise.
- Context: 1,024 tokens. Chat format: ChatML (`<|im_start|>role`, `<|im_end|>`), stop token `<|im_end|>`.
- Tokenizer: byte-level BPE with GPT-2's pre-tokenizer; every token of it occurs in the training text.
- Training: {steps} steps, weighted loss at the end {loss}, two processor cores, fixed seed.
- No text of other authors and no personal data: names are drawn from a list of first names.

Licence: Apache-2.0, like localft itself.
"""
LICENCE_NOTE = """\
The starter model is part of localft and licensed under the Apache License, Version 2.0;
see the file LICENSE of localft, or https://www.apache.org/licenses/LICENSE-2.0
"""


def write_card(folder: Path, facts: dict[str, str]) -> None:
    """Write README.md and the licence note into the model's folder."""
    (folder / "README.md").write_text(CARD.format(**facts), encoding="utf-8", newline="\n")
    (folder / "LICENSE").write_text(LICENCE_NOTE, encoding="utf-8", newline="\n")
