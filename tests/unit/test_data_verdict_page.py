"""The verdict as a page: it says what the check says, needs nothing else, and runs nothing that stands in the data."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from localft.assets import asset
from localft.cli.main import main
from localft.data.checks.checking import CheckReport, check_version
from localft.data.checks.finding import Finding
from localft.data.checks.token_lengths import TokenLengths
from localft.data.exports.verdict_page import verdict_page
from localft.data.making.importing import import_files
from localft.data.versions import DatasetVersion, load_split
from localft.store.projects import Project, create_project

BAD = "<script>alert(1)</script>\"'&"


@pytest.fixture
def project() -> Project:
    return create_project("Dirty")


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    return import_files(project, [asset("samples") / "dirty.jsonl"]).version


class Seen(HTMLParser):
    """The texts of a page, its tags, and the addresses that it asks for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"src", "href", "action"}]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_it_says_what_the_check_says(project: Project, version: DatasetVersion) -> None:
    report = check_version(project, version)
    seen = Seen(verdict_page("Dirty", version, report, 3))
    assert "Mend this first." in seen.text
    for finding in report.findings:
        assert finding.meaning in seen.text
    first = [finding.check.capitalize() for finding in report.findings if finding.severity != "note"][:3]
    places = [seen.texts.index(name) for name in first]
    assert len(first) == 3 and places == sorted(places) and places[-1] < seen.texts.index("All findings")
    assert "40 examples, divided by chance." in seen.text
    assert "The test split has been opened 3 times." in seen.text
    assert "these are 40" in seen.text and "2,000 and more" in seen.text


def test_it_needs_nothing_else_and_shows_no_example(project: Project, version: DatasetVersion) -> None:
    page = verdict_page("Dirty", version, check_version(project, version), 0)
    seen = Seen(page)
    assert seen.addresses == [] and not seen.tags & {"script", "img", "link", "iframe"} and "@import" not in page
    answers = [one.answer for one in load_split(project, version.id, "train") if len(one.answer) > 40]
    assert answers and not [one for one in answers if one in seen.text]


def test_whatever_stands_in_names_and_findings_stays_text(version: DatasetVersion) -> None:
    lengths = TokenLengths(
        histogram=[], p50=10, p95=20, max=30, cut=1, max_length=25, lost=(), each=[], refused=[], total=0, learned=0
    )
    finding = Finding(BAD, "problem", 1, BAD, (), BAD)
    report = CheckReport("not fine-tuning", BAD, [finding], version.counts, lengths)
    sources = [source.model_copy(update={"name": BAD, "shape": BAD}) for source in version.sources]
    hostile = version.model_copy(update={"note": BAD, "sources": tuple(sources), "pairs": 2})
    seen = Seen(verdict_page(BAD, hostile, report, 0))
    assert "script" not in seen.tags
    assert seen.text.count("alert(1)") >= 8
    assert "1 example cut at 25" in seen.text


@pytest.mark.parametrize(
    ("total", "said"), [(49, "under 50"), (50, "50 to 99"), (1999, "500 to 1,999"), (2000, "2,000 and more")]
)
def test_the_line_of_the_table_is_the_one_that_the_amount_belongs_to(
    total: int, said: str, version: DatasetVersion
) -> None:
    counts = {"train": total - 2, "validation": 1, "test": 1}
    report = CheckReport("ready", "x", [], version.counts, None)
    page = verdict_page("n", version.model_copy(update={"counts": counts}), report, 0)
    line = page.split("<tr class=here>")[1].split("</tr>")[0]
    assert f"<td>{said}</td>" in line and f"these are {total:,}" in line


def test_the_command_line_writes_it_once(
    project: Project, version: DatasetVersion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "verdict.html"
    assert main(["data", "check", "dirty", "--report", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(path)
    assert told["report"]["findings"][0]["meaning"] in Seen(path.read_text("utf-8")).text
    assert main(["data", "check", "dirty", "--report", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err
