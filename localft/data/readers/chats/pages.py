"""Chats as they are exported for people to read: a page or a text from which nobody learns who answers whom."""

import re

from localft.errors import UserError

# The styles and the head of a page stand before its first message.
_LOOKED_AT = 1 << 20
_DISCORD_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?={20,}\r?\nGuild: [^\n]*\nChannel: ")


def refuse_page(content: bytes, name: str) -> None:
    """Refuse a chat as DiscordChatExporter writes it for reading, and ask for the one for programs.

    As a document it would be learned as a text of names and times.

    Raises:
        UserError: it is one.
    """
    head = content[:_LOOKED_AT]
    if (b"chatlog__message-group" in head and b"<html" in head.lower()) or _DISCORD_TEXT.match(head):
        raise UserError(
            f"{name} is a Discord chat, exported to be read.",
            "Export it again with the format JSON (or CSV), or read this file as a document.",
        )
