"""Which questions are asked together: static batches of questions of similar length, within a budget of tokens."""

from collections.abc import Sequence


def plan_batches(
    prompt_tokens: Sequence[int], answer_tokens: int, budget_tokens: int, max_rows: int
) -> list[list[int]]:
    """Group indices into batches, the longest prompts first: a lack of memory shows at once, not at the end.

    A batch of n rows takes n * (its longest prompt + `answer_tokens`) tokens, which stay within `budget_tokens`; a
    single row may exceed it. Sorting by length keeps the padding small.
    """
    order = sorted(range(len(prompt_tokens)), key=lambda index: -prompt_tokens[index])
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        fits = bool(batches) and len(batches[-1]) < max_rows
        if fits and (len(batches[-1]) + 1) * (longest + answer_tokens) <= budget_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = prompt_tokens[index]
    return batches
