"""OpenAssistant's exports: trees of messages, one a row with its replies inside, or a table with a message a row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from localft.advice import Advice
from localft.data.shapes.rows import Found, Row, excerpt
from localft.data.shapes.trees import DEEPEST, Branches, Node, is_too_deep, rows_of_tree, tree_layout, walk
from localft.data.shapes.values import is_missing
from localft.errors import UserError

F = TypeVar("F", bound=Found)
# What a message of the table has; the names are OpenAssistant's own. The first of a tree may have no parent_id at all.
_MESSAGE = frozenset({"message_id", "role", "text"})
_PLACE = frozenset({"parent_id", "message_tree_id"})
_ROLES = {"prompter": "user"}
# Trees that were given up, or stopped by a moderator.
_BAD_STATES = ("aborted_low_grade", "halted_by_moderator")
_LANGUAGES_NAMED = 5


def unfolded(found: F, branches: Branches, name: str) -> F:
    """The conversations in trees of messages, as rows; what holds no such trees stays as it is.

    Deleted messages, those that reviewers refused, and what answers to them are left out and counted in the notes.

    Raises:
        UserError: pairs are wanted, and no message has two ranked answers.
    """
    first = next((row.values for row in found.rows if row.values is not None), None)
    if found.layout is not None or first is None:
        return found
    if first.keys() >= _MESSAGE and _PLACE & first.keys():
        why, roots = "each row is a message with message_id and parent_id", _roots_of_table
    elif _is_tree(first):
        why, roots = "each row is a tree of messages with replies", _roots_of_rows
    else:
        return found
    left_out: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    rows = list(_rows(roots(found.rows, left_out, languages), branches, left_out))
    if branches == "pairs" and not any(row.values for row in rows):
        raise UserError(
            f"{name} holds no message with two answers of different rank.",
            Advice(
                "Take the best branches, or all: --branches best.",
                "Take the best branches, or all: choose below the file.",
            ),
        )
    notes = [*found.notes, *_notes(left_out, languages, name)]
    return replace(found, rows=rows, notes=notes, layout=tree_layout(why, branches))


def _is_tree(values: Mapping[str, Any]) -> bool:
    root = values.get("prompt")
    return isinstance(root, dict) and {"text", "role"} <= root.keys() and bool({"message_id", "replies"} & root.keys())


def _rows(roots: Iterable[Node | Row], branches: Branches, left_out: Counter[str]) -> Iterator[Row]:
    for root in roots:
        if isinstance(root, Row):
            yield root
            continue
        if is_too_deep(root):
            left_out[f"trees deeper than {DEEPEST:,} messages"] += 1
            continue
        count = 0
        for number, values in rows_of_tree(root, branches):
            count += 1
            yield Row(number, values)
        if not count:
            left_out["trees without ranked answers" if branches == "pairs" else "trees without an answer"] += 1


def _roots_of_rows(rows: Iterable[Row], left_out: Counter[str], languages: Counter[str]) -> Iterator[Node | Row]:
    """The trees of a file with one a row; rows that hold none come back as rows to be set aside."""
    for row in rows:
        if row.values is None:
            yield row
        elif not _is_tree(row.values):
            yield Row(row.number, None, "it holds no tree of messages", "no tree", excerpt(row.values))
        elif row.values.get("tree_state") in _BAD_STATES:
            left_out["trees given up or stopped by a moderator"] += 1
        else:
            root = _grown(row.values["prompt"], row.number, left_out, languages)
            if root is not None:
                root.id = str(row.values.get("message_tree_id") or root.id)
                yield root


def _grown(value: dict[str, Any], row: int, left_out: Counter[str], languages: Counter[str]) -> Node | None:
    """The tree of a nested message, without what is left out; None if nothing remains."""
    top = Node("", row, "", "")
    waiting = [(top, value)]
    count = 0
    while waiting:
        parent, message = waiting.pop()
        reason = _refused(message)
        replies = _replies(message)
        if reason:
            left_out[reason] += 1
            left_out["answers to messages that are left out"] += sum(map(_count, replies))
            continue
        count += 1
        node = _node(message, row, f"{row}.{count}")
        parent.replies.append(node)
        languages[_language(message)] += 1
        waiting += [(node, reply) for reply in reversed(replies)]
    return top.replies[0] if top.replies else None


def _language(message: Mapping[str, Any]) -> str:
    return "" if is_missing(message.get("lang")) else str(message["lang"])


def _count(message: dict[str, Any]) -> int:
    """How many messages there are in a nested one, itself included."""
    waiting, count = [message], 0
    while waiting:
        count += 1
        waiting += _replies(waiting.pop())
    return count


def _replies(message: dict[str, Any]) -> list[dict[str, Any]]:
    replies = message.get("replies")
    return [one for one in replies if isinstance(one, dict)] if isinstance(replies, list) else []


def _roots_of_table(rows: Iterable[Row], left_out: Counter[str], languages: Counter[str]) -> Iterator[Node | Row]:
    """The trees of a file with a message a row: all of it is kept, since answers may stand anywhere."""
    nodes: dict[str, Node] = {}
    parents: dict[str, str] = {}
    for row in rows:
        problem = "" if row.values is None else _unfit(row.values, nodes)
        if row.values is None:
            yield row
        elif problem:
            yield Row(row.number, None, problem, "no message", excerpt(row.values))
        elif reason := _refused(row.values):
            left_out[reason] += 1
        else:
            node = _node(row.values, row.number, "")
            nodes[node.id] = node
            parents[node.id] = "" if is_missing(row.values.get("parent_id")) else str(row.values["parent_id"])
            languages[_language(row.values)] += 1
    for identity, parent in parents.items():
        if parent in nodes:
            nodes[parent].replies.append(nodes[identity])
    roots = [nodes[identity] for identity, parent in parents.items() if not parent]
    reached = sum(1 for root in roots for _ in walk(root))
    if reached < len(nodes):
        left_out["answers to messages that are left out"] += len(nodes) - reached
    yield from roots


def _unfit(values: Mapping[str, Any], nodes: Mapping[str, Node]) -> str:
    """Why a row of the table is no message, "" if it is one."""
    if is_missing(values.get("message_id")):
        return "it has no message_id"
    identity = str(values["message_id"])
    return f"the message_id {identity[:40]!r} occurs twice" if identity in nodes else ""


def _refused(message: Mapping[str, Any]) -> str:
    """Why a message is left out, "" if it is not."""
    if message.get("tree_state") in _BAD_STATES:
        return "messages of trees given up or stopped by a moderator"
    if _is(message.get("deleted"), True):
        return "deleted messages"
    return "messages that reviewers refused" if _is(message.get("review_result"), False) else ""


def _is(value: Any, wanted: bool) -> bool:
    """Whether a flag says so, as JSON or as a table spells it; one that is not set says nothing."""
    return value is wanted or str(value).strip().lower() in (("true", "1", "1.0") if wanted else ("false", "0", "0.0"))


def _node(message: Mapping[str, Any], row: int, otherwise: str) -> Node:
    role = str(message.get("role")).strip().lower()
    identity = message.get("message_id")
    return Node(
        id=otherwise if is_missing(identity) else str(identity),
        row=row,
        role=_ROLES.get(role, role),
        text=message.get("text"),
        rank=_rank(message.get("rank")),
    )


def _rank(value: Any) -> float | None:
    try:
        rank = float(str(value))
    except ValueError:
        return None
    return rank if rank >= 0 else None


def _notes(left_out: Counter[str], languages: Counter[str], name: str) -> list[str]:
    notes = []
    if left_out:
        kinds = "; ".join(f"{kind}: {count:,}" for kind, count in sorted(left_out.items()) if count)
        notes.append(f"Left out of {name}: {kinds}.")
    del languages[""]
    if len(languages) > 1:
        named = ", ".join(f"{language} {count:,}" for language, count in languages.most_common(_LANGUAGES_NAMED))
        more = len(languages) - _LANGUAGES_NAMED
        rest = f" and {more:,} more" if more > 0 else ""
        notes.append(f"The messages of {name} are in {len(languages)} languages: {named}{rest}.")
    return notes
