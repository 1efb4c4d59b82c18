"""Pre-training on the processor: packed rows, AdamW, a cosine rate."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM

from starter.corpus import TokenDocument
from starter.muon import Muon

ROW_LENGTHS = (
    256,
    256,
    256,
    1024,
)  # taken in turn: short rows so that many documents stand first, long ones for the whole context
MUON_RATE, ADAM_RATE = 0.02, 4e-3
WARM_UP_SHARE, LAST_RATE_SHARE = 0.03, 0.02
BRANCH_SCALE = 0.35  # of the first weights of what each half layer adds to the stream


@dataclass(frozen=True)
class Rows:
    """Packed documents: ids and loss weights, each [rows, length]."""

    ids: torch.Tensor
    weights: torch.Tensor


def pack(documents: Iterator[TokenDocument], tokens: int, pad: int) -> Iterator[Rows]:
    """Fill batches of `tokens` tokens with whole documents; every row begins with the beginning of a document."""
    waiting = next(documents)
    for step in range(10**9):
        length = ROW_LENGTHS[step % len(ROW_LENGTHS)]
        ids = torch.full((tokens // length, length), pad)
        weights = torch.zeros(tokens // length, length)
        for row in range(tokens // length):
            filled = 0
            while filled + len(waiting.ids) <= length or filled == 0:
                taken = min(len(waiting.ids), length - filled)
                ids[row, filled : filled + taken] = torch.tensor(waiting.ids[:taken])
                weights[row, filled : filled + taken] = torch.tensor(waiting.weights[:taken])
                filled += taken
                waiting = next(documents)
        yield Rows(ids, weights)


def rate_at(done: float) -> float:
    """Share of the peak rate when the part `done` (0 to 1) of the run is behind us: a short rise, then a cosine."""
    if done < WARM_UP_SHARE:
        return done / WARM_UP_SHARE
    falling = (done - WARM_UP_SHARE) / (1 - WARM_UP_SHARE)
    return LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * (1 + math.cos(math.pi * falling)) / 2


def loss_of(model: LlamaForCausalLM, rows: Rows) -> torch.Tensor:
    """Weighted mean of the cross entropy of each next token."""
    logits = model(input_ids=rows.ids, use_cache=False).logits[:, :-1]
    each = cross_entropy(logits.flatten(0, 1), rows.ids[:, 1:].flatten(), reduction="none")
    weights = rows.weights[:, 1:].flatten()
    return (each * weights).sum() / weights.sum()


def initialise(model: LlamaForCausalLM) -> None:
    """First weights: deviation 1/sqrt(inputs), less where a branch joins the stream. Narrower ones waste minutes."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "embed_tokens" not in name:
            joins = "o_proj" in name or "down_proj" in name
            torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5 * (BRANCH_SCALE if joins else 1.0))


def make_optimizers(model: LlamaForCausalLM) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, which needs fewer tokens than AdamW; AdamW else."""
    hidden, others = [], []
    for name, parameter in model.named_parameters():
        (hidden if parameter.dim() == 2 and "embed_tokens" not in name else others).append(parameter)
    return [
        Muon(hidden, lr=MUON_RATE, weight_decay=0.05, momentum=0.95),
        torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def train(model: LlamaForCausalLM, batches: Iterator[Rows], steps: int) -> float:
    """Train for `steps` batches, printing how far it is; return the mean loss of the last tenth."""
    optimizers = make_optimizers(model)
    peaks = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    started, losses, seen = time.monotonic(), [], 0
    model.train()
    for step in range(steps):
        rows = next(batches)
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * rate_at((step + 1) / steps)
        loss = loss_of(model, rows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        seen += rows.ids.numel()
        if (step + 1) % 50 == 0 or step + 1 == steps:
            spent, recent = time.monotonic() - started, losses[-50:]
            done = f"step {step + 1}/{steps}  loss {sum(recent) / len(recent):.3f}  {seen / spent:,.0f} tokens/s"
            print(f"{done}  {spent / (step + 1) * (steps - step - 1) / 60:.1f} min left", flush=True)
    last = losses[-max(1, steps // 10) :]
    return sum(last) / len(last)
