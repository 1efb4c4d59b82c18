"""The other ways to train: TRL as it is, and Unsloth, on the same tokens. Nothing of localft's core is needed for them.

python -m tests.benchmarks._peers TASK.json

Unsloth wants other versions of libraries than localft. So a task is a file, this module can be run by another Python,
and it prints what it measured as one line of JSON.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks._measuring import Measured, clock

# Every linear layer but the head, as Unsloth wants them named.
_LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Task:
    """What is trained, and how: one pass over `rows`, each its token ids and its labels.

    `most_bytes` is what torch may take of the card, 0 for all of it.
    """

    model: str
    folder: str
    rows: list[tuple[list[int], list[int]]]
    precision: str
    on_gpu: bool
    rank: int
    alpha: float
    micro_batch_size: int
    accumulation: int
    learning_rate: float
    schedule: str
    seed: int
    most_bytes: int


def with_trl(task: Task) -> Measured:
    """As TRL does it unless told otherwise: padded, every layer checkpointed."""
    return _attempt(_trl, task)


def with_unsloth(task: Task) -> Measured:
    """As Unsloth's notebooks do it."""
    return _attempt(_unsloth, task)


def _attempt(way: Any, task: Task) -> Measured:
    """Train on the card that the task allows; running out of it is a result."""
    import torch

    if task.most_bytes:
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, task.most_bytes / whole), 0)
    try:
        return way(task)
    except torch.OutOfMemoryError:
        return Measured(problem="the memory ran out")


def _trl(task: Task) -> Measured:
    import peft
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(
        task.model,
        dtype="bfloat16" if task.precision == "bf16" else "float32",
        device_map={"": 0 if task.on_gpu else "cpu"},
        quantization_config=_four_bits(task.precision),
    )
    adapter = peft.LoraConfig(r=task.rank, lora_alpha=task.alpha, target_modules="all-linear", task_type="CAUSAL_LM")  # ty: ignore[invalid-argument-type]
    return _train(task, model, peft_config=adapter)


def _unsloth(task: Task) -> Measured:
    from unsloth import FastLanguageModel  # ty: ignore[import-not-found]

    longest = max(len(ids) for ids, _ in task.rows)
    loaded, _ = FastLanguageModel.from_pretrained(model_name=task.model, max_seq_length=longest, load_in_4bit=True)
    model = FastLanguageModel.get_peft_model(
        loaded,
        r=task.rank,
        lora_alpha=task.alpha,
        lora_dropout=0,
        target_modules=list(_LINEARS),
        use_gradient_checkpointing="unsloth",
        random_state=task.seed,
    )
    return _train(task, model, gradient_checkpointing=False)


def _four_bits(precision: str) -> Any:
    import torch
    import transformers

    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype={"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision],
    )


def _train(task: Task, model: Any, peft_config: Any = None, **own: Any) -> Measured:
    """One pass of TRL over the rows, after a look at the longest that warms the libraries up."""
    import transformers
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    config = SFTConfig(
        output_dir=task.folder,
        num_train_epochs=1,
        per_device_train_batch_size=task.micro_batch_size,
        gradient_accumulation_steps=task.accumulation,
        learning_rate=task.learning_rate,
        lr_scheduler_type=task.schedule,
        max_length=None,
        bf16=task.precision == "bf16",
        fp16=task.precision == "fp16",
        use_cpu=not task.on_gpu,
        seed=task.seed,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **own,
    )
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list([{"input_ids": ids, "labels": labels} for ids, labels in task.rows]),
        processing_class=transformers.AutoTokenizer.from_pretrained(task.model),
        peft_config=peft_config,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    _warm_up(trainer, task)
    begin, end = clock(trainer)
    trainer.train()
    return Measured(sum(len(ids) for ids, _ in task.rows) / (end.at - begin.at), _peak())


def _warm_up(trainer: Any, task: Task) -> None:
    """One micro-batch forward and backward, without a step: localft's probe has done as much before its first."""
    import torch

    longest = max(task.rows, key=lambda row: len(row[0]))
    device = trainer.args.device
    ids, labels = (torch.tensor([part], device=device) for part in longest)
    with torch.autocast(device.type, torch.bfloat16, enabled=task.precision == "bf16"):
        trainer.model(input_ids=ids, labels=labels).loss.backward()
    trainer.model.zero_grad(set_to_none=True)
    if task.on_gpu:
        torch.cuda.reset_peak_memory_stats()


def _peak() -> int:
    import torch

    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


def main(path: str) -> int:
    """Carry a task out with Unsloth; whatever goes wrong with it is a result too."""
    task = Task(**json.loads(Path(path).read_text(encoding="utf-8")))
    try:
        measured = with_unsloth(task)
    except Exception as error:  # noqa: BLE001 - Unsloth's versions are the user's own
        measured = Measured(problem=f"{type(error).__name__}: {error}")
    print("\n" + json.dumps(asdict(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
