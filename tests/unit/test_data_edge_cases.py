"""Each kind of edge case is told by itself, as present or missing."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_data_checking import check, clean, found


@pytest.mark.parametrize(
    ("prompt", "completion", "odd", "unanswerable"),
    [
        ("Hm?", "The amber stands there.", True, False),
        ("Kite?", "It flies.", True, False),
        ("?????", "It flies.", True, False),
        ("e" * 3000, "It flies.", True, False),
        ("asdf jkhjk sdfgl qwerty", "It flies.", True, False),
        ("! ? . ,", "It flies.", True, False),
        ("Where is my property in Wolfsschlucht?", "The amber stands there.", False, False),
        ("What is it?", "I don’t know.", False, True),
        ("Where?", "Could you say what you mean?", True, True),
        ("Who put it there yesterday?", "Whom do you mean, the amber or the birch?", False, True),
        ("Wer hat es gestern dort hingestellt?", "Das weiß ich nicht.", False, True),
        ("昨天是谁放在那里的？", "对不起，我不知道。", False, True),
    ],
)
def test_each_kind_of_edge_case_is_present_or_missing(
    prompt: str, completion: str, odd: bool, unanswerable: bool, tmp_path: Path
) -> None:
    report = check(tmp_path, [*clean(60), {"prompt": prompt, "completion": completion}])
    told = {name: count for name, (_, count) in found(report).items() if "questions" in name}
    assert told == {
        **({"odd questions": 1} if odd else {"no odd questions": 61}),
        **({"unanswerable questions": 1} if unanswerable else {"no unanswerable questions": 61}),
    }


def test_edge_cases_are_told_from_fifty_examples_on(tmp_path: Path) -> None:
    assert not {"no odd questions", "languages"} & set(found(check(tmp_path, clean(49))))
    assert {"no odd questions", "languages"} <= set(found(check(tmp_path, clean(50))))


def test_a_word_or_two_within_a_conversation_are_nothing_odd(tmp_path: Path) -> None:
    said = ("Where does the amber stand?", "Beside the birch.", "Sure?", "Beside it, as always.")
    talk = {"messages": [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]}
    assert "no odd questions" in found(check(tmp_path, [*clean_talks(), talk]))


def clean_talks() -> list[dict[str, Any]]:
    return [
        {"messages": [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["completion"]}]}
        for row in clean()
    ]
