"""The form in which an example is changed; assets/style/editor.js makes it work."""

import json
from collections.abc import Sequence
from typing import Any, LiteralString, get_args

from localft.data.examples import Example, Message, Role
from localft.data.versions import Split
from localft.ui.views.html import Markup, h, join

_MOST_LINES = 14
_OF_A_TURN = (
    ("up", "Up", "Move turn # up"),
    ("down", "Down", "Move turn # down"),
    ("before", "Add before", "Add a turn before turn #"),
    ("after", "Add after", "Add a turn after turn #"),
    ("remove", "Delete", "Delete turn #"),
)


def form(example: Example, project: str, split: Split, index: int, key: str, once: str) -> Markup:
    """An example as it can be changed, with its place and `key`, by which it is found again.

    `once`: letters and digits that no other form on the page has had. Gradio mends what it shows piece by piece, and
    would leave typed text where a form replaces another; an element of another name is replaced as a whole.
    """
    name = Markup("lf-draft-") + once
    turns = _text(example.messages[0]) if example.plain else _turns(example.messages)
    opening = h(
        '<{name} data-draft data-project="{project}" data-split="{split}" data-index="{index}" data-key="{key}" '
        'class="lf-draft" role="group" aria-label="Change the example">',
        name=name, project=project, split=split, index=index, key=key,
    )  # fmt: skip
    return h(
        '{opening}<p class="lf-note">Example {number} of {split}, as it will be.{learned}</p>'
        '<div data-turns class="lf-talk">{turns}</div>{besides}'
        '<p><button type="button" class="lf-button lf-primary" data-send="save">Save this example</button>'
        '<button type="button" class="lf-button" data-send="discard">Discard the changes</button></p></{name}>',
        opening=opening, name=name, number=f"{index + 1:,}", split=split, turns=turns,
        learned="" if example.plain else " An answer that is not learned is only read, as the questions are.",
        besides=Markup() if example.plain else _besides(example),
    )  # fmt: skip


def _turns(messages: Sequence[Message]) -> Markup:
    return join(_turn(message, place) for place, message in enumerate(messages))


def _text(message: Message) -> Markup:
    return h(
        '<div data-turn data-was="0" data-role="assistant" class="lf-turn lf-turn-assistant">{text}</div>',
        text=_area('data-field="content" aria-label="Text"', message.content),
    )


def _turn(message: Message, place: int | None) -> Markup:
    """A turn; one of the template, for turns that are added, has no place."""
    return h(
        '<div data-turn data-was="{was}" data-role="{role}" class="lf-turn" role="group" data-name="Turn #">'
        '<div class="lf-edit-head"><span class="lf-who" data-number>{number}</span>{roles}{learn}'
        '<span class="lf-edit-buttons">{buttons}</span></div>{text}{calls}{call}</div>',
        was="" if place is None else place,
        role=message.role,
        number=1 if place is None else place + 1,
        roles=_roles(message.role),
        learn=h(
            '<label class="lf-of-assistant"><input type="checkbox" data-field="learn"{on}> Learned</label>',
            on=Markup(" checked") if message.learn else "",
        ),
        buttons=join(
            h('<button type="button" class="lf-button" data-edit="{edit}" data-name="{name}">{words}</button>',
              edit=edit, name=name, words=words)
            for edit, words, name in _OF_A_TURN
        ),
        text=_area('data-field="content" data-name="Text of turn #"', message.content),
        calls=_calls(message),
        call=_call(message),
    )  # fmt: skip


def _roles(chosen: Role) -> Markup:
    options = join(
        h('<option value="{role}"{on}>{name}</option>', role=role, name=role.capitalize(),
          on=Markup(" selected") if role == chosen else "")
        for role in get_args(Role)
    )  # fmt: skip
    return h('<select data-field="role" data-name="Who says turn #">{options}</select>', options=options)


def _calls(message: Message) -> Markup:
    """The tools that an answer calls, as JSON."""
    return h(
        '<details class="lf-fold lf-of-assistant"{opened}><summary>Calls of tools</summary>{area}'
        '<p class="lf-note">A list of calls as JSON, as OpenAI writes them; empty: none.</p></details>',
        opened=Markup(" open") if message.tool_calls else "",
        area=_area(
            'data-field="tool_calls" data-name="Calls of tools in turn #"', _json(message.tool_calls), "lf-json"
        ),
    )


def _call(message: Message) -> Markup:
    """What a tool's turn says besides: which tool, and which call it answers."""
    kind = "" if message.name or message.tool_call_id else "lf-of-tool"
    return h(
        '<div class="lf-edit-head {kind}"><label>Name <input data-field="name" value="{name}"></label>'
        '<label>Answers the call <input data-field="tool_call_id" value="{call}"></label></div>',
        kind=kind,
        name=message.name or "",
        call=message.tool_call_id or "",
    )


def _besides(example: Example) -> Markup:
    """What belongs to the conversation as a whole, and what can be added to it."""
    add = h(
        '<p><button type="button" class="lf-button" data-edit="end">Add a turn at the end</button>'
        '<button type="button" class="lf-button" data-edit="system"{system}>Add a system prompt</button>'
        '<button type="button" class="lf-button" data-edit="back" hidden>Bring the deleted turn back</button>'
        '<button type="button" class="lf-button" data-edit="worse"{worse}>Add a worse answer</button></p>',
        system=_hidden(any(message.role == "system" for message in example.messages)),
        worse=_hidden(bool(example.rejected)),
    )
    worse = h(
        '<div data-worse class="lf-turn"{hidden}><p class="lf-who">The worse answer</p>{area}'
        '<p class="lf-note">With it the example is a preference pair: the last answer above is the better one. '
        "Empty: no pair.</p></div>",
        hidden=_hidden(not example.rejected),
        area=_area('data-whole="rejected" aria-label="The worse answer"', example.rejected),
    )
    tools = h(
        '<details class="lf-fold"{opened}><summary>Tools that the model may call</summary>{area}'
        '<p class="lf-note">A list of descriptions as JSON, as OpenAI writes them; empty: none.</p></details>',
        opened=Markup(" open") if example.tools else "",
        area=_area('data-whole="tools" aria-label="Tools that the model may call"', _json(example.tools), "lf-json"),
    )
    new = _turn(Message(role="user", content=""), None)
    return h("{worse}{add}{tools}<template>{new}</template>", worse=worse, add=add, tools=tools, new=new)


def _hidden(yes: bool) -> Markup:
    return Markup(" hidden") if yes else Markup()


def _area(attributes: LiteralString, text: str, kind: str = "") -> Markup:
    """A field for a text of several lines. The first line end in it is none of the text's."""
    lines = min(_MOST_LINES, max(2, text.count("\n") + len(text) // 110 + 1))
    return h(
        '<textarea {attributes} rows="{lines}" class="{kind}" spellcheck="false">\n{text}</textarea>',
        attributes=Markup(attributes),
        lines=lines,
        kind=kind,
        text=text,
    )


def _json(values: Sequence[dict[str, Any]]) -> str:
    return json.dumps(list(values), ensure_ascii=False, indent=2) if values else ""
