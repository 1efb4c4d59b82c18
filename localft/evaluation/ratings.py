"""Blind ratings: a person says which of two answers is better, without knowing which model gave it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from localft.errors import UserError
from localft.evaluation.evaluations import Evaluation, RowResult
from localft.store import files

Rating = Literal["base", "tuned", "same"]
Side = Literal["a", "b", "="]


@dataclass(frozen=True)
class Pair:
    """Two answers to one question in an order that nothing but the evaluation and the row decide."""

    index: int
    prompt: str
    a: str
    b: str
    tuned_is_a: bool


@dataclass(frozen=True)
class Tally:
    """How the ratings stand."""

    base: int
    tuned: int
    same: int

    @property
    def total(self) -> int:
        return self.base + self.tuned + self.same


def read_ratings(evaluation: Evaluation) -> dict[int, Rating]:
    """The rating of each rated row."""
    rated: dict[int, Rating] = {}
    for line in files.read_lines(_path(evaluation))[0]:
        if isinstance(line.get("index"), int) and line.get("rating") in {"base", "tuned", "same"}:
            rated[line["index"]] = line["rating"]
    return rated


def next_pair(evaluation: Evaluation, rows: Sequence[RowResult]) -> Pair | None:
    """The next unrated question whose answers differ, None when all are rated. Stays the same until it is rated."""
    rated = read_ratings(evaluation)
    order = list(rows)
    random.Random(evaluation.id).shuffle(order)
    for row in order:
        if row.index not in rated and row.base.strip() != row.tuned.strip():
            return pair_of(evaluation, row)
    return None


def pair_of(evaluation: Evaluation, row: RowResult) -> Pair:
    """A row's answers, their order drawn once for ever from the evaluation's id and the row's index."""
    tuned_is_a = random.Random(f"{evaluation.id}:{row.index}").random() < 0.5
    first, second = (row.tuned, row.base) if tuned_is_a else (row.base, row.tuned)
    return Pair(row.index, row.prompt, first, second, tuned_is_a)


def rate(evaluation: Evaluation, rows: Sequence[RowResult], index: int, side: Side) -> Rating:
    """Save which answer of a row is better, and return whose it was.

    A row is rated once: whoever types fast presses the next key before the next question is there, and that must not
    change what was said of this one.

    Raises:
        UserError: there is no such row.
    """
    row = next((row for row in rows if row.index == index), None)
    if row is None:
        raise UserError("There is no such question in this evaluation.", "Reload the page.")
    known = read_ratings(evaluation).get(index)
    if known is not None:
        return known
    tuned_is_a = pair_of(evaluation, row).tuned_is_a
    rating: Rating = "same" if side == "=" else "tuned" if (side == "a") == tuned_is_a else "base"
    files.append_line(_path(evaluation), {"time": files.now(), "index": index, "rating": rating})
    return rating


def tally(evaluation: Evaluation) -> Tally:
    """Count the ratings."""
    given = list(read_ratings(evaluation).values())
    return Tally(given.count("base"), given.count("tuned"), given.count("same"))


def unrated(evaluation: Evaluation, rows: Sequence[RowResult]) -> int:
    """How many questions with differing answers are still to be rated."""
    rated = read_ratings(evaluation)
    return sum(row.index not in rated and row.base.strip() != row.tuned.strip() for row in rows)


def _path(evaluation: Evaluation) -> Path:
    return evaluation.folder / "ratings.jsonl"
