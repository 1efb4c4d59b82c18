"""A dataset of a hub is looked up, fetched and taken in with clicks alone."""

import io

import pyarrow
import pyarrow.parquet
import pytest
from playwright.sync_api import Page, expect

from localft.data.versions import newest_version
from localft.store.projects import create_project
from tests.browser.walking import open_app
from tests.hub_server import COMMIT, Repository, serve_hub
from tests.running_app import running_app

pytestmark = pytest.mark.timeout(300)


def test_a_dataset_is_looked_up_fetched_and_taken_in(
    page: Page, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("hub")
    monkeypatch.setenv("LOCALFT_HOME", str(home))
    project = create_project("Talks")
    table = pyarrow.Table.from_pylist([{"question": f"q {n}?", "answer": f"answer {n}"} for n in range(40)])
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)
    with serve_hub() as hub:
        hub.datasets["someone/talks"] = Repository({"train.parquet": content.getvalue()})
        asked = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": ""}
        with running_app(home, asked) as app:
            open_app(page, app, "data", project.slug)
            page.get_by_text("Or take a dataset of the Hugging Face hub").click()
            page.get_by_placeholder("owner/name").fill("someone/nothing")
            page.locator("#hub-look").click()
            expect(page.get_by_text("There is no dataset someone/nothing")).to_be_visible(timeout=30_000)
            page.get_by_placeholder("owner/name").fill("someone/talks")
            page.locator("#hub-look").click()
            expect(page.get_by_text(f"at {COMMIT[:12]}")).to_be_visible(timeout=30_000)
            page.get_by_label("Rows from its start").fill("30")
            page.locator("#hub-fetch").click()
            expect(page.get_by_text("30 rows fetched")).to_be_visible(timeout=60_000)
            expect(page.locator("#take-in")).to_have_text("Take 30 examples in", timeout=30_000)
            page.locator("#take-in").click()
            expect(page.get_by_text("30 examples are in.")).to_be_visible(timeout=30_000)
    origin = newest_version(project).sources[0].origin
    assert (origin["dataset"], origin["revision"], origin["rows"]) == ("someone/talks", COMMIT, "30")
