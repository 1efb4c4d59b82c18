"""The Settings tab: where things lie, which keys are known, what leaves this computer, and a demo for others."""

from collections.abc import Sequence
from dataclasses import dataclass

from localft import words
from localft.ui.views import parts
from localft.ui.views.html import Markup, h

PRIVACY = (
    "Everything runs on this computer: your examples, the training, the tuned model and this page.",
    "The page answers on 127.0.0.1 only, and only to who opened the link that localft printed.",
    "The internet is used only for what you ask for: to search or download models and datasets, to share a demo, and "
    "where you let a model at another address write examples.",
    "Usage reports of every library that localft uses are switched off.",
    "Keys are read from where you keep them; localft writes none into a file, a log or a command line.",
)


@dataclass(frozen=True)
class Place:
    """A folder of localft's, what is in it, and its bytes."""

    name: str
    path: str
    bytes: int


@dataclass(frozen=True)
class Key:
    """A key that localft would use: whose, where it was found, its last four characters."""

    service: str
    source: str
    last_four: str


def state(places: Sequence[Place]) -> Markup:
    """The sentence on top."""
    return parts.state(f"localft uses {words.size(sum(place.bytes for place in places))} of this computer's disk.", "")


def places(listed: Sequence[Place]) -> Markup:
    """Where things lie and how big they are."""
    rows = [(place.name, h("<code>{path}</code>", path=place.path), words.size(place.bytes)) for place in listed]
    table = parts.table("Where things lie", ["What", "Folder", "Size"], rows, numbers=[2])
    return h("<h3>Where things lie</h3>{table}", table=table)


def keys(known: Sequence[Key]) -> Markup:
    """Keys by source and last four characters only."""
    rows = [
        (key.service, key.source, h("<code>…{end}</code>", end=key.last_four) if key.last_four else "none")
        for key in known
    ]
    table = parts.table("Keys", ["For", "Found in", "Ends in"], rows)
    why = parts.note("Only gated or private models of the Hugging Face hub need a key: `hf auth login` sets it.")
    return h("<h3>Keys</h3>{table}{why}", table=table, why=why)


def privacy() -> Markup:
    """What leaves this computer, in plain words."""
    return parts.card("Privacy", parts.sentences(PRIVACY))


def shared(address: str, user: str, password: str, ends: str, public: bool) -> Markup:
    """A running demo with the password, which is shown this once."""
    where = "Anybody with the link and the password" if public else "Programs on this computer with the password"
    body = h(
        "<p><strong>{where} can chat with your tuned model until {ends}.</strong></p>{facts}"
        "<p>The password is shown this once. Nothing else of localft can be reached through the link.</p>",
        where=where,
        ends=ends,
        facts=parts.facts(
            [
                ("Link", h("<code>{address}</code>", address=address)),
                ("User", h("<code>{user}</code>", user=user)),
                ("Password", h("<code>{password}</code>", password=password)),
                ("Ends at", ends),
            ]
        ),
    )
    return h('<div role="status">{card}</div>', card=parts.card("A demo is shared", body, "warn"))


def still_shared(address: str, ends: str) -> Markup:
    """A running demo, without its password."""
    return parts.card(
        "A demo is shared",
        h("<p><code>{address}</code> answers until {ends}.</p>", address=address, ends=ends),
        "warn",
    )
