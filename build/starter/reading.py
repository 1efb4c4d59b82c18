"""Tasks about a given text: say its topic, mood or time, find a fact, answer a question, sort words into groups.

Labels are chosen anew for most tasks, so that what is learned is to read text and labels.
"""

import random

from starter.prose import Letter, letter
from starter.templates import Message, ask, conversation, fill, sentence, to_json
from starter.topics import MOODS, TIMES, TOPICS, Topic
from starter.words import WORDS, words

CODES = words("red blue green one two three A B C X Y Z north south alpha beta first second yes no 1 2 3 4")
TOPIC_KEYS = words("topic about subject theme field area label group")
MOOD_KEYS = words("mood feeling tone writer voice")
TIME_KEYS = words("when needed time wait by start")


def _topics(rng: random.Random, must: Topic, count: int) -> list[tuple[Topic, str]]:
    """`count` topics, `must` among them, each with one of its names."""
    others = rng.sample([topic for topic in TOPICS if topic is not must], count - 1)
    chosen = [must, *others]
    rng.shuffle(chosen)
    return [(topic, rng.choice(topic.names)) for topic in chosen]


def _aspect(rng: random.Random, text: Letter) -> tuple[str, list[str], str]:
    """One thing that can be asked about a message: a key, the possible labels, and the right label."""
    kind = rng.choice(["topic", "topic", "mood", "time", "time"])
    if kind == "topic":
        named = _topics(rng, text.topic, rng.randint(2, 6))
        return (
            rng.choice(TOPIC_KEYS),
            [name for _, name in named],
            next(name for topic, name in named if topic is text.topic),
        )
    if kind == "mood":
        moods = [text.mood, *rng.sample(sorted(set(MOODS) - {text.mood}), rng.randint(1, 4))]
        return rng.choice(MOOD_KEYS), rng.sample(moods, len(moods)), text.mood
    column = rng.randrange(4)
    labels = {time: time.split("|")[column] for time in TIMES}
    return rng.choice(TIME_KEYS), rng.sample(list(labels.values()), 3), labels[text.time]


def classify(rng: random.Random) -> list[Message]:
    """Choose one of the labels that the instruction names."""
    text = letter(rng)
    key, labels, right = _aspect(rng, text)
    listed = rng.choice([", ", " / ", " or "]).join(labels)
    style = rng.randrange(5)
    if style < 2:
        instruction = rng.choice(
            [
                f"Choose the {key}: {listed}.",
                f"{key.capitalize()}? {listed}",
                f"Say the {key} of this message. Possible: {listed}.",
                f"Which {key} fits: {listed}?",
            ]
        )
        return ask(rng, instruction, text.text, right)
    if style == 2:
        return ask(rng, f"What is the {key}, {listed}? Answer in a sentence.", text.text, f"The {key} is {right}.")
    instruction = rng.choice(
        [f"Answer as JSON with the key {key} ({listed}).", f'Write {{"{key}": ...}} with one of: {listed}.']
    )
    return ask(rng, instruction, text.text, to_json(rng, {key: right}))


def classify_twice(rng: random.Random) -> list[Message]:
    """Two or three labels at once as a JSON object."""
    text = letter(rng)
    answers: dict[str, str] = {}
    described = []
    for _ in range(rng.randint(2, 4)):
        key, labels, right = _aspect(rng, text)
        if key not in answers:
            answers[key] = right
            described.append(f"{key} ({', '.join(labels)})" if rng.random() < 0.7 else f"{key}: {'|'.join(labels)}")
    instruction = rng.choice(
        [
            f"Read the message and fill in {', '.join(described)} as JSON.",
            f"JSON with {'; '.join(described)}.",
            f"Sort this message. {' '.join(described)}",
        ]
    )
    return ask(rng, instruction, text.text, to_json(rng, answers))


def classify_open(rng: random.Random) -> list[Message]:
    """Say what a message is about without any labels given."""
    text = letter(rng)
    if rng.random() < 0.5:
        return ask(
            rng,
            rng.choice(["What is this about?", "Name the topic in one word.", "Topic?"]),
            text.text,
            text.topic.names[0],
        )
    question = rng.choice(["How does the writer feel?", "Which mood is this?", "Is the writer happy or not?"])
    return ask(rng, question, text.text, f"The writer is {text.mood}.")


def notes(rng: random.Random) -> list[Message]:
    """Topic, mood and time of a message, always in the same words: the plainest way to learn to read one."""
    text = letter(rng)
    facts = {"topic": text.topic.names[0], "mood": text.mood, "when": text.time.split("|")[0]}
    kept = rng.sample(sorted(facts), rng.randint(1, 3))
    if rng.random() < 0.5:
        answer = to_json(rng, {key: facts[key] for key in kept})
        return ask(rng, f"{', '.join(kept)} as JSON", text.text, answer)
    return ask(rng, f"{', '.join(kept)}?", text.text, "\n".join(f"{key}: {facts[key]}" for key in kept))


def classify_by_code(rng: random.Random) -> list[Message]:
    """Labels that mean nothing by themselves: the instruction or examples say what they stand for."""
    text = letter(rng)
    named = _topics(rng, text.topic, rng.randint(2, 4))
    codes = dict(zip([name for _, name in named], rng.sample(CODES, len(named)), strict=True))
    right = codes[next(name for topic, name in named if topic is text.topic)]
    if rng.random() < 0.5:
        rules = "; ".join(f"{name} = {code}" for name, code in codes.items())
        return ask(rng, f"Answer with a code. {rules}.", text.text, right)
    shown = [f"{sentence(rng, rng.choice(topic.sentences))} -> {codes[name]}" for topic, name in named]
    return conversation(
        "\n".join([*shown, f"{text.point} ->"]), right, system=rng.choice(["", "Go on in the same way."])
    )


def sort_words(rng: random.Random) -> list[Message]:
    """Which group does a word belong to?"""
    topic = rng.choice(TOPICS)
    named = _topics(rng, topic, rng.randint(2, 5))
    right = next(name for other, name in named if other is topic)
    word = rng.choice(topic.words)
    groups = ", ".join(name for _, name in named)
    if rng.random() < 0.5:
        question = rng.choice(
            [
                f"Which group does “{word}” belong to: {groups}?",
                f"{word}: {groups}?",
                f"Is {word} a word about {groups}?",
            ]
        )
        return conversation(
            question, right, system=rng.choice(["", rng.choice(["Answer in one word.", "Sort words into groups."])])
        )
    mixed = rng.sample([(rng.choice(other.words), name) for other, name in named for _ in range(2)], len(named) * 2)
    found = {name: [word for word, group in mixed if group == name] for _, name in named}
    return ask(rng, f"Sort these words into {groups}.", ", ".join(word for word, _ in mixed), to_json(rng, found))


def pair(rng: random.Random) -> list[Message]:
    """Are two sentences about the same thing?"""
    first = rng.choice(TOPICS)
    second = first if rng.random() < 0.5 else rng.choice(TOPICS)
    one, two = (sentence(rng, rng.choice(topic.sentences)) for topic in (first, second))
    return ask(rng, "Same topic or not?", f"1. {one}\n2. {two}", "same" if first is second else "different")


def point(rng: random.Random) -> list[Message]:
    """Shorten a message to its point."""
    text = letter(rng)
    return ask(
        rng,
        rng.choice(["Shorten this to one sentence.", "What is the point?", "Give only the main sentence.", "Sum up."]),
        text.text,
        text.point,
    )


def record(rng: random.Random) -> list[Message]:
    """Pull named facts out of a sentence into JSON."""
    facts = {
        key: fill(rng, f"{{{slot}}}")
        for key, slot in [
            ("name", "name"),
            ("city", "city"),
            ("item", "product"),
            ("colour", "colour"),
            ("day", "day"),
            ("number", "big"),
        ]
    }
    text = rng.choice(
        [
            "{name} from {city} ordered a {colour} {item} on {day}, order {number}.",
            "Order {number}: one {item}, {colour}, for {name} in {city}. To be sent on {day}.",
            "On {day} {name} asked for a {colour} {item} ({number}) to be brought to {city}.",
            "I am {name} and live in {city}. On {day} I bought a {item} in {colour}. My number is {number}.",
        ]
    )
    for key, value in facts.items():
        text = text.replace(f"{{{key}}}", value)
    wanted = rng.sample(sorted(facts), rng.randint(1, 4))
    if len(wanted) == 1 and rng.random() < 0.6:
        return ask(rng, rng.choice([f"What is the {wanted[0]}?", f"Find the {wanted[0]}."]), text, facts[wanted[0]])
    return ask(
        rng,
        rng.choice(["Write JSON with", "As JSON:", "Extract as JSON:"]) + f" {', '.join(wanted)}.",
        text,
        to_json(rng, {key: facts[key] for key in wanted}),
    )


def who_did(rng: random.Random) -> list[Message]:
    """Questions about a story with several people."""
    names = rng.sample(WORDS["name"], rng.randint(2, 4))
    acts = [
        fill(
            rng,
            rng.choice(
                [
                    "took the {object}",
                    "bought the {food}",
                    "went to {place}",
                    "fed the {animal}",
                    "has the {colour} {object}",
                    "lost the {product}",
                ]
            ),
        )
        for _ in names
    ]
    text = " ".join(f"{name} {act}." for name, act in zip(names, acts, strict=True))
    chosen = rng.randrange(len(names))
    if rng.random() < 0.5:
        return ask(rng, f"Who {acts[chosen]}?", text, names[chosen] + rng.choice(["", "."]))
    return ask(rng, f"What do you know about {names[chosen]}?", text, f"{names[chosen]} {acts[chosen]}.")


READING = [
    (notes, 12),
    (classify_open, 4),
    (classify, 6),
    (classify_twice, 5),
    (classify_by_code, 2),
    (sort_words, 3),
    (pair, 1),
    (point, 3),
    (record, 4),
    (who_did, 2),
]
