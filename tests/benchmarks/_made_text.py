"""Made-up conversations of about 1 KB, some with numbers and dates, code, or letters that are not English."""

import random
from collections.abc import Iterator
from typing import Literal, get_args

Kind = Literal["plain", "numbers", "code", "accented", "Cyrillic", "Chinese"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHARES = (65, 15, 5, 5, 5, 5)
"""So many rows in a hundred are of each kind."""

_WORDS = 20_000
_LATIN = "abcdefghijklmnoprstuvw"
_LETTERS: dict[Kind, str] = {
    "accented": f"{_LATIN}äéèêñöüçßøåłž",
    "Cyrillic": "абвгдежзиклмнопрстуфхцчшщыьэюя",
    # A thousand of them: which they are does not matter.
    "Chinese": "".join(map(chr, range(0x4E00, 0x5200))),
}
_MONTHS = ("January", "March", "June", "September", "December")
_UNITS = ("km", "kg", "MB", "%", "hours", "€", "°C", "rows")
_SIGNS = ("+", "-", "*", "/", "%", "==", "<=", "and")
# Sentences of a question and of an answer.
_ASKED, _ANSWERED = 5, 8


class Talk:
    """Questions and answers, always the same for one `chooser` of a seed."""

    def __init__(self, chooser: random.Random) -> None:
        """Make up the words first."""
        self._chooser = chooser
        self._words = {kind: self._made_up(_LETTERS.get(kind, _LATIN), kind == "Chinese") for kind in KINDS}

    def pair(self) -> tuple[str, str]:
        """A question and its answer, both of one kind."""
        kind = self._chooser.choices(KINDS, SHARES)[0]
        question, answer = self._said(kind, _ASKED), self._said(kind, _ANSWERED)
        return question, f"{answer}\n\n{self._code()}" if kind == "code" else answer

    def _made_up(self, letters: str, is_dense: bool) -> list[str]:
        shortest, longest = (2, 6) if is_dense else (2, 9)
        lengths = (self._chooser.randint(shortest, longest) for _ in range(_WORDS))
        return ["".join(self._chooser.choices(letters, k=length)) for length in lengths]

    def _said(self, kind: Kind, sentences: int) -> str:
        # Chinese sets no space between words, but its clauses end in commas.
        between = "，" if kind == "Chinese" else " "
        said = (between.join(self._sentence(kind)) for _ in range(sentences))
        return ". ".join(one[:1].upper() + one[1:] for one in said) + "."

    def _sentence(self, kind: Kind) -> list[str]:
        words = self._chooser.choices(self._words[kind], k=self._chooser.randint(6, 14))
        if kind == "numbers":
            words[self._chooser.randrange(len(words))] = self._number()
        return words

    def _number(self) -> str:
        """A date, a time, an amount, or another number, as people write them."""
        one = self._chooser.randint
        forms: tuple[str, ...] = (
            f"{one(1, 28)} {self._chooser.choice(_MONTHS)} {one(1950, 2030)}",
            f"{one(1950, 2030)}-{one(1, 12):02}-{one(1, 28):02}",
            f"{one(0, 23)}:{one(0, 59):02}",
            f"{one(1, 9_999_999):,}",
            f"{one(1, 900)}.{one(1, 99):02} {self._chooser.choice(_UNITS)}",
            f"{one(1, 900)} {self._chooser.choice(_UNITS)}",
        )
        return self._chooser.choice(forms)

    def _code(self) -> str:
        """A few lines of a program in a fence."""
        return "\n".join(["```python", *self._lines(), "```"])

    def _lines(self) -> Iterator[str]:
        name, given, *inner = self._chooser.choices(self._words["code"], k=6)
        yield f"def {name}_of({given}: int) -> int:"
        for word in inner:
            number, sign = self._chooser.randint(0, 999), self._chooser.choice(_SIGNS)
            yield f"    {word} = {given} {sign} {number}  # {self._chooser.choice(self._words['code'])}"
        yield f"    return {inner[-1]}"
