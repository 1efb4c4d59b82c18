"""What a model wrote, as examples that may be kept: each with its passage, and the reason why it is not."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import pydantic

from localft.data.texts.normalising import normalise
from localft.synthesis.asking import InstructionItem, Item, QuestionItem, StyleItem
from localft.synthesis.passages import Passage, sentences
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.support import ENOUGH, quoted, why_unsupported

Fault = Literal[
    "",
    "unreadable",
    "not supported",
    "speaks of the passage",
    "no quotation",
    "hardly changed",
    "judged wrong",
    "duplicate",
    "in the data",
    "golden question",
    "beyond the limit",
]
_OF_THE_PASSAGE = re.compile(
    r"\b(?:(?:this|the|that|given) (?:passage|excerpt)|(?:according to|in|by) (?:the|this) (?:text|document|article|"
    r"author|section)|the (?:text|document) (?:above|says|states|mentions)|(?:laut|in|nach|gemäß) (?:dem|diesem) "
    r"(?:text|abschnitt|dokument|auszug)|im (?:text|abschnitt|auszug|dokument))\b",
    re.IGNORECASE,
)
_REQUEST, _CONTINUE = "Rewrite this in your own voice:", "Continue this text:"
# A rewriting may use other words for nearly everything but names and numbers.
_ENOUGH_REWRITTEN = 0.25
_UNCHANGED = 0.8
_FEWEST_SENTENCES = 5


class Candidate(pydantic.BaseModel):
    """An example as it would be learned. `asked` is the question without the text that belongs to it.

    `fault` and `reason` say why it is rejected; both are empty where it is not. `id` is passage and number: "12.2".
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    id: str
    passage: int
    asked: str
    prompt: str
    answer: str
    fault: Fault = ""
    reason: str = ""

    def rejected(self, fault: Fault, reason: str) -> "Candidate":
        """The same, rejected; an earlier reason stays."""
        return self if self.fault else self.model_copy(update={"fault": fault, "reason": reason})


class _Draft(NamedTuple):
    asked: str
    prompt: str
    answer: str
    fault: Fault = ""
    reason: str = ""


def weigh(settings: SynthesisSettings, passage: Passage, items: Sequence[Item]) -> list[Candidate]:
    """The examples that a reply's items make, those that the passage does not support rejected."""
    drafts = [_draft(settings, passage, item) for item in items]
    return [
        Candidate(id=f"{passage.index + 1}.{number}", passage=passage.index, **draft._asdict())
        for number, draft in enumerate(drafts, start=1)
    ]


def continuation(settings: SynthesisSettings, passage: Passage) -> list[Candidate]:
    """For the style: the passage's beginning to be continued, which no model has to write; none of a short passage."""
    parts = sentences(passage.text)
    if settings.kind != "style" or len(parts) < _FEWEST_SENTENCES:
        return []
    cut = passage.text.index(parts[len(parts) // 3], len(parts[0]))
    beginning, rest = passage.text[:cut].strip(), passage.text[cut:].strip()
    asked = f"{_CONTINUE}\n\n{beginning}"
    return [Candidate(id=f"{passage.index + 1}.0", passage=passage.index, asked=asked, prompt=asked, answer=rest)]


def _draft(settings: SynthesisSettings, passage: Passage, item: Item) -> _Draft:
    if isinstance(item, StyleItem):
        return _styled(passage, item)
    if isinstance(item, QuestionItem):
        draft = _Draft(item.question, _with_text(item.question, passage.text, settings.with_passage), item.answer)
    else:
        draft = _instructed(settings, passage, item)
    known = f"{passage.place}\n{passage.document}\n{passage.text}"
    asked_itself = not settings.with_passage and not (isinstance(item, InstructionItem) and item.input)
    if draft.fault:
        return draft
    if asked_itself and (found := _OF_THE_PASSAGE.search(f"{draft.asked}\n{draft.answer}")):
        reason = f'it speaks of "{found[0]}", which nobody sees who is asked this'
        return draft._replace(fault="speaks of the passage", reason=reason)
    reason = why_unsupported(draft.answer, known, ENOUGH)
    return draft._replace(fault="not supported", reason=reason) if reason else draft


def _instructed(settings: SynthesisSettings, passage: Passage, item: InstructionItem) -> _Draft:
    given = item.input or (passage.text if settings.with_passage else "")
    draft = _Draft(
        _with_text(item.instruction, item.input, bool(item.input)),
        _with_text(item.instruction, given, bool(given)),
        item.output,
    )
    if item.input and not quoted(item.input, passage.text):
        return draft._replace(fault="no quotation", reason="the text that it is about does not stand in the passage")
    return draft


def _styled(passage: Passage, item: StyleItem) -> _Draft:
    asked = f"{item.request or _REQUEST}\n\n{item.plain}"
    draft = _Draft(asked, asked, item.excerpt)
    if not quoted(item.excerpt, passage.text):
        return draft._replace(fault="no quotation", reason="its answer does not stand in the passage word for word")
    if _alike(item.plain, item.excerpt) >= _UNCHANGED:
        return draft._replace(fault="hardly changed", reason="the plain words are nearly those of the passage")
    # The other way round: what the answer says has to stand in the question, else inventing would be learned.
    reason = why_unsupported(item.excerpt, item.plain, _ENOUGH_REWRITTEN)
    if reason:
        said = reason.replace("the passage", "the plain text").replace("passage", "plain text")
        return draft._replace(fault="not supported", reason=said)
    return draft


def _with_text(asked: str, text: str, wanted: bool) -> str:
    return f"{asked}\n\n{text}" if wanted else asked


def _alike(one: str, other: str) -> float:
    """The share of runs of three words that two texts have in common."""
    mine, theirs = _runs(one), _runs(other)
    together = mine | theirs
    return len(mine & theirs) / len(together) if together else 1.0


def _runs(text: str) -> set[tuple[str, str, str]]:
    said = normalise(text).split()
    return {*zip(said, said[1:], said[2:], strict=False)}
