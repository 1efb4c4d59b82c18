"""The report of an evaluation: one HTML page that needs nothing else, to keep, print or send."""

from html import escape
from pathlib import Path

from localft import words
from localft.errors import UserError
from localft.evaluation.evaluations import Evaluation, RowResult, read_answers, regressions, still_wrong, wins
from localft.evaluation.scorecard import Score, Scorecard
from localft.evaluation.verdict import Verdict, asked
from localft.store import files

_MOST_ROWS = 20
_LONGEST_TEXT = 4_000
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #6b7280; --accent: #0f6fc6; }
@media (prefers-color-scheme: dark) { :root { --quiet: #9ca3af; --accent: #6cb6ff; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
.verdict { border-left: 4px solid var(--accent); padding: .5rem 1rem; font-size: 1.1rem; }
.quiet { color: var(--quiet); font-size: .875rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.row { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; margin: 1rem 0; break-inside: avoid; }
.row dt { color: var(--quiet); font-size: .875rem; margin-top: .5rem; } .row dd { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: .875rem/1.5 ui-monospace, monospace; }
""".strip()


def write_report(evaluation: Evaluation) -> Path:
    """Write report.html into the evaluation's folder and return its path.

    Raises:
        UserError: the evaluation has not finished.
    """
    scorecard, verdict = evaluation.scorecard, evaluation.verdict
    if scorecard is None or verdict is None:
        raise UserError("This evaluation has not finished, so there is nothing to report yet.", "Let it finish.")
    rows = read_answers(evaluation)
    parts = [
        f"<h1>{escape(scorecard.project)}: base against tuned</h1>",
        _verdict(verdict, scorecard),
        _scores(scorecard),
        _notes(scorecard),
        _rows("What the tuned model improved most", wins(rows, _MOST_ROWS)),
        _rows("What the tuned model made worse", regressions(rows, _MOST_ROWS)),
        _rows("Where the tuned model is furthest from right", still_wrong(rows, _MOST_ROWS)),
        _origin(scorecard, verdict),
    ]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(scorecard.project)}: base against tuned</title>\n"
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )
    path = evaluation.folder / "report.html"
    files.write_bytes(path, page.encode("utf-8", errors="replace"))
    return path


def _verdict(verdict: Verdict, scorecard: Scorecard) -> str:
    word = {"better": "Better", "worse": "Worse", "no evidence": "No evidence of a difference"}[verdict.word]
    return (
        f'<div class="verdict"><strong>{word}.</strong> {escape(verdict.sentence)}</div>\n'
        f'<p class="quiet">{escape(scorecard.primary_reason)}</p>'
    )


def _scores(scorecard: Scorecard) -> str:
    rows = "\n".join(
        f'<tr><td>{escape(score.label)}<div class="quiet">{escape(score.meaning)}</div></td>'
        f'<td class="number">{_value(score.base, score)}</td><td class="number">{_value(score.tuned, score)}</td>'
        f'<td class="number">{_difference(score)}</td></tr>'
        for score in scorecard.scores
    )
    return (
        "<h2>Measurements</h2>\n<table>\n<tr><th>Measure</th>"
        '<th class="number">Base model</th><th class="number">Tuned model</th>'
        f'<th class="number">Difference (95 % interval)</th></tr>\n{rows}\n</table>'
    )


def _notes(scorecard: Scorecard) -> str:
    sentences = [scorecard.forgetting.sentence] if scorecard.forgetting else []
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in [*sentences, *scorecard.notes])
    return f"<h2>Worth knowing</h2>\n<ul>{items}</ul>" if items else ""


def _rows(title: str, rows: list[RowResult]) -> str:
    if not rows:
        return f'<h2>{title}</h2>\n<p class="quiet">No example.</p>'
    return f"<h2>{title}</h2>\n" + "\n".join(_row(row) for row in rows)


def _row(row: RowResult) -> str:
    parts = (("Question", row.prompt), ("Expected", row.expected), ("Base model", row.base), ("Tuned model", row.tuned))
    return (
        '<div class="row"><dl>'
        + "".join(f"<dt>{name}</dt><dd><pre>{escape(_cut(text))}</pre></dd>" for name, text in parts)
        + "</dl></div>"
    )


def _origin(scorecard: Scorecard, verdict: Verdict) -> str:
    facts = {
        "Run": scorecard.run,
        "Dataset": scorecard.dataset or "none: the questions are the project's own",
        "Asked": f"{asked(scorecard.count, scorecard.split)}, of {scorecard.available:,}",
        "Looked at": f"{words.counted(scorecard.opened, 'time')} so far",
        "Longest answer allowed": f"{scorecard.max_tokens} tokens, the likeliest token each time",
        "Test": f"{verdict.method}, {words.p_value(verdict.p_value)}",
        "Finished": scorecard.finished_at,
    }
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return f"<h2>Where this comes from</h2>\n<table>{rows}</table>"


def _value(value: float, score: Score) -> str:
    if score.unit == "share":
        return f"{100 * value:.1f} %"
    if score.unit == "seconds":
        return f"{value:.2f} s"
    if score.unit == "ratio" and value < 100:
        return f"{value:.2f}"
    return {"nats": f"{value:.3f}", "points": f"{value:.1f}"}.get(score.unit, f"{value:,.1f}")


def _difference(score: Score) -> str:
    scale, digits = (100, 1) if score.unit == "share" else (1, 3 if score.unit == "nats" else 1)
    if score.unit == "seconds":
        digits = 2
    text = f"{scale * score.difference:+.{digits}f}"
    if score.low is None or score.high is None:
        return text
    return f"{text} ({scale * score.low:+.{digits}f} to {scale * score.high:+.{digits}f})"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " …"
