"""Plain text: stories, letters and notes, reports, lists. Letters are also what the reading tasks ask about."""

import random
from dataclasses import dataclass

from starter.templates import fill, sentence, slip
from starter.topics import MOODS, TIMES, TOPICS, Topic
from starter.words import WORDS

GREETINGS = [
    "Hello,",
    "Hi,",
    "Hi {name},",
    "Dear {name},",
    "Good morning,",
    "Good evening,",
    "Dear all,",
    "Hey!",
    "Hello {name}!",
    "To whom it may concern,",
    "Dear team,",
    "Good day.",
]
CLOSINGS = [
    "Thanks, {name}",
    "Yours, {name}",
    "Best wishes\n{name}",
    "Kind regards\n{name}",
    "Bye, {name}",
    "Thank you.",
    "See you, {name}",
    "Regards, {name}, {city}",
    "Many greetings from {city}\n{name}",
    "{name}",
    "Cheers",
]
FILLERS = [
    "I have had the {product} since {month}.",
    "We talked about it {when}.",
    "I hope you are well.",
    "My {relative} told me to write to you.",
    "I looked everywhere, also in {place}.",
    "I tried it {small} times.",
    "The number is {big}.",
    "My order has the number {big}.",
    "We are a small firm with {number} people in {city}.",
    "I use the {product} every day.",
    "{name} says the same.",
    "I read the guide twice.",
    "I am writing because of the {product}.",
    "You may remember me: I bought the {colour} {product}.",
    "It began {when}.",
    "I could not find anything about it on your pages.",
    "My colleague {name} knows more.",
    "Sorry for the long message.",
    "I am not good with technical things.",
    "It is the same in the other room.",
    "Please tell me what you think.",
    "Can you help me?",
    "What should I do?",
]


@dataclass(frozen=True)
class Letter:
    """A short message and what is true of it: topic, its sentence, mood (a key of MOODS), time (a key of TIMES)."""

    text: str
    topic: Topic
    point: str
    mood: str
    time: str


def letter(rng: random.Random, topics: list[Topic] | None = None) -> Letter:
    """Write a message about one topic. Mood and time are always said somewhere, between sentences that say nothing."""
    topic = rng.choice(topics or TOPICS)
    mood, time = rng.choice(sorted(MOODS)), rng.choice(sorted(TIMES))
    point = sentence(rng, rng.choice(topic.sentences))
    body = [sentence(rng, rng.choice(FILLERS)) for _ in range(rng.randrange(3))]
    body.insert(0 if rng.random() < 0.6 else len(body), point)
    if rng.random() < 0.3:
        body.append(sentence(rng, rng.choice(topic.sentences)))
    for extra in (rng.choice(MOODS[mood]), rng.choice(TIMES[time])):
        body.insert(rng.randint(1, len(body)), sentence(rng, extra))
    if rng.random() < 0.6:
        body.insert(0, fill(rng, rng.choice(GREETINGS)))
    if rng.random() < 0.6:
        body.append(fill(rng, rng.choice(CLOSINGS)))
    text = rng.choice([" ", " ", "\n"]).join(body)
    if rng.random() < 0.3:
        text = slip(rng, text)
    return Letter(text, topic, point, mood, time)


def story(rng: random.Random) -> str:
    """A story of four to eight sentences with one hero."""
    hero = fill(rng, "{person}")
    opening = rng.choice(["{did} {when}", "{move} to {place} {when}", "lived in {city}", "was {feelword} {when}"])
    lines = [f"{hero} {fill(rng, opening)}."]
    for _ in range(rng.randint(2, 5)):
        link = fill(rng, "{link}") + " " if rng.random() < 0.6 else ""
        if rng.random() < 0.25:
            lines.append(f"“{sentence(rng, rng.choice(rng.choice(TOPICS).sentences))}” said {fill(rng, '{person}')}.")
        elif rng.random() < 0.3:
            lines.append(sentence(rng, f"{link}the {{quality}} {{object}} was {{colour}} and {{quality}}."))
        else:
            who = hero if link else rng.choice(["he", "she", hero, fill(rng, "{name}")])
            lines.append(f"{link}{who} {fill(rng, rng.choice(['{did}', '{did} and {did}', '{move} to {place}']))}.")
    lines.append(fill(rng, rng.choice(WORDS["ending"])))
    return " ".join(line[0].upper() + line[1:] for line in lines)


def report(rng: random.Random) -> str:
    """Some sentences on one topic under its name, as in a textbook or a notice."""
    topic = rng.choice(TOPICS)
    count = rng.randint(2, 5)
    lines = [sentence(rng, line) for line in rng.sample(topic.sentences, min(count, len(topic.sentences)))]
    title = rng.choice([f"# {topic.names[0]}\n\n", f"{topic.names[0].capitalize()}: ", f"About {topic.names[0]}\n", ""])
    return title + " ".join(lines)


def glossary(rng: random.Random) -> str:
    """Words that belong together, so that each word is met beside its neighbours in meaning."""
    topic = rng.choice(TOPICS)
    chosen = rng.sample(topic.words, min(len(topic.words), rng.randint(4, 12)))
    name = rng.choice(topic.names)
    return rng.choice(
        [
            f"Words about {name}: {', '.join(chosen)}.",
            f"{name}: {' '.join(chosen)}",
            f"{name.capitalize()}\n- " + "\n- ".join(chosen),
            f"{chosen[0].capitalize()}, {chosen[1]} and {chosen[2]} have to do with {name}.",
        ]
    )


def note(rng: random.Random) -> str:
    """Short notes: a shopping list, a diary line, a record with fields."""
    kind = rng.randrange(3)
    if kind == 0:
        return "To buy:\n" + "\n".join(f"- {fill(rng, '{small} {food}')}" for _ in range(rng.randint(2, 6)))
    if kind == 1:
        return sentence(rng, "{day}, {number} {month}. {name} {did}. {person} {did}. Tomorrow: {food} and {place}.")
    return fill(
        rng, "Name: {name}\nCity: {city}\nWork: {job}\nBought: {colour} {product}\nPrice: {number}.{number}\nDay: {day}"
    )


def letter_text(rng: random.Random) -> str:
    """A message on its own."""
    return letter(rng).text


def tagged(rng: random.Random) -> str:
    """Lines with their topic, mood or time behind them: much to learn about meaning in few tokens."""
    lines = []
    form = rng.choice(["{} [{}]", "{} ({})", "{} -> {}", "{} = {}", "{}: {}"])
    kind = rng.choice(["topic", "topic", "mood", "time", "word"])
    for _ in range(rng.randint(3, 9)):
        topic = rng.choice(TOPICS)
        if kind == "word":
            text, tag = rng.choice(topic.words), topic.names[0]
        elif kind == "topic":
            text, tag = sentence(rng, rng.choice(topic.sentences)), topic.names[0]
        else:
            labels = MOODS if kind == "mood" else TIMES
            tag = rng.choice(sorted(labels))
            text, tag = sentence(rng, rng.choice(labels[tag])), tag.split("|")[0]
        if rng.random() < 0.2:
            text = slip(rng, text)
        lines.append(form.format(text, tag))
    return "\n".join(lines)


PROSE = [(story, 2), (report, 2), (letter_text, 2), (glossary, 2), (note, 1), (tagged, 12)]
