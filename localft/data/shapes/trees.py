"""Trees of messages, in which one has several answers: which conversations, or pairs of answers, are in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from localft.data.shapes.detecting import Layout, Shape

Branches = Literal["best", "all", "pairs"]
BRANCHES: tuple[Branches, ...] = get_args(Branches)
DEEPEST = 1000

_TAKEN = {
    "best": "of each tree the branch of the best-ranked messages is taken",
    "all": "each branch is taken up to its last answer, and what branches share is learned once",
    "pairs": "the best-ranked answer to a message is taken beside each worse one",
}


@dataclass
class Node:
    """A message of a tree: the row it stands in, its rank among its siblings (0 is best), and what answers to it."""

    id: str
    row: int
    role: str
    text: Any
    rank: float | None = None
    replies: list["Node"] = field(default_factory=list)

    @property
    def is_answer(self) -> bool:
        return self.role == "assistant"


def tree_layout(why: str, branches: Branches) -> Layout:
    """Where the rows of `rows_of_tree` hold an example; `why` says what the file is recognised by."""
    fields = ("prompt", "answer", "rejected", "group") if branches == "pairs" else ("messages", "group")
    return Layout(Shape.OPENASSISTANT, {name: name for name in fields}, f"{why}; {_TAKEN[branches]}")


def rows_of_tree(root: Node, branches: Branches) -> Iterator[tuple[int, dict[str, Any]]]:
    """The examples of a tree, each with the row of the message that it ends with.

    All of a tree are one group, so that no two splits see the same beginning.
    """
    _prune(root)
    if branches == "pairs":
        yield from _pairs(root)
        return
    paths = [_best(root)] if branches == "best" else _paths(root)
    learned: set[int] = set()
    for path in paths:
        if len(path) < 2 or not path[-1].is_answer:
            continue
        turns = [_turn(node, is_known=id(node) in learned) for node in path]
        learned.update(id(node) for node in path)
        yield path[-1].row, {"messages": turns, "group": root.id}


def is_too_deep(root: Node) -> bool:
    """Whether a branch is longer than any conversation: taken apart, such a tree could fill the memory."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return True
        level = [reply for node in level for reply in node.replies]
    return False


def walk(root: Node) -> Iterator[Node]:
    """Every message of a tree, each before its replies; a tree may be deeper than Python's stack."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.replies)


def _prune(root: Node) -> None:
    """Take out what ends with no answer: a branch is worth learning up to its last one."""
    for node in reversed(list(walk(root))):
        node.replies = [reply for reply in node.replies if reply.is_answer or reply.replies]


def _by_rank(nodes: Iterable[Node]) -> list[Node]:
    """The best first; those without a rank come last, in the order of the file."""
    return sorted(nodes, key=lambda node: float("inf") if node.rank is None else node.rank)


def _best(root: Node) -> list[Node]:
    path = [root]
    while path[-1].replies:
        path.append(_by_rank(path[-1].replies)[0])
    return path


def _paths(root: Node) -> Iterator[list[Node]]:
    """From the root to each end, the best-ranked first."""
    waiting = [[root]]
    while waiting:
        path = waiting.pop()
        if not path[-1].replies:
            yield path
        waiting += [[*path, reply] for reply in reversed(_by_rank(path[-1].replies))]


def _pairs(root: Node) -> Iterator[tuple[int, dict[str, Any]]]:
    waiting = [[root]]
    while waiting:
        path = waiting.pop()
        ranked = _by_rank(reply for reply in path[-1].replies if reply.is_answer and reply.rank is not None)
        prompt = [_turn(node) for node in path]
        for worse in ranked[1:]:
            if worse.rank != ranked[0].rank:
                pair = {"prompt": prompt, "answer": ranked[0].text, "rejected": worse.text, "group": root.id}
                yield worse.row, pair
        waiting += [[*path, reply] for reply in reversed(path[-1].replies)]


def _turn(node: Node, is_known: bool = False) -> dict[str, Any]:
    """The message as OpenAI writes it; an answer that another example teaches already has no weight."""
    weight = {"weight": 0} if is_known and node.is_answer else {}
    return {"role": node.role, "content": node.text, **weight}
