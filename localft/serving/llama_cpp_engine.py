"""A GGUF file as an endpoint, through llama.cpp: the way in which Ollama and LM Studio will run the export."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from localft.errors import Stopped, UserError
from localft.models.chat_format import ChatFormat
from localft.models.rendering import render
from localft.models.thinking import CLOSE, OPEN
from localft.serving.answer_text import AnswerText, TokenText
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling
from localft.serving.llama_cpp_loading import open_gguf

MOST_CONTEXT = 8_192


class LlamaCppEndpoint:
    """A loaded GGUF file. It must be closed: llama.cpp complains at the end of the program otherwise."""

    takes_tools = True

    def __init__(
        self,
        path: Path,
        chat_format: ChatFormat | None = None,
        *,
        name: str = "gguf",
        context_length: int | None = None,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> None:
        """Load a file; only those that localft made, since llama.cpp trusts what it reads.

        With the `chat_format` of the run the conversation is rendered as in training, else by the template in the file;
        either way the file's own tokenizer reads it. `context_length` (tokens, 8,192 by default) is rounded up to a
        multiple of 256 by llama.cpp, and never more than the model was trained for.

        Raises:
            UserError: llama-cpp-python is not installed, or the file cannot be loaded.
        """
        self.name = name
        self._stop_requested = stop_requested
        self._model = _load(path, context_length)
        try:
            self._chat_format = chat_format or format_of_file(self._model)
            self._stop_ids = self._find_stop_ids()
        except BaseException:
            self._model.close()
            raise

    @property
    def context_length(self) -> int:
        """Tokens that fit, question and answer together."""
        return self._model.n_ctx()

    def encode(self, messages: ChatMessages, tools: Sequence[dict[str, Any]] = ()) -> list[int]:
        """The token ids of a question, made by the file's own tokenizer."""
        return self._tokenize(render(self._chat_format, messages, tools, add_generation_prompt=True))

    def chat(
        self, messages: ChatMessages, sampling: Sampling, tools: Sequence[dict[str, Any]] = ()
    ) -> Iterator[Delta | Answer]:
        """Answer one conversation, piece by piece; closing the iterator stops it.

        Raises:
            UserError: the template refuses the conversation, or it is longer than the model can read.
            Stopped: on request, between two tokens.
        """
        began = time.monotonic()
        prompt = render(self._chat_format, messages, tools, add_generation_prompt=True)
        ids = self._tokenize(prompt)
        if len(ids) >= self.context_length:
            raise UserError(
                f"The conversation has {len(ids)} tokens; this file is loaded for {self.context_length}.",
                "Shorten it, or start a new one.",
            )
        text = AnswerText(sampling.stop, prompt.rstrip().endswith(OPEN) and prompt.rfind(OPEN) > prompt.rfind(CLOSE))
        tokens = TokenText(self._decode)
        most = min(sampling.max_tokens, self.context_length - len(ids))
        count, first, finish = 0, None, "length"
        for token in self._generate(ids, sampling):
            count += 1
            first = first if first is not None else time.monotonic() - began
            if token in self._stop_ids:
                finish = "stop"
                break
            delta = text.push(tokens.push(token))
            if delta is not None:
                yield delta
            if text.stopped:
                finish = "stop"
                break
            if count >= most:
                break
            if self._stop_requested():
                raise Stopped
        for delta in (text.push(tokens.finish()), text.finish()):
            if delta is not None:
                yield delta
        yield Answer(text.text, text.thinking, len(ids), count, first, time.monotonic() - began, finish)

    def chat_many(self, conversations: Sequence[ChatMessages], sampling: Sampling) -> Iterator[tuple[int, Answer]]:
        """Answer many conversations one by one; yields (index, answer)."""
        for index, messages in enumerate(conversations):
            for piece in self.chat(messages, sampling):
                if isinstance(piece, Answer):
                    yield index, piece

    def close(self) -> None:
        """Free the model's memory."""
        self._model.close()

    def _generate(self, ids: list[int], sampling: Sampling) -> Iterator[int]:
        """Token after token; everything that llama-cpp-python would otherwise add to the sampling is off."""
        if sampling.seed is not None:
            self._model.set_seed(sampling.seed % 2**32)
        yield from self._model.generate(
            ids, top_k=0, top_p=sampling.top_p, min_p=0.0, typical_p=1.0, temp=sampling.temperature, repeat_penalty=1.0
        )

    def _tokenize(self, text: str) -> list[int]:
        return self._model.tokenize(text.encode("utf-8"), add_bos=False, special=True)

    def _decode(self, ids: Sequence[int]) -> str:
        return self._model.detokenize(list(ids), special=True).decode("utf-8", errors="replace")

    def _find_stop_ids(self) -> set[int]:
        """The file's own end tokens, and those of the chat format that are single tokens here."""
        found = {self._model.token_eos()}
        for text in {*self._chat_format.stop_tokens, self._chat_format.eos_text} - {""}:
            ids = self._tokenize(text)
            if len(ids) == 1:
                found.add(ids[0])
        return found


def format_of_file(model: Any) -> ChatFormat:
    """The chat format that a loaded GGUF file carries.

    Raises:
        UserError: it carries no chat template.
    """
    metadata: dict[str, str] = model.metadata
    template = metadata.get("tokenizer.chat_template")
    if not template:
        raise UserError("This GGUF file has no chat template.", "Export the run again.")

    def text_of(key: str) -> str:
        token_id = metadata.get(f"tokenizer.ggml.{key}_token_id")
        return model.detokenize([int(token_id)], special=True).decode("utf-8", errors="replace") if token_id else ""

    bos, eos = text_of("bos"), text_of("eos")
    return ChatFormat(
        template=template,
        template_hash=hashlib.sha256(template.encode()).hexdigest(),
        template_name="file",
        stop_tokens=(eos,) if eos else (),
        bos_text=bos,
        eos_text=eos,
        pad_text=text_of("padding"),
        special_tokens={"bos_token": bos, "eos_token": eos},
    )


def _load(path: Path, context_length: int | None) -> Any:
    try:
        import llama_cpp  # noqa: F401 - only asked whether it is there
    except ImportError as error:
        raise UserError(
            "GGUF files cannot be run here: llama-cpp-python is not installed.",
            "Run `localft doctor`; it names the command that installs it.",
        ) from error
    if not path.is_file():
        raise UserError(f"There is no file {path}.", "Export the run again.")
    options: dict[str, Any] = {"n_gpu_layers": -1}
    try:
        model = open_gguf(path, n_ctx=context_length or MOST_CONTEXT, **options)
        trained = _trained_context(model.metadata)
        if trained < model.n_ctx():
            # The size of the context can only be chosen at loading, and only the loaded file says how much it may be.
            model.close()
            model = open_gguf(path, n_ctx=trained, **options)
        return model
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"llama.cpp cannot load {path.name}: {str(error)[:200]}.", "Export the run again; the file may be damaged."
        ) from error


def _trained_context(metadata: dict[str, str]) -> int:
    architecture = metadata.get("general.architecture", "")
    return int(metadata.get(f"{architecture}.context_length", MOST_CONTEXT))
