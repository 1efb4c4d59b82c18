"""What the tabs share: the chosen project, and the list of views that are kept up to date.

A view reads the disk and says what some components show. Views are the only writers of their components, so that what
stands on the screen is what lies on the disk, whichever browser tab, terminal or worker changed it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.events import Dependency

from localft.errors import UserError
from localft.store.projects import Project, list_projects, open_project
from localft.ui.handlers import Handler, Updates, on, plain, sentence_for
from localft.ui.views.html import Markup

# What makes and opens projects is answered in the order of the clicks.
ONE_BY_ONE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "projects"}

# JSON: component id -> digest of what this page shows in it, and "everything" -> for which wish all of the open tab was
# read. It lives in the page beside what it tells of and arrives with it.
Seen = str
_EVERYTHING = "everything"
# What this page looks at where there are several: "run", "evaluation", "export" -> id.
Picked = dict[str, str]


@dataclass(frozen=True)
class Page:
    """What a view is asked about: the open project, and what the page has picked in it."""

    project: Project | None
    picked: Picked


Read = Callable[[Page], Updates]


@dataclass(frozen=True)
class View:
    """What some components show. `tab` None: always visible; not `live`: read when the tab is opened only."""

    tab: str | None
    outputs: tuple[Any, ...]
    read: Read
    live: bool


@dataclass(frozen=True)
class Hook:
    """A handler that runs when its tab is opened, and when another project is chosen while it is open."""

    tab: str
    handler: Handler
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    message: gr.HTML


@dataclass(frozen=True)
class Shared:
    """Built before the tabs. The lists are filled while the tabs are drawn, and read once the app is complete."""

    project: gr.Dropdown
    tabs: gr.Tabs
    message: gr.HTML
    seen: gr.Textbox
    tab: gr.Textbox
    wanted: gr.Textbox
    picked: gr.State
    views: list[View] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    changes: list[Dependency] = field(default_factory=list)
    keys: list[gr.Textbox] = field(default_factory=list)

    def view(self, tab: str | None, outputs: Sequence[Any], read: Read, live: bool = False) -> None:
        """Keep components up to date: `read` is asked when the tab is opened, and while jobs run if it is `live`."""
        self.views.append(View(tab, tuple(outputs), read, live))

    def hook(self, tab: str, handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any], message: gr.HTML) -> None:
        """Call a handler when the tab is opened, and when another project is chosen while it is open."""
        self.hooks.append(Hook(tab, handler, tuple(inputs), tuple(outputs), message))

    def on(
        self,
        trigger: Callable[..., Dependency],
        handler: Handler,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        message: gr.HTML | None = None,
        *,
        changes: bool = False,
        **options: Any,
    ) -> Dependency:
        """Connect an event; with `changes` it changes what lies on disk, and every view is read again after it."""
        event = on(trigger, handler, inputs, outputs, message or self.message, **options)
        if changes:
            self.changes.append(event)
        return event

    def request_key(self) -> gr.Textbox:
        """The hidden field that holds the key of the next click; a handler that has started something renews it."""
        key = gr.Textbox("", visible="hidden", label="Request", container=False)
        self.keys.append(key)
        return key

    @property
    def outputs(self) -> list[Any]:
        """The components of all views, each once."""
        components = {component._id: component for view in self.views for component in view.outputs}
        return list(components.values())

    def refresh(self, slug: str | None, picked: Picked, tab: str, seen: Seen, wanted: str) -> Updates:
        """Read the views of the frame and of the open tab; return what differs from what the page shows.

        `wanted`: "<n>.<m>"; what is not live is read once for each n.
        """
        updates: Updates = {}
        shown = _decoded(seen)
        everything = wanted.partition(".")[0]
        only_live = shown.get(_EVERYTHING) == everything
        shown[_EVERYTHING] = everything
        project, failure = _open(slug)
        if failure is not None:
            updates[self.message] = str(failure)
        page = Page(project, dict(picked or {}))
        for view in self.views:
            if view.tab not in {None, tab} or (only_live and not view.live):
                continue
            try:
                read = plain(view.read(page))
            except Exception as error:  # noqa: BLE001 - one broken record must not take the whole page down
                updates[self.message] = str(sentence_for(error))
                continue
            for component, value in read.items():
                digest, name = _digest(value), str(component._id)
                if shown.get(name) != digest:
                    shown[name] = digest
                    updates[component] = value
        updates[self.seen] = json.dumps(shown)
        return updates

    def open(self, project: Project, tab: str) -> Updates:
        """The updates that open a project on a tab."""
        return {
            self.project: gr.update(choices=project_choices(), value=project.slug),
            self.tabs: gr.update(selected=tab),
        }


def project_choices() -> list[tuple[str, str]]:
    """Display name and slug of every project, the most recently changed first."""
    return [(project.name, project.slug) for project in list_projects().items]


def _open(slug: str | None) -> tuple[Project | None, Markup | None]:
    if not slug:
        return None, None
    try:
        return open_project(slug), None
    except UserError as error:
        return None, sentence_for(error)


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", errors="backslashreplace")).hexdigest()[:16]


def _decoded(seen: Seen) -> dict[str, str]:
    """What a page says that it shows; a page that has shown nothing yet says nothing."""
    return json.loads(seen) if seen else {}


def required(slug: str | None) -> Project:
    """The chosen project.

    Raises:
        UserError: none is chosen.
    """
    if not slug:
        raise UserError("No project is chosen.", "Choose one at the top, or make a new one.")
    return open_project(slug)


def filled(label: str, value: float | None) -> float:
    """The number in a field.

    Raises:
        UserError: it was emptied.
    """
    if value is None:
        raise UserError(f"{label}: the field is empty.", "Give a number.")
    return value
