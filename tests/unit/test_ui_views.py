"""View texts: escaped, verbatim where they are the user's, and readable without the pictures."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.data.rows.learning_preview import TokenPiece
from localft.evaluation.evaluations import RowResult, RowScores
from localft.evaluation.scorecard import Score
from localft.hardware import Disk, Gpu, Hardware, Memory
from localft.jobs import JobOrder, JobState, JobView, Progress
from localft.serving.endpoint import Answer
from localft.store.projects import create_project
from localft.training.sweeps import Comparison, Trial
from localft.ui.conversation import Conversation, Reply
from localft.ui.flows import damaged
from localft.ui.views import charts, chat, data, evaluate, frame, parts, settings, start, sweep, tokens
from localft.ui.views.html import Markup, h

NASTY = '<script>alert(1)</script><s><think>"x"\' & {{y}} ${z} </td>'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;s&gt;&lt;think&gt;&#34;x&#34;&#39; &amp; {{y}} ${z} &lt;/td&gt;"


def job(state: JobState = JobState.RUNNING, progress: Progress | None = None, title: str = NASTY) -> JobView:
    order = JobOrder(worker="w", title=title, created_at="2026-01-01T00:00:00+00:00")
    return JobView(Path("runs/one"), order, state, progress, None, None)


def progress(done: float, total: float, unit: str = "steps", left: float | None = 240.0) -> Progress:
    return Progress(done, total, unit, "Training", 1.0, left, "2026-01-01T00:00:00+00:00")


def trial(run: str, loss: float | None = 1.25, close: bool = False, best: bool = False) -> Trial:
    return Trial(run, 8, 2e-4, loss, 20, 65.0, JobState.FINISHED, close, best)


def rendered() -> dict[str, Markup]:
    """Every view that shows a text of the user's, of a model's or of a library's, given a nasty one."""
    example = Example(messages=(Message(role="user", content=NASTY), Message(role="assistant", content=NASTY)))
    row = RowResult(0, NASTY, (), NASTY, NASTY, NASTY + " more", RowScores({"m": 1.0}, {"m": 2.0}), 1.0, "win")
    talk = Conversation().ask(NASTY, ["tuned"]).with_replies({"tuned": Reply(text=NASTY, thinking=NASTY)})
    return {
        "state": parts.state(NASTY, NASTY),
        "error": parts.error(NASTY, NASTY),
        "table": parts.table(NASTY, [NASTY], [[NASTY]]),
        "action": parts.action("open", NASTY, NASTY, NASTY),
        "folded": parts.folded(NASTY, parts.verbatim(NASTY)),
        "example": data.conversation(example),
        "aside": data.aside([(NASTY, 1, NASTY, NASTY)]),
        "rows": evaluate.rows(NASTY, [row], NASTY, {"m": NASTY}),
        "blind": evaluate.blind(NASTY, NASTY, NASTY, 3),
        "talk": chat.conversation(talk),
        "problem": chat.conversation(talk.with_replies({"tuned": Reply(problem=NASTY)})),
        "tokens": tokens.tokens([TokenPiece(NASTY, "learned"), TokenPiece(NASTY, "cut")], 0, 2),
        "job": frame.job_line([job()]),
        "signal": frame.signal([job()], job(JobState.FAILED), NASTY),
        "stack": charts.stack([(NASTY, 1.0, NASTY)], 2.0, NASTY),
        "sweep": sweep.comparison(Comparison((trial(NASTY),), None, NASTY), ""),
        "place": settings.places([settings.Place(NASTY, NASTY, 3)]),
        "shared": settings.shared(NASTY, NASTY, NASTY, NASTY, True),
    }


@pytest.mark.parametrize("name", sorted(rendered()))
def test_no_text_becomes_markup(name: str) -> None:
    html = rendered()[name]
    assert isinstance(html, Markup)
    for tag in ("<script", "<s>", "<think", "</td> "):
        assert tag not in html
    if name not in {"rows"}:  # there the words are marked one by one
        assert ESCAPED in html


@given(st.text())
def test_text_comes_through_unharmed(text: str) -> None:
    html = parts.verbatim(text)
    assert Markup(html.removeprefix('<div class="lf-verbatim">').removesuffix("</div>")).unescape() == text


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.1, 0.4, "better"), (-0.4, -0.1, "worse"), (-0.1, 0.4, "not sure"), (None, None, None)]
)
def test_a_difference_is_called_better_or_worse_only_where_it_was_tested(
    low: float | None, high: float | None, word: str | None
) -> None:
    score = Score(name="m", label="Speed", meaning="", unit="tokens/s", higher_is_better=True, base=1.0, tuned=1.0,
                  difference=-0.2 if high is not None and high < 0 else 0.2, low=low, high=high)  # fmt: skip
    page = str(evaluate.difference(score))
    assert [said for said in ("better", "worse", "not sure") if said in page] == ([word] if word else [])


@given(st.text(max_size=60), st.text(max_size=60))
def test_marking_differences_keeps_the_words(answer: str, expected: str) -> None:
    marked = evaluate.marked(answer, expected)
    plain = marked.replace('<ins class="lf-difference">', "").replace("</ins>", "")
    assert Markup(plain).unescape() == answer


def test_marked_words_are_those_that_the_expected_answer_lacks() -> None:
    assert evaluate.marked("category: billing", "category: shipping") == (
        'category: <ins class="lf-difference">billing</ins>'
    )


def test_templates_escape_values_but_not_markup() -> None:
    assert h("<b>{x}</b>{y}", x="<i>", y=h("<u></u>")) == "<b>&lt;i&gt;</b><u></u>"


def test_the_frame_says_how_far_a_job_is() -> None:
    assert frame.job_detail(job(progress=progress(120, 600))) == "120/600 · 4 min left"
    assert frame.job_detail(job(progress=progress(5e8, 2e9, "bytes", None))) == "500 MB/2.0 GB"
    assert frame.job_detail(job(JobState.STOPPING)) == "saving and stopping"
    assert "+ 1 waiting" in frame.job_line([job(progress=progress(1, 2)), job(JobState.QUEUED)])
    assert frame.job_line([]) == ""


def test_the_browser_tab_says_how_far_a_job_is() -> None:
    assert frame.page_title([], "Support bot") == "Support bot · localft"
    title = frame.page_title([job(progress=progress(150, 600), title="Training starter")], "Support bot")
    assert title == "25 % Training starter · Support bot · localft"


def test_marks_of_the_tabs() -> None:
    assert frame.marks({"data": "✓ 482", "train": ""}) == (
        '<style>button[data-tab-id="data"]::after{content:"✓ 482" !important}</style>'
    )


def hardware(*gpus: Gpu) -> Hardware:
    memory = Memory(32 * 2**30, 2**30, 0)
    return Hardware("Linux", gpus, None, "", memory, Disk(Path("x"), 10**12, 5 * 10**11), 6, 12)


def test_the_hardware_line() -> None:
    card = Gpu(0, "GPU-1", "NVIDIA GeForce RTX 3060", 12 * 2**30, 12 * 2**30 - 3 * 2**30, (8, 6))
    assert "RTX 3060 · 3.0 of 12 GB" in frame.hardware_line(hardware(card))
    assert "(+1)" in frame.hardware_line(hardware(card, card))
    assert "No graphics card · 32 GB memory" in frame.hardware_line(hardware())


def test_the_loss_picture_is_told_in_words() -> None:
    picture = charts.losses([(1, 2.0), (10, 1.0)], [(5, 1.5), (10, 1.25)], 10, 10)
    assert "from 2.00 to 1.00" in picture
    assert "best is 1.250 at step 10" in picture
    assert picture.count("lf-point") == 2
    assert charts.losses([], [], None, 0) == ""


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.floats(allow_nan=True, allow_infinity=True)), max_size=600),
    st.integers(0, 10_000),
)
def test_no_series_breaks_the_picture(points: list[tuple[int, float]], last: int) -> None:
    picture = charts.losses(sorted(points), points[:3], points[0][0] if points else None, last)
    assert "nan" not in picture
    assert "inf" not in picture


@given(st.lists(st.floats(0, 10), min_size=1, max_size=3_000))
def test_a_long_run_draws_as_quickly_as_a_short_one(values: list[float]) -> None:
    points = list(enumerate(values))
    thinned = charts.thinned(points)
    assert len(thinned) <= 400
    assert thinned[-1][0] == points[-1][0]


def test_the_histogram_draws_the_cut() -> None:
    picture = charts.histogram([(0, 50, 3), (50, 100, 9)], 80, "lengths")
    assert picture.count("<rect") == 2
    assert "cut at 80" in picture
    assert "cut at" not in charts.histogram([(0, 50, 3)], None, "lengths")


def test_a_sweep_tells_which_run_is_best_and_lets_the_others_be_used() -> None:
    trials = (trial("first", 1.25, close=True, best=True), trial("second", 1.26, close=True), trial("third", None))
    html = sweep.comparison(Comparison(trials, "first", "The first."), "third")
    rows = html.split("<tr>")[2:]
    assert ["best" in row for row in rows] == [True, False, False]
    assert ["about equal" in row for row in rows] == [False, True, False]
    assert ['data-value="' in row for row in rows] == [True, True, False], "the third is shown already"
    assert 'aria-label="Use this one: the run with rank 8, learning rate 0.0002"' in rows[0]
    assert "65 s" in rows[0] and "The first." in html


def test_speed_below_an_answer() -> None:
    answer = Answer("x", completion_tokens=40, seconds=2.0, first_token_seconds=0.25, finish="length")
    assert chat.speed(answer) == "40 tokens · 20 tokens/s · first word after 0.25 s · cut at the longest answer allowed"


def test_what_stands_on_top_leads_on() -> None:
    assert "takes minutes" in start.state(None, start.Standing(), 0)
    assert "Choose one at the top" in start.state(None, start.Standing(), 2)


def test_views_need_no_gradio() -> None:
    code = (
        "import sys, pkgutil, importlib, localft.ui.views as views\n"
        "for one in pkgutil.iter_modules(views.__path__): importlib.import_module('localft.ui.views.' + one.name)\n"
        "sys.exit(','.join(name for name in ('gradio', 'torch', 'transformers') if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_of_a_project_cannot_be_read_is_told_with_its_reason() -> None:
    project = create_project("Damaged")
    assert not damaged(project) and not frame.damage([])
    (project.runs / "20260101-run").mkdir(parents=True)
    (project.exports / "20260102-export").mkdir(parents=True)
    (project.exports / "20260102-export" / "job.json").write_text("<b>not JSON</b>", encoding="utf-8")
    text = str(frame.damage(damaged(project)))
    assert "20260101-run in runs cannot be read" in text and "20260102-export in exports cannot be read" in text
    assert "<b>" not in text
