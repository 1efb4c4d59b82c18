"""`localft data golden`: what became of the golden questions, and the ways back."""

import click

from localft import words
from localft.cli.data_golden_parts import as_value, cut, no_number, number_option
from localft.cli.options import examples, json_option, project_argument
from localft.cli.output import Output
from localft.store.projects import Project


@click.command("undo", epilog=examples("localft data golden undo support-bot"))
@project_argument
@json_option
@click.pass_obj
def undo_command(output: Output, project: Project) -> None:
    """Take the newest change of the golden questions back; each further undo goes back one more."""
    from localft.data.making.golden_history import undo_golden

    change = undo_golden(project)
    output.say(f"Taken back: {change.what}.")
    output.result({"project": project.slug, "undone": change.id, "what": change.what})


@click.command("history", epilog=examples("localft data golden history support-bot"))
@project_argument
@json_option
@click.pass_obj
def history_command(output: Output, project: Project) -> None:
    """List the changes of the golden questions, newest first, and what was deleted or changed on the way."""
    from localft.data.making.golden_history import list_changes
    from localft.data.making.golden_set import list_gone

    changes, gone = list_changes(project), list_gone(project)
    if not changes:
        output.say("The golden questions have not been changed here yet.")
    output.table(["change", "made", "what"], [[one.id, words.moment(one.when), one.what] for one in changes])
    if gone:
        output.say()
        output.heading("There no more:")
        output.table(["number", "question", "wanted answer"], [[one.number, cut(one.asked), cut(one.wanted)]
                     for one in gone], numbers=["number"])  # fmt: skip
        output.hint(f"One back: localft data golden bring-back {project.slug} --number 1")
    if changes:
        output.hint(f"All as they were: localft data golden restore {project.slug} {changes[0].id}")
    listed = [{"id": one.id, "when": one.when, "what": one.what} for one in changes]
    output.result({"project": project.slug, "changes": listed, "gone": [as_value(one) for one in gone]})


@click.command("restore", epilog=examples("localft data golden restore support-bot 20261127-080000-000000-a1b2"))
@project_argument
@click.argument("change_id", metavar="CHANGE")
@json_option
@click.pass_obj
def restore_command(output: Output, project: Project, change_id: str) -> None:
    """Use the golden questions as they were after a change, which `localft data golden history` names."""
    from localft.data.making.golden_history import restore_golden

    change = restore_golden(project, change_id)
    output.say(f"The golden questions are as they were after: {change.what}.")
    output.hint(f"Back: localft data golden undo {project.slug}")
    output.result({"project": project.slug, "restored": change.id})


@click.command("bring-back", epilog=examples("localft data golden bring-back support-bot --number 1"))
@project_argument
@number_option
@json_option
@click.pass_obj
def bring_back_command(output: Output, project: Project, numbers: tuple[int, ...]) -> None:
    """Take in again what was deleted or changed, by its number in `localft data golden history`."""
    from localft.data.making.golden_set import bring_back, list_gone

    gone = {one.number: one for one in list_gone(project)}
    if not set(numbers) <= set(gone):
        raise no_number(len(gone))
    back = [bring_back(project, gone[number].key) for number in dict.fromkeys(numbers)]
    output.say(f"{words.counted(len(back), 'golden question')} brought back.")
    output.hint(f"Back: localft data golden undo {project.slug}")
    output.result({"project": project.slug, "brought_back": [as_value(one) for one in back]})


HISTORY_COMMANDS = (undo_command, history_command, restore_command, bring_back_command)
