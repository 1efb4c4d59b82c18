"""Better, worse, or no evidence: the sentence that the measurements justify."""

from typing import Literal

from localft.store.records import Record

Word = Literal["better", "no evidence", "worse"]


class Verdict(Record):
    """verdict.json: the word, the sentence, and what they rest on.

    `base`, `tuned` and `difference` (tuned minus base) are of the primary measure, (`low`, `high`) is the 95 % interval of
    the difference; `p_value` is that of `method`.
    """

    word: Word
    sentence: str
    primary: str
    count: int
    base: float
    tuned: float
    difference: float
    low: float
    high: float
    p_value: float
    method: str
    few_rows: bool
