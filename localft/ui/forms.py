"""Forms made from a settings group: labels, ranges and help are declared there once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft.settings import Field, Settings, fields, parse


@dataclass(frozen=True)
class Form:
    """The widgets of a settings group, in the order of its fields."""

    settings: type[Settings]
    fields: tuple[Field, ...]
    widgets: tuple[Any, ...]

    def values(self, given: Sequence[Any]) -> dict[str, Any]:
        """The settings by name, from the widgets' values; a widget left empty gives None where that is allowed."""
        return {
            field.name: _value(field, value)
            for field, value in zip(self.fields, given, strict=True)
            if not (value is None and not field.optional)
        }

    def changed(self, given: Sequence[Any], proposed: Settings) -> dict[str, Any]:
        """What a person has set otherwise than proposed."""
        base = proposed.model_dump()
        return {name: value for name, value in self.values(given).items() if not _same(value, base[name])}

    def updates(self, settings: Settings) -> dict[Any, Any]:
        """The updates that put a group's values into the widgets."""
        values = settings.model_dump()
        return {
            widget: _shown(field, values[field.name]) for field, widget in zip(self.fields, self.widgets, strict=True)
        }

    def widget(self, name: str) -> Any:
        """The widget of one setting."""
        return next(widget for field, widget in zip(self.fields, self.widgets, strict=True) if field.name == name)

    def parse(self, given: Sequence[Any]) -> Settings:
        """The settings from the widgets' values.

        Raises:
            UserError: something is out of range.
        """
        return parse(self.settings, self.values(given))


def draw_form(settings: type[Settings], leave_out: Iterable[str] = (), per_row: int = 2) -> Form:
    """Draw a widget for each field of a group, `per_row` beside each other."""
    left_out = set(leave_out)
    chosen = tuple(field for field in fields(settings) if field.name not in left_out)
    widgets = []
    for start in range(0, len(chosen), per_row):
        with gr.Row(equal_height=True):
            widgets += [_widget(field) for field in chosen[start : start + per_row]]
    return Form(settings, chosen, tuple(widgets))


def _widget(field: Field) -> Any:
    common: dict[str, Any] = {"label": field.label, "info": field.description, "min_width": 240}
    if field.choices:
        return gr.Dropdown(list(field.choices), value=field.default, **common)
    if field.kind is bool:
        return gr.Checkbox(value=field.default, **common)
    if field.kind is str and field.optional:
        # Whoever knows what can be chosen gives the choices.
        return gr.Dropdown([], value=field.default, allow_custom_value=True, **common)
    if field.kind in {int, float} and not field.optional:
        return gr.Number(value=field.default, precision=0 if field.kind is int else None, **common)
    # Gradio turns an empty number into 0 as soon as its fold opens; an empty text stays empty.
    return gr.Textbox(value=_shown(field, field.default), **common)


def _shown(field: Field, value: Any) -> Any:
    """A value as its widget holds it."""
    if field.optional and field.kind in {int, float}:
        return "" if value is None else str(value)
    return value


def _value(field: Field, value: Any) -> Any:
    """A widget's value as the setting has it; what is no number stays as it is, and is refused by the settings."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None if field.optional else value
    return int(value) if field.kind is int and isinstance(value, float) else _number(field, value)


def _number(field: Field, value: Any) -> Any:
    if not isinstance(value, str) or field.kind not in {int, float}:
        return value
    try:
        return field.kind(value)
    except ValueError:
        return value


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, int | float) and isinstance(other, int | float):
        return abs(value - other) <= 1e-12 * max(1.0, abs(value))
    return value == other
