"""A deliberately dirty file: good rows, and each kind of fault that the data checks have to find."""

import json
import random

from samples.triage import SYSTEM_PROMPT, Row, triage_rows

GOOD = 24


def _chat(*turns: tuple[str, object]) -> dict[str, object]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _dump(row: object) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def _ticket(row: Row) -> str:
    return row["messages"][1]["content"]


def dirty_lines(seed: int) -> tuple[list[bytes], dict[str, int]]:
    """The lines, shuffled, and how many lines of each kind there are."""
    rows = triage_rows(seed)
    good, spare = rows[:GOOD], iter(rows[GOOD:])
    kinds: dict[str, list[bytes]] = {
        "good": [_dump(row) for row in good],
        "broken JSON": [
            _dump(next(spare))[:-25],
            _dump(next(spare)).replace(b'"role"', b"role", 1),
            b"{'messages': [{'role': 'user', 'content': 'single quotes'}]}",
            b"this line was never JSON",
        ],
        "not an object": [b"[1, 2, 3]", b'"just a string"'],
        "empty line": [b"", b"   "],
        "undecodable bytes": [
            _dump(_chat(("user", "The caf@ machine leaks."), ("assistant", "Noted, thank you."))).replace(
                b"@", b"\xe9"
            ),
            _dump(_chat(("user", "Gr@@e aus Bern, wo ist mein Paket?"), ("assistant", "It is on its way."))).replace(
                b"@@", b"\xfc\xdf"
            ),
        ],
        "last message not the assistant's": [
            _dump(_chat(("system", SYSTEM_PROMPT), ("user", _ticket(next(spare))))) for _ in range(3)
        ],
        "too few messages": [
            _dump(_chat(("assistant", '{"category":"billing","urgency":"low"}'))),
            _dump({"messages": []}),
        ],
        "empty content": [
            _dump(_chat(("system", SYSTEM_PROMPT), ("user", _ticket(next(spare))), ("assistant", ""))),
            _dump(
                _chat(
                    ("system", SYSTEM_PROMPT), ("user", "   "), ("assistant", '{"category":"account","urgency":"low"}')
                )
            ),
            _dump(_chat(("user", _ticket(next(spare))), ("assistant", None))),
        ],
        "unknown role": [
            _dump(_chat(("customer", _ticket(next(spare))), ("assistant", '{"category":"delivery","urgency":"low"}'))),
            _dump(_chat(("user", _ticket(next(spare))), ("agent", '{"category":"delivery","urgency":"low"}'))),
        ],
        "exact duplicate": [_dump(row) for row in good[:4]],
        "near duplicate": [
            _dump(
                _chat(
                    ("system", SYSTEM_PROMPT),
                    ("user", _ticket(row) + "!"),
                    ("assistant", row["messages"][2]["content"]),
                )
            )
            for row in good[4:6]
        ],
        "contradicting answer": [
            _dump(_chat(("system", SYSTEM_PROMPT), ("user", _ticket(row)), ("assistant", _other(row))))
            for row in good[6:9]
        ],
        "very short answer": [
            _dump(_chat(("system", SYSTEM_PROMPT), ("user", _ticket(next(spare))), ("assistant", word)))
            for word in ("k", ".", "?")
        ],
        "personal data": [
            _dump(
                _chat(
                    ("user", "My address is jane.sample@example.com, please write to it."),
                    ("assistant", "We will write to you there."),
                )
            ),
            _dump(
                _chat(("user", "Call me on +1 202 555 0143 after five."), ("assistant", "We will call you after five."))
            ),
            _dump(
                _chat(("user", "My card 4111 1111 1111 1111 was refused."), ("assistant", "Please try another card."))
            ),
        ],
        "secret": [
            _dump(
                _chat(
                    ("user", "Our key sk-" + "0123456789abcdef" * 2 + " stopped working."),
                    ("assistant", "Please create a new key."),
                )
            ),
            _dump(
                _chat(
                    ("user", "password=hunter2-not-a-real-one is rejected."),
                    ("assistant", "Please reset the password."),
                )
            ),
        ],
        "trailing white space": [
            _dump(
                _chat(
                    ("system", SYSTEM_PROMPT),
                    ("user", f"{_ticket(row)}  \n"),
                    ("assistant", f"{row['messages'][2]['content']}   "),
                )
            )
            for row in (next(spare), next(spare))
        ],
        "other shape": [
            _dump({"instruction": SYSTEM_PROMPT, "input": _ticket(row), "output": row["messages"][2]["content"]})
            for row in (next(spare), next(spare))
        ]
        + [
            _dump({"prompt": _ticket(row), "completion": row["messages"][2]["content"]})
            for row in (next(spare), next(spare))
        ],
    }
    lines = [line for group in kinds.values() for line in group]
    random.Random(seed).shuffle(lines)
    return lines, {kind: len(group) for kind, group in kinds.items()}


def _other(row: Row) -> str:
    """A well-formed answer that differs from the right one."""
    answer = json.loads(row["messages"][2]["content"])
    answer["urgency"] = "low" if answer["urgency"] != "low" else "high"
    return json.dumps(answer, separators=(",", ":"))
