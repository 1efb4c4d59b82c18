"""`localft data edit` and `add`: change, delete or add an example, or write a golden question."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click

from localft import words
from localft.cli.options import examples, json_option, open_test_option, project_argument
from localft.cli.output import Output
from localft.cli.selection import chosen_version
from localft.data.examples import Role
from localft.data.versions import SPLITS, Split
from localft.errors import UserError
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.examples import Example
    from localft.data.versions import DatasetVersion

_CHANGES = ("text", "role", "weight", "calls", "add", "move_to", "drop_turn", "system", "rejected", "tools")


@click.command(
    "edit",
    epilog=examples(
        'localft data edit support-bot --example 12 --text "Your parcel is on its way."',
        "localft data edit support-bot --example 12 --editor",
        'localft data edit support-bot --example 12 --turn 2 --add after --role assistant --text "Hello!"',
        "localft data edit support-bot --example 12 --turn 4 --move-to 2",
        "localft data edit support-bot --example 12 --turn 3 --weight 0",
        'localft data edit support-bot --example 12 --system "Be brief." --rejected "No idea."',
        "localft data edit support-bot --example 12 --from -",
        "localft data edit support-bot --split test --example 3 --open-test --delete",
    ),
)
@project_argument
@click.option("--split", type=click.Choice(SPLITS), default="train", show_default=True, help="Which part of the data.")
@click.option("--example", "number", type=click.IntRange(1), required=True, help="Which one, as `data show` counts.")
@click.option("--turn", type=click.IntRange(1), help="Which turn of the conversation; the last one unless told.")
@click.option("--text", help="What the turn says from now on, or the text that an example is.")
@click.option("--role", type=click.Choice(get_args(Role)), help="Who says the turn.")
@click.option("--weight", type=click.IntRange(0, 1), help="Whether an answer is learned (1) or only read (0).")
@click.option("--calls", metavar="JSON", help="The tools that the turn calls, as a list; empty for none.")
@click.option("--add", type=click.Choice(["before", "after"]), help="Add a turn there, with --role and --text.")
@click.option("--move-to", type=click.IntRange(1), metavar="TURN", help="Put the turn at this place.")
@click.option("--drop-turn", is_flag=True, help="Take the turn out.")
@click.option("--system", metavar="TEXT", help="The system prompt of the conversation; empty for none.")
@click.option("--rejected", metavar="TEXT", help="The worse answer of a preference pair; empty for none.")
@click.option("--tools", metavar="JSON", help="The tools that the conversation offers, as a list; empty for none.")
@click.option("--editor", is_flag=True, help="Open the example as JSON in your editor ($EDITOR).")
@click.option("--from", "file", type=click.File("r", encoding="utf-8", lazy=True), metavar="FILE",
              help="Take what the example says from a file of JSON; - is the standard input.")  # fmt: skip
@click.option("--delete", is_flag=True, help="Take the example out.")
@open_test_option
@json_option
@click.pass_obj
def edit(output: Output, project: Project, split: Split, number: int, opened: bool, **options: Any) -> None:
    """Change an example: its turns, who says them, what is learned, tools, a worse answer; or delete it.

    All that is said in one call becomes one new version; `localft data undo` goes back. With --editor, or from a file,
    the whole example is JSON: {"messages": [...], "tools": [...], "rejected": "..."}, or {"text": "..."}.
    The test split is sealed: --open-test opens it, and is counted.
    """
    from localft.data.rows.editing import change_example, delete_example, example_at
    from localft.data.splits.sealing import look

    changes = [name for name in _CHANGES if options[name] is not None and options[name] is not False]
    ways = [name for name in ("editor", "file", "delete") if options[name]]
    if len(ways) + bool(changes) != 1:
        raise click.UsageError("Say what to do: --text TEXT or another change, --editor, --from FILE, or --delete.")
    version = chosen_version(project, None)
    example = example_at(project, version, split, number - 1)
    look(project, version, split, opened)
    if options["delete"]:
        changed = delete_example(project, version, split, number - 1)
    elif options["editor"]:
        changed = _in_editor(example, lambda said: _keep_now(project, version, split, number - 1, example, said))
    else:
        said = _from_file(example, options["file"]) if options["file"] else _by_options(example, options)
        changed = change_example(project, version, split, number - 1, said)
    output.say(f"Version {changed.id}: {changed.note}.")
    output.hint(f"Back: localft data undo {project.slug}")
    output.result({"project": project.slug, "dataset": changed.id, "parent": changed.parent, "counts": changed.counts})


def _from_file(example: "Example", file: Any) -> "Example":
    from localft.data.rows.spelling import read_spelled

    try:
        return read_spelled(example, file.read())
    except UnicodeDecodeError as error:
        raise UserError("The file is no text in UTF-8.", "Save it as UTF-8 and try again.") from error


def _in_editor(example: "Example", keep: "Callable[[Example], DatasetVersion]") -> "DatasetVersion":
    """Let a person change the JSON of an example until it can be kept; what was typed comes back with the sentence."""
    from localft.data.rows.spelling import read_spelled, spelled

    text = spelled(example)
    while True:
        edited = click.edit(text, extension=".json", require_save=False)
        text = text if edited is None else edited
        try:
            return keep(read_spelled(example, text))
        except UserError as error:
            click.confirm(f"{error.message} Edit it again?", default=True, abort=True, err=True)


def _by_options(example: "Example", options: dict[str, Any]) -> "Example":
    from localft.data.rows.drafting import ExampleDraft, TurnDraft, drafted

    draft = ExampleDraft.of(example)
    place = (options["turn"] or len(draft.turns)) - 1
    given: dict[str, Any] = {
        "content": options["text"],
        "role": options["role"],
        "tool_calls": options["calls"],
        "learn": None if options["weight"] is None else bool(options["weight"]),
    }
    said = {name: value for name, value in given.items() if value is not None}
    if sum((bool(options["add"]), bool(options["move_to"]), options["drop_turn"])) > 1:
        raise click.UsageError("--add, --move-to and --drop-turn are three different things: choose one.")
    if options["drop_turn"] and said:
        raise click.UsageError("A turn that is taken out says nothing: leave --text, --role, --weight and --calls out.")
    if options["add"]:
        # The turn beside which the new one comes has to be there.
        draft.with_turn(place)
        draft = draft.with_added(place + (options["add"] == "after"), TurnDraft.model_validate({"content": "", **said}))
    elif said:
        draft = draft.with_turn(place, **said)
    if options["move_to"]:
        draft = draft.moved(place, options["move_to"] - 1)
    if options["drop_turn"]:
        draft = draft.without(place)
    if options["system"] is not None:
        draft = draft.with_system(options["system"])
    return drafted(example, draft.model_copy(update={name: options[name] for name in ("rejected", "tools")}))


def _keep_now(
    project: Project, seen: "DatasetVersion", split: Split, index: int, example: "Example", said: "Example"
) -> "DatasetVersion":
    """Let an example that was `seen` say what was typed, in what the data has become while the editor was open."""
    from localft.data.rows.editing import change_example
    from localft.data.rows.known import example_key, find_known

    now = chosen_version(project, None)
    if now.id != seen.id:
        split, index, _ = find_known(project, now, split, index, example_key(example))
    return change_example(project, now, split, index, said)


@click.command(
    "add",
    epilog=examples(
        'localft data add support-bot --question "Where is my parcel?" --answer "On its way."',
        'localft data add support-bot --question "Where is it?" --answer "On its way." --golden',
    ),
)
@project_argument
@click.option("--question", required=True, help="What is asked.")
@click.option("--answer", required=True, help="The answer that you want.")
@click.option("--system", help="A system prompt for it.")
@click.option("--golden", is_flag=True, help="Keep it as a golden question: it measures, and is never learned.")
@json_option
@click.pass_obj
def add(output: Output, project: Project, question: str, answer: str, system: str | None, golden: bool) -> None:
    """Add an example, or a golden question.

    An example that asks nearly what a held-out one asks is held out with it; what a golden question asks is refused.
    """
    from localft.data.examples import Message
    from localft.data.rows.editing import add_example, add_golden

    messages = [
        *([Message(role="system", content=system)] if system else []),
        Message(role="user", content=question),
        Message(role="assistant", content=answer),
    ]
    if golden:
        count = add_golden(project, messages)
        output.say(f"The project has {words.counted(count, 'golden question')} now.")
        output.hint(f"Next: localft evaluate {project.slug} --split golden")
        output.result({"project": project.slug, "golden": count})
        return
    version, split = add_example(project, chosen_version(project, None), messages)
    output.say(f"Version {version.id}: {version.note}, to {split}.")
    output.hint(f"Back: localft data undo {project.slug}")
    output.result({"project": project.slug, "dataset": version.id, "split": split, "counts": version.counts})
