"""The adapter as it was trained, for PEFT and everything built on it. Runs as a child only."""

import json
import shutil
from pathlib import Path
from typing import Any

from localft.export.adapter import Adapter
from localft.export.child import Report
from localft.export.merge import MergePlan
from localft.export.tokenizer_files import copy_tokenizer
from localft.store import files


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Copy an adapter with the tokenizer and chat template it was trained with.

    Settings: adapter (folder), model (folder of the base model), base_name (how others find the base model),
    chat_template, output (folder).

    Raises:
        UserError: a part of the adapter has no place in the base model.
    """
    source, output = Path(settings["adapter"]), Path(settings["output"])
    report(0, 1, "Checking the adapter")
    base = Path(settings["model"])
    plan = MergePlan(Adapter(source, base), base)
    copy_tokenizer(Path(settings["model"]), output, settings["chat_template"])
    shutil.copyfile(source / "adapter_model.safetensors", output / "adapter_model.safetensors")
    config = json.loads((source / "adapter_config.json").read_text(encoding="utf-8"))
    # PEFT wrote the folder of the base model on this computer; others find it by its name.
    files.write_json(output / "adapter_config.json", config | {"base_model_name_or_path": settings["base_name"]})
    return {"pairs": plan.pairs, "bytes": (output / "adapter_model.safetensors").stat().st_size}
