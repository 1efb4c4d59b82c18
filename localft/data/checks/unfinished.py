"""Answers that stop in the middle of a sentence: a model learns to stop there too."""

from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent, references

NAME = "unfinished answers"
_FEWEST_ROWS, _FEWEST_WORDS = 20, 8
# Where so many long answers end as sentences do, the others are odd.
_USUAL = 0.8
_ENDS = tuple(".!?:;…。！？।؟)]}\"'`*_>|”’»」』】-–—")


def check(context: CheckContext) -> list[Finding]:
    """Where answers are sentences, find those that end with a word or a comma."""
    rows = [row for row in context.rows if len(row.example.answer.split()) >= _FEWEST_WORDS]
    open_ended = [row for row in rows if not _is_finished(row)]
    if len(rows) < _FEWEST_ROWS or not open_ended or len(open_ended) > (1 - _USUAL) * len(rows):
        return []
    meaning = (
        f"{counted(len(open_ended), 'answer stops', 'answers stop')} in the middle of a sentence "
        f"({percent(len(open_ended), len(context.rows))}), as if cut off."
    )
    ends = [f"…{row.example.answer.rstrip()[-80:]}" for row in open_ended]
    advice = "Look where they were cut, and complete them or delete them."
    return [Finding(NAME, "warning", len(open_ended), meaning, references(open_ended, ends), advice)]


def _is_finished(row: Row) -> bool:
    answer = row.example.answer.rstrip()
    # Emoji and other signs end a text as well as a full stop does.
    return answer.endswith(_ENDS) or not (answer[-1].isalnum() or answer[-1] == ",")
