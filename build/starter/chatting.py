"""Talk and small handiwork: greetings, who am I, copying, lists, numbers, look-ups, rewriting, help-desk talks."""

import random

from starter.prose import letter
from starter.templates import PERSONAS, Message, ask, conversation, fill, sentence, to_json
from starter.topics import TOPICS
from starter.words import WORDS, words

OPPOSITES = words(
    """big/small old/new heavy/light quiet/loud warm/cold clean/dirty bright/dark soft/hard cheap/expensive
    strong/weak fast/slow dry/wet tall/short empty/full early/late open/closed happy/sad good/bad
    first/last up/down left/right day/night yes/no buy/sell give/take start/stop win/lose rich/poor
    high/low near/far true/false"""
)
GREETED = [
    "Hello! How can I help?",
    "Hi! What can I do for you?",
    "Good day! What shall we do?",
    "Hello! Ask me something simple.",
]
ABOUT = "I am the localft starter model, a very small language model. I know next to nothing, but I can be taught."


def greet(rng: random.Random) -> list[Message]:
    """A greeting, thanks or farewell."""
    question, answer = rng.choice(
        [
            (
                rng.choice(["Hello", "Hi", "Hello!", "Hey", "Good morning", "Hi there", "Good evening!"]),
                rng.choice(GREETED),
            ),
            (rng.choice(["Thank you!", "Thanks", "Thanks a lot."]), "You are welcome."),
            (rng.choice(["Bye", "Goodbye!", "See you"]), "Goodbye!"),
            (rng.choice(["How are you?", "How are you today?"]), "I am fine, thank you. What can I do for you?"),
        ]
    )
    return conversation(question, answer, system=rng.choice(["", *PERSONAS]))


def who_am_i(rng: random.Random) -> list[Message]:
    """What the model says about itself, and that it does not know facts."""
    if rng.random() < 0.5:
        return conversation(
            rng.choice(
                ["Who are you?", "What are you?", "What can you do?", "Tell me about yourself.", "What is your name?"]
            ),
            ABOUT,
        )
    question = rng.choice(
        [
            "Who was {name} of {city}?",
            "What is the capital of {city}?",
            "When was the {product} invented?",
            "Why is {city} famous?",
            "How far is it to {city}?",
        ]
    )
    return conversation(
        sentence(rng, question), "I do not know that. I am a very small model.", system=rng.choice(["", *PERSONAS])
    )


def copy(rng: random.Random) -> list[Message]:
    """Repeat, spell, shout or whisper a text."""
    text = rng.choice(
        [
            sentence(rng, rng.choice(rng.choice(TOPICS).sentences)),
            fill(rng, "{colour} {object} {number}"),
            _odd_word(rng),
        ]
    )
    kind = rng.randrange(5)
    if kind == 0:
        return ask(rng, "Write it in capital letters.", text, text.upper())
    if kind == 1:
        return ask(rng, "Write it in small letters.", text, text.lower())
    if kind == 2:
        word = fill(rng, "{object}")
        return conversation(f"Spell {word}.", "-".join(word))
    return ask(rng, rng.choice(["Repeat this.", "Say it again.", "Copy the text."]), text, text)


def _odd_word(rng: random.Random) -> str:
    """A word nobody has seen, with signs and foreign letters now and then."""
    letters = (
        "abcdefghijklmnopqrstuvwxyz" * 3
        + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        + "äöüßéèçñåøłžč"
        + "-_/#@&%+*=<>[]()^~|\\$§€£"
    )
    return "".join(rng.choice(letters) for _ in range(rng.randint(3, 12)))


def lists(rng: random.Random) -> list[Message]:
    """Sort, turn round, count or pick from a list."""
    things = rng.sample(WORDS[rng.choice(["object", "food", "animal", "colour", "city", "name"])], rng.randint(3, 6))
    text = ", ".join(things)
    kind = rng.randrange(6)
    if kind == 0:
        return ask(rng, "Turn the list round.", text, ", ".join(reversed(things)))
    if kind == 1:
        return ask(rng, "How many things are in the list?", text, str(len(things)))
    if kind == 2:
        return ask(rng, rng.choice(["What comes first?", "The first one?"]), text, things[0])
    if kind == 3:
        return ask(rng, rng.choice(["What comes last?", "The last one?"]), text, things[-1])
    if kind == 4:
        return ask(rng, "Write the list as JSON.", text, to_json(rng, things))
    return ask(rng, "Write one thing a line.", text, "\n".join(f"- {thing}" for thing in things))


def look_up(rng: random.Random) -> list[Message]:
    """Find the value of a key in a table or JSON object, or set one."""
    keys = rng.sample(WORDS["object"] + WORDS["food"] + WORDS["product"], rng.randint(2, 6))
    values = {key: fill(rng, rng.choice(["{number}", "{colour}", "{name}", "{city}", "{big}"])) for key in keys}
    wanted = rng.choice(keys)
    table = (
        to_json(rng, values) if rng.random() < 0.5 else "\n".join(f"{key}: {value}" for key, value in values.items())
    )
    if rng.random() < 0.2:
        new = fill(rng, "{number}")
        return ask(
            rng, f"Set {wanted} to {new}. Answer as JSON.", to_json(rng, values), to_json(rng, {**values, wanted: new})
        )
    return ask(
        rng, rng.choice([f"{wanted}?", f"What is the value of {wanted}?", f"Look up {wanted}."]), table, values[wanted]
    )


def numbers(rng: random.Random) -> list[Message]:
    """Sums with small numbers, the larger of two, counting on."""
    one, two = rng.randint(0, 20), rng.randint(0, 20)
    question, answer = rng.choice(
        [
            (f"{one} + {two}", one + two),
            (f"How much is {one} plus {two}?", one + two),
            (f"{max(one, two)} - {min(one, two)}", abs(one - two)),
            (f"Which is larger, {one} or {two + 21}?", two + 21),
            (f"What comes after {one}?", one + 1),
            (f"{one}, {one + 1}, {one + 2}, ...", f"{one + 3}, {one + 4}, {one + 5}"),
        ]
    )
    return conversation(question, str(answer), system=rng.choice(["", *PERSONAS]))


def opposites(rng: random.Random) -> list[Message]:
    """The opposite of a word."""
    one, two = rng.sample(rng.choice(OPPOSITES).split("/"), 2)
    return conversation(
        rng.choice([f"The opposite of {one}?", f"What is the opposite of {one}?", f"not {one} but"]),
        two + rng.choice(["", "."]),
    )


def polite(rng: random.Random) -> list[Message]:
    """Make an order polite, or a polite wish short."""
    order = fill(
        rng,
        rng.choice(
            [
                "send me the {object}",
                "close the window",
                "tell {name} about the {product}",
                "bring {small} {food}s",
                "repair the {product}",
                "call {person} on {day}",
                "write to {name}",
            ]
        ),
    )
    kind = rng.choice(["Could you please {}?", "Would you be so kind as to {}?", "Please {}, if you can."])
    if rng.random() < 0.3:
        return ask(
            rng, rng.choice(["Say it in few words.", "Make it short."]), kind.format(order), order.capitalize() + "."
        )
    return ask(
        rng,
        rng.choice(["Say it politely.", "Make this friendly.", "Rewrite as a polite request."]),
        order.capitalize() + rng.choice([".", "!"]),
        kind.format(order),
    )


def rewrite(rng: random.Random) -> list[Message]:
    """Put a described thing into a set form, or change one word of a sentence."""
    thing, colour, place, price = (fill(rng, f"{{{slot}}}") for slot in ("product", "colour", "city", "number"))
    if rng.random() < 0.5:
        return ask(
            rng,
            "Write one line for the shop.",
            f"item: {thing}; colour: {colour}; made in: {place}; price: {price}",
            f"A {colour} {thing} from {place} for {price} euros.",
        )
    text = f"{fill(rng, '{name}')} bought a {colour} {thing} in {place}."
    new = fill(rng, "{colour}")
    return ask(rng, f"Replace {colour} by {new}.", text, text.replace(colour, new))


def help_desk(rng: random.Random) -> list[Message]:
    """A talk of two or three turns between a customer and a help desk."""
    text = letter(rng, topics=TOPICS[:7])
    name, number = fill(rng, "{name}"), fill(rng, "{big}")
    messages = [{"role": "system", "content": rng.choice(PERSONAS)}] if rng.random() < 0.7 else []
    messages.append({"role": "user", "content": text.text})
    messages.append(
        {
            "role": "assistant",
            "content": rng.choice(["I am sorry to hear that.", "Thank you for writing.", "I see."])
            + " "
            + rng.choice(["What is your name?", "Which number does it have?"]),
        }
    )
    by_name = messages[-1]["content"].endswith("name?")
    given = name if by_name else number
    messages.append({"role": "user", "content": rng.choice([given, f"It is {given}.", f"{given}, please be quick"])})
    thanks = f"Thank you, {given}." if by_name else f"Thank you, I have found number {given}."
    messages.append(
        {"role": "assistant", "content": f"{thanks} We will look after the {rng.choice(text.topic.names)} matter."}
    )
    if rng.random() < 0.5:
        messages += conversation(
            rng.choice(["Thanks!", "Good.", "When?", "ok thank you"]),
            rng.choice(["You are welcome.", "We will write to you soon.", "Have a good day!"]),
        )
    return messages


CHATTING = [
    (greet, 2), (who_am_i, 2), (copy, 4), (lists, 3), (look_up, 3), (numbers, 1), (opposites, 1),
    (polite, 2), (rewrite, 2), (help_desk, 3),
]  # fmt: skip
