"""Support tickets and their triage: many short sentences of different kinds, put together as people write."""

import json
import random
import re

from samples.tables import lines
from samples.triage_problems import PROBLEMS, SLOTS
from samples.triage_urgency import OWN_URGENCY, URGENCY

Row = dict[str, list[dict[str, str]]]

SYSTEM_PROMPT = "Triage this support ticket."
ROWS_PER_CELL, ROWS_OF_URGENT_WISHES = 34, 24  # few people write urgently for a new feature
OWN_SHARE = 0.25  # of urgency sentences: those that belong to one category

GREETINGS = lines(
    """
    Hi,
    Hello,
    Hi there,
    Hello support,
    Good morning,
    Dear team,
    Hey,
    Good evening,
    Hello everyone,
    Dear Sir or Madam,
    Hiya,
    To the help desk:
    Greetings,
    Hi {name},
    """
)
OPENINGS = lines(
    """
    I hope this reaches the right person.
    First of all, I like your shop.
    This is my second message about it.
    I've read the help pages from top to bottom.
    I've been a customer since {month}.
    Maybe you can help me.
    We spoke on the phone on {day}.
    My wife says I should just write to you.
    Your chat bot sent me here.
    I'm writing on behalf of a small bakery.
    I'm not very technical, so please bear with me.
    So here's the thing:
    Long story short:
    I run a workshop with {n} people.
    I have a question.
    There is something I'd like to bring up.
    I'm a volunteer at a sports club.
    """
)
DETAILS = lines(
    """
    The customer number is {order}.
    I've attached a picture.
    It started on {day}.
    I have tried it on two computers.
    My colleague {name} sees the same.
    This never happened before {month}.
    I asked about it in {month} and heard nothing.
    I looked in the settings and found nothing.
    We use it mostly on weekends.
    I bought from you in {month}, too.
    The reference is {order}.
    I did what the manual says.
    {name} at your hotline couldn't tell me more.
    Maybe I overlooked something.
    I've kept all the papers.
    Our neighbours had the same story.
    That's all I know.
    I can send more details.
    It's the second time in {month}.
    """
)
CLOSINGS = lines(
    """
    Thanks in advance.
    Thank you.
    Many thanks for your help.
    Please advise.
    Looking forward to hearing from you.
    What can be done?
    Thanks!
    Can you help?
    I'd appreciate a hint.
    Over to you.
    Kind regards, {name}
    Best, {name}
    Cheers, {name}
    Yours sincerely, {name}
    Regards
    {name}
    Have a nice day, {name}
    """
)
SUBJECTS: dict[str, list[str]] = {
    "billing": ["Question about a payment", "Invoice", "Money", "Wrong amount"],
    "account": ["Sign-in", "My profile", "Users", "Access"],
    "delivery": ["My order {order}", "Parcel", "Where is it?", "Shipment {order}"],
    "technical": ["It doesn't work", "Problem with the {device}", "Help", "Error report"],
    "feature": ["Suggestion", "An idea", "Wish list", "Feedback"],
}


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
    if rng.random() < 0.4:
        core.insert(rng.randint(1, 2), rng.choice(DETAILS))
    if rng.random() < 0.35:
        core.insert(0, rng.choice(OPENINGS))
    body = " ".join(core)
    parts = [rng.choice(GREETINGS)] * (rng.random() < 0.5) + [body] + [rng.choice(CLOSINGS)] * (rng.random() < 0.5)
    text = _fill(rng, rng.choice([" ", "\n", "\n\n"]).join(parts))
    if rng.random() < 0.22:
        text = _hurried(rng, text)
    if rng.random() < 0.12:
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
