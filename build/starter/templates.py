"""The engine under all generators: fills slots, joins sentences, makes the slips that people make."""

import json
import random
import re
from collections.abc import Mapping, Sequence

from starter.words import WORDS

Message = dict[str, str]
SLOT = re.compile(r"\{(\w+)\}")


def fill(rng: random.Random, template: str, tables: Mapping[str, Sequence[str]] = WORDS) -> str:
    """Replace each `{slot}`, also those inside what was put in, by a random entry of its table."""
    while SLOT.search(template):
        template = SLOT.sub(lambda match: rng.choice(tables[match.group(1)]), template)
    return template


def sentence(rng: random.Random, template: str) -> str:
    """Fill a template and begin it with a capital letter; every other one speaks in contractions."""
    text = fill(rng, contract(template) if rng.random() < 0.5 else template)
    return text[0].upper() + text[1:]


def to_json(rng: random.Random, value: object) -> str:
    """Write a value as compact or as ordinary JSON."""
    separators = (",", ":") if rng.random() < 0.6 else (", ", ": ")
    return json.dumps(value, ensure_ascii=False, separators=separators)


CONTRACTIONS = {
    "cannot": "can't",
    " is not": " isn't",
    " are not": " aren't",
    " was not": " wasn't",
    " does not": " doesn't",
    " do not": " don't",
    " did not": " didn't",
    " will not": " won't",
    " would not": " wouldn't",
    " have not": " haven't",
    " could not": " couldn't",
    "I am ": "I'm ",
    "I have ": "I've ",
    "I would ": "I'd ",
    "I will ": "I'll ",
    "It is ": "It's ",
    " it is ": " it's ",
    "There is ": "There's ",
    "What is ": "What's ",
    "We are ": "We're ",
    "We have ": "We've ",
    "We would ": "We'd ",
    "It would ": "It'd ",
    "That is ": "That's ",
}


def contract(text: str) -> str:
    """Write "do not" as "don't" and so on."""
    for long, short in CONTRACTIONS.items():
        text = text.replace(long, short)
    return text


def slip(rng: random.Random, text: str) -> str:
    """Write the text as a hurried person would: swapped or lost letters, no capitals, shouting."""
    kind = rng.randrange(6)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return text.upper() if len(text) < 60 else text.replace(".", "!")
    if kind == 2:
        return text.replace(".", "...")
    letters = list(text)
    for _ in range(1 + len(letters) // 60):
        place = rng.randrange(max(1, len(letters) - 1))
        if letters[place].isalpha() and letters[place + 1 : place + 2] and letters[place + 1].isalpha():
            if kind == 3:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            elif kind == 4:
                del letters[place]
            else:
                letters.insert(place, letters[place])
    return "".join(letters)


def conversation(question: str, answer: str, system: str = "") -> list[Message]:
    """One question and its answer, below a system prompt if there is one."""
    messages = [{"role": "system", "content": system}] if system else []
    return [*messages, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def ask(rng: random.Random, instruction: str, text: str, answer: str) -> list[Message]:
    """Give an instruction about a text: before it, behind it, or once for all in the system prompt."""
    shape = rng.randrange(5)
    if shape < 2:
        return conversation(text, answer, system=instruction)
    if shape == 2:
        return conversation(f"{instruction}\n\n{text}", answer)
    if shape == 3:
        return conversation(f"{instruction}\n{text}", answer, system=rng.choice(PERSONAS))
    return conversation(f"{text}\n\n{instruction}", answer)


PERSONAS = [
    "You are a helpful assistant.",
    "You are a careful assistant. Answer briefly.",
    "Answer in one line.",
    "Do exactly what is asked, and nothing else.",
    "You help people at work.",
    "You are a friendly helper.",
    "Be short and exact.",
    "You are the assistant of a small shop.",
    "You read texts and answer questions about them.",
    "Answer only with what was asked for.",
    "You are polite and patient.",
    "You work at the help desk of a company.",
]
