"""The base and the tuned model of a run as endpoints, on transformers: streamed, in batches, and scored."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from localft.data.examples import Example
from localft.errors import Stopped, UserError, is_out_of_memory
from localft.models.download import model_folder
from localft.models.rendering import render
from localft.models.thinking import CLOSE, OPEN
from localft.models.tokens import Encoded, TextTokenizer, encode_example
from localft.serving.answer_text import AnswerText, TokenText
from localft.serving.batching import plan_batches
from localft.serving.endpoint import Answer, ChatMessages, Delta, Sampling, Which
from localft.serving.generation import BatchDecoder
from localft.serving.model_pair import BareBase, ModelPair
from localft.serving.scoring import token_log_probabilities
from localft.training.runs import Run

_CPU_BATCH_TOKENS = 16_384
_MOST_BATCH_TOKENS = 65_536
_MOST_ROWS = 64
Tools = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class _Prompt:
    """A rendered question: its tokens, and whether it ends inside of `<think>`."""

    ids: list[int]
    thinking_opened: bool


class TransformersEngine:
    """The endpoints of a run, or of a bare base, over one `ModelPair`, with the tokens that training uses."""

    def __init__(self, source: Run | BareBase, stop_requested: Callable[[], bool] = lambda: False) -> None:
        """Read tokenizer and chat format; weights are read at the first use, or by `load`.

        `stop_requested` is asked at every token; when it says yes, the call under way raises `Stopped`.
        """
        self.pair = ModelPair(source)
        self.chat_format = source.chat_format
        self.tokenizer = TextTokenizer(model_folder(source.base_model))
        self.context_length = source.base_model.context_length
        self.stop_requested = stop_requested
        stops = {*self.chat_format.stop_tokens, self.chat_format.eos_text} - {""}
        found = {self.tokenizer.token_id(text) for text in stops}
        self.stop_ids = {token_id for token_id in found if token_id is not None}
        self.pad_id = self.tokenizer.token_id(self.chat_format.pad_text) or 0

    def load(self) -> None:
        """Read the weights now.

        Raises:
            UserError: the run has no weights yet, or its base model is not downloaded.
        """
        self.pair.load()

    def endpoint(self, which: Which) -> "TransformersEndpoint":
        """The base or the tuned model."""
        return TransformersEndpoint(which, self)

    def close(self) -> None:
        """Give the memory back; both endpoints end with it."""
        self.pair.close()

    def encode(self, messages: ChatMessages, tools: Tools = ()) -> _Prompt:
        """Tokens of a question, the same as in training.

        Raises:
            UserError: the template refuses the conversation.
        """
        text = render(self.chat_format, messages, tools, add_generation_prompt=True)
        return _Prompt(
            self.tokenizer.encode(text), text.rfind(OPEN) > text.rfind(CLOSE) and text.rstrip().endswith(OPEN)
        )


class TransformersEndpoint:
    """One of the two models of a run."""

    takes_tools = True

    def __init__(self, which: Which, engine: TransformersEngine) -> None:
        self._which: Which = which
        self._engine = engine

    @property
    def name(self) -> str:
        return self._which

    def chat(self, messages: ChatMessages, sampling: Sampling, tools: Tools = ()) -> Iterator[Delta | Answer]:
        """Answer one conversation, piece by piece; the last item is the whole answer. Closing the iterator stops it.

        Raises:
            UserError: the template refuses the conversation, or it is longer than the model can read.
        """
        began = time.monotonic()
        prompt = self._engine.encode(messages, tools)
        room = self._engine.context_length - len(prompt.ids)
        if room < 1:
            raise UserError(
                f"The conversation has {len(prompt.ids)} tokens; the model reads {self._engine.context_length}.",
                "Shorten it, or start a new one.",
            )
        sampling = sampling.model_copy(update={"max_tokens": min(sampling.max_tokens, room)})
        with self._engine.pair.use(self._which) as model:
            decoder = BatchDecoder(model, [prompt.ids], sampling, self._engine.pad_id)
            reply = _Reply(self._engine, prompt, sampling, began)
            while decoder.live:
                self._raise_if_stopped()
                ((_, token),) = decoder.step()
                delta = reply.push(token)
                if delta is not None:
                    yield delta
                if reply.ended:
                    decoder.end(0)
        yield reply.answer()

    def chat_many(
        self, conversations: Sequence[ChatMessages], sampling: Sampling, tools: Sequence[Tools] | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Answer many conversations in static batches sorted by length; yields (index, answer) as each ends.

        `seconds` of an answer run from the start of its batch. A conversation that is too long for the model gets an
        empty answer with finish "length". `tools` are those of each conversation.

        Raises:
            UserError: the template refuses a conversation.
            Stopped: on request, between two tokens.
        """
        prompts = [
            self._engine.encode(messages, tools[index] if tools else ()) for index, messages in enumerate(conversations)
        ]
        fitting = []
        for index, prompt in enumerate(prompts):
            if len(prompt.ids) < self._engine.context_length:
                fitting.append(index)
            else:
                yield index, Answer("", prompt_tokens=len(prompt.ids), finish="length")
        lengths = [len(prompts[index].ids) for index in fitting]
        with self._engine.pair.use(self._which) as model:
            budget = batch_tokens(model)
            waiting = [
                [fitting[position] for position in batch]
                for batch in plan_batches(lengths, sampling.max_tokens, budget, _MOST_ROWS)
            ]
            while waiting:
                batch = waiting.pop(0)
                unanswered = list(batch)
                try:
                    for index, answer in self._answer_batch(model, batch, prompts, sampling):
                        unanswered.remove(index)
                        yield index, answer
                except Exception as error:
                    if not is_out_of_memory(error) or len(unanswered) < 2:
                        raise
                    torch.cuda.empty_cache()
                    half = len(unanswered) // 2
                    waiting[:0] = [unanswered[:half], unanswered[half:]]

    def score(self, examples: Sequence[Example]) -> Iterator[tuple[int, list[float]]]:
        """The log-probability of each token of each example's last answer: (index, natural logarithms).

        The mean of their negatives is the loss, its exponential the perplexity. An example that the model cannot read
        to its answer gives an empty list.

        Raises:
            UserError: the template refuses an example.
            Stopped: on request, between two examples.
        """
        texts = [self._encode_answer(example) for example in examples]
        with self._engine.pair.use(self._which) as model:
            for scored in token_log_probabilities(model, texts, self._engine.pad_id):
                self._raise_if_stopped()
                yield scored

    def close(self) -> None:
        """Nothing of its own to give back: the engine holds the weights for both models."""

    def _encode_answer(self, example: Example) -> Encoded:
        encoded = encode_example(
            self._engine.chat_format, self._engine.tokenizer, example, self._engine.context_length, learn="last"
        )
        return encoded[-1] if encoded else Encoded([], [])

    def _answer_batch(
        self, model: Any, batch: Sequence[int], prompts: Sequence[_Prompt], sampling: Sampling
    ) -> Iterator[tuple[int, Answer]]:
        began = time.monotonic()
        decoder = BatchDecoder(model, [prompts[index].ids for index in batch], sampling, self._engine.pad_id)
        replies = [_Reply(self._engine, prompts[index], sampling, began) for index in batch]
        while decoder.live:
            self._raise_if_stopped()
            for row, token in decoder.step():
                replies[row].push(token)
                if replies[row].ended:
                    decoder.end(row)
                    yield batch[row], replies[row].answer()

    def _raise_if_stopped(self) -> None:
        if self._engine.stop_requested():
            raise Stopped


class _Reply:
    """An answer in the making: tokens in, text out, and the reason why it ended."""

    def __init__(self, engine: TransformersEngine, prompt: _Prompt, sampling: Sampling, began: float) -> None:
        self._stop_ids = engine.stop_ids
        self._prompt = prompt
        self._most = min(sampling.max_tokens, engine.context_length - len(prompt.ids))
        self._tokens = TokenText(engine.tokenizer.decode)
        self._text = AnswerText(sampling.stop, prompt.thinking_opened)
        self._began = began
        self._first: float | None = None
        self._ended_at = began
        self._count = 0
        self._finish = ""

    @property
    def ended(self) -> bool:
        return bool(self._finish)

    def push(self, token: int) -> Delta | None:
        """Take the next token; return what can be shown now."""
        self._ended_at = time.monotonic()
        self._first = self._first if self._first is not None else self._ended_at - self._began
        self._count += 1
        shown = None if token in self._stop_ids else self._text.push(self._tokens.push(token))
        if token in self._stop_ids or self._text.stopped:
            self._finish = "stop"
        elif self._count >= self._most:
            self._finish = "length"
        return _together(shown, self._flush()) if self._finish else shown

    def answer(self) -> Answer:
        """The whole answer."""
        return Answer(
            self._text.text,
            self._text.thinking,
            prompt_tokens=len(self._prompt.ids),
            completion_tokens=self._count,
            first_token_seconds=self._first,
            seconds=self._ended_at - self._began,
            finish=self._finish,
        )

    def _flush(self) -> Delta | None:
        return _together(self._text.push(self._tokens.finish()), self._text.finish())


def _together(first: Delta | None, second: Delta | None) -> Delta | None:
    if first is None or second is None:
        return first or second
    return Delta(first.text + second.text, first.thinking + second.thinking)


def device_name() -> str:
    """What the models run on, by its maker's name; precision and rounding follow from it."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else platform.processor() or platform.machine()


def batch_tokens(model: Any) -> int:
    """How many tokens, prompts and answers together, one batch may hold in the memory that is free now.

    A token takes 2 (key and value) * layers * key-value heads * head size * bytes a number. 60 % of the card's free
    memory is given to them, the rest to the activations of the prompts.
    """
    if model.device.type != "cuda":
        return _CPU_BATCH_TOKENS
    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    bytes_a_token = 2 * config.num_hidden_layers * heads * head_size * 2
    free, _ = torch.cuda.mem_get_info(model.device)
    return max(1_024, min(_MOST_BATCH_TOKENS, int(0.6 * free / bytes_a_token)))
