"""Support tickets and their triage: many short sentences of different kinds, put together as people write."""

import json
import random
import re

from samples.triage_problems import PROBLEMS, SLOTS
from samples.triage_surroundings import (
    CLOSINGS,
    DETAILS,
    GREETINGS,
    OPENINGS,
    OWN_CLOSINGS,
    OWN_DETAILS,
    SUBJECTS,
)
from samples.triage_urgency import OWN_URGENCY, URGENCY

Row = dict[str, list[dict[str, str]]]

SYSTEM_PROMPT = "Triage this support ticket."
ROWS_PER_CELL, ROWS_OF_URGENT_WISHES = 34, 24  # few people write urgently for a new feature
OWN_SHARE = 0.04  # of urgency sentences: those that belong to one category


def _fill(rng: random.Random, template: str) -> str:
    """Replace the slots; a slot that occurs twice gets two different values."""
    decks: dict[str, list[str]] = {}

    def value(match: re.Match[str]) -> str:
        slot = match.group(1)
        if not decks.get(slot):
            decks[slot] = rng.sample(SLOTS[slot], len(SLOTS[slot]))
        return decks[slot].pop()

    text = re.sub(r"\{(\w+)\}", value, template)
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)


def _hurried(rng: random.Random, text: str) -> str:
    """What a hurried writer does to a text: no capitals, no apostrophes, swapped letters, or long dots."""
    kind = rng.randrange(5)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return text.lower().replace("'", "")
    if kind == 2:
        return text.replace(". ", "... ")
    if kind == 3:
        return text.replace(". ", "! ")
    letters = list(text)
    for _ in range(2):
        place = rng.randrange(len(letters) // 3, len(letters) - 2)
        if letters[place].isalpha() and letters[place + 1].isalpha():
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def _ticket(rng: random.Random, category: str, urgency: str, problem: str) -> str:
    """One ticket: the problem, the sentence that decides the urgency, and what people write around them."""
    own = rng.random() < OWN_SHARE
    pressing = rng.choice(OWN_URGENCY[category, urgency] if own else URGENCY[urgency])
    core = [problem, pressing] if own or rng.random() < 0.75 else [pressing, problem]
    details = rng.sample(OWN_DETAILS[category], rng.choice((1, 1, 2)))
    core[core.index(problem) + 1 : core.index(problem) + 1] = details
    if rng.random() < 0.15:
        core.append(rng.choice(DETAILS))
    if rng.random() < 0.3:
        core.insert(0, rng.choice(OPENINGS))
    body = " ".join(core)
    parts = [rng.choice(GREETINGS)] * (rng.random() < 0.5) + [body]
    parts.append(rng.choice(OWN_CLOSINGS[urgency]))
    if rng.random() < 0.2:
        parts.append(rng.choice(CLOSINGS))
    text = _fill(rng, rng.choice([" ", "\n", "\n\n"]).join(parts))
    if rng.random() < 0.15:
        text = _hurried(rng, text)
    if rng.random() < 0.3:
        text = f"Subject: {_fill(rng, rng.choice(SUBJECTS[category]))}\n\n{text}"
    return text


def triage_rows(seed: int) -> list[Row]:
    """The whole dataset in OpenAI's `messages` shape, shuffled."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for category, problems in PROBLEMS.items():
        deck: list[str] = []
        for urgency in URGENCY:
            count = ROWS_OF_URGENT_WISHES if (category, urgency) == ("feature", "high") else ROWS_PER_CELL
            for _ in range(count):
                deck = deck or rng.sample(problems, len(problems))
                ticket = _ticket(rng, category, urgency, deck.pop())
                answer = json.dumps({"category": category, "urgency": urgency}, separators=(",", ":"))
                roles = [("system", SYSTEM_PROMPT), ("user", ticket), ("assistant", answer)]
                rows.append({"messages": [{"role": role, "content": content} for role, content in roles]})
    rng.shuffle(rows)
    return rows
