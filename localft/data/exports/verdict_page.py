"""The verdict on the data as one page: HTML that needs nothing else, to keep, print or send.

It holds no text of an example but what a finding names (labels, fields, words of topics, phrases, golden questions),
and nothing that only the sealed test examples say, so it can be shown to anybody who may know what the data is about.
"""

from collections.abc import Iterable, Sequence
from html import escape

from localft import words
from localft.data.checks import amount
from localft.data.checks.checking import CheckReport, Verdict
from localft.data.checks.finding import Finding
from localft.data.repairs.mending import REPAIRS
from localft.data.versions import SPLITS, DatasetVersion, Split

TITLES: dict[Verdict, str] = {
    "ready": "Ready to train",
    "fix": "Mend this first",
    "not fine-tuning": "Not a task for fine-tuning",
}
_PURPOSES: dict[Split, str] = {
    "train": "to learn from",
    "validation": "to choose the best by",
    "test": "to measure with",
}
_WAYS = {"chance": "by chance", "time": "by time, the newest to measure with", "column": "as a column of the file says"}
_WORST = 3
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #5b6470; --good: #15803d; --bad: #b42318; --warn: #a15c07; }
@media (prefers-color-scheme: dark) {
  :root { --quiet: #9ca3af; --good: #4ade80; --bad: #ff8a80; --warn: #f5c451; }
}
body { font: 15px/1.45 system-ui, sans-serif; max-width: 56rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p { margin: .3rem 0; } ol { margin: .3rem 0; padding-left: 1.4rem; } li { margin: .25rem 0; }
.verdict { border-left: 5px solid var(--quiet); padding: .4rem 1rem; margin: .8rem 0; font-size: 1.05rem; }
.ready { border-color: var(--good); } .fix { border-color: var(--bad); } .wrong { border-color: var(--warn); }
.quiet { color: var(--quiet); font-size: .87rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th, td.number { white-space: nowrap; } td.number, th.number { text-align: right; } tr.here td { font-weight: 600; }
td { overflow-wrap: break-word; } tr { break-inside: avoid; } h2 { break-after: avoid; }
@media print {
  html { font-size: 9pt; } body { font-size: 1rem; line-height: 1.3; margin: 0; max-width: none; padding: 0; }
  @page { margin: 11mm; }
  h2 { margin: .7rem 0 .1rem; } th, td { padding: .1rem .9rem .1rem 0; } .verdict { margin: .4rem 0; }
}
""".strip()


def verdict_page(name: str, version: DatasetVersion, report: CheckReport, opened: int) -> str:
    """The page about a version: `name` is the project's, `opened` how often the test split has been opened."""
    title = f"{name}: is the data ready?"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(_about(version))}</p>',
        _verdict(report),
        _worst(report.findings),
        _splits(version, report, opened),
        _amount(version.total),
        _findings(report.findings),
        _lengths(report),
        _sources(version),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _about(version: DatasetVersion) -> str:
    how = version.note or f"from {', '.join(source.name for source in version.sources)}"
    return f"Version {version.id}, made on {words.moment(version.created_at)}: {how}."


def title_of(report: CheckReport) -> str:
    """The verdict in a few words: so few examples are ready for nothing but a try."""
    few = sum(report.counts.values()) < amount.FEWEST
    return "Enough for a try only" if report.verdict == "ready" and few else TITLES[report.verdict]


def _verdict(report: CheckReport) -> str:
    title = title_of(report)
    sentence = report.sentence.removeprefix(f"{title}: ")
    kind = {"ready": "ready", "fix": "fix"}.get(report.verdict, "wrong")
    return f'<div class="verdict {kind}"><strong>{title}.</strong> {escape(sentence[0].upper() + sentence[1:])}</div>'


def _worst(findings: Sequence[Finding]) -> str:
    """The worst three of what hinders or is worth a look; they are sorted already."""
    worst = [finding for finding in findings if finding.severity != "note"][:_WORST]
    if not worst:
        return ""
    items = "".join(
        f"<li><strong>{escape(finding.check.capitalize())}</strong> ({finding.count:,}). {escape(finding.meaning)} "
        f"{escape(finding.advice)}</li>"
        for finding in worst
    )
    return f"<h2>First of all</h2>\n<ol>{items}</ol>"


def _splits(version: DatasetVersion, report: CheckReport, opened: int) -> str:
    rows = [
        (f"{name}, {_PURPOSES[name]}", f"{report.counts[name]:,}", words.percent(report.counts[name] / version.total))
        for name in SPLITS
    ]
    pairs = f" {version.pairs:,} of them with a worse answer too." if version.pairs else ""
    aside = f" {words.counted(version.set_aside, 'row')} of the files could not be used." if version.set_aside else ""
    seal = f"opened {words.counted(opened, 'time')}" if opened else "never opened"
    said = f"{words.counted(version.total, 'example')}, divided {_WAYS[version.division]}.{pairs}{aside}"
    return f"<h2>Examples</h2>\n<p>{escape(said)} The test split has been {seal}.</p>\n" + _table(
        ("Part", "Examples", "Share"), rows, numbers=(1, 2)
    )


def _amount(total: int) -> str:
    """How many are enough, as the guides say, with the line of this data marked."""
    starts = [0, *(step[0] for step in amount.STEPS)]
    meanings = [*(step[2] for step in amount.STEPS), amount.PLENTY]
    here = max(position for position, start in enumerate(starts) if total >= start)
    rows = []
    for position, (start, meaning) in enumerate(zip(starts, meanings, strict=True)):
        below = f"{start:,} to {starts[position + 1] - 1:,}" if position + 1 < len(starts) else f"{start:,} and more"
        amount_here = f"under {starts[1]:,}" if not start else below
        rows.append((amount_here, meaning.capitalize(), f"these are {total:,}" if position == here else ""))
    return "<h2>How many are enough</h2>\n" + _table(("Examples", "What for", ""), rows, here=here)


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "<h2>All findings</h2>\n<p>None.</p>"
    rows = [
        (
            finding.check.capitalize(),
            finding.severity,
            f"{finding.count:,}",
            finding.meaning,
            "yes" if finding.check in REPAIRS else "",
        )
        for finding in findings
    ]
    return "<h2>All findings</h2>\n" + _table(("What", "How bad", "How many", "Meaning", "Repair"), rows, numbers=(2,))


def _lengths(report: CheckReport) -> str:
    lengths = report.lengths
    if lengths is None:
        return (
            "<h2>Lengths</h2>\n<p>Not measured: they are counted in tokens of a base model that is on the computer.</p>"
        )
    return (
        f"<h2>Lengths</h2>\n<p>In tokens of the base model, half have at most {lengths.p50:,}, 95 of 100 at most "
        f"{lengths.p95:,}, the longest {lengths.max:,}; {words.counted(lengths.cut, 'example')} cut at "
        f"{lengths.max_length:,}.</p>"
    )


def _sources(version: DatasetVersion) -> str:
    rows = [
        (source.name, source.shape, words.size(source.bytes) if source.sha256 else "", source.sha256[:16])
        for source in version.sources
    ]
    return "<h2>Where they come from</h2>\n" + _table(
        ("File", "Shape", "Size", "SHA-256 begins with"), rows, numbers=(2,)
    )


def _table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), here: int | None = None
) -> str:
    def cell(tag: str, position: int, text: str) -> str:
        kind = ' class="number"' if position in numbers else ""
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    head = "".join(cell("th", position, text) for position, text in enumerate(headings))
    body = "\n".join(
        f"<tr{' class=here' if number == here else ''}>"
        + "".join(cell("td", position, text) for position, text in enumerate(row))
        + "</tr>"
        for number, row in enumerate(rows)
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
