"""The Evaluate tab: the verdict in words, the scores with their intervals, the rows that won and lost."""

import difflib
import re
from collections.abc import Mapping, Sequence

from localft import words
from localft.evaluation.evaluations import Evaluation, RowResult
from localft.evaluation.scorecard import Forgetting, Score, Scorecard
from localft.evaluation.verdict import Verdict, asked
from localft.jobs import JobState
from localft.training.runs import Run
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_TONES: dict[str, parts.Tone] = {"better": "good", "no evidence": "warn", "worse": "bad"}
_SHORTLY = {
    "better": ("The tuned model is better.", "Next: Chat with it, or Export it."),
    "no evidence": ("It is not proved that the tuned model is better.", "More examples, or another setting, may help."),
    "worse": ("The tuned model is worse.", "Look at the rows below, then at the examples."),
}
_TITLES = {"better": "Better", "no evidence": "No evidence", "worse": "Worse"}
_SHOWN_FIGURES = 4
_FORGETTING_TONES: dict[str, parts.Tone] = {"none": "good", "some": "warn", "clear": "bad"}


def state(run: Run | None, evaluation: Evaluation | None) -> Markup:
    """The sentence on top."""
    if run is None:
        return parts.state("There is no tuned model to measure yet.", "Next: Train.")
    if evaluation is None:
        return parts.state("Is the tuned model better than the base model? Nobody has looked yet.", "Next: evaluate.")
    job = evaluation.job
    if evaluation.verdict is not None:
        return parts.state(*_SHORTLY[evaluation.verdict.word])
    if job.state is JobState.QUEUED:
        return parts.state(f"The evaluation waits for {job.waits_for}." if job.waits_for else "The evaluation starts.")
    if job.state.alive:
        return parts.state(f"Both models answer the same questions. {job.sentence}.", "It goes on without this page.")
    return parts.state(job.sentence, "Evaluate again." if job.state.resumable else "")


def banner(verdict: Verdict | None, scorecard: Scorecard | None) -> Markup:
    """The verdict, large, with what it rests on."""
    if verdict is None:
        return Markup()
    facts = parts.facts(
        [
            ("Questions", asked(verdict.count, scorecard.split if scorecard else "test")),
            ("Measured by", _label(scorecard, verdict.primary)),
            ("95 % interval of the difference", _verdict_interval(verdict, scorecard)),
            ("Test", f"{verdict.method}, {words.p_value(verdict.p_value)}"),
        ]
    )
    few = parts.note("These are few questions; more would make the answer surer.") if verdict.few_rows else Markup()
    why = parts.note(scorecard.primary_reason) if scorecard and scorecard.primary_reason else Markup()
    body = h(
        "<p><strong>{sentence}</strong></p>{facts}{few}{why}", sentence=verdict.sentence, facts=facts, few=few, why=why
    )
    return parts.card(_TITLES[verdict.word], body, _TONES[verdict.word])


def _label(scorecard: Scorecard | None, measure: str) -> str:
    score = scorecard.score(measure) if scorecard else None
    return score.label if score else measure


def _verdict_interval(verdict: Verdict, scorecard: Scorecard | None) -> str:
    score = scorecard.score(verdict.primary) if scorecard else None
    return _between(verdict.low, verdict.high, score.unit if score else "")


def _between(low: float, high: float, unit: str) -> str:
    """An interval of a difference in its unit."""
    if unit == "share":
        return f"{_signed(f'{100 * low:+.1f}')} to {_signed(f'{100 * high:+.1f}')} points"
    digits = 1 if unit == "points" else 2
    return f"{_signed(f'{low:+.{digits}f}')} to {_signed(f'{high:+.{digits}f}')}"


def _signed(number: str) -> str:
    """A number with a minus sign instead of a hyphen."""
    return number.replace("-", "−")


def scores(scorecard: Scorecard | None) -> Markup:
    """Base against tuned, each measure with the interval of its difference."""
    if scorecard is None:
        return Markup()
    rows = [
        (
            h("<strong>{label}</strong><br>{meaning}", label=score.label, meaning=score.meaning),
            amount(score.base, score.unit),
            h("<strong>{value}</strong>", value=amount(score.tuned, score.unit)),
            difference(score),
            interval(score),
        )
        for score in scorecard.scores
    ]
    headings = ["Measure", "Base model", "Tuned model", "Difference", "95 % interval"]
    table = parts.table("Base model against tuned model", headings, rows, numbers=[1, 2, 3, 4])
    notes = parts.sentences(scorecard.notes) if scorecard.notes else Markup()
    return h("<h3>Base model against tuned model</h3>{table}{notes}", table=table, notes=notes)


def amount(value: float, unit: str) -> str:
    """A score in its unit."""
    if unit == "share":
        return words.percent(value)
    if unit == "seconds":
        return f"{words.rounded(value)} s"
    if unit == "tokens/s":
        return f"{words.rounded(value)} tokens/s"
    return f"{value:.1f}" if unit == "points" else words.rounded(value)


def difference(score: Score) -> Markup:
    """The difference with a word for its direction, so that colour is not needed."""
    if score.difference == 0:
        return Markup("same")
    sign = "+" if score.difference > 0 else "−"
    size = abs(score.difference)
    value = f"{100 * size:.1f} points" if score.unit == "share" else amount(size, score.unit)
    if score.low is None or score.high is None:
        # What was not tested is neither better nor worse.
        return h("{value}", value=f"{sign}{value}")
    sure = score.low > 0 or score.high < 0
    tone: parts.Tone = ("good" if score.improvement > 0 else "bad") if sure else "plain"
    word = ("better" if score.improvement > 0 else "worse") if sure else "not sure"
    return h("{value}<br>{badge}", value=f"{sign}{value}", badge=parts.badge(word, tone))


def interval(score: Score) -> str:
    """The interval of the difference, in the score's unit."""
    if score.low is None or score.high is None:
        return "not tested"
    return _between(score.low, score.high, score.unit)


def forgetting(measured: Forgetting | None) -> Markup:
    """What the model lost of general language."""
    if measured is None:
        return Markup()
    facts = parts.facts(
        [
            ("Loss of the base model", f"{measured.base_loss:.3f}"),
            ("Loss of the tuned model", f"{measured.tuned_loss:.3f}"),
            ("Measured on", f"{measured.tokens:,} tokens of neutral text"),
        ]
    )
    body = h("<p>{sentence}</p>{facts}", sentence=measured.sentence, facts=facts)
    return parts.card("What it has forgotten", body, _FORGETTING_TONES[measured.word])


def rows(title: str, chosen: Sequence[RowResult], none: str, labels: Mapping[str, str]) -> Markup:
    """Single questions with both answers, what differs from the expected answer marked."""
    if not chosen:
        return h("<h3>{title}</h3>{none}", title=title, none=parts.note(none))
    body = join(_row(row, labels) for row in chosen)
    return h("<h3>{title}</h3>{body}", title=title, body=body)


def _row(row: RowResult, labels: Mapping[str, str]) -> Markup:
    return h(
        '<section class="lf-card"><p class="lf-note">Question {index}</p>{prompt}'
        '<div class="lf-pair">{base}{tuned}</div>{expected}</section>',
        index=row.index + 1,
        prompt=parts.verbatim(_short(row.prompt)),
        base=_answer("Base model", "base", row.base, row.expected, _figures(row.scores.base, labels)),
        tuned=_answer("Tuned model", "tuned", row.tuned, row.expected, _figures(row.scores.tuned, labels)),
        expected=h('<p class="lf-note">Expected:</p>{text}', text=parts.verbatim(_short(row.expected))),
    )


def _figures(measured: Mapping[str, float], labels: Mapping[str, str]) -> str:
    known = [f"{labels[name]} {words.rounded(value)}" for name, value in measured.items() if name in labels]
    return " · ".join(known[:_SHOWN_FIGURES])


def _answer(who: str, kind: str, given: str, expected: str, figures: str) -> Markup:
    said = marked(_short(given), _short(expected)) if given.strip() else Markup("<em>no answer</em>")
    return h(
        '<div class="lf-turn lf-turn-{kind}"><p class="lf-who">{who}</p><div class="lf-verbatim">{said}</div>'
        '<p class="lf-speed">{figures}</p></div>',
        kind=kind,
        who=who,
        said=said,
        figures=figures,
    )


def marked(given: str, expected: str) -> Markup:
    """An answer in which words that the expected one lacks are underlined."""
    ours, theirs = _words(given), _words(expected)
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    pieces = []
    for kind, _, _, start, end in matcher.get_opcodes():
        text = "".join(ours[start:end])
        if text:
            pieces.append(h("{t}", t=text) if kind == "equal" else h('<ins class="lf-difference">{t}</ins>', t=text))
    return join(pieces)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _short(text: str, limit: int = 1_500) -> str:
    return text if len(text) <= limit else text[:limit] + " …"


def history(evaluations: Sequence[Evaluation], shown: str | None) -> Markup:
    """Earlier evaluations."""
    if len(evaluations) < 2:
        return Markup()
    listed = [
        (
            words.moment(one.job.order.created_at),
            one.split,
            one.verdict.word if one.verdict else one.job.state.value,
            parts.badge("shown", "accent")
            if one.id == shown
            else parts.action("show", one.id, "Show", f"the evaluation of {words.moment(one.job.order.created_at)}"),
        )
        for one in evaluations
    ]
    table = parts.table("All evaluations", ["Started", "Examples of", "Verdict", ""], listed)
    return h("<h3>All evaluations</h3>{table}", table=table)


def report_link(address: str) -> Markup:
    """Where to take the whole report from."""
    return h('<p><a class="lf-button" href="{address}" download>Download the report</a></p>', address=address)


def blind(prompt: str, first: str, second: str, left: int) -> Markup:
    """One question with both answers, nobody knows whose."""
    return h(
        "{left}{prompt}<div class='lf-pair'>{first}{second}</div>",
        left=parts.note(f"{words.counted(left, 'question')} left."),
        prompt=_turn("Question", prompt),
        first=_turn("Answer A", first),
        second=_turn("Answer B", second),
    )


def _turn(who: str, text: str) -> Markup:
    return h('<div class="lf-turn"><p class="lf-who">{who}</p>{text}</div>', who=who, text=parts.verbatim(_short(text)))


def blind_result(base: int, tuned: int, same: int) -> Markup:
    """What the ratings say so far."""
    total = base + tuned + same
    if not total:
        return Markup()
    said = f"Of {words.counted(total, 'rating')}: tuned better {tuned}, base better {base}, equal {same}."
    return h('<p role="status">{said}</p>', said=said)
