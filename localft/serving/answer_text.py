"""Token ids to readable text as they come: whole characters only, thinking apart, cut at the stop texts."""

from collections.abc import Callable, Sequence

from localft.models.thinking import CLOSE, OPEN
from localft.serving.endpoint import Delta

_UNFINISHED = "\ufffd"


class TokenText:
    """Turns token ids into text, holding back what may still change: a character's bytes can be spread over tokens."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._start = 0
        self._read = 0

    def push(self, token_id: int) -> str:
        """Take a token and return the text that is certain now."""
        self._ids.append(token_id)
        return self._advance(final=False)

    def finish(self) -> str:
        """Return what was held back."""
        return self._advance(final=True)

    def _advance(self, final: bool) -> str:
        # Decoded together with the tokens before, since some decoders treat the first token of a text in a special way.
        before = self._decode(self._ids[self._start : self._read])
        text = self._decode(self._ids[self._start :])
        if len(text) <= len(before) or (text.endswith(_UNFINISHED) and not final):
            return ""
        self._start, self._read = self._read, len(self._ids)
        return text[len(before) :]


class AnswerText:
    """Sorts the text of one answer into thinking and answer, and ends it at the first of the stop texts.

    `opened` says that the prompt ended inside of `<think>`. Stop texts are looked for in the answer only.
    """

    def __init__(self, stop: Sequence[str] = (), opened: bool = False) -> None:
        self._stop = tuple(text for text in stop if text)
        self._state = "thinking" if opened else "start"
        self._held = ""
        self._text: list[str] = []
        self._thinking: list[str] = []
        self.stopped = False

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def thinking(self) -> str:
        return "".join(self._thinking)

    def push(self, text: str) -> Delta | None:
        """Take a piece of text and return what can be shown of it now, if anything."""
        return self._advance(text, final=False)

    def finish(self) -> Delta | None:
        """Return what was held back, once nothing follows."""
        return self._advance("", final=True)

    def _advance(self, piece: str, final: bool) -> Delta | None:
        if self.stopped:
            return None
        self._held += piece
        thinking = self._take_thinking(final)
        text = self._take_text(final) if self._state == "answer" else ""
        if thinking:
            self._thinking.append(thinking)
        if text:
            self._text.append(text)
        return Delta(text, thinking) if text or thinking else None

    def _take_thinking(self, final: bool) -> str:
        """Move on from the start through the thinking to the answer; return what is certain to be thinking."""
        taken = ""
        if self._state == "start":
            start = self._held.lstrip()
            if start.startswith(OPEN):
                self._held, self._state = start[len(OPEN) :], "thinking"
            elif final or not OPEN.startswith(start):
                self._state = "answer"
        if self._state == "thinking":
            if not self._thinking:
                self._held = self._held.lstrip("\n")
            inside, closed, after = self._held.partition(CLOSE)
            if closed:
                taken, self._held, self._state = inside.rstrip("\n"), after, "after"
            else:
                # Held back: line feeds that may be the last, and what may be the beginning of the closing tag.
                keep = len(_without_tail(inside, (CLOSE,)).rstrip("\n"))
                taken, self._held = (inside.rstrip("\n"), "") if final else (inside[:keep], inside[keep:])
        if self._state == "after":
            self._held = self._held.lstrip("\n")
            if self._held:
                self._state = "answer"
        return taken

    def _take_text(self, final: bool) -> str:
        positions = [self._held.find(stop) for stop in self._stop if stop in self._held]
        if positions:
            self.stopped = True
            text, self._held = self._held[: min(positions)], ""
            return text
        keep = len(self._held) if final else len(_without_tail(self._held, self._stop))
        text, self._held = self._held[:keep], self._held[keep:]
        return text


def _without_tail(text: str, marks: Sequence[str]) -> str:
    """The text without the longest end of it that begins one of the marks."""
    longest = max((len(mark) for mark in marks), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in marks):
            return text[:-length]
    return text
