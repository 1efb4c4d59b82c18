"""Chats between people as rows, for whoever says whose voice is the assistant's."""

from localft.data.shapes.chats import PRIVACY, ChatChoice, ChatLog, ChatRows, describe, find_voice
from localft.data.shapes.rows import Found
from localft.errors import UserError


def found_in(chat: ChatLog, name: str, choice: ChatChoice, notes: list[str]) -> Found:
    """What is in a file of chats; no rows as long as none of its speakers is chosen.

    Raises:
        UserError: nobody speaks in it.
    """
    if not chat.speakers:
        raise UserError(
            f"{name} is a {chat.layout.shape} in which nobody says a word.", "Export the chat again, with its messages."
        )
    voice = find_voice(choice.voice, list(chat.speakers))
    if voice is None:
        unheard = [] if choice.voice is None else [f"Nothing is taken of {name}: {choice.voice} says nothing in it."]
        return Found([], [*notes, *unheard, PRIVACY], chat.layout, chat.speakers)
    notes = [*notes, *describe(chat, name, choice, voice), PRIVACY]
    return Found(ChatRows(chat, choice, voice), notes, chat.layout, chat.speakers, voice)
