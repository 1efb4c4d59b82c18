"""What the fold for documents shows: what it takes, what was written, and texts as they are."""

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
    assert "data-action" not in str(views.examples(outcome(), {0: PASSAGE}, set(), undecided=False))


def test_where_the_passages_go_is_said() -> None:
    expected = estimate(SynthesisSettings(), [PASSAGE], None, 4)
    away = str(views.expected(expected, address_writer("https://api.example.com/v1", "large"), "€"))
    assert "The passages are sent to https://api.example.com/v1." in away
    here = str(views.expected(expected, address_writer("http://127.0.0.1:11434/v1", "small"), "€"))
    assert "are sent" not in here
