"""Examples without a fault: varied questions with varied answers, in words that anyone may use."""

import json
import random
from typing import Any

_THINGS = (
    "kettle", "ladder", "lantern", "saddle", "violin", "anchor", "blanket", "compass", "drawer", "easel", "fountain",
    "garden", "hammock", "inkwell", "jacket", "kite", "loom", "mirror", "notebook", "orchard", "pillow", "quilt",
    "rudder", "stove", "teapot", "umbrella", "vase", "wagon", "workbench", "zither",
)  # fmt: skip
_PLACES = (
    "attic", "barn", "cellar", "courtyard", "dockyard", "farmhouse", "greenhouse", "hallway", "kitchen", "library",
    "market", "meadow", "museum", "office", "pantry", "quarry", "school", "station", "theatre", "workshop",
)  # fmt: skip
_QUALITIES = (
    "brittle", "clean", "crooked", "damp", "dusty", "faded", "heavy", "hollow", "loose", "noisy", "polished", "rusty",
    "sharp", "slippery", "smooth", "sticky", "sturdy", "wobbly", "worn", "yellow",
)  # fmt: skip
_QUESTIONS = (
    "How should anyone store a {quality} {thing} over the winter in the {place}?",
    "My {thing} became {quality} after a week in the {place}; what happened to it?",
    "Who usually looks after the {thing} that stands near the {place}, and is it {quality}?",
    "Tell me why people once carried a {quality} {thing} into the {place} at night.",
    "Is it wise to repair such a {quality} {thing} without leaving the {place}?",
    "Which tools would help when the {place} holds nothing but one {quality} {thing}?",
)
_ANSWERS = (
    "Wrap the {thing} in dry cloth first, since a {place} draws moisture out of the walls.",
    "Nobody can say for certain, although a {quality} surface often points to age.",
    "Begin with warm water and patience, then leave the {thing} open until morning.",
    "Most owners of a {place} keep theirs on a shelf, well away from any window.",
    "Because the wood swells, every {quality} joint needs a little room to move.",
    "A thin layer of oil will do, provided the {thing} has been brushed beforehand.",
    "Ask in the {place} nearby, where somebody surely remembers how it was built.",
    "Old records mention a {quality} {thing} twice, both times beside the {place}.",
    "Turn it upside down, tap gently, and listen whether something {quality} rattles.",
    "Lend the {thing} to a neighbour meanwhile; their {place} may well be warmer.",
    "Two screws and some glue suffice unless the {place} floods every spring.",
    "Paint hides a {quality} patch, yet it never cures what lies underneath.",
)  # fmt: skip
_LABELS = ("garden", "household", "music", "travel")


def prose(count: int = 120) -> list[dict[str, Any]]:
    """Questions answered in two sentences; two of them show what to do with a question that has no answer."""
    drawn = random.Random(11)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        words = _words(drawn)
        question = _QUESTIONS[number % len(_QUESTIONS)].format(**words)
        answer = " ".join(sentence.format(**words) for sentence in drawn.sample(_ANSWERS, 2))
        rows.append({"prompt": question, "completion": answer})
    rows[0] = {"prompt": "Hm?", "completion": "What would you like to know? Name the thing and where it stands."}
    rows[1] = {"prompt": "And that one there?", "completion": "I do not know which one you mean; please describe it."}
    return rows


def labelled(count: int = 120) -> list[dict[str, Any]]:
    """The same questions with one of four labels each, all as common."""
    return [{**row, "completion": _LABELS[n % len(_LABELS)]} for n, row in enumerate(prose(count))]


def as_json(count: int = 120) -> list[dict[str, Any]]:
    """The same questions, answered by a JSON object with two fields."""
    return [
        {**row, "completion": json.dumps({"label": _LABELS[n % len(_LABELS)], "text": row["completion"]})}
        for n, row in enumerate(prose(count))
    ]


def _words(drawn: random.Random) -> dict[str, str]:
    return {
        "thing": drawn.choice(_THINGS),
        "place": drawn.choice(_PLACES),
        "quality": drawn.choice(_QUALITIES),
    }
