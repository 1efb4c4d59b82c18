"""What WhatsApp itself writes into a chat, in the language of the telephone, told apart from what people write."""

import re

from localft.data.readers.chats.messages import LeftOut

DELETED = "deleted messages"
POLLS = "polls"
NO_WORDS = "messages without words of a person (files, recordings, notices)"

# WhatsApp on iPhones puts this unseen mark before whatever it says itself, in every language.
_OWN = "\u200e"
_UNSEEN = re.compile("[\u200e\u202a-\u202c\u2066-\u2069\ufeff]")
_OWN_TAIL = re.compile("\u200e<[^<>]{1,200}>")
# <Media omitted>: words in angle brackets that are no tag of HTML, since those have no space and only plain letters.
_BRACKETED = re.compile(r"<[^\W\d_][^<>\d_/=]{3,48}>")
_ATTACHED = re.compile(r"[^()]{1,200}\.\w{2,5} \([^()]{3,40}\)")
_OMITTED = re.compile(
    r"(?:image|photo|video|video note|audio|gif|sticker|document|contact card) omitted"
    r"|(?:bild|foto|video|videonachricht|audio|gif|sticker|dokument|kontaktkarte) (?:weg|aus)gelassen"
    r"|(?:imagen|foto|v[ií]deo|audio|gif|sticker|documento|tarjeta de contacto) omitid[oa]"
    r"|(?:image|photo|vidéo|audio|gif|sticker|document|fiche contact) (?:absente?|omise?|retirée?)"
    r"|(?:immagine|foto|video|audio|gif|sticker|documento|contatto) (?:omess[oa]|esclus[oa])"
    r"|(?:imagem|foto|v[ií]deo|áudio|gif|figurinha|documento|cartão do contato) (?:ocultad?[oa]|omitid[oa])"
    r"|(?:afbeelding|foto|video|audio|gif|sticker|document|contactkaart) weggelaten",
    re.IGNORECASE,
)
_DELETED = frozenset(
    {
        "this message was deleted", "you deleted this message",
        "diese nachricht wurde gelöscht", "du hast diese nachricht gelöscht",
        "se eliminó este mensaje", "este mensaje fue eliminado", "eliminaste este mensaje",
        "ce message a été supprimé", "vous avez supprimé ce message",
        "questo messaggio è stato eliminato", "hai eliminato questo messaggio",
        "mensagem apagada", "essa mensagem foi apagada", "esta mensagem foi apagada",
        "você apagou esta mensagem", "você apagou essa mensagem",
        "dit bericht is verwijderd", "je hebt dit bericht verwijderd", "u hebt dit bericht verwijderd",
        "данное сообщение удалено", "это сообщение было удалено", "вы удалили данное сообщение",
        "bu mesaj silindi", "bu mesajı sildiniz", "ta wiadomość została usunięta", "このメッセージは削除されました",
        "tin nhắn này đã bị xóa", "bạn đã xóa tin nhắn này", "tin nhắn này đã bị xoá", "bạn đã xoá tin nhắn này",
    }
)  # fmt: skip
# Without an unseen mark, as Android writes them in the name of a person.
_NOTICES = frozenset(
    {
        "waiting for this message. this may take a while", "warte auf diese nachricht. dies kann etwas dauern",
        "missed voice call", "missed video call", "missed group voice call", "missed group video call",
        "verpasster sprachanruf", "verpasster videoanruf", "live location shared", "live-standort geteilt",
    }
)  # fmt: skip
# "POLL:", the question, and on a line for each "OPTION: Six (2 votes)".
_POLL = re.compile(r"(?:poll|umfrage|encuesta|sondage|sondaggio|enquete|peiling|опрос|anket) ?:", re.IGNORECASE)
_OPTION = re.compile(
    r"(?:option|opción|opzione|opção|optie|вариант|seçenek) ?: .*\(\d{1,6} \w{3,12}\)\s*$", re.IGNORECASE
)
_EDITED = re.compile(
    r"<(?:this message was edited|diese nachricht wurde bearbeitet|se editó este mensaje|ce message a été modifié"
    r"|questo messaggio è stato modificato|mensagem editada|dit bericht is bewerkt)\.?>",
    re.IGNORECASE,
)


def words_of(lines: list[str]) -> str:
    """The words of a person in the lines of a message.

    Raises:
        LeftOut: there are none: a file that was not exported, a deleted message, a notice, a poll.
    """
    whole = _UNSEEN.sub("", "\n".join(lines)).strip()
    said = whole.rstrip(".").casefold()
    if said in _DELETED:
        raise LeftOut(DELETED)
    if said in _NOTICES:
        raise LeftOut(NO_WORDS)
    if _is_poll(whole.split("\n")):
        raise LeftOut(POLLS)
    kept = "\n".join(_without_tail(line, "\u200e<", _OWN_TAIL) for line in lines if not line.startswith(_OWN))
    text = _without_tail(_UNSEEN.sub("", kept).strip(), "<", _EDITED)
    first, _, caption = text.partition("\n")
    if _is_placeholder(first):
        text = caption.strip()
    if not text:
        raise LeftOut(NO_WORDS)
    return text


def _is_poll(lines: list[str]) -> bool:
    """Tell whether a message is a poll: answers to it are no words of anybody."""
    return bool(_POLL.match(lines[0])) and any(_OPTION.match(line) for line in lines[1:])


def _without_tail(text: str, begins: str, tail: re.Pattern[str]) -> str:
    """The text without a tail that begins so and the space around it."""
    # Not by searching for the space: that takes the square of its length.
    end = text.rstrip()
    place = end.rfind(begins)
    return end[:place].rstrip() if place >= 0 and tail.fullmatch(end, place) else text


def _is_placeholder(line: str) -> bool:
    """Tell whether a line stands for a file; Android writes "null" for what can be seen only once."""
    if _BRACKETED.fullmatch(line):
        return " " in line or not line.isascii()
    return line == "null" or bool(_ATTACHED.fullmatch(line) or _OMITTED.fullmatch(line))
