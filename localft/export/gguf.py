"""Base model and adapter become one GGUF: llama.cpp's own converter, with the merge inside its lazy list of tensors.

Runs as a child only: the converter's `gguf` library must be its own, not the one that is installed.
"""

import contextlib
import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from localft.errors import UserError
from localft.export.child import Report
from localft.export.judgement import check_tokens
from localft.export.merge import MergePlan
from localft.export.pretokenizers import by_rules
from localft.export.tokenizer_files import read_tokenizer_json
from localft.store import files

_TYPES = {"F16": "MOSTLY_F16", "BF16": "MOSTLY_BF16", "Q8_0": "MOSTLY_Q8_0"}
_REPORT_SECONDS = 0.5


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write one GGUF.

    Settings: converter (folder), model (folder with config and weights), adapter (folder or None), tokenizer (folder),
    output (path), type (F16, BF16 or Q8_0), name, licence, base_name, tokens (bos, eos, eot ids or None), add_bos,
    proof (settings for localft.export.engine_checks: tokenizer, chat_format, conversations, threads).

    Returns:
        bytes; pre_tokenizer and whether its name was found by_rules; pairs (of the adapter, all used).

    Raises:
        UserError: an architecture or tokenizer that llama.cpp cannot hold, or an adapter that does not fit.
    """
    import torch

    conversion = _load_converter(Path(settings["converter"]))
    model, output = Path(settings["model"]), Path(settings["output"])
    part = output.with_name(output.name + ".part")
    report(0, 0, "Reading the model")
    plan = _plan(settings, model)
    kind = _writer(conversion, settings, plan, model)
    form = getattr(_gguf().LlamaFileType, _TYPES[settings["type"]])
    with torch.inference_mode():
        with refusals():
            writer = kind(model, form, part, model_name=settings["name"])
            writer.dir_model_card = Path(settings["tokenizer"])
            writer.prepare_tensors()
            writer.prepare_metadata(vocab_only=False)
        if writer.pre_tokenizer_by_rules:
            report(0, 0, "Comparing token ids")
            _prove_vocabulary(kind(model, form, output.with_name("vocabulary.gguf")), settings)
        _write(writer, report)
    pairs = plan.finish() if plan is not None else 0
    files.replace(part, output)
    return {
        "bytes": output.stat().st_size,
        "pairs": pairs,
        "pre_tokenizer": writer.pre_tokenizer,
        "by_rules": writer.pre_tokenizer_by_rules,
    }


@contextlib.contextmanager
def refusals() -> Generator[None]:
    """The converter asserts what it expects of a model, mostly without words: the line that failed tells the most.

    Raises:
        UserError: a model with which it does not get on.
    """
    try:
        yield
    except AssertionError as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise UserError(
            f"llama.cpp's converter does not take this model: {str(error) or place.line} ({place.name}).",
            "Export the merged model instead.",
        ) from error


def _prove_vocabulary(writer: Any, settings: dict[str, Any]) -> None:
    """Compare token ids before the weights are written, where the pre-tokenizer's name is our claim.

    Raises:
        UserError: llama.cpp makes other tokens.
    """
    if importlib.util.find_spec("llama_cpp") is None:
        return
    from localft.export import engine_checks

    writer.dir_model_card = Path(settings["tokenizer"])
    try:
        writer.write_vocab()
        checked = {"gguf": str(writer.fname_out), "answers": 0, "new_tokens": 0, "vocabulary_only": True}
        seen = engine_checks.run({**settings["proof"], **checked}, lambda *_: None)
    finally:
        Path(writer.fname_out).unlink(missing_ok=True)
    hint = "Export the merged model instead, and use it with a program that reads tokenizer.json."
    if "refusal" in seen:
        raise UserError(f"llama.cpp cannot load the model's vocabulary: {seen['refusal']}", hint)
    check = check_tokens(seen["tokens"], writer.pre_tokenizer, by_rules=True)
    if check.outcome == "failed":
        raise UserError(f"llama.cpp would read other tokens than the model was trained on: {check.detail}", hint)


def _load_converter(folder: Path) -> Any:
    """Import the converter's packages, its own `gguf` before the installed one."""
    sys.path[:0] = [str(folder), str(folder / "gguf-py")]
    conversion = importlib.import_module("conversion")
    if not Path(str(_gguf().__file__)).is_relative_to(folder):
        raise RuntimeError("another gguf library was imported first")
    return conversion


def _gguf() -> Any:
    return importlib.import_module("gguf")


def _plan(settings: dict[str, Any], model: Path) -> MergePlan | None:
    if settings["adapter"] is None:
        return None
    from localft.export.adapter import Adapter

    return MergePlan(Adapter(Path(settings["adapter"]), model), model)


def _writer(conversion: Any, settings: dict[str, Any], plan: MergePlan | None, model: Path) -> type:
    """A subclass of the converter's class for this architecture: merged weights, the run's tokenizer, our metadata."""
    base = conversion.ModelBase
    architecture = conversion.get_model_architecture(base.load_hparams(model, False), conversion.ModelType.TEXT)
    try:
        known = conversion.get_model_class(architecture)
    except NotImplementedError as error:
        raise UserError(
            f"llama.cpp knows no model of the architecture {architecture}.", "Export the merged model instead."
        ) from error

    class Tuned(known):
        model_arch = known.model_arch
        pre_tokenizer: str | None = None
        pre_tokenizer_by_rules = False

        @classmethod
        def filter_tensors(cls, item: tuple[str, Callable[[], Any]]) -> Any:
            name, read = item
            # The names here are still those on disk; the method below renames and leaves out.
            return super().filter_tensors((name, _merged(plan, name, read)))

        def get_vocab_base_pre(self, tokenizer: Any) -> str:
            try:
                self.pre_tokenizer = super().get_vocab_base_pre(tokenizer)
            except NotImplementedError:
                self.pre_tokenizer = by_rules(read_tokenizer_json(self.dir_model))
                self.pre_tokenizer_by_rules = True
            return self.pre_tokenizer

        def set_vocab(self) -> None:
            weights, self.dir_model = self.dir_model, Path(settings["tokenizer"])
            try:
                super().set_vocab()
            finally:
                self.dir_model = weights
            _set_tokens(self.gguf_writer, settings)

        def prepare_metadata(self, vocab_only: bool) -> None:
            super().prepare_metadata(vocab_only=vocab_only)
            _set_origin(self.gguf_writer, settings)

    return Tuned


def _merged(plan: MergePlan | None, name: str, read: Callable[[], Any]) -> Callable[[], Any]:
    """The reader of a tensor, lazily followed by the merge where the adapter changes it."""
    if plan is None or name not in plan.changed:
        return read

    def read_and_merge() -> Any:
        import torch

        lazy = importlib.import_module("conversion.base").LazyTorchTensor
        tensor = read()
        return lazy(
            meta=lazy.meta_with_dtype_and_shape(torch.float32, tuple(tensor.shape)),
            args=(tensor,),
            func=lambda weight: plan.apply(name, weight),
        )

    return read_and_merge


def _set_tokens(writer: Any, settings: dict[str, Any]) -> None:
    """Say which tokens begin and end a conversation as the run does, whatever the base model's files say."""
    writer.add_add_bos_token(settings["add_bos"])
    for kind, token_id in settings["tokens"].items():
        if token_id is not None:
            getattr(writer, f"add_{kind}_token_id")(token_id)


def _set_origin(writer: Any, settings: dict[str, Any]) -> None:
    writer.add_name(settings["name"])
    if settings["licence"]:
        writer.add_license(settings["licence"])
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, settings["base_name"])


def _write(writer: Any, report: Report) -> None:
    """Write what is prepared, with progress by the size of the file."""
    out = writer.gguf_writer
    total = sum(info.nbytes for tensors in out.tensors for info in tensors.values())
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(writer.fname_out, total, ended, report), daemon=True)
    watcher.start()
    try:
        out.write_header_to_file(path=writer.fname_out)
        out.write_kv_data_to_file()
        out.write_tensors_to_file(progress=False)
        out.close()
    finally:
        ended.set()
        watcher.join()


def _watch(path: Path, total: int, ended: threading.Event, report: Report) -> None:
    while not ended.wait(_REPORT_SECONDS):
        if path.exists():
            report(min(path.stat().st_size, total), total, "Writing the GGUF")
