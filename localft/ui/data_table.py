"""The table of examples in the Data tab: search, filters, order, pages, and a rating at a click."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from localft.data.examples import Example
from localft.data.row_ratings import Mark, RowRating, content_key, rate_example, ratings_path, read_ratings
from localft.data.rows.browsing import browse, places_of, unnamed_of
from localft.data.rows.editing import example_at
from localft.data.rows.wishes import RATED, Sort, Wish
from localft.data.splits.sealing import list_openings, open_test
from localft.data.versions import SPLITS, DatasetVersion, Split, list_versions, newest_version
from localft.errors import UserError
from localft.store.projects import Project
from localft.ui.actions import action_of, clickable
from localft.ui.data_checks import Checks
from localft.ui.handlers import Updates
from localft.ui.shared import Page, Shared, required
from localft.ui.views import data as views
from localft.ui.views import data_rows as row_views

_ALL = ""
_PAGE_SIZE = 10
# The answers come in the order of what was asked: the last one shows what the person has chosen last.
_ONE_BY_ONE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "table"}
_ORDERS: tuple[tuple[str, Sort], ...] = (
    ("As they lie", "place"),
    ("Shortest first", "shortest"),
    ("Longest first", "longest"),
    ("Rated bad first", "rating"),
)
ShowExample = Callable[[str | None, Split, int, str], Updates]
"""Shows an example in full: the project, its split, its place from 1, what this page has opened."""


@dataclass(frozen=True)
class RowTable:
    """The widgets. `stamp` changes when the examples or their ratings do; `opened` as in the browser below."""

    search: gr.Textbox
    split: gr.Dropdown
    finding: gr.Dropdown
    rated: gr.Dropdown
    edited: gr.Checkbox
    order: gr.Dropdown
    shown: gr.HTML
    earlier: gr.Button
    later: gr.Button
    number: gr.Number
    page: gr.State
    stamp: gr.Textbox
    opened: gr.State
    checks: Checks

    @property
    def filters(self) -> list[Any]:
        return [self.search, self.split, self.finding, self.rated, self.edited, self.order]

    @property
    def inputs(self) -> list[Any]:
        return [*self.filters, self.opened, self.page]

    def look(self, slug: str | None, *given: Any, page: int | None = None) -> Updates:
        """The page of what fits the filters; the one that was shown, or another."""
        search, split, finding, rated, edited, order, opened, shown_page = given
        project = required(slug)
        version = newest_version(project)
        may = opened == opened_key(project, version)
        if split == "test" and not may:
            return {self.shown: views.sealed(version.counts["test"], len(list_openings(project, version)))}
        report = self.checks.report(project, version) if finding else None
        wish = Wish(
            search=search or "",
            split=_one_of(SPLITS, split),
            places=places_of(report, finding) if report is not None else None,
            rated=_one_of(RATED, rated),
            edited=bool(edited),
            sort=_one_of(get_args(Sort), order) or "place",
            page=max(1, shown_page if page is None else page),
            size=_PAGE_SIZE,
            opened=may,
        )
        found = browse(project, version, wish)
        besides = unnamed_of(report, finding, may) if report is not None else ""
        # What is being typed is left alone, unless another page is shown.
        turned = {self.number: found.page} if found.page != shown_page else {}
        return {
            **turned,
            self.shown: row_views.table(found, wish.choosy, besides),
            self.page: found.page,
            self.earlier: gr.update(interactive=found.page > 1),
            self.later: gr.update(interactive=found.page < found.pages),
        }

    @property
    def outputs(self) -> list[Any]:
        return [self.shown, self.page, self.number, self.earlier, self.later, self.finding, self.opened]


def opened_key(project: Project, version: DatasetVersion) -> str:
    """What a page keeps that has opened the test split of a version."""
    return f"{project.slug}/{version.id}"


def draw_stamp() -> gr.Textbox:
    """The hidden field that says which examples are shown; it has to stand where it is there from the beginning."""
    return gr.Textbox("", visible="hidden", label="Stamp", container=False)


def draw_table(checks: Checks, opened: gr.State, stamp: gr.Textbox) -> RowTable:
    """Draw the table with its filters."""
    gr.HTML("<h3>Examples</h3>")
    with gr.Row(elem_classes="lf-filters"):
        search = gr.Textbox(label="Search", placeholder="Text, then Enter", min_width=220, scale=2)
        split = gr.Dropdown([("All", _ALL), *((name, name) for name in SPLITS)], value=_ALL,
                            label="Of which part", min_width=150)  # fmt: skip
        finding = gr.Dropdown([("Any", _ALL)], value=_ALL, label="Finding", min_width=220)
        rated = gr.Dropdown([("Any", _ALL), *((name.capitalize(), name) for name in RATED)], value=_ALL,
                            label="Rating", min_width=130)  # fmt: skip
        order = gr.Dropdown(list(_ORDERS), value="place", label="Order", min_width=150)
        edited = gr.Checkbox(False, label="Edited by hand", min_width=170)
    shown = gr.HTML(js_on_load=clickable(), elem_id="examples")
    with gr.Row(elem_classes="lf-buttons"):
        earlier = gr.Button("Previous page", size="sm", scale=0, min_width=130, interactive=False)
        later = gr.Button("Next page", size="sm", scale=0, min_width=130, interactive=False)
        number = gr.Number(1, precision=0, minimum=1, label="Page", min_width=110, scale=0)
    return RowTable(
        search, split, finding, rated, edited, order, shown, earlier, later, number, gr.State(1), stamp, opened, checks
    )


def connect_table(shared: Shared, table: RowTable, browser: list[Any], show: ShowExample, message: gr.HTML) -> None:
    """Connect it; `show` fills the `browser` with one example."""

    def read(page: Page) -> Updates:
        return {table.stamp: _stamp(page.project)}

    def afresh(stamp: str, *given: Any) -> Updates:
        # While the page loads, the stamp is there before the chosen project is.
        slug = stamp.partition("/")[0]
        if not slug:
            return {table.shown: ""}
        project = required(slug)
        report = table.checks.look(project, newest_version(project)).report
        findings = report.findings if report is not None else []
        names = list(dict.fromkeys(finding.check for finding in findings if finding.rows))
        values = list(given)
        choices = gr.update(choices=[("Any", _ALL), *((name.capitalize(), name) for name in names)])
        if given[2] not in names:
            values[2] = choices["value"] = _ALL
        return {**table.look(slug, *values), table.finding: choices}

    def opened(slug: str | None, *given: Any) -> Updates:
        return table.look(slug, *given) if slug else {}

    def first(slug: str | None, *given: Any) -> Updates:
        return table.look(slug, *given, page=1)

    def go(slug: str | None, number: float | None, *given: Any) -> Updates:
        shown = table.look(slug, *given, page=int(number or 1))
        # There may be fewer pages than was thought.
        return {**shown, table.number: shown.get(table.page, number)}

    def turn(by: int) -> Callable[..., Updates]:
        return lambda slug, *given: table.look(slug, *given, page=int(given[-1]) + by)

    shared.view("data", [table.stamp], read)
    inputs = [shared.project, *table.inputs]
    begin = [table.stamp, *table.inputs]
    shared.on(table.stamp.change, afresh, begin, table.outputs, message, clear=False, **_ONE_BY_ONE)
    shared.on(table.opened.change, opened, inputs, table.outputs, message, clear=False, **_ONE_BY_ONE)
    newest: dict[str, Any] = {"trigger_mode": "always_last", **_ONE_BY_ONE}
    for asked in (table.search.submit, *(choice.input for choice in table.filters[1:])):
        shared.on(asked, first, inputs, table.outputs, message, **newest)
    # Which page is shown is known to the answer before: two clicks turn two pages.
    for button, by in ((table.earlier, -1), (table.later, 1)):
        shared.on(button.click, turn(by), inputs, table.outputs, message, trigger_mode="multiple", **_ONE_BY_ONE)
    asked_for = [shared.project, table.number, *table.inputs]
    shared.on(table.number.submit, go, asked_for, table.outputs, message, **newest)
    _connect_buttons(shared, table, browser, show, message)


def _connect_buttons(shared: Shared, table: RowTable, browser: list[Any], show: ShowExample, message: gr.HTML) -> None:
    """What the buttons in the rows do."""

    def act(slug: str | None, known: str, event: gr.EventData) -> Updates:
        project, (action, value) = required(slug), action_of(event)
        version = newest_version(project)
        if action == "open-test":
            # The page that has opened it already looks at what it has opened.
            if known != opened_key(project, version):
                open_test(project, version, "browse")
            return {table.opened: opened_key(project, version)}
        split, index, example = _named(project, version, value, known)
        if action == "open":
            return show(slug, split, index + 1, known)
        mark: Mark = "good" if action == "good" else "bad"
        note = read_ratings(project).get(content_key(example), RowRating()).note
        rate_example(project, example, RowRating(mark, note))
        return {}

    outputs = [*table.outputs, *(one for one in browser if one is not table.opened)]
    chosen = [shared.project, table.opened]
    shared.on(table.shown.click, act, chosen, outputs, message, changes=True, concurrency_limit=1)


def _stamp(project: Project | None) -> str:
    """Another text whenever the examples or their ratings are others."""
    listed = list_versions(project).items if project else []
    if project is None or not listed:
        return ""
    path = ratings_path(project)
    return f"{opened_key(project, listed[0])}/{path.stat().st_size if path.exists() else 0}"


def _named(project: Project, version: DatasetVersion, value: str, opened: str) -> tuple[Split, int, Example]:
    """The example that a button names, by its place and by what it says.

    Raises:
        UserError: it is another one by now, or is sealed.
    """
    split, _, rest = value.partition(":")
    index, _, key = rest.partition(":")
    part = _one_of(SPLITS, split)
    if part is None or not index.isdecimal() or (part == "test" and opened != opened_key(project, version)):
        raise UserError("There is no such example to look at.", "Look at the table again.")
    example = example_at(project, version, part, int(index))
    if content_key(example) != key:
        raise UserError("The examples have changed since this one was shown.", "Look at the table again.")
    return part, int(index), example


def _one_of(known: tuple[Any, ...], value: object) -> Any:
    """The known value that a page has sent, None for anything else."""
    return next((one for one in known if one == value), None)
