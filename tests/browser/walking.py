"""The way through the app by hand: what a person does, tab by tab."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.running_app import RunningApp

TABS = ("start", "data", "train", "evaluate", "chat", "export", "settings")
_LONG = 300_000
# What stands on each tab once it has been read from the disk, in a project where everything has been done.
_LANDMARKS = {
    "start": "Base models to start from",
    "data": "test examples sealed",
    "train": "The plan",
    "evaluate": "Base model against tuned model",
    "chat": "Ask both models the same",
    "export": "checks passed",
    "settings": "Where things lie",
}


@dataclass
class Walk:
    """What was seen on the way."""

    home: Path
    slug: str = ""
    seen: dict[str, str] = field(default_factory=dict)
    downloaded: dict[str, bytes] = field(default_factory=dict)
    foreign_requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def open_app(page: Page, app: RunningApp, tab: str = "start", project: str = "") -> None:
    """Open the app with its link, on a tab."""
    chosen = f"&project={project}" if project else ""
    page.goto(f"{app.link}&tab={tab}{chosen}")
    expect(tab_of(page, tab)).to_have_attribute("aria-selected", "true", timeout=60_000)
    expect(page.locator(".lf-state:visible").first).to_be_visible(timeout=60_000)


def tab_of(page: Page, name: str) -> Locator:
    """The label of a tab."""
    return page.locator(f'[role="tab"][data-tab-id="{name}"]')


def go_to(page: Page, name: str) -> None:
    """Click on a tab."""
    tab_of(page, name).click()
    expect(tab_of(page, name)).to_have_attribute("aria-selected", "true")


def settle(page: Page, name: str) -> None:
    """Click on a tab of a project in which everything has been done, and wait until it shows it."""
    go_to(page, name)
    expect(page.locator("main").get_by_text(_LANDMARKS[name]).locator("visible=true").first).to_be_visible(
        timeout=60_000
    )


def state_of(page: Page) -> Locator:
    """The sentence on top of the open tab."""
    return page.locator(".lf-state:visible").first


def watch(page: Page, walk: Walk) -> None:
    """Note every request to another host and every error of the page."""
    page.on("request", lambda request: _note_foreign(request.url, walk))
    page.on("pageerror", lambda error: walk.errors.append(str(error)))


def _note_foreign(url: str, walk: Walk) -> None:
    if not url.startswith(("http://127.0.0.1", "data:", "blob:")):
        walk.foreign_requests.append(url)


def walk(page: Page, app: RunningApp, file: Path, epochs: int | None = None) -> Walk:
    """New project, upload, train with a reload in the middle, evaluate, chat, export, download.

    `epochs`: so many passes whatever the validation says; None leaves what is proposed.
    """
    done = Walk(app.home)
    watch(page, done)
    with telling(page, done):
        open_app(page, app)
        _make_project(page, done)
        _add_examples(page, file, done)
        _train(page, done, epochs)
        _evaluate(page, done)
        _chat(page, done)
        _export(page, done)
    return done


@contextmanager
def telling(page: Page, done: Walk) -> Generator[None]:
    """Let a failure say what stood on the page; its own words tell only what was missing."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"On the page stood:\n{page.locator('body').inner_text()}\nIts errors: {done.errors}")
        raise


def _make_project(page: Page, done: Walk) -> None:
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name of the new project").fill("Support bot")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(tab_of(page, "data")).to_have_attribute("aria-selected", "true")
    expect(state_of(page)).to_contain_text("Support bot has no examples yet")
    done.slug = "support-bot"


def _add_examples(page: Page, file: Path, done: Walk) -> None:
    page.locator('input[type="file"]').first.set_input_files(file)
    take = page.locator("#take-in")
    expect(take).to_be_visible(timeout=60_000)
    done.seen["take"] = take.inner_text()
    take.click()
    expect(page.get_by_text("Ready to train").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text(" in train; from ").first).to_be_visible(timeout=60_000)
    done.seen["data"] = page.locator("main").inner_text()
    page.locator("#to-train").click()


def _train(page: Page, done: Walk, epochs: int | None) -> None:
    start = page.locator("#start-training")
    expect(start).to_be_enabled(timeout=60_000)
    if epochs is not None:
        page.locator(".label-wrap:visible", has_text="All settings").click()
        _set(page, "Epochs", str(epochs))
        _set(page, "Patience", "0")
    done.seen["plan"] = page.locator("main").inner_text()
    start.click()
    expect(page.locator("#job")).to_contain_text("Training", timeout=60_000)
    # In the middle of it the page is loaded anew, and shows the same run.
    expect(page.locator("#job")).to_contain_text("left", timeout=_LONG)
    page.reload()
    expect(tab_of(page, "train")).to_have_attribute("aria-selected", "true", timeout=60_000)
    expect(page.locator("#project input")).to_have_value("Support bot", timeout=60_000)
    done.seen["after reload"] = page.locator("main").inner_text()
    evaluate = page.get_by_role("button", name="Evaluate", exact=True).and_(page.locator("button.primary"))
    expect(evaluate).to_be_visible(timeout=_LONG)
    done.seen["trained"] = page.locator("main").inner_text()
    evaluate.click()


def _set(page: Page, label: str, value: str) -> None:
    number = page.get_by_label(label, exact=True)
    number.fill(value)
    number.press("Tab")


def _evaluate(page: Page, done: Walk) -> None:
    page.locator("#start-evaluation").click()
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=_LONG)
    done.seen["evaluated"] = page.locator("main").inner_text()
    with page.expect_download() as report:
        page.get_by_text("Download the report").click()
    done.downloaded["report"] = report.value.path().read_bytes()
    page.get_by_role("button", name="Next: chat with it").click()


def _chat(page: Page, done: Walk) -> None:
    page.get_by_label("Your message").fill("I was charged twice this month, and I need the money back today.")
    page.get_by_role("button", name="Send").click()
    speeds = page.locator("#conversation .lf-speed", has_text="token")
    expect(speeds).to_have_count(2, timeout=_LONG)
    done.seen["chat"] = page.locator("#conversation").inner_text()
    page.get_by_role("button", name="Keep as training example").click()
    expect(page.get_by_text("1 conversation can be added")).to_be_visible(timeout=30_000)


def _export(page: Page, done: Walk) -> None:
    go_to(page, "export")
    expect(page.locator("#start-export")).to_be_enabled(timeout=60_000)
    page.locator("#start-export").click()
    links = page.locator("#exports a[download]")
    expect(links.first).to_be_visible(timeout=_LONG)
    done.seen["exported"] = page.locator("#exports").inner_text()
    for link in links.all():
        with page.expect_download() as download:
            link.click()
        done.downloaded[download.value.suggested_filename] = download.value.path().read_bytes()
