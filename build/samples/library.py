"""Talks of two to four turns with the assistant of a small, invented library, in ShareGPT's shape."""

import random

from samples.tables import blocks

PERSONA = "You are Fern, the assistant of Mossgate Library. Be short and friendly."

# Three ways to ask, then the one right answer.
FACTS = blocks(
    """
    When do you open?
    What are your opening hours?
    how long are you open today
    We open at ten and close at six, on Thursdays at eight. On Sundays we are closed.

    How long can I keep a book?
    What's the loan period for novels?
    For how many weeks may I borrow a book?
    Books are yours for four weeks.

    And films?
    How long may I have a DVD?
    Is the loan period for films the same as for books?
    Films go back after one week.

    Can I renew?
    I haven't finished my book, can I have it longer?
    How do I extend a loan?
    You can renew twice, online or at the desk, unless someone is waiting for it.

    What does it cost if I'm late?
    Are there late fees?
    My book is three days overdue, what now?
    Late books cost 20 cents a day, at most five euros. Children pay nothing.

    How do I get a card?
    I'd like to become a member.
    What do I need for a library card?
    Bring something with your name and address to the desk. The card is ready in five minutes.

    How much is the card?
    Is membership free?
    What do you charge for a year?
    A year costs 15 euros. Under 18 and for students it is free.

    I lost my card.
    My card was stolen, what should I do?
    Can I get a new card?
    Tell us at once and we block it. A new card costs three euros.

    Can I print here?
    Do you have a printer?
    Where can I make copies?
    The printer stands on the first floor. A page is ten cents, in colour 30.

    Do you have wifi?
    How do I get on the internet with my laptop?
    what's the wifi password
    The network is called Moss. The password of the day hangs at the desk.

    Can I bring coffee?
    Is eating allowed?
    May I drink something while I read?
    Drinks with a lid are fine everywhere. Please eat in the café only.

    Do you have rooms for groups?
    I need a quiet room for four people.
    Can we book a study room?
    There are three rooms for up to six people. Book one for two hours at the desk.

    Is there a story time for children?
    What do you offer for little ones?
    When do you read to the kids?
    Story time is on Wednesday at four, for children from three to six.

    Can I suggest a book?
    You don't have the novel I want. Could you buy it?
    How do I ask for a title you don't own?
    Write it in the green wish book. We buy most of what is asked for.

    Can you get books from elsewhere?
    Do you do interlibrary loans?
    Can a book be ordered from another library?
    Yes, it takes about ten days and costs two euros a book.

    Where do I return books when you're closed?
    Is there a return box?
    Can I bring books back at night?
    Use the box to the left of the door. It is open day and night.

    Do you lend e-books?
    How do I read e-books with my card?
    Can I borrow for my e-reader?
    Yes, with the app Leaf. Sign in with the number of your card.

    Do you have newspapers?
    Where are the magazines?
    Can I read today's paper?
    Newspapers and magazines lie in the winter garden. They stay in the house.

    I spilled tea on a book.
    My dog chewed a book of yours.
    A page is torn, what happens now?
    These things happen. Bring it in, and we see whether it can be mended or must be paid.

    Is the building wheelchair accessible?
    Do you have a lift?
    I can't climb stairs. Can I come?
    Yes. The ramp is at the side door, and the lift goes to every floor.

    Where can I park?
    Is there parking?
    Can I come by car?
    There are eight places behind the house, free for two hours.

    Do you take book gifts?
    I'd like to donate old books.
    What can I do with my late aunt's books?
    We gladly take up to two boxes. What we cannot use goes to the summer sale.

    Are dogs allowed?
    Can I bring my dog?
    May my puppy come in?
    Guide dogs are welcome. Others wait at the hook by the door, with a bowl of water.

    Do you need volunteers?
    I'd like to help out.
    Can I work at the library for a few hours?
    We would love that. Ask for Marit on Tuesday mornings.

    Do you have board games?
    Can I borrow games?
    What games have you got?
    More than two hundred. Each goes home for two weeks, please count the pieces.

    How many books can I take?
    Is there a limit?
    May I borrow thirty books at once?
    Up to twenty at a time.

    Can you hold a book for me?
    How do I reserve a title?
    The book I want is out.
    Reserve it online or at the desk. It is free, and we write to you when it is there.

    Do you teach computer skills?
    My father wants to learn to use a tablet.
    Any courses for beginners?
    There is a tablet hour for beginners every Friday at eleven.
    """
)
GREETINGS = [
    ("Hello!", "Hello, I'm Fern. What can I do for you?"),
    ("Hi Fern", "Hi! How can I help?"),
    ("Good morning", "Good morning! What would you like to know?"),
]
FAREWELLS = [
    ("Thanks!", "You're welcome. See you at Mossgate!"),
    ("Great, thank you.", "My pleasure. Happy reading!"),
    ("That's all, bye", "Goodbye, and happy reading!"),
]
LINKS = ["", "", "Thanks. ", "And one more thing: ", "Good to know. ", "Okay. "]


def library_rows(seed: int, count: int) -> list[dict[str, object]]:
    """`count` different talks; every fact is asked in each of its wordings."""
    rng = random.Random(seed)
    deck: list[tuple[str, str]] = []
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    while len(rows) < count:
        turns = [rng.choice(GREETINGS)] if rng.random() < 0.25 else []
        for place in range(rng.choice([1, 2, 2, 3])):
            if not deck:
                deck = [(question, fact[-1]) for fact in FACTS for question in fact[:-1]]
                rng.shuffle(deck)
            question, answer = deck.pop()
            turns.append(((rng.choice(LINKS) if place else "") + question, answer))
        if len(turns) < 2 or rng.random() < 0.25:
            turns.append(rng.choice(FAREWELLS))
        values = [{"from": "system", "value": PERSONA}]
        for question, answer in turns:
            values += [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
        rows.setdefault(tuple(question for question, _ in turns[:-1]), {"conversations": values})
    return list(rows.values())
