"""Changes by hand, one at a time: each makes a new version, so that each can be undone."""

from collections.abc import Mapping, Sequence

from localft.data.examples import Example, Message
from localft.data.making.importing import read_set_aside
from localft.data.making.keeping import keep_golden
from localft.data.making.writing import write_version
from localft.data.row_ratings import carry_ratings, content_key, rating_of
from localft.data.rows.drafting import ExampleDraft, drafted
from localft.data.shapes.conversation import BadRow, message_list, turns
from localft.data.shapes.values import BadValue
from localft.data.splits.asking import prompt_digests
from localft.data.splits.divisions import divide_more
from localft.data.splits.golden import golden_among, never_learned
from localft.data.splits.splitting import ask_fully, group_examples
from localft.data.stored import chain
from localft.data.versions import (
    SPLITS,
    DatasetVersion,
    SourceFile,
    Split,
    open_split,
)
from localft.errors import UserError
from localft.store.projects import Project

BY_HAND = "by hand"
Splits = Mapping[Split, Sequence[Example]]


def change_turn(
    project: Project, version: DatasetVersion, split: Split, index: int, turn: int, content: str
) -> DatasetVersion:
    """Give a turn of an example another text; example and turn count from 0.

    Raises:
        UserError: there is no such example or turn, or as `change_example`.
    """
    example = example_at(project, version, split, index)
    said = drafted(example, ExampleDraft.of(example).with_turn(turn, content=content))
    return change_example(project, version, split, index, said)


def change_example(
    project: Project, version: DatasetVersion, split: Split, index: int, said: Example
) -> DatasetVersion:
    """Let an example (from 0) say what `said` says, in one new version.

    Raises:
        UserError: there is no such example, it says that already, or it would ask a golden question, or ask
            in one part what is asked in another.
    """
    splits = _read(project, version)
    example = _find(splits, split, index)
    changed = said.model_copy(update={"edited": True})
    if content_key(changed) == content_key(example) and changed.plain == example.plain:
        raise UserError("Nothing of the example was changed.", "Change something, then save it.")
    splits = {**splits, split: chain(splits[split][:index], [changed], splits[split][index + 1 :])}
    if prompt_digests(example, with_system=True) != prompt_digests(changed, with_system=True):
        _refuse_golden(project, splits, split, index)
        _refuse_straddling(splits, split, index)
    # What was rated bad is corrected with that.
    if rating_of(project, example).mark != "bad":
        carry_ratings(project, [(example, changed)])
    return _keep(project, version, splits, f"{_place(split, index)} changed")


def example_at(project: Project, version: DatasetVersion, split: Split, index: int) -> Example:
    """One example of a version; it counts from 0.

    Raises:
        UserError: there is none.
    """
    examples = open_split(project, version.id, split)
    if not 0 <= index < len(examples):
        raise _none_there(split, index, len(examples))
    return examples[index]


def delete_example(project: Project, version: DatasetVersion, split: Split, index: int) -> DatasetVersion:
    """Take an example out.

    Raises:
        UserError: there is no such example, or it is the last one of its split.
    """
    splits = _read(project, version)
    _find(splits, split, index)
    if len(splits[split]) == 1:
        raise UserError(f"It is the only example for {split}.", "Add others first.")
    splits = {**splits, split: chain(splits[split][:index], splits[split][index + 1 :])}
    return _keep(project, version, splits, f"{_place(split, index)} deleted")


def add_example(project: Project, version: DatasetVersion, messages: Sequence[Message]) -> tuple[DatasetVersion, Split]:
    """Add a conversation; return the new version and the split that the example came into.

    What asks nearly the same as a held-out example is held out with it.

    Raises:
        UserError: it is no conversation with an answer, is there already, or is a golden question; or the golden ones
            cannot be read.
    """
    splits = _read(project, version)
    everything = chain(*splits.values())
    said, number = _checked(messages), 0
    for example in everything:
        number = max(number, example.row) if example.source == BY_HAND else number
        if example.messages == said:
            raise _there_already()
    added = Example(messages=said, source=BY_HAND, row=number + 1, edited=True)
    # Among all, so that it is known what a system text is for.
    if len(everything) in golden_among(chain(everything, [added]), never_learned(project)):
        raise _golden_question()
    more = divide_more(splits, [added], version.division, version.seed, version.ratios)
    home = next(name for name in SPLITS if len(more[name]) > len(splits[name]))
    return _keep(project, version, more, "1 example added by hand", is_added=True), home


def _there_already() -> UserError:
    return UserError("This example is there already.", "Change the one that is there.")


def add_golden(project: Project, messages: Sequence[Message]) -> int:
    """Keep a golden question with the wanted answer; return how many there are now.

    Raises:
        UserError: it is no question with an answer, or the newest version teaches it.
    """
    return keep_golden(project, [message.as_chat() for message in _checked(messages)], BY_HAND)


def _refuse_golden(project: Project, splits: Splits, split: Split, index: int) -> None:
    everything, place = _everything(splits, split, index)
    if place in golden_among(everything, never_learned(project)):
        raise _golden_question()


def _golden_question() -> UserError:
    return UserError(
        "This is one of the golden questions, which measure only what was never learned.",
        "Ask something else, or take the question out of the golden ones first.",
    )


def _refuse_straddling(splits: Splits, split: Split, index: int) -> None:
    """Refuse an example that asks nearly what is asked in another split."""
    everything, place = _everything(splits, split, index)
    homes = [name for name in SPLITS for _ in range(len(splits[name]))]
    together = next(group for group in group_examples(ask_fully(everything)).values() if place in group)
    other = next((homes[one] for one in together if homes[one] != split), None)
    if other is not None:
        used = "be learned" if "train" in (split, other) else "choose the best"
        raise UserError(
            f"Nearly the same is asked by an example for {other}: one of them would {used}, the other measures.",
            "Ask something else, or add it as a new example: that comes into the split where it belongs.",
        )


def _everything(splits: Splits, split: Split, index: int) -> tuple[Sequence[Example], int]:
    """All examples in a row, and the place of one of them."""
    before = sum(len(splits[name]) for name in SPLITS[: SPLITS.index(split)])
    return chain(*(splits[name] for name in SPLITS)), before + index


def _checked(messages: Sequence[Message]) -> tuple[Message, ...]:
    try:
        return turns(message_list([message.as_chat() for message in messages]))
    except (BadRow, BadValue) as error:
        raise UserError(f"That is no example: {error}.", "Correct it and try again.") from error


def _read(project: Project, version: DatasetVersion) -> Splits:
    return {name: open_split(project, version.id, name) for name in SPLITS}


def _find(splits: Splits, split: Split, index: int) -> Example:
    if not 0 <= index < len(splits[split]):
        raise _none_there(split, index, len(splits[split]))
    return splits[split][index]


def _none_there(split: Split, index: int, count: int) -> UserError:
    return UserError(f"There is no example {index + 1:,} for {split}.", f"There are {count:,}.")


def _keep(
    project: Project, version: DatasetVersion, splits: Splits, note: str, is_added: bool = False
) -> DatasetVersion:
    sources = list(version.sources)
    if is_added and BY_HAND not in {source.name for source in sources}:
        sources.append(SourceFile(name=BY_HAND, bytes=0, sha256="", shape=BY_HAND))
    aside = read_set_aside(project, version.id)
    return write_version(
        project, splits, sources, aside, version.seed, version.ratios, version.id, note, version.division
    )


def _place(split: Split, index: int) -> str:
    return f"example {index + 1:,} of {split}"
