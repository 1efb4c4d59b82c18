"""`localft data golden`: the questions that measure and are never learned, listed, changed, imported, brought back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from localft import words
from localft.cli.data_golden_history import HISTORY_COMMANDS
from localft.cli.data_golden_parts import as_value, cut, no_number, number_option
from localft.cli.data_reading import Reading, reading_options
from localft.cli.data_views import print_set_aside
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.making.golden_set import GoldenQuestion

_ASIDE_SHOWN = 10


@click.group(
    "golden",
    epilog=examples(
        "localft data golden list support-bot",
        "localft data golden import support-bot questions.csv",
        "localft data golden undo support-bot",
    ),
)
def golden() -> None:
    """Keep the golden questions: 50 to 100 of your own that measure and are never learned."""


for command in HISTORY_COMMANDS:
    golden.add_command(command)


@golden.command(
    "list",
    epilog=examples("localft data golden list support-bot", "localft data golden list support-bot --search parcel"),
)
@project_argument
@click.option("--search", metavar="TEXT", default="", help="Only questions that say this, in upper or lower case.")
@json_option
@click.pass_obj
def list_command(output: Output, project: Project, search: str) -> None:
    """List the golden questions, and say what their number means for a verdict."""
    from localft.data.making.golden_set import learned_rows, list_golden

    found = list_golden(project, search)
    count = len(found) if not search.strip() else len(list_golden(project))
    output.table(
        ["number", "question", "wanted answer", "from"],
        [[one.number, cut(one.asked), cut(one.wanted), _origin(one)] for one in found],
        numbers=["number"],
    )
    if search.strip():
        output.say(f"{words.counted(len(found), 'golden question')} found.")
    learned = learned_rows(project)
    told = _tell_amount(output, project, count, len(learned))
    output.result(
        {"project": project.slug, "count": count, "told": told, "learned": len(learned),
         "questions": [as_value(one) for one in found]}
    )  # fmt: skip


@golden.command(
    "add",
    epilog=examples('localft data golden add support-bot --question "Where is my parcel?" --answer "On its way."'),
)
@project_argument
@click.option("--question", required=True, help="What is asked.")
@click.option("--answer", required=True, help="The answer that you want.")
@click.option("--system", help="A system prompt for it.")
@json_option
@click.pass_obj
def add_command(output: Output, project: Project, question: str, answer: str, system: str | None) -> None:
    """Write a golden question; one that the newest version teaches is refused."""
    from localft.data.examples import Message
    from localft.data.rows.editing import add_golden

    first = [Message(role="system", content=system)] if system else []
    said = [*first, Message(role="user", content=question), Message(role="assistant", content=answer)]
    count = add_golden(project, said)
    told = _tell_amount(output, project, count)
    output.result({"project": project.slug, "count": count, "told": told})


@golden.command(
    "edit",
    epilog=examples(
        'localft data golden edit support-bot --number 3 --answer "It is on its way."',
        'localft data golden edit support-bot --number 3 --question "Where is my order?" --system "Be brief."',
    ),
)
@project_argument
@click.option("--number", type=click.IntRange(1), required=True, help="Which one, as the list counts.")
@click.option("--question", help="What is asked from now on.")
@click.option("--answer", help="The answer that you want from now on.")
@click.option("--system", help='Its system prompt from now on; "" for none.')
@json_option
@click.pass_obj
def edit_command(
    output: Output, project: Project, number: int, question: str | None, answer: str | None, system: str | None
) -> None:
    """Change a golden question or the wanted answer; earlier evaluations keep what was asked then."""
    from localft.data.making.golden_set import change_golden

    if question is None and answer is None and system is None:
        raise click.UsageError("Say what to change: --question, --answer or --system.")
    one = _numbered(project, (number,))[0]
    changed = change_golden(
        project,
        one.key,
        one.asked if question is None else question,
        one.example.answer if answer is None else answer,
        one.system if system is None else system,
    )
    output.say(f"Golden question {changed.number:,} changed.")
    output.hint(f"Back: localft data golden undo {project.slug}")
    output.result({"project": project.slug, "question": as_value(changed)})


@golden.command(
    "delete",
    epilog=examples(
        "localft data golden delete support-bot --number 3",
        "localft data golden delete support-bot --number 3 --number 8",
    ),
)
@project_argument
@number_option
@json_option
@click.pass_obj
def delete_command(output: Output, project: Project, numbers: tuple[int, ...]) -> None:
    """Take golden questions out; `localft data golden undo` or `bring-back` takes them in again."""
    from localft.data.making.golden_set import delete_golden, list_golden

    deleted = delete_golden(project, [one.key for one in _numbered(project, numbers)])
    output.say(f"{words.counted(len(deleted), 'golden question')} deleted.")
    told = _tell_amount(output, project, len(list_golden(project)))
    output.hint(f"Back: localft data golden undo {project.slug}")
    output.result({"project": project.slug, "deleted": [as_value(one) for one in deleted], "told": told})


@golden.command(
    "import",
    epilog=examples(
        "localft data golden import support-bot questions.csv",
        "localft data golden import support-bot questions.xlsx --map prompt=asked --map answer=wanted",
        "localft data golden import support-bot questions.jsonl --take-out",
    ),
)
@project_argument
@click.argument("sources", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@reading_options
@click.option("--take-out", is_flag=True, help="Take what asks them out of the training data too, as a new version.")
@json_option
@click.pass_obj
def import_command(
    output: Output, project: Project, sources: tuple[Path, ...], reading: Reading, take_out: bool
) -> None:
    """Take the rows of files as golden questions, in every shape that `localft data import` reads."""
    from localft.data.making.golden_import import import_golden
    from localft.data.making.golden_set import learned_rows, list_golden

    done = import_golden(project, sources, reading.mapping, reading.chat)
    there = f"; {done.known:,} were there already" if done.known else ""
    output.say(f"{words.counted(done.added, 'golden question')} imported{there}.")
    if done.set_aside:
        output.say(f"{words.counted(len(done.set_aside), 'row')} set aside:")
        print_set_aside(output, [vars(row) for row in done.set_aside], _ASIDE_SHOWN, "all of them: add --json")
    learned = learned_rows(project)
    version = _take_out(output, project) if take_out and learned else None
    told = _tell_amount(output, project, len(list_golden(project)), 0 if version else len(learned))
    output.result(
        {"project": project.slug, "added": done.added, "known": done.known, "learned": len(learned),
         "dataset": version, "told": told, "set_aside": [vars(row) for row in done.set_aside]}
    )  # fmt: skip


def _take_out(output: Output, project: Project) -> str:
    from localft.data.checks.leakage import IN_GOLDEN
    from localft.data.repairs.repairing import repair_version
    from localft.data.versions import newest_version

    version = repair_version(project, newest_version(project), [IN_GOLDEN])
    output.say(f"Version {version.id}: {version.note}.")
    output.hint(f"Back: localft data undo {project.slug}")
    return version.id


def _tell_amount(output: Output, project: Project, count: int, learned: int = 0) -> str:
    from localft.data.checks.leakage import IN_GOLDEN
    from localft.data.making.golden_amount import told_amount

    told = told_amount(count)
    output.say(told)
    if learned:
        asks = "training example asks" if learned == 1 else "training examples ask"
        output.say(f"{learned:,} {asks} nearly what golden questions ask; these measure only what is never learned.")
        output.hint(f'Out of training with them: localft data repair {project.slug} "{IN_GOLDEN}"')
    if count:
        output.hint(f"Next: localft evaluate {project.slug} --split golden")
    return told


def _numbered(project: Project, numbers: tuple[int, ...]) -> "list[GoldenQuestion]":
    from localft.data.making.golden_set import list_golden

    listed = {one.number: one for one in list_golden(project)}
    if not set(numbers) <= set(listed):
        raise no_number(len(listed))
    return [listed[number] for number in dict.fromkeys(numbers)]


def _origin(one: "GoldenQuestion") -> str:
    when = words.moment(one.when) if one.when else ""
    return ", ".join(part for part in (one.origin, when) if part)
