"""What a person says about the columns of a file: which one holds which field, or a template made of several."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from localft.data.shapes.column_template import Template, parse_template
from localft.data.shapes.detecting import CONVERSATION, FIELDS, Layout, Shape, detect, tools_of
from localft.errors import UserError

# The fields that a template can make, under the names that a mapping has for it.
TEMPLATES = {"prompt_template": "prompt", "answer_template": "answer", "system_template": "system"}


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Look whether a mapping (field to column, or `prompt_template` and the like to a template) makes sense.

    Raises:
        UserError: a field is unknown, named twice, missing, or superfluous; or a template is broken.
    """
    unknown = sorted(set(mapping) - set(FIELDS) - set(TEMPLATES))
    if unknown:
        raise UserError(f"{unknown[0]!r} is no field of an example.", f"The fields are: {', '.join(FIELDS)}.")
    for name, template in templates_of(mapping).items():
        if name in mapping:
            raise UserError(f"The {name} has a column and a template.", "Leave one of them out.")
        if name == "answer" and not template.columns:
            raise UserError(
                "The template of the answer names no column, so that all answers would be the same.",
                "Write a column's name in braces, as in {answer}.",
            )
    fields = _fields(mapping)
    named = CONVERSATION & fields
    if named - {"text"} and "messages" not in named and not {"prompt", "answer"} <= named:
        missing = "answer" if "answer" not in named else "prompt"
        raise UserError(
            "The mapping names no column for the prompt and the answer."
            if not templates_of(mapping)
            else f"There is a template, but nothing for the {missing}.",
            "Map `prompt` and `answer`, or `messages` where one column holds whole conversations; a template makes one "
            "of them out of several columns.",
        )
    if "text" in named and len(named) > 1:
        raise UserError(
            f"The mapping names `text` and `{min(named - {'text'})}`, but plain text has no questions and answers.",
            "Map `text` alone, or `prompt` and `answer`.",
        )
    superfluous = sorted({"prompt", "answer", "context", "rejected"} & fields) if "messages" in mapping else []
    if superfluous:
        raise UserError(
            f"The mapping names `messages` and `{superfluous[0]}`, but conversations hold their questions already.",
            "Map `messages`, or `prompt` and `answer`.",
        )


def templates_of(mapping: Mapping[str, str]) -> dict[str, Template]:
    """The templates of a mapping by the field that they make.

    Raises:
        UserError: one is broken.
    """
    return {field: parse_template(mapping[name]) for name, field in TEMPLATES.items() if name in mapping}


def columns_of(mapping: Mapping[str, str]) -> dict[str, str]:
    """The columns of a mapping by their fields, without its templates."""
    return {field: column for field, column in mapping.items() if field not in TEMPLATES}


def named_columns(mapping: Mapping[str, str]) -> list[str]:
    """All columns that a mapping names, those in templates too."""
    inside = [column for template in templates_of(mapping).values() for column in template.columns]
    return list(dict.fromkeys([*columns_of(mapping).values(), *inside]))


def columns_in(layout: Layout) -> list[str]:
    """All columns that the examples of a layout are made of."""
    inside = [column for template in layout.templates.values() for column in template.columns]
    return [*layout.columns.values(), *inside]


def _fields(mapping: Mapping[str, str]) -> set[str]:
    return {TEMPLATES.get(name, name) for name in mapping}


def mapped(mapping: Mapping[str, str], columns: Iterable[str]) -> Layout | None:
    """The layout that a person has chosen by mapping fields to columns; a column `tools` is taken along.

    Where the mapping does not say where the conversation is, that is recognised; None if it cannot be.
    """
    columns, own, templates = list(columns), columns_of(mapping), templates_of(mapping)
    from_columns = [f"{field} from {column}" for field, column in own.items()]
    chosen = ", ".join([*from_columns, *(f"{field} from a template" for field in templates)])
    if not CONVERSATION & _fields(mapping):
        found = detect(columns)
        if found is None:
            return None
        # What a person calls a label says nothing about whether an answer is wanted.
        left_out = {*templates, *(("wanted",) if found.columns.get("wanted") in own.values() else ())}
        known = {field: column for field, column in found.columns.items() if field not in left_out}
        return replace(found, columns={**known, **own}, templates=templates, reason=f"{found.reason}, {chosen}")
    return Layout(Shape.MAPPED, {**tools_of(columns), **own}, f"as you chose: {chosen}", templates)
