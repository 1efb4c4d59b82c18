"""`localft data edit` and `add`: change, delete or add an example, or write a golden question."""

import click

from localft import words
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output
from localft.cli.selection import chosen_version
from localft.data.versions import SPLITS, Split
from localft.store.projects import Project


@click.command(
    "edit",
    epilog=examples(
        'localft data edit support-bot --example 12 --text "Your parcel is on its way."',
        'localft data edit support-bot --split test --example 3 --turn 2 --text "Where is it?"',
        "localft data edit support-bot --example 12 --delete",
    ),
)
@project_argument
@click.option("--split", type=click.Choice(SPLITS), default="train", show_default=True, help="Which part of the data.")
@click.option("--example", "number", type=click.IntRange(1), required=True, help="Which one, as `data show` counts.")
@click.option("--turn", type=click.IntRange(1), help="Which turn of the conversation; the last one unless told.")
@click.option("--text", help="What the turn says from now on.")
@click.option("--delete", is_flag=True, help="Take the example out.")
@json_option
@click.pass_obj
def edit(
    output: Output, project: Project, split: Split, number: int, turn: int | None, text: str | None, delete: bool
) -> None:
    """Change one turn of an example, or delete the example; `localft data undo` goes back."""
    from localft.data.rows.editing import change_turn, delete_example, example_at

    if delete == (text is not None):
        raise click.UsageError("Say what to do: --text TEXT or --delete.")
    version = chosen_version(project, None)
    if text is None:
        changed = delete_example(project, version, split, number - 1)
    else:
        turns = len(example_at(project, version, split, number - 1).messages)
        changed = change_turn(project, version, split, number - 1, (turn or turns) - 1, text)
    output.say(f"Version {changed.id}: {changed.note}.")
    output.hint(f"Back: localft data undo {project.slug}")
    output.result({"project": project.slug, "dataset": changed.id, "parent": version.id, "counts": changed.counts})


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
