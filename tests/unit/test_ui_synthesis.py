"""What the fold for documents shows: what it takes, what was written, and texts as they are."""

import re

from localft.synthesis.candidates import Candidate
from localft.synthesis.costs import estimate
from localft.synthesis.passages import Passage
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.sifting import Outcome, Unreadable
from localft.synthesis.writers import address_writer
from localft.ui.views import synthesis as views

PASSAGE = Passage(index=0, document="<b>.md", place="section 1: A", start=0, end=9, text="<script>1</script>")


def candidate(number: int, fault: str = "") -> Candidate:
    one = Candidate(id=f"1.{number}", passage=0, asked="<img src=x>?", prompt="<img src=x>?", answer="<s>so</s>")
    return one.rejected("not supported", "the passage has no 99") if fault else one


def outcome() -> Outcome:
    return Outcome(
        accepted=(candidate(1), candidate(2)),
        rejected=(candidate(3, "not supported"),),
        unreadable=(Unreadable(passage=0, reason="it holds no JSON object"),),
        done=1, calls=2, tokens_in=10, tokens_out=20, seconds=1.0, cost=None,
    )  # fmt: skip


def test_what_was_written_is_text_and_each_has_its_button() -> None:
    shown = str(views.examples(outcome(), {0: PASSAGE}, {"1.2"}, undecided=True))
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;s&gt;so&lt;/s&gt;" in shown
    assert 'data-action="leave-out" data-value="1.1"' in shown
    assert 'data-action="take-back" data-value="1.2"' in shown
    assert "the passage has no 99" in shown
    assert "it holds no JSON object" in shown
    assert "2 rejections" in shown
    assert "2 examples</summary>" not in shown
    decided = str(views.examples(outcome(), {0: PASSAGE}, set(), undecided=False))
    assert "data-action" not in decided
    assert "2 examples</summary>" in decided


def test_where_the_passages_go_is_said() -> None:
    expected = estimate(SynthesisSettings(), [PASSAGE], None, 4)
    away = str(views.expected(expected, address_writer("https://api.example.com/v1", "large"), "€", "No judge."))
    assert "The passages are sent to https://api.example.com/v1." in away
    assert "No judge." in away
    here = str(views.expected(expected, address_writer("http://127.0.0.1:11434/v1", "small"), "€", ""))
    assert "are sent" not in here


def many(accepted: int, rejected: int) -> Outcome:
    return outcome().model_copy(
        update={
            "accepted": tuple(candidate(number) for number in range(accepted)),
            "rejected": tuple(candidate(1_000 + number, "not supported") for number in range(rejected)),
        }
    )


def ids(shown: str) -> list[int]:
    return [int(one) for one in re.findall(r'data-action="leave-out" data-value="1\.(\d+)"', shown)]


def test_every_example_is_reached_page_by_page() -> None:
    written = many(2 * views.PAGE_SIZE + 5, views.PAGE_SIZE + 1)
    seen: list[int] = []
    for number in (1, 2, 3):
        shown = str(views.examples(written, {0: PASSAGE}, set(), True, views.Pages(accepted=number)))
        seen += ids(shown)
        assert 'data-action="page" data-value="4"' not in shown
    assert seen == list(range(2 * views.PAGE_SIZE + 5))
    assert f"{2 * views.PAGE_SIZE + 1} to {2 * views.PAGE_SIZE + 5} of {2 * views.PAGE_SIZE + 5} examples." in shown
    beyond = views.examples(written, {0: PASSAGE}, set(), True, views.Pages(accepted=99))
    assert ids(str(beyond)) == seen[2 * views.PAGE_SIZE :]


def test_what_was_rejected_has_pages_too_and_stays_unfolded() -> None:
    written = many(1, views.PAGE_SIZE + 1)
    first = str(views.examples(written, {0: PASSAGE}, set(), True))
    assert "1.1000" in first
    assert f"1.{1_000 + views.PAGE_SIZE}" not in first
    assert "<details open" not in first.replace(' class="lf-fold"', "")
    later = str(views.examples(written, {0: PASSAGE}, set(), True, views.Pages(rejected=2)))
    assert f"1.{1_000 + views.PAGE_SIZE}" in later
    assert "it holds no JSON object" in later
    assert "<details open" in later.replace(' class="lf-fold"', "")
