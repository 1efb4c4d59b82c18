"""The merged model as safetensors: the base model's files rewritten tensor by tensor, in their own layout.

Runs as a child only. Names, types, shapes and order stay what they are on disk, so the header of a file is copied byte
for byte and the data follows in the same order: one tensor is in memory, and what reads the base reads the result.
"""

import json
import shutil
from pathlib import Path
from typing import IO, Any

import torch

from localft.errors import UserError
from localft.export.adapter import Adapter
from localft.export.child import Report
from localft.export.merge import MergePlan
from localft.export.tensor_names import weight_files
from localft.export.tokenizer_files import copy_tokenizer
from localft.store import files

_LARGEST_HEADER = 100_000_000
_BLOCK_BYTES = 1 << 24
_TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_COPIED = ("config.json", "generation_config.json", "model.safetensors.index.json")


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write a folder that transformers loads as a whole model.

    Settings: model (folder with config and weights: the base model, or a full fine-tune), adapter (folder or None),
    tokenizer (folder of the base model), chat_template, output (folder).

    Raises:
        UserError: the adapter does not fit.
    """
    model, output = Path(settings["model"]), Path(settings["output"])
    plan = MergePlan(Adapter(Path(settings["adapter"]), model), model) if settings["adapter"] else None
    sources = weight_files(model)
    total, done = sum(path.stat().st_size for path in sources), 0
    copy_tokenizer(Path(settings["tokenizer"]), output, settings["chat_template"])
    for name in _COPIED:
        if (model / name).is_file():
            shutil.copyfile(model / name, output / name)
    with torch.inference_mode():
        for path in sources:
            report(done, total, f"Writing {path.name}")
            _rewrite(path, output / path.name, plan)
            done += path.stat().st_size
    return {"pairs": plan.finish() if plan is not None else 0, "bytes": done}


def _rewrite(source: Path, target: Path, plan: MergePlan | None) -> None:
    part = target.with_name(target.name + ".part")
    with source.open("rb") as read, part.open("wb") as write:
        header = read.read(8)
        length = int.from_bytes(header, "little")
        if not 2 <= length <= _LARGEST_HEADER:
            raise UserError(f"The weights file {source.name} is damaged.", "Download the model again.")
        names = read.read(length)
        write.write(header + names)
        tensors = {name: info for name, info in json.loads(names).items() if name != "__metadata__"}
        position = 0
        # The format leaves no gaps between tensors, so writing them in the order of their offsets keeps every offset.
        for name, info in sorted(tensors.items(), key=lambda item: item[1]["data_offsets"]):
            start, end = info["data_offsets"]
            if start != position:
                raise UserError(f"The weights file {source.name} is damaged.", "Download the model again.")
            if plan is not None and name in plan.changed:
                write.write(_merged(plan, name, info, read.read(end - start)))
            else:
                _copy(read, write, end - start)
            position = end
    files.replace(part, target)


def _merged(plan: MergePlan, name: str, info: dict[str, Any], data: bytes) -> memoryview:
    kind = _TYPES.get(info["dtype"])
    if kind is None:
        raise UserError(f"The tensor {name} is of the type {info['dtype']}, into which nothing can be merged.", "")
    weight = torch.frombuffer(bytearray(data), dtype=kind).reshape(info["shape"])
    merged = plan.apply(name, weight).to(kind).contiguous()
    return memoryview(merged.view(-1).view(torch.uint8).numpy())


def _copy(read: IO[bytes], write: IO[bytes], count: int) -> None:
    while count:
        block = read.read(min(count, _BLOCK_BYTES))
        if not block:
            raise UserError("A weights file ends too early.", "Download the model again.")
        write.write(block)
        count -= len(block)
