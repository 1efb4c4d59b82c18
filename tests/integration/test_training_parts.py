"""The parts of training on tiny real models: losses without padding or mask, 4-bit layers that stay differentiable."""

import contextlib
import errno
import shutil
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch
import transformers
from safetensors import SafetensorError

from localft.errors import UserError
from localft.jobs import JobContext, JobOrder
from localft.store import files
from localft.training.batches import Batches, learned_tokens, padded
from localft.training.loading import choose_precision, load_base
from localft.training.losses import token_losses
from localft.training.objectives import Imitation
from localft.training.progress import RunProgress
from localft.training.rows import IGNORED, Row, Rows
from localft.training.validation import Validation, validate
from localft.training.watcher import Look, Schedule, Watcher
from tests.sample_projects import make_base_model
from tests.session_help import make_session
from tests.tiny_models import ARCHITECTURES, Architecture

NO_AUTOCAST = contextlib.nullcontext()


def make_rows(count: int, seed: int = 0) -> list[Row]:
    """Rows of different lengths, about half of their tokens learned."""
    chooser = numpy.random.default_rng(seed)
    rows = []
    for _ in range(count):
        ids = chooser.integers(5, 300, size=int(chooser.integers(6, 40))).astype(numpy.int32)
        labels = numpy.where(chooser.random(len(ids)) < 0.5, ids, IGNORED).astype(numpy.int32)
        labels[-1] = ids[-1]
        rows.append(Row(ids, labels))
    return rows


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_at_the_end_needs_no_mask(tmp_path: Path, architecture: Architecture) -> None:
    model = load_base(make_base_model(tmp_path, architecture))
    rows = make_rows(6)
    alone = validate(model, rows, Batches(1, 0, packed=False), Imitation(token_losses), NO_AUTOCAST).loss
    together = validate(model, rows, Batches(1_000, 0, packed=False), Imitation(token_losses), NO_AUTOCAST).loss
    assert together == pytest.approx(alone, abs=1e-5)
    with torch.no_grad():
        reference = _reference_loss(model, rows)
    assert together == pytest.approx(reference, abs=1e-5)


@pytest.mark.parametrize("packed", [False, True])
def test_micro_batches_keep_within_their_budget_and_lose_nothing(packed: bool) -> None:
    rows = make_rows(40)
    batches = Batches(100, 0, packed)(rows)
    assert all(batch["input_ids"].numel() <= 100 for batch in batches)
    assert learned_tokens(batches) == Rows(rows).learned_tokens
    alone = Batches(5, 0, packed)(rows)
    assert len(alone) == len(rows), "what is longer than the budget stands alone"
    assert len(Batches(10_000, 0, packed)(rows)) == 1


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("budget", [50, 10_000])
def test_each_of_several_processes_has_as_much_to_do(packed: bool, budget: int) -> None:
    rows = make_rows(40)
    batches = Batches(budget, 0, packed, shares=3)
    shares = batches.for_each(rows)
    assert learned_tokens([batch for share in shares for batch in share]) == Rows(rows).learned_tokens
    tokens = [sum(len(ids) for batch in share for ids in batch["input_ids"]) for share in shares]
    longest = max(map(len, rows))
    if packed:
        assert max(tokens) - min(tokens) <= longest
    if budget > 1_000:
        assert [len(share) for share in shares] == [1, 1, 1], "no smaller micro-batches than are asked for"
    largest = max(batch["input_ids"].numel() for share in shares for batch in share)
    assert batches.largest([rows]) == largest <= budget
    assert [len(share) for share in batches.for_each(rows[:2])] == [1, 1, 0], "one has nothing to learn from"


def _reference_loss(model: Any, rows: list[Row]) -> float:
    """The plain way: one row at a time, all logits."""
    total, count = 0.0, 0
    for row in rows:
        ids, labels = torch.tensor(row.token_ids[None]).long(), torch.tensor(row.labels).long()
        logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, labels[1:], ignore_index=IGNORED, reduction="sum"))
        count += int((labels[1:] != IGNORED).sum())
    return total / count


def test_a_micro_batch_without_labels_has_a_loss_and_gradient_of_zero(tmp_path: Path) -> None:
    model = load_base(make_base_model(tmp_path)).requires_grad_(True)
    ids = numpy.ones(4, dtype=numpy.int32)
    loss = token_losses(model, padded([Row(ids, numpy.full_like(ids, IGNORED))], 0)).sum()
    loss.backward()
    assert loss.item() == 0.0


def test_looking_at_a_4_bit_model_leaves_its_gradients_alone(tmp_path: Path) -> None:
    """bitsandbytes repacks 4-bit weights on processors with AVX512-BF16 when it sees no gradients, and loses them."""
    model = load_base(make_base_model(tmp_path), quantization="nf4")
    torch.manual_seed(0)
    model = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    # B starts at zero, and with it the gradient of A; any other B will do.
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(parameter, std=0.1)
    rows = make_rows(4)
    batch = padded(rows, 0)

    def gradients() -> list[torch.Tensor]:
        model.train()
        model.zero_grad()
        token_losses(model, batch).sum().backward()
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    before = gradients()
    validate(model, rows, Batches(80, 0, packed=False), Imitation(token_losses), NO_AUTOCAST)
    model.eval()
    with torch.no_grad():
        model.generate(input_ids=batch["input_ids"][:, :3], max_new_tokens=2, do_sample=False, pad_token_id=0)
    after = gradients()
    assert len(before) == len(after) > 0
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_4_bit_weights_take_four_bits(tmp_path: Path) -> None:
    import bitsandbytes

    model = load_base(make_base_model(tmp_path, hidden_size=128), quantization="nf4")
    layers = [module for module in model.modules() if isinstance(module, bitsandbytes.nn.Linear4bit)]
    assert len(layers) == 14
    assert all(layer.weight.dtype == torch.uint8 for layer in layers)
    assert all(layer.weight.quant_state.quant_type == "nf4" and layer.weight.quant_state.nested for layer in layers)
    assert not isinstance(model.get_output_embeddings(), bitsandbytes.nn.Linear4bit)


def test_weights_that_could_run_code_are_not_loaded(tmp_path: Path) -> None:
    base = make_base_model(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError):
        load_base(base.model_copy(update={"files": {}}))


def test_processors_compute_in_fp32() -> None:
    assert choose_precision(torch.device("cpu")) == "fp32"


def make_watcher(tmp_path: Path, losses: list[float], patience: int = 2) -> Watcher:
    order = JobOrder(worker="x", title="x", created_at=files.now())
    left = iter(losses)
    schedule = Schedule([10] * 100, 5, patience, 4, 40, 1e9)
    return Watcher(JobContext(tmp_path, order), schedule, Look(lambda: Validation(next(left)), list), RunProgress())


def step(watcher: Watcher, number: int, loss: float = 1.0, gradient: float = 1.0) -> transformers.TrainerControl:
    state, control = transformers.TrainerState(global_step=number), transformers.TrainerControl()
    watcher.on_step_end(None, state, control)
    if control.should_log:
        watcher.on_log(None, state, control, logs={"loss": loss, "grad_norm": gradient, "learning_rate": 1e-3})
    return control


def test_a_gradient_of_zero_in_the_first_step_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="learn nothing"):
        step(make_watcher(tmp_path, [1.0]), 1, gradient=0.0)


def test_validations_save_and_patience_stops(tmp_path: Path) -> None:
    watcher = make_watcher(tmp_path, [3.0, 2.0, 2.5, 2.6])
    controls = {number: step(watcher, number, loss=1.0 / number) for number in range(1, 21)}
    assert [number for number, control in controls.items() if control.should_save] == [5, 10, 15, 20]
    assert [number for number, control in controls.items() if control.should_training_stop] == [20]
    assert watcher.ending.early
    assert watcher.progress.best_step == 10
    assert watcher.progress.trained_tokens == 200
    kinds = [event["kind"] for event in files.read_lines(tmp_path / "events.jsonl")[0]]
    assert kinds.count("warning") == 1
    assert kinds.count("validation") == 4


def test_a_stop_saves_without_waiting_for_a_validation(tmp_path: Path) -> None:
    watcher = make_watcher(tmp_path, [])
    (tmp_path / "stop").touch()
    control = step(watcher, 5)
    assert control.should_save
    assert control.should_training_stop
    assert watcher.ending.stopped
    assert watcher.progress.validated_step is None


def test_a_validation_left_out_by_a_stop_is_made_up_for(tmp_path: Path) -> None:
    watcher = make_watcher(tmp_path, [1.5])
    watcher.progress = RunProgress(validated_step=0, first_validation_loss=2.0)
    watcher.on_train_begin(None, transformers.TrainerState(global_step=5), transformers.TrainerControl())
    assert watcher.progress.best_step == 5


TORCH_CANNOT_WRITE = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0")


@pytest.mark.parametrize(
    ("error", "free", "says"),
    [
        (TORCH_CANNOT_WRITE, 1_000, r"The disk is full: a checkpoint takes .* and 1\.0 kB are free"),
        # A quota, or a limit of the size of a file.
        (TORCH_CANNOT_WRITE, None, r"A checkpoint of .* could not be written in .*checkpoints: .*unexpected pos"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), None, r"could not be written .*quota exceeded.* A quota, or a"),
        (
            OSError(errno.EIO, "Input/output error"),
            None,
            r"written in .*checkpoints\. The disk reports an error\. Check ",
        ),
        (SafetensorError("I/O error: Input/output error (os error 5)"), None, r"The disk reports an error\. .*is kept"),
        (OSError(errno.EROFS, "Read-only file system", "/x/weights"), None, r"The disk is read-only: /x/weights\. "),
    ],
)
def test_a_checkpoint_that_cannot_be_written_is_told_and_nothing_is_lost(
    error: Exception, free: int | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, folder = make_session(tmp_path / "model")
    usage = shutil.disk_usage(folder)
    # The disk fills up between the look before the start and the first checkpoint.
    answers = iter([usage, usage._replace(free=usage.free if free is None else free)])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: next(answers))

    def refuse(folder: Path) -> None:
        raise error

    monkeypatch.setattr(session.trainer, "write_state", refuse)
    with pytest.raises(UserError, match=says):
        session.run()
    assert list((folder / "checkpoints").iterdir()) == []
