"""Pieces of a document stay together, so that what is held out was never learned; few documents go by blocks."""

from collections.abc import Sequence
from functools import partial

from localft import words
from localft.data.examples import Example
from localft.data.stored import changed

# Of so few documents no three splits can be made that are anything like what is wanted.
_FEWEST_DOCUMENTS = 3
_BLOCKS = 10


def in_blocks(examples: Sequence[Example]) -> tuple[Sequence[Example], list[str]]:
    """The examples, those of documents with a group that keeps a document in one split; and what to tell of it.

    Where all is from one or two documents, the group is a block of neighbouring pieces, about a tenth of all.
    """
    documents: set[str] = set()
    for example in examples:
        documents.add(example.group or "")
        if not example.plain or not example.group or len(documents) >= _FEWEST_DOCUMENTS:
            return examples, []
    if not documents:
        return examples, []
    told = f"{words.counted(len(documents), 'document')} cannot stay whole in three splits: neighbouring pieces do."
    return changed(examples, partial(_in_block, max(1, len(examples) // _BLOCKS))), [told]


def _in_block(size: int, example: Example) -> Example:
    return example.model_copy(update={"group": f"{example.group}, block {(example.row - 1) // size + 1}"})
