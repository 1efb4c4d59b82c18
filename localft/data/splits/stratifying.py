"""Labels keep their shares: of each label every split gets its part, by the largest-remainder rule."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from localft.data.splits.asking import MOST_LABELS, Asked, Column
from localft.data.versions import SPLITS, Split

# Answers are labels where there are few different ones, all short; `checks.balance` looks at the same ones.
_FEWEST_EXAMPLES = 30
_EACH_AT_LEAST = 5
# A label that occurs less often cannot be divided by itself; such labels are divided together.
_RARE = 10


def labels_of(asked: Asked) -> list[str]:
    """The label of each example: what its file calls so, else its answer where answers are labels; "" for none.

    Labels that hardly occur share the label "".
    """
    labels = (asked.labels if asked.labels.says_something else _answers(asked)).texts()
    counts = Counter(labels)
    return [label if counts[label] >= _RARE else "" for label in labels]


def _answers(asked: Asked) -> Column:
    answers = asked.short_answers
    few = min(MOST_LABELS, len(asked) // _EACH_AT_LEAST)
    if answers is None or len(asked) < _FEWEST_EXAMPLES or answers.different > few:
        return Column.empty(len(asked))
    return answers


class Shares:
    """How many examples of each label a split still lacks."""

    def __init__(self, labels: Iterable[str], ratios: Sequence[float]) -> None:
        counts = Counter(labels)
        self._missing: dict[Split, dict[str, float]] = {name: {} for name in SPLITS}
        owed = [0.0] * len(SPLITS)
        for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            # Without labels a split's part need not be a whole number: groups fill it as near as they can.
            parts = whole_parts(count, ratios, owed) if len(counts) > 1 else [ratio * count for ratio in ratios]
            for position, name in enumerate(SPLITS):
                self._missing[name][label] = parts[position]
                owed[position] += ratios[position] * count - parts[position]
        self._room = {name: sum(lacking.values()) for name, lacking in self._missing.items()}

    def place(self, labels: Sequence[str]) -> Split:
        """The split that lacks a group with these labels most, of those that have room for it; it lacks it no longer.

        Where none has room, the one with most of it is overfilled: so the sizes come out as near as the groups allow.
        """
        size = len(labels)
        # Most groups are a single example.
        wanted = Counter(labels).items() if size > 1 else [(labels[0], 1)]
        enough = min(size, max(self._room.values()))
        chosen, most = SPLITS[0], -math.inf
        for name in SPLITS:
            if self._room[name] >= enough:
                missing = self._missing[name]
                lack = sum(count * missing[label] for label, count in wanted)
                if lack > most:
                    chosen, most = name, lack
        for label, count in wanted:
            self._missing[chosen][label] -= count
        self._room[chosen] -= size
        return chosen


def whole_parts(count: int, ratios: Sequence[float], owed: Sequence[float]) -> list[int]:
    """`count` in whole parts by the ratios: what is left after rounding down goes to the largest remainders.

    Of equal remainders the part that is `owed` most from divisions before comes first.
    """
    exact = [ratio * count for ratio in ratios]
    parts = [int(part + 1e-9) for part in exact]
    ranks = sorted(
        range(len(parts)), key=lambda position: (round(parts[position] - exact[position], 9), -owed[position])
    )
    for position in ranks[: count - sum(parts)]:
        parts[position] += 1
    return parts
