"""The editor of a whole example: opened for one, kept open whatever else is looked at, and saved as one version."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
import pydantic

from localft.assets import asset
from localft.data.examples import Example
from localft.data.rows.drafting import ExampleDraft, drafted
from localft.data.rows.editing import change_example
from localft.data.rows.known import example_key, find_known
from localft.data.splits.sealing import sealed
from localft.data.versions import Split, newest_version
from localft.errors import UserError
from localft.ui.actions import action_of
from localft.ui.handlers import Updates, sentence_for
from localft.ui.once import new_key
from localft.ui.shared import Shared, required
from localft.ui.views import editor as views
from localft.ui.views import parts

# In the page: whether there is a draft of which something was changed. A state is not in the page; null stands for it.
_ASK_PAGE = """(project, part, number, known, changed) =>
  [project, part, number, known, document.querySelector('#editor [data-changed]') ? 'yes' : '']"""
Found = Callable[[str | None, Split, float | None, Any], tuple[Example, int]]
"""The example that the page shows and its index: of the project, the part, the number from 1, what the page knows."""


class _Sent(pydantic.BaseModel):
    """What a form sends: the example that it was opened for, and what a person has made of it."""

    project: str
    split: Split
    index: int
    key: str
    draft: ExampleDraft


@dataclass(frozen=True)
class Editor:
    """The form, which is empty unless an example is changed, and what is said below it."""

    form: gr.HTML
    said: gr.HTML
    changed: gr.Textbox

    def open(self, slug: str, split: Split, index: int, example: Example, changed: str) -> Updates:
        """The form for an example.

        Raises:
            UserError: another one is being changed.
        """
        if changed:
            raise UserError("The changes below are not saved yet.", "Save or discard them first.")
        return {self.form: views.form(example, slug, split, index, example_key(example), new_key())}


def draw_editor() -> Editor:
    """Draw the form, in which nothing is yet."""
    script = asset("style/editor.js").read_text(encoding="utf-8")
    form = gr.HTML(js_on_load=script, elem_id="editor", answered="")
    return Editor(form, gr.HTML(), gr.Textbox("", visible="hidden", label="Draft", container=False))


def connect_editor(
    shared: Shared, editor: Editor, change: gr.Button, opened: gr.State, shown: list[Any], found: Found,
    key_of: Callable[..., str], **options: Any,
) -> None:  # fmt: skip
    """Connect it. `change` opens it for the example that is `shown`, which `found` finds.

    `key_of` a project and a version is what `opened` holds where its test split was opened.
    """

    def begin(slug: str | None, part: Split, position: float | None, known: Any, changed: str) -> Updates:
        example, index = found(slug, part, position, known)
        return editor.open(required(slug).slug, part, index, example, changed)

    def save(slug: str | None, may: str, sent: _Sent) -> Updates:
        project = required(slug)
        if sent.project != project.slug:
            raise UserError(
                f"This example belongs to the project {sent.project}.", "Choose that one at the top, then save it."
            )
        before = newest_version(project)
        split, index, example = find_known(project, before, sent.split, sent.index, sent.key)
        if split == "test" and may != key_of(project, before):
            raise sealed()
        version = change_example(project, before, split, index, drafted(example, sent.draft))
        done = parts.done(f"{version.note[0].upper()}{version.note[1:]}. Undo stands beside the versions below.")
        return {
            editor.form: "",
            editor.said: done,
            opened: key_of(project, version) if split == "test" else gr.skip(),
        }

    def act(slug: str | None, may: str, event: gr.EventData) -> Updates:
        action, value = action_of(event)
        if action != "save":
            return {editor.form: ""}
        try:
            return save(slug, may, _Sent.model_validate_json(value))
        except pydantic.ValidationError:
            said = sentence_for(UserError("The page has sent no example.", "Reload the page."))
        except UserError as error:
            said = sentence_for(error)
        # What was typed stays, and can be typed in again.
        return {editor.said: said, editor.form: gr.update(answered=new_key())}

    outputs = [editor.form, editor.said]
    shared.on(change.click, begin, [*shown, editor.changed], outputs, editor.said, js=_ASK_PAGE, **options)
    inputs = [shared.project, opened]
    # Saved once, however often it is clicked: the form of an example that is saved is gone.
    sent: dict[str, Any] = {"changes": True, "trigger_mode": "once", **options}
    shared.on(editor.form.click, act, inputs, [*outputs, opened], editor.said, **sent)
