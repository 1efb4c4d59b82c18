"""How many fixed prompts can be answered side by side, so that it never takes more memory than a step does."""

from collections.abc import Sequence

from localft.models.tokens import TextTokenizer
from localft.planning.answering import answer_bytes
from localft.planning.memory import step_bytes
from localft.planning.model_shape import ModelShape
from localft.planning.plan import Plan, load_of
from localft.planning.recipe import TrainingSettings
from localft.training.rows import Rows
from localft.training.validation import SAMPLE_PROMPTS, FixedPrompt, most_new_tokens


class PromptRoom:
    """The memory of the largest micro-batch of a run, for answers that are written between two steps."""

    def __init__(
        self, settings: TrainingSettings, plan: Plan, shape: ModelShape, train: Rows, tokenizer: TextTokenizer
    ) -> None:
        lengths = [len(row) for row in train.rows]
        # A micro-batch may be smaller than the plan has room for, and never smaller than the longest example.
        tokens = max(*lengths, min(sum(lengths), plan.micro_batch_tokens or 0))
        self._load = load_of(settings, plan, tokens, train.learned_tokens / sum(lengths))
        self._bytes = step_bytes(shape, self._load)
        self._shape, self._tokenizer = shape, tokenizer

    def has(self, prompt: FixedPrompt) -> bool:
        """Whether a prompt can be answered by itself."""
        return self._fit([prompt])

    def at_once(self, prompts: Sequence[FixedPrompt]) -> int:
        """How many of some prompts that can be answered at all can be so side by side, whichever they are."""
        longest = sorted(prompts, key=lambda prompt: len(prompt.token_ids), reverse=True)
        return max((count for count in range(2, SAMPLE_PROMPTS + 1) if self._fit(longest[:count])), default=1)

    def _fit(self, prompts: Sequence[FixedPrompt]) -> bool:
        longest = max((len(prompt.token_ids) for prompt in prompts), default=0)
        new = most_new_tokens(prompts, self._tokenizer)
        return answer_bytes(self._shape, self._load, len(prompts), longest, new) <= self._bytes
