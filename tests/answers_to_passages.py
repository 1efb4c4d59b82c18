"""Answers to passages, written by hand: those that say the same in other words, and those that contradict.

The rules of `localft.synthesis.contradicting` were made with those of SEEN in view. Those of FRESH were written
afterwards, counted once, and then looked at too: their first count is nearest to what other texts will show.
"""

import json
from pathlib import Path
from typing import NamedTuple


class Told(NamedTuple):
    """A passage, answers that it supports, and answers that say something else in nearly its words."""

    passage: str
    true: list[str]
    false: list[str]


_READ = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
SEEN, FRESH = ([Told(**one) for one in _READ[name]] for name in ("seen", "fresh"))
