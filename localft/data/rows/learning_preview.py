"""What the model will learn: an example's tokens, each learned, masked or cut."""

from dataclasses import dataclass
from typing import Literal, Protocol

from localft.data.examples import Example
from localft.data.versions import DatasetVersion, Split, open_split
from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.models.download import tokenizer_folder
from localft.models.learned import encode_whole
from localft.models.tokens import Learn, TextTokenizer
from localft.store.projects import Project

TokenState = Literal["learned", "masked", "cut"]


class Cutting(Protocol):
    """The settings that decide what is learned: `TrainingSettings` has them."""

    @property
    def max_length(self) -> int: ...

    @property
    def learn(self) -> Learn: ...

    @property
    def objective(self) -> Literal["sft", "dpo"]: ...


@dataclass(frozen=True)
class TokenPiece:
    """One token as a person reads it; "cut" tokens lie beyond the longest length and are not trained on at all.

    Plain text is never cut: what is longer goes on in another sequence.

    Where several tokens make up one character, the last of them carries it and the others have no text.
    """

    text: str
    state: TokenState


def preview(
    project: Project,
    version: DatasetVersion | str,
    base_model: BaseModel,
    chat_format: ChatFormat,
    settings: Cutting,
    index: int,
    split: Split = "train",
) -> list[TokenPiece]:
    """The tokens of the example `index` (from 0) of a split.

    An example that makes several training sequences (see `encode_example`, and preference pairs) gives them one after
    the other.

    Raises:
        UserError: there is no such example, the model is not downloaded, or its template refuses the example.
    """
    version_id = version if isinstance(version, str) else version.id
    examples = open_split(project, version_id, split)
    if not 0 <= index < len(examples):
        raise UserError(f"There is no example {index + 1}: {split} has {len(examples)}.", "Choose another one.")
    tokenizer = TextTokenizer(tokenizer_folder(base_model))
    return preview_example(chat_format, tokenizer, examples[index], settings)


def preview_example(
    chat_format: ChatFormat, tokenizer: TextTokenizer, example: Example, settings: Cutting
) -> list[TokenPiece]:
    """The tokens of an example at hand.

    Raises:
        UserError: the template refuses the example.
    """
    pieces: list[TokenPiece] = []
    sequences = encode_whole(chat_format, tokenizer, example, settings.learn)
    if settings.objective == "dpo" and example.rejected:
        both = (example, example.worse)
        sequences = [whole for one in both for whole in encode_whole(chat_format, tokenizer, one, "last")]
    for whole in sequences:
        start = 0
        for position, (learned, end) in enumerate(zip(whole.learned, whole.ends, strict=True)):
            beyond = position >= settings.max_length and not example.plain
            state: TokenState = "cut" if beyond else "learned" if learned else "masked"
            following = whole.ends[position + 1] if position + 1 < len(whole.ends) else None
            # Tokens of one character have the same end: its text is given once, with the last of them.
            text = "" if following == end else whole.text[start:end]
            pieces.append(TokenPiece(text, state))
            start = start if following == end else max(start, end)
    return pieces
