"""Preference pairs: loss and gradients are TRL's, runs learn what to prefer, and the plan knows what that takes."""

import contextlib
import math
import os
from pathlib import Path
from typing import Any

import numpy
import peft
import pytest
import torch

from localft import words
from localft.data.versions import newest_version
from localft.errors import UserError
from localft.hardware import read_hardware
from localft.jobs import JobState
from localft.models.base_model import BaseModel
from localft.models.download import model_folder
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer
from localft.planning.lengths import measure_tokens
from localft.planning.proposals import plan_recipe
from localft.planning.proposing import propose
from localft.planning.recipe import TrainingSettings
from localft.store import files
from localft.training.batches import Batch, Batches
from localft.training.kernels.attention import register_attention
from localft.training.kernels.lora import make_lean
from localft.training.loading import load_base, load_tokenizer
from localft.training.losses import token_losses
from localft.training.objectives import Preference
from localft.training.rows import IGNORED, Pair, Row, make_pairs
from localft.training.runs import open_run, read_metrics
from localft.training.validation import validate
from tests.forked_jobs import Nursery
from tests.integration.run_weights import same, weights_of
from tests.sample_projects import make_examples, make_project, prepare

BETA = 0.3


def make_pair_rows() -> list[Pair]:
    """Of unequal lengths, each with a prompt that both sequences begin with."""
    chooser = numpy.random.default_rng(0)

    def row(prompt: numpy.ndarray, length: int) -> Row:
        ids = numpy.concatenate([prompt, chooser.integers(5, 300, size=length)]).astype(numpy.int32)
        return Row(ids, numpy.where(numpy.arange(len(ids)) >= len(prompt), ids, IGNORED).astype(numpy.int32))

    pairs = []
    for asked, better, worse in ((6, 5, 9), (11, 8, 3), (4, 4, 4)):
        prompt = chooser.integers(5, 300, size=asked)
        pairs.append(Pair(row(prompt, better), row(prompt, worse)))
    return pairs


def fresh_model(base: BaseModel) -> Any:
    """With an adapter that changes nothing yet, the same each time."""
    loaded = load_base(base, attention=register_attention())
    torch.manual_seed(0)
    config = peft.LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(loaded, config).train()


def move(model: Any) -> None:
    """Let the adapter change something, the same each time."""
    torch.manual_seed(1)
    for name, weights in model.named_parameters():
        if ".lora_B.default." in name:
            torch.nn.init.normal_(weights, std=0.05)


def gradients(model: Any) -> list[torch.Tensor]:
    found = [weights.grad.clone() for weights in model.parameters() if weights.grad is not None]
    model.zero_grad()
    return found


def learn(model: Any, batches: list[Batch]) -> tuple[float, list[torch.Tensor]]:
    """The mean loss of a step over three pairs, and its gradients."""
    objective, total = Preference(token_losses, BETA), 0.0
    for batch in batches:
        loss = objective.losses(objective.scores(model, batch)).sum() / objective.units(batches)
        loss.backward()
        total += loss.item()
    return total, gradients(model)


def as_trl_has_it(base: BaseModel, folder: Path) -> tuple[float, list[torch.Tensor]]:
    """The same of TRL's DPOTrainer, on the same tokens."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    config = DPOConfig(
        output_dir=str(folder), beta=BETA, use_cpu=True, bf16=False, report_to="none", activation_checkpointing=False
    )
    texts = Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}])
    tokenizer = load_tokenizer(base)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    # It copies the adapter for its reference, so that has to be a fresh one.
    trainer = DPOTrainer(model=fresh_model(base), args=config, train_dataset=texts, processing_class=tokenizer)
    move(trainer.model)
    examples = []
    for pair in make_pair_rows():
        asked = int((pair.chosen.labels == IGNORED).sum())
        ids = [row.token_ids.tolist() for row in pair.documents]
        examples.append({"prompt_ids": ids[0][:asked], "chosen_ids": ids[0][asked:], "rejected_ids": ids[1][asked:]})
    loss = trainer.compute_loss(trainer.model, DataCollatorForPreference(pad_token_id=0)(examples))
    loss.backward()
    return loss.item(), gradients(trainer.model)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
@pytest.mark.parametrize("lean", [True, False], ids=["lean", "plain"])
@pytest.mark.parametrize("budget", [1_000, 1], ids=["together", "one by one"])
def test_loss_and_gradients_are_those_of_trl(
    tmp_path: Path, base: BaseModel, packed: bool, lean: bool, budget: int
) -> None:
    model = fresh_model(base)
    move(model)
    if lean:
        assert make_lean(model)
    found = learn(model, Batches(budget, pad_id=0, packed=packed)(make_pair_rows()))
    expected = as_trl_has_it(base, tmp_path / "trl")
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    assert len(found[1]) == len(expected[1]) > 0
    for one, other in zip(found[1], expected[1], strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def test_a_fresh_adapter_prefers_nothing_yet(base: BaseModel) -> None:
    fresh = fresh_model(base)
    batches = Batches(40, pad_id=0, packed=True)
    found = validate(fresh, make_pair_rows(), batches, Preference(token_losses, BETA), contextlib.nullcontext())
    assert found.loss == pytest.approx(math.log(2), rel=1e-6)
    assert found.preferred == 0.0


def test_examples_without_a_worse_answer_are_left_out(base: BaseModel) -> None:
    tokenizer = TextTokenizer(model_folder(base))
    made = make_pairs([*make_examples(3, pairs=True), *make_examples(2)], chat_format_for(base), tokenizer, 512)
    assert (len(made.rows), made.left_out) == (3, 2)
    for pair in made.rows:
        chosen, rejected = pair.documents
        asked = int((chosen.labels == IGNORED).sum())
        assert numpy.array_equal(chosen.token_ids[:asked], rejected.token_ids[:asked])


def test_pairs_are_proposed_planned_and_refused_by_what_there_is(base: BaseModel) -> None:
    pairs, plain, hardware = make_project("Pairs", pairs=True), make_project("Plain"), read_hardware()
    recipe = propose(pairs, newest_version(pairs).id, base, hardware)
    assert recipe.settings.objective == "dpo"
    assert (
        recipe.settings.learning_rate < propose(plain, newest_version(plain).id, base, hardware).settings.learning_rate
    )
    both = measure_tokens(pairs, recipe.dataset, base, recipe.settings)
    alone = measure_tokens(pairs, recipe.dataset, base, TrainingSettings(learn="last"))
    assert both.train == alone.train
    assert both.longest > alone.longest
    plan = plan_recipe(pairs, base, recipe, hardware).plan
    # The two sequences of a pair together, in every pass.
    assert plan.trained_tokens == pytest.approx(sum(both.lengths) * recipe.settings.epochs, rel=0.01)
    with pytest.raises(UserError, match="no preference pairs"):
        propose(plain, newest_version(plain).id, base, hardware, "balanced", {"objective": "dpo"})
    with pytest.raises(UserError, match="full fine-tune"):
        propose(pairs, newest_version(pairs).id, base, hardware, "balanced", {"method": "full"})
    other = recipe.model_copy(update={"dataset": newest_version(plain).id})
    with pytest.raises(UserError, match="no preference pairs"):
        plan_recipe(plain, base, other, hardware)
    assert propose(pairs, recipe.dataset, base, hardware, "balanced", {"objective": "sft"}).settings.objective == "sft"


@pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent")
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("method", "dropout"), [("qlora", 0.0), ("lora", 0.05)])
def test_a_run_learns_what_to_prefer(nursery: Nursery, base: BaseModel, method: str, dropout: float) -> None:
    project = make_project(pairs=True)
    nursery.finish(prepare(project, base, method=method, dropout=dropout, epochs=8, learning_rate=5e-3))
    run = open_run(project)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    metrics = read_metrics(run)
    assert metrics.validation_loss[0] == (0, pytest.approx(math.log(2), abs=1e-4))
    assert metrics.best_validation_loss is not None and metrics.best_validation_loss < 0.5
    assert metrics.best_step is not None
    assert dict(metrics.preferred)[metrics.best_step] >= 0.75
    share = words.percent(dict(metrics.preferred)[metrics.best_step])
    assert f"it prefers the better answer in {share} of unseen pairs" in run.job.sentence
    assert len(metrics.samples[metrics.best_step]) == 5


@pytest.mark.skipif(os.name == "nt", reason="forks children from a preloaded parent")
@pytest.mark.usefixtures("one_thread")
def test_killed_and_resumed_it_ends_with_the_same_bits(nursery: Nursery, base: BaseModel) -> None:
    project = make_project(pairs=True)
    control, folder = (prepare(project, base, checkpoint_seconds=0.0, epochs=3) for _ in range(2))
    nursery.finish(control)
    assert nursery.kill_at_random(folder, kills=4, most_steps=6, seed=1) > 0
    nursery.finish(folder)
    run = open_run(project, folder.name)
    assert run.job.state is JobState.FINISHED, run.job.sentence
    assert [event for event in files.read_lines(folder / "events.jsonl")[0] if event["kind"] == "resumed"]
    assert same(weights_of(run), weights_of(open_run(project, control.name)))
