"""In the Data tab: which column is which, or templates made of several; the preview shows at once what they give."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft.advice import COLUMNS_FOLD, FIRST_ROW
from localft.data.making.reading import ReadResult
from localft.data.shapes.detecting import CONVERSATION, FIELDS
from localft.data.shapes.mapping import TEMPLATES
from localft.ui.handlers import Updates

_UNMAPPED = "(none)"
# What may lack a row with the names of the columns.
_TABLES = (".csv", ".tsv", ".xls", ".ods")
_LABELS = {
    "prompt_template": ("Prompt from a template", "Translate into {language}: {text}"),
    "answer_template": ("Answer from a template", "{answer}"),
    "system_template": ("System prompt from a template", "You work for {company}."),
}


@dataclass(frozen=True)
class ColumnArea:
    """The widgets, seen only while a table is in the drop zone."""

    area: gr.Accordion
    columns: tuple[gr.Dropdown, ...]
    templates: tuple[gr.Textbox, ...]
    said: gr.HTML
    is_data: gr.Checkbox

    @property
    def inputs(self) -> list[Any]:
        """What `chosen_columns` wants."""
        return [*self.columns, *self.templates]

    @property
    def outputs(self) -> list[Any]:
        """What the updates set."""
        return [self.area, *self.columns, *self.templates, self.said, self.is_data]

    def updates(self, read: ReadResult, afresh: bool) -> Updates:
        """Offer the columns of what was read; `afresh` forgets what was chosen for another file."""
        if not afresh:
            # What is open stays open while somebody chooses.
            offered = gr.update(choices=[_UNMAPPED, *read.columns])
            return {
                self.area: gr.update(visible=bool(read.columns)),
                self.is_data: gr.update(visible=_has_table(read)),
                **dict.fromkeys(self.columns, offered),
            }
        offered = gr.update(choices=[_UNMAPPED, *read.columns], value=_UNMAPPED)
        shown = gr.update(visible=bool(read.columns), open=not read.examples)
        header = gr.update(visible=_has_table(read), value=False)
        return {**self.emptied(), self.area: shown, self.is_data: header, **dict.fromkeys(self.columns, offered)}

    def emptied(self) -> Updates:
        """No table is there any more."""
        columns = dict.fromkeys(self.columns, gr.update(value=_UNMAPPED))
        return {
            self.area: gr.update(visible=False),
            **columns,
            **dict.fromkeys(self.templates, ""),
            self.said: "",
            self.is_data: False,
        }

    def unmapped(self, updates: Updates) -> Updates:
        """Some updates, by which nothing is mapped any more: the columns have got other names."""
        columns = {column: {**updates[column], "value": _UNMAPPED} for column in self.columns if column in updates}
        return {**updates, **columns, **dict.fromkeys(self.templates, "")}


def draw_column_area(prefix: str = "") -> ColumnArea:
    """Draw the widgets, out of sight; a `prefix` tells their ids from those of another place."""
    with gr.Accordion(COLUMNS_FOLD, open=False, visible=False, elem_id=f"{prefix}columns") as area:
        is_data = gr.Checkbox(
            label=FIRST_ROW, info="The columns are then called 1, 2 and so on.", elem_id=f"{prefix}first-row-is-data"
        )
        with gr.Row():
            columns = tuple(
                gr.Dropdown([_UNMAPPED], value=_UNMAPPED, label=name.capitalize(), min_width=160) for name in FIELDS
            )
        with gr.Row():
            templates = tuple(
                gr.Textbox(
                    label=label, placeholder=shown, lines=2, max_lines=12, min_width=240, elem_id=f"{prefix}{name}"
                )
                for name in TEMPLATES
                for label, shown in [_LABELS[name]]
            )
        gr.HTML(
            "<p class='lf-note'>A template puts several columns into one text: their names stand in braces, as in "
            "{text}; a brace itself is written twice. A row in which such a column is empty is set aside.</p>"
        )
        said = gr.HTML()
    return ColumnArea(area, columns, templates, said, is_data)


def _has_table(read: ReadResult) -> bool:
    return any(ending in source.name.lower() for source in read.sources for ending in _TABLES)


def chosen_columns(*given: Any) -> dict[str, str] | None:
    """The mapping in the widgets, None where nothing is chosen, or not yet enough of it."""
    named: dict[str, str] = {}
    for field, column in zip(FIELDS, given, strict=False):
        if column and column != _UNMAPPED:
            named[field] = column
    texts = zip(TEMPLATES, given[len(FIELDS) :], strict=True)
    named |= {name: text for name, text in texts if text and text.strip()}
    said = CONVERSATION & {TEMPLATES.get(name, name) for name in named}
    half = said - {"text"} and "messages" not in said and not {"prompt", "answer"} <= said
    return None if half else named or None
