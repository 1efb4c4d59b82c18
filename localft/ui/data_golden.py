"""In the Data tab: the golden questions, which measure and are never learned."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import words
from localft.data.checks.leakage import IN_GOLDEN
from localft.data.examples import Message
from localft.data.making.golden_amount import told_amount
from localft.data.making.golden_history import last_change, list_changes, restore_golden, undo_golden
from localft.data.making.golden_set import (
    bring_back,
    change_golden,
    delete_golden,
    list_golden,
    list_gone,
)
from localft.data.repairs.repairing import repair_version
from localft.data.rows.editing import add_golden
from localft.data.versions import list_versions, newest_version
from localft.errors import UserError
from localft.store.projects import Project
from localft.ui.actions import action_of, clickable
from localft.ui.data_checks import Checks
from localft.ui.data_golden_import import draw_golden_import
from localft.ui.handlers import Updates, sentence_for
from localft.ui.shared import Page, Shared, required
from localft.ui.views import data_golden as views
from localft.ui.views import parts

_PAGE_SIZE = 10
_CALLS = "It is a call of a tool, which stays as it is unless another answer is written here."
# The form stands below the table, which may be longer than the window.
_SHOW_FORM = "() => { document.querySelector('#golden-form')?.scrollIntoView({block: 'nearest'}); }"
# The answers come in the order of what was asked: the last one shows what the person has chosen last.
_ONE_BY_ONE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "golden"}


@dataclass(frozen=True)
class Desk:
    """The widgets. `stamp` changes when the questions do; `first` is the place from which they are listed."""

    stamp: gr.Textbox
    amount: gr.HTML
    search: gr.Textbox
    shown: gr.HTML
    earlier: gr.Button
    later: gr.Button
    undo: gr.HTML
    first: gr.State
    form: gr.Column
    changing: gr.State
    question: gr.Textbox
    answer: gr.Textbox
    system: gr.Textbox
    history: gr.HTML
    checks: Checks

    @property
    def listed(self) -> list[Any]:
        return [self.amount, self.search, self.shown, self.earlier, self.later, self.undo, self.first]

    @property
    def filled(self) -> list[Any]:
        return [self.form, self.changing, self.question, self.answer, self.system]

    def look(self, slug: str, search: str | None, first: int) -> Updates:
        """What there is and what it means, from a place on; what cannot be read is said in its place."""
        project = required(slug)
        try:
            everything = list_golden(project)
            found = list_golden(project, search) if search else everything
        except UserError as error:
            nothing = {self.shown: "", self.first: 0, self.search: gr.skip()}
            return {**nothing, self.amount: sentence_for(error), **self._buttons(project, 0, 0, 0)}
        start = max(0, min(first, (len(found) - 1) // _PAGE_SIZE * _PAGE_SIZE))
        return {
            self.amount: views.amount(told_amount(len(everything)), _learned(self.checks, project)),
            self.search: gr.update(visible=len(everything) > 1),
            self.shown: views.table(found, start, _PAGE_SIZE, bool(search)),
            self.first: start,
            **self._buttons(project, start, len(found), len(everything)),
        }

    def _buttons(self, project: Project, start: int, found: int, everything: int) -> Updates:
        paged = everything > _PAGE_SIZE
        return {
            self.earlier: gr.update(visible=paged, interactive=start > 0),
            self.later: gr.update(visible=paged, interactive=start + _PAGE_SIZE < found),
            self.undo: views.last_change(last_change(project)),
        }


def draw_golden(shared: Shared, checks: Checks) -> None:
    """Draw the section and connect it."""
    # Where it is there from the beginning, and not in a part that is hidden at first.
    stamp = gr.Textbox("", visible="hidden", label="Golden stamp", container=False)
    with gr.Column(visible=False, elem_id="golden") as section:
        gr.HTML("<h3>Golden questions</h3>")
        amount = gr.HTML(js_on_load=clickable())
        search = gr.Textbox(label="Search the golden questions", placeholder="Text, then Enter", visible=False)
        shown = gr.HTML(js_on_load=clickable(), elem_id="golden-questions")
        with gr.Row(elem_classes="lf-buttons"):
            earlier = gr.Button("Earlier questions", size="sm", scale=0, min_width=140, visible=False)
            later = gr.Button("Later questions", size="sm", scale=0, min_width=140, visible=False)
        undo = gr.HTML(js_on_load=clickable(), elem_id="golden-undo")
        message = gr.HTML()
        with gr.Column(visible=False, elem_id="golden-form") as form:
            question = gr.Textbox(label="What the golden question asks", lines=2, max_lines=20)
            answer = gr.Textbox(label="Wanted answer", lines=3, max_lines=20)
            system = gr.Textbox(label="System prompt of the golden question", info="Empty: none.")
            with gr.Row(elem_classes="lf-buttons"):
                save = gr.Button("Save the golden question", size="sm", scale=0, min_width=200)
                leave = gr.Button("Leave it", size="sm", scale=0, min_width=100)
            said = gr.HTML()
        with gr.Row(elem_classes="lf-buttons"):
            write = gr.Button("Write a golden question", size="sm", scale=0, min_width=190, elem_id="write-golden")
        draw_golden_import(shared, _ONE_BY_ONE)
        with gr.Accordion("Earlier golden questions", open=False, visible=False) as fold:
            history = gr.HTML(js_on_load=clickable(), elem_id="golden-history")
            gone_back = gr.HTML()
    desk = Desk(
        stamp, amount, search, shown, earlier, later, undo, gr.State(0), form, gr.State(""), question, answer, system,
        history, checks,
    )  # fmt: skip
    _connect_listing(shared, desk, section, fold, message)
    _connect_form(shared, desk, (write, save, leave), message, said)
    _connect_buttons(shared, desk, message)
    _connect_history(shared, desk, fold, gone_back)


def _connect_listing(shared: Shared, desk: Desk, section: gr.Column, fold: gr.Accordion, message: gr.HTML) -> None:
    """The section is there where a project is open, the `fold` of earlier questions once something was changed."""

    def read(page: Page) -> Updates:
        project = page.project
        return {
            desk.stamp: _stamp(desk.checks, project),
            section: gr.update(visible=project is not None),
            fold: gr.update(visible=project is not None and bool(list_changes(project))),
        }

    def follow(stamp: str, search: str, first: int, history: str) -> Updates:
        # While the page loads, the stamp is there before the chosen project is.
        slug = stamp.partition("/")[0]
        if not slug:
            return {}
        listed = desk.look(slug, search, first)
        return {**listed, desk.history: _history(required(slug))} if history else listed

    def find(slug: str | None, search: str) -> Updates:
        return desk.look(required(slug).slug, search, 0)

    def turn(by: int) -> Any:
        return lambda slug, search, first: desk.look(required(slug).slug, search, first + by)

    shared.view("data", [desk.stamp, section, fold], read)
    outputs = [*desk.listed, desk.history]
    inputs = [shared.project, desk.search]
    shared.on(
        desk.stamp.change, follow, [desk.stamp, desk.search, desk.first, desk.history], outputs, message, clear=False,
        **_ONE_BY_ONE,
    )  # fmt: skip
    shared.on(desk.search.submit, find, inputs, desk.listed, message, trigger_mode="always_last", **_ONE_BY_ONE)
    # The place is known to the answer before: two clicks turn two pages.
    turning: dict[str, Any] = {"trigger_mode": "multiple", **_ONE_BY_ONE}
    for button, by in ((desk.earlier, -_PAGE_SIZE), (desk.later, _PAGE_SIZE)):
        shared.on(button.click, turn(by), [*inputs, desk.first], desk.listed, message, **turning)


def _connect_form(
    shared: Shared, desk: Desk, buttons: tuple[gr.Button, gr.Button, gr.Button], message: gr.HTML, said: gr.HTML
) -> None:
    """What is wrong with a question is `said` below it; what was done stands in `message`, as the form closes."""
    write, save, leave = buttons
    emptied = {
        desk.form: gr.update(visible=False),
        desk.changing: "",
        desk.question: "",
        desk.answer: gr.update(value="", info=""),
        desk.system: "",
    }

    def begin() -> Updates:
        return {**emptied, desk.form: gr.update(visible=True)}

    def keep(slug: str | None, key: str, question: str, answer: str, system: str) -> Updates:
        project = required(slug)
        if key:
            changed = change_golden(project, key, question, answer, system)
            return {**emptied, message: parts.done(f"Golden question {changed.number:,} changed.")}
        first = [Message(role="system", content=system)] if system.strip() else []
        count = add_golden(
            project, [*first, Message(role="user", content=question), Message(role="assistant", content=answer)]
        )
        return {**emptied, message: parts.done(f"Kept. The project has {words.counted(count, 'golden question')} now.")}

    given = [shared.project, desk.changing, desk.question, desk.answer, desk.system]
    shared.on(write.click, begin, [], desk.filled, said, **_ONE_BY_ONE)
    shared.on(leave.click, lambda: emptied, [], desk.filled, said, **_ONE_BY_ONE)
    shared.on(save.click, keep, given, [*desk.filled, message], said, changes=True, **_ONE_BY_ONE)


def _connect_buttons(shared: Shared, desk: Desk, message: gr.HTML) -> None:
    def act(slug: str | None, changing: str, event: gr.EventData) -> Updates:
        project, (action, key) = required(slug), action_of(event)
        if action == "delete":
            deleted = delete_golden(project, [key])[0]
            told = {message: parts.done(f"Golden question {deleted.number:,} deleted. It can be taken back.")}
            # The form may hold what was typed: it stays, as a question to be written.
            return {**told, desk.changing: ""} if key == changing else told
        one = next((one for one in list_golden(project) if one.key == key), None)
        if one is None:
            raise UserError("There is no such golden question by now.", "Look at the list again.")
        return {
            desk.form: gr.update(visible=True),
            desk.changing: one.key,
            desk.question: one.asked,
            desk.answer: gr.update(
                value=one.example.answer, info=_CALLS if one.example.messages[-1].tool_calls else ""
            ),
            desk.system: one.system,
        }

    def take_out(slug: str | None) -> Updates:
        project = required(slug)
        version = repair_version(project, newest_version(project), [IN_GOLDEN])
        return {message: parts.done(f"{version.note.capitalize()}. Undo stands beside the versions.")}

    def take_back(slug: str | None, event: gr.EventData) -> Updates:
        undone = undo_golden(required(slug), action_of(event)[1])
        return {message: parts.done(f"Taken back: {undone.what}.", "plain")}

    chosen = [shared.project, desk.changing]
    acted = shared.on(desk.shown.click, act, chosen, desk.filled, message, changes=True, **_ONE_BY_ONE)
    acted.then(None, js=_SHOW_FORM, api_visibility="private", show_progress="hidden")
    shared.on(desk.amount.click, take_out, [shared.project], [], message, changes=True, **_ONE_BY_ONE)
    shared.on(desk.undo.click, take_back, [shared.project], [], message, changes=True, **_ONE_BY_ONE)


def _connect_history(shared: Shared, desk: Desk, fold: gr.Accordion, message: gr.HTML) -> None:
    def act(slug: str | None, event: gr.EventData) -> Updates:
        project, (action, value) = required(slug), action_of(event)
        if action == "bring-back":
            back = bring_back(project, value)
            return {message: parts.done(f"Brought back, as golden question {back.number:,}.")}
        return {
            message: parts.done(f"The golden questions are as they were after: {restore_golden(project, value).what}.")
        }

    def open_it(slug: str | None) -> Updates:
        return {desk.history: _history(required(slug))}

    shared.on(fold.expand, open_it, [shared.project], [desk.history], message, clear=False, **_ONE_BY_ONE)
    shared.on(fold.collapse, lambda: {desk.history: ""}, [], [desk.history], message, clear=False, **_ONE_BY_ONE)
    shared.on(desk.history.click, act, [shared.project], [], message, changes=True, **_ONE_BY_ONE)


def _history(project: Project) -> Any:
    return views.earlier(list_changes(project), list_gone(project))


def _learned(checks: Checks, project: Project) -> int:
    """How many training examples ask golden questions, as far as the newest version has been checked."""
    listed = list_versions(project).items
    report = checks.look(project, listed[0]).report if listed else None
    return sum(finding.count for finding in report.findings if finding.check == IN_GOLDEN) if report else 0


def _stamp(checks: Checks, project: Project | None) -> str:
    """Another text whenever the questions are others, or training asks others of them."""
    if project is None:
        return ""
    state = project.golden.stat() if project.golden.exists() else None
    written = f"{state.st_size}-{state.st_mtime_ns}" if state else ""
    return f"{project.slug}/{written}/{len(list_changes(project))}/{_learned(checks, project)}"
