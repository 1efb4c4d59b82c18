"""Take pictures of the running app with the system's own Chromium.

python build/make_screenshots.py                 the six of README, in assets/screenshots; some minutes
python build/make_screenshots.py --every FOLDER  each tab in light and dark, 1280 and 800 pixels wide, to look through
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from localft.assets import asset  # noqa: E402 - found beside this script only after the line above
from tests.browser.walking import TABS, Walk, open_app, settle, walk  # noqa: E402
from tests.running_app import RunningApp, running_app  # noqa: E402

TARGET = ROOT / "assets" / "screenshots"
SHOWN = ("start", "data", "train", "evaluate", "chat", "export")
HEIGHT = 800
THEMES, WIDTHS = ("light", "dark"), (1280, 800)
QUESTION = "The app crashes as soon as I open the settings. Our whole shop is at a standstill, please answer right now."


@contextmanager
def chromium() -> Generator[Browser]:
    """A browser without a window.

    Raises:
        SystemExit: there is none on this machine.
    """
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("There is no Chromium on this machine; install one, then run this again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def walk_through(browser: Browser, app: RunningApp, rows: int | None, epochs: int | None) -> Walk:
    """Do everything once by hand, on so many of the bundled tickets, so that there is something to see."""
    lines = asset("samples/support-triage.jsonl").read_text(encoding="utf-8").splitlines()[:rows]
    file = app.home / "support-tickets.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}) as context:
        return walk(context.new_page(), app, file, epochs)


def for_readme(browser: Browser, app: RunningApp, slug: str) -> None:
    """One picture of each step, as a window of usual size shows it."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}, color_scheme="light") as context:
        page = context.new_page()
        open_app(page, app, "start", slug)
        for name in SHOWN:
            settle(page, name)
            if name == "chat":
                ask(page)
            page.screenshot(path=TARGET / f"{name}.png", animations="disabled")


def ask(page: Page) -> None:
    """Put a question to both models, so that the chat is no empty page."""
    page.get_by_label("Your message").fill(QUESTION)
    page.get_by_role("button", name="Send").click()
    page.locator("#conversation .lf-speed", has_text="token").nth(1).wait_for(timeout=300_000)


def every(browser: Browser, app: RunningApp, slug: str, folder: Path) -> None:
    """Every tab, whole, in both themes and two widths."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        for width in WIDTHS:
            viewport: ViewportSize = {"width": width, "height": HEIGHT}
            with browser.new_context(viewport=viewport, color_scheme=theme) as context:
                page = context.new_page()
                open_app(page, app, "start", slug)
                for name in TABS:
                    settle(page, name)
                    page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True, animations="disabled")


def main() -> None:
    """Walk through a fresh home, then take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=Path, metavar="FOLDER", help="every tab, both themes, two widths, into FOLDER")
    parser.add_argument("--rows", type=int, help="so many tickets only, for a quick look (default: all)")
    parser.add_argument("--epochs", type=int, help="so many passes (default: what the app proposes)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder)) as app, chromium() as browser:
        slug = walk_through(browser, app, options.rows, options.epochs).slug
        if options.every is None:
            for_readme(browser, app, slug)
        else:
            every(browser, app, slug, options.every)
    print(f"The pictures are in {options.every or TARGET}")


if __name__ == "__main__":
    main()
