"""Browsing the examples of the newest version, one conversation at a time, and changing them by hand."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from localft import words
from localft.data.examples import Example, Message
from localft.data.row_ratings import (
    MARKS,
    NOT_RATED,
    Mark,
    RowRating,
    content_key,
    rate_example,
    read_ratings,
)
from localft.data.rows.editing import add_example, add_golden, delete_example, example_at
from localft.data.rows.known import example_key
from localft.data.source_passages import source_passages
from localft.data.splits.sealing import list_openings, open_test
from localft.data.versions import SPLITS, Split, newest_version
from localft.errors import UserError
from localft.store.projects import Project
from localft.ui.actions import action_of, clickable
from localft.ui.data_checks import Checks
from localft.ui.data_editor import Editor, connect_editor, draw_editor
from localft.ui.data_table import connect_table, draw_table, opened_key
from localft.ui.handlers import Updates
from localft.ui.shared import Shared, required
from localft.ui.views import data as views
from localft.ui.views import parts

_ONE_BY_ONE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "rows"}


@dataclass(frozen=True)
class _Known:
    """What a page shows: an example of a project by its digest, "" for none, and how it is rated."""

    slug: str = ""
    example: str = ""
    rating: RowRating = NOT_RATED


@dataclass(frozen=True)
class Browser:
    """Which example is shown, and what of it can be changed.

    `known` tells what the page shows, and with which rating; `opened` names the version of which this page has opened
    the test split.
    """

    split: gr.Radio
    number: gr.Number
    earlier: gr.Button
    later: gr.Button
    shown: gr.HTML
    known: gr.State
    opened: gr.State
    change: gr.Button
    delete: gr.Button
    editor: Editor
    said: gr.HTML
    rating: gr.Radio
    note: gr.Textbox
    rate: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [
            self.shown,
            self.number,
            self.split,
            self.known,
            self.opened,
            self.rating,
            self.note,
        ]

    def show(self, slug: str | None, part: Split, position: int, opened: str) -> Updates:
        """The example at a position (from 1, kept inside the part); of the test split only what is `opened`."""
        project = required(slug)
        version = newest_version(project)
        total = version.counts.get(part, 0)
        if not total:
            raise UserError(f"There are no examples in {part}.")
        if part == "test" and opened != opened_key(project, version):
            closed = {
                self.split: part,
                self.known: _Known(project.slug),
                self.rating: NOT_RATED.mark,
                self.note: NOT_RATED.note,
            }
            return {self.shown: views.sealed(total, len(list_openings(project, version))), **closed}
        where = max(1, min(total, position))
        example = example_at(project, version, part, where - 1)
        passage = source_passages(project, [example]).get(example.passage)
        return {
            self.number: where,
            self.split: part,
            self.shown: views.example(example, where - 1, total, part, passage),
            **self.rated(project, example),
        }

    def look(self, slug: str | None, part: Split, position: float | None, opened: str) -> Updates:
        """The example at the place that the page has, which is only set anew where there is none.

        A person may have gone on while the answer was on its way, and is not taken back.
        """
        return self._anew(self.show(slug, part, int(position or 1), opened), part, position)

    def _anew(self, shown: Updates, part: Split, position: float | None) -> Updates:
        """Without the place, where that is what the page has."""
        had = {self.split: part, self.number: position}
        return {
            component: value for component, value in shown.items() if component not in had or value != had[component]
        }

    def rated(self, project: Project, example: Example) -> Updates:
        """What a person thinks of the example."""
        known = _known(project, example)
        return {self.known: known, self.rating: known.rating.mark, self.note: known.rating.note}

    def follow(self, stamp: str, part: Split, position: float | None, known: _Known | None, opened: str) -> Updates:
        """What differs, now that examples or ratings have changed, at the place that the page shows.

        `stamp`: as the table has it. Another project begins with its first example. What is being typed stays where the
        example and its rating are what they were.
        """
        slug = stamp.partition("/")[0]
        if not slug:
            return {self.shown: "", self.known: _Known()}
        another = known is None or known.slug != slug
        try:
            place: tuple[Split, float | None] = ("train", 1) if another else (part, position)
            shown = self._anew(self.show(slug, place[0], int(place[1] or 1), opened), part, position)
        except UserError:
            return {self.shown: "", self.known: _Known(slug)}
        now: _Known = shown[self.known]
        kept: set[Any] = set()
        if known is not None and now.example and now.example == known.example:
            kept = {self.rating, self.note} if now.rating == known.rating else set()
        return {component: value for component, value in shown.items() if component not in kept}


def draw_rows(shared: Shared, checks: Checks, stamp: gr.Textbox, message: gr.HTML) -> None:
    """Draw the table of examples and the browser below it, and connect them."""
    opened = gr.State("")
    table = draw_table(checks, opened, stamp)
    browser = draw_browser(opened)

    connect_table(shared, table, browser.outputs, browser.show, message)
    _connect_browsing(shared, browser, stamp, message)
    _connect_changes(shared, browser)
    _draw_adding(shared)


def draw_browser(opened: gr.State) -> Browser:
    """Draw the widgets of one example."""
    gr.HTML("<h3>One example</h3>")
    with gr.Row(elem_classes="lf-buttons"):
        split = gr.Radio(list(SPLITS), value="train", label="Part", min_width=260)
        number = gr.Number(1, precision=0, minimum=1, label="Example", min_width=110, scale=0)
        earlier = gr.Button("Previous", size="sm", scale=0, min_width=100)
        later = gr.Button("Next", size="sm", scale=0, min_width=100)
    shown, known = gr.HTML(js_on_load=clickable()), gr.State(None)
    with gr.Row(elem_classes="lf-buttons"):
        change = gr.Button("Change this example", size="sm", scale=0, min_width=170)
        delete = gr.Button("Delete this example", size="sm", scale=0, min_width=170)
    editor = draw_editor()
    with gr.Accordion("Rate this example", open=False):
        gr.HTML(str(parts.note("What you think of it stays with what it says, through repairs and new versions.")))
        rating = gr.Radio([("Good", "good"), ("Bad", "bad"), ("Not rated", "none")], value="none", label="Your rating")
        note = gr.Textbox(label="Your note", lines=1, max_lines=4)
        rate = gr.Button("Keep the rating", size="sm", scale=0, min_width=150)
        said = gr.HTML()
    return Browser(
        split, number, earlier, later, shown, known, opened, change, delete, editor, said, rating, note, rate
    )


def _connect_browsing(shared: Shared, browser: Browser, stamp: gr.Textbox, message: gr.HTML) -> None:
    def start(slug: str | None, part: Split, opened: str) -> Updates:
        return browser.show(slug, part, 1, opened)

    def open_it(slug: str | None, opened: str, event: gr.EventData) -> Updates:
        project = required(slug)
        version = newest_version(project)
        if action_of(event)[0] != "open-test":
            return {}
        key = opened_key(project, version)
        # The page that has opened it already looks at what it has opened.
        if opened != key:
            open_test(project, version, "browse")
        return {**browser.show(slug, "test", 1, key), browser.opened: key}

    inputs = [shared.project, browser.split, browser.number, browser.opened]
    followed = [stamp, browser.split, browser.number, browser.known, browser.opened]
    shared.on(stamp.change, browser.follow, followed, browser.outputs, message, clear=False, **_ONE_BY_ONE)
    newest: dict[str, Any] = {"trigger_mode": "always_last", **_ONE_BY_ONE}
    # The page itself counts on, at once: whatever is asked from then on, is asked about the new place.
    for button, by in ((browser.earlier, -1), (browser.later, 1)):
        counted = button.click(
            None, [browser.number], [browser.number], js=f"(number) => [Math.max(1, (number || 1) + {by})]",
            api_visibility="private", show_progress="hidden",
        )  # fmt: skip
        shared.on(counted.then, browser.look, inputs, browser.outputs, message, **newest)
    shared.on(browser.number.submit, browser.look, inputs, browser.outputs, message, **newest)
    chosen = [shared.project, browser.split, browser.opened]
    shared.on(browser.split.input, start, chosen, browser.outputs, message, **_ONE_BY_ONE)
    looking: dict[str, Any] = {"changes": True, **_ONE_BY_ONE}
    shared.on(browser.shown.click, open_it, [shared.project, browser.opened], browser.outputs, message, **looking)


def _connect_changes(shared: Shared, browser: Browser) -> None:
    def delete(slug: str | None, part: Split, position: float | None, known: _Known | None) -> Updates:
        _, index = _shown(slug, part, position, known)
        project = required(slug)
        version = delete_example(project, newest_version(project), part, index)
        key = opened_key(project, version)
        shown = {**browser.show(slug, part, index + 1, key), browser.opened: key if part == "test" else gr.skip()}
        return {**shown, browser.editor.said: _done(version.note)}

    def rate(
        slug: str | None, part: Split, position: float | None, known: _Known | None, mark: Mark, note: str
    ) -> Updates:
        example, _ = _shown(slug, part, position, known)
        project = required(slug)
        rate_example(project, example, RowRating(mark if mark in MARKS else "none", note))
        return {**browser.rated(project, example), browser.said: parts.done("Kept.")}

    inputs = [shared.project, browser.split, browser.number, browser.known]
    rated = [*inputs, browser.rating, browser.note]
    shared.on(browser.rate.click, rate, rated, browser.outputs, browser.said, changes=True, **_ONE_BY_ONE)
    said = browser.editor.said
    shared.on(browser.delete.click, delete, inputs, browser.outputs, said, changes=True, **_ONE_BY_ONE)
    connect_editor(
        shared, browser.editor, browser.change, browser.opened, inputs, _shown, opened_key, **_ONE_BY_ONE
    )  # fmt: skip


def _draw_adding(shared: Shared) -> None:
    with gr.Accordion("Add an example, or a golden question", open=False):
        question = gr.Textbox(label="Question", lines=2, max_lines=20)
        answer = gr.Textbox(label="Answer that you want", lines=3, max_lines=20)
        system = gr.Textbox(label="System prompt of this example", info="Empty: none.")
        with gr.Row(elem_classes="lf-buttons"):
            learn = gr.Button("Add to the examples", size="sm", scale=0, min_width=170)
            golden = gr.Button("Keep as golden question", size="sm", scale=0, min_width=190)
        message = gr.HTML()

    def given(asked: str, answered: str, told: str) -> list[Message]:
        first = [Message(role="system", content=told)] if told.strip() else []
        return [*first, Message(role="user", content=asked), Message(role="assistant", content=answered)]

    def add(slug: str | None, *said: str) -> Updates:
        project = required(slug)
        _, part = add_example(project, newest_version(project), given(*said))
        return {question: "", answer: "", message: _done(f"1 example added to {part}")}

    def keep(slug: str | None, *said: str) -> Updates:
        count = add_golden(required(slug), given(*said))
        kept = f"Kept. The project has {words.counted(count, 'golden question')} now; no training sees them."
        return {question: "", answer: "", message: parts.done(kept)}

    inputs, outputs = [shared.project, question, answer, system], [question, answer]
    shared.on(learn.click, add, inputs, outputs, message, changes=True, **_ONE_BY_ONE)
    shared.on(golden.click, keep, inputs, outputs, message, changes=True, **_ONE_BY_ONE)


def _shown(slug: str | None, part: Split, position: float | None, known: _Known | None) -> tuple[Example, int]:
    """The example that the page shows, and its index from 0.

    Raises:
        UserError: it is another one by now, or none is shown, since the test split is sealed.
    """
    if part == "test" and known is not None and not known.example:
        raise UserError("The test split is sealed: none of its examples is shown.", "Open it above; that is counted.")
    project, index = required(slug), int(position or 1) - 1
    version = newest_version(project)
    there = part in SPLITS and 0 <= index < version.counts[part]
    example = example_at(project, version, part, index) if there else None
    if example is None or known is None or _known(project, example).example != known.example:
        raise UserError("The examples have changed since this one was shown.", "Look at it again, then change it.")
    return example, index


def _known(project: Project, example: Example) -> _Known:
    return _Known(project.slug, example_key(example), read_ratings(project).get(content_key(example), NOT_RATED))


def _done(note: str) -> Any:
    return parts.done(f"{note[0].upper()}{note[1:]}. Undo stands beside the versions below.")
