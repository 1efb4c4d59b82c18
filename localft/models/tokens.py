"""Text to tokens and back with the model's own tokenizer.json; examples to tokens with the mask of what is learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.conversation import Conversation
from localft.models.rendering import render

if TYPE_CHECKING:
    from localft.models.learned import WholeEncoding

Learn = Literal["all", "last"]


@dataclass(frozen=True)
class Encoded:
    """What is trained on: token ids, whether each is learned, and how many tokens `max_length` cut off the end."""

    token_ids: list[int]
    learned: list[bool]
    cut: int = 0

    @property
    def learned_count(self) -> int:
        """Tokens with a loss; 0 where the cut took the whole answer: such an example must not be trained on."""
        return sum(self.learned)


class TextTokenizer:
    """A tokenizer.json. Nothing is added to a text: special tokens are where the text spells them, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        """Read `folder`/tokenizer.json.

        Raises:
            UserError: there is none, or it is damaged.
        """
        import tokenizers

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise UserError(
                f"The folder {folder} has no tokenizer.json.",
                "Models without this file cannot be used; choose one that has it.",
            )
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise UserError(f"The file {path} is damaged: {str(error)[:200]}.", "Download the model again.") from error
        # Limits that a file may carry would shorten or lengthen every text silently.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._added = {
            token_id: token.content for token_id, token in self._tokenizer.get_added_tokens_decoder().items()
        }

    def encode(self, text: str) -> list[int]:
        """The token ids of a text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of many texts, on all processor cores."""
        return [one.ids for one in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The token ids of a text, and for each the characters [start, end) that it stands for.

        A character of several tokens is given to each of them.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    def decode(self, token_ids: Sequence[int], keep_special: bool = True) -> str:
        """The text of token ids; without the special tokens if `keep_special` is False."""
        return self._tokenizer.decode(list(token_ids), skip_special_tokens=not keep_special)

    def token_id(self, text: str) -> int | None:
        """The id of the token that is spelled `text`, None if there is no such token."""
        return self._tokenizer.token_to_id(text)

    def token_text(self, token_id: int) -> str | None:
        """How the vocabulary spells a token, None if there is no such id."""
        return self._tokenizer.id_to_token(token_id)

    def first_added(self) -> int | None:
        """The token that this tokenizer would put before a text by itself, None if it puts none."""
        with_special = self._tokenizer.encode("x", add_special_tokens=True).ids
        plain = self.encode("x")
        return with_special[0] if len(with_special) > len(plain) and with_special[0] != plain[0] else None

    @property
    def added_tokens(self) -> dict[int, str]:
        """The tokens that are found in a text before anything else is: special ones and others."""
        return self._added


def encode_prompt(
    chat_format: ChatFormat,
    tokenizer: TextTokenizer,
    messages: Sequence[dict[str, Any]],
    tools: Sequence[dict[str, Any]] = (),
) -> list[int]:
    """What a model is given to answer: the conversation so far and the start of the assistant's turn.

    Raises:
        UserError: the template refuses the conversation.
    """
    return tokenizer.encode(render(chat_format, messages, tools, add_generation_prompt=True))


def encode_example(
    chat_format: ChatFormat,
    tokenizer: TextTokenizer,
    example: Conversation,
    max_length: int,
    learn: Learn = "all",
) -> list[Encoded]:
    """The token sequences to train on for one example, cut at `max_length` tokens.

    Learned are the assistant turns (all, or the last one), each up to and with the token that ends it, except those
    whose `learn` is False. One sequence carries all of them where the template writes a turn the same whatever follows;
    otherwise (Qwen3, say, leaves out earlier thinking) each learned turn has a sequence of its own. In every sequence
    what precedes a learned turn is, token by token, what the model is given when it is asked for that turn.

    Plain text is learned whole and not cut: what is longer goes on in another sequence, whose first token is the last
    of the one before, so that each token is predicted once.

    Raises:
        UserError: the template refuses the conversation.
    """
    from localft.models.learned import encode_whole

    if example.plain:
        return [part for whole in encode_whole(chat_format, tokenizer, example) for part in _windows(whole, max_length)]
    return [
        Encoded(whole.token_ids[:max_length], whole.learned[:max_length], max(0, len(whole.token_ids) - max_length))
        for whole in encode_whole(chat_format, tokenizer, example, learn)
    ]


def _windows(whole: "WholeEncoding", width: int) -> list[Encoded]:
    """A sequence in parts of at most `width` tokens that overlap by one, which only the earlier part learns."""
    step = max(1, width - 1)
    parts = []
    for start in range(0, len(whole.token_ids) - 1, step):
        learned = whole.learned[start : start + width]
        parts.append(Encoded(whole.token_ids[start : start + width], [not start and learned[0], *learned[1:]]))
    return parts
