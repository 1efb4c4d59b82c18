"""`localft data show`: conversations, rows set aside, and what the model would learn."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, get_args

import click

from localft import words
from localft.cli.data_browse import browse_options, show_page, wants_browsing
from localft.cli.data_views import (
    TokenPiece,
    conversation_lines,
    learned_lines,
    passage_lines,
    passage_value,
    print_openings,
    print_set_aside,
)
from localft.cli.options import (
    base_model_option,
    examples,
    json_option,
    open_test_option,
    project_argument,
    version_option,
)
from localft.cli.output import Output
from localft.cli.selection import chosen_version, model_and_format
from localft.data.source_passages import source_passages
from localft.data.versions import SPLITS, DatasetVersion, Split, iterate_split
from localft.errors import UserError
from localft.models.base_model import STARTER
from localft.models.tokens import Learn
from localft.store.projects import Project


@click.command(
    "show",
    epilog=examples(
        "localft data show support-bot",
        "localft data show support-bot --first 20 --rows 3",
        "localft data show support-bot --split test --open-test",
        "localft data show support-bot --search refund --sort longest",
        "localft data show support-bot --finding near-duplicates --page 2",
        "localft data show support-bot --rated bad",
        "localft data show support-bot --learned 7",
        "localft data show support-bot --learned 7 --learn last",
        "localft data show support-bot --set-aside",
    ),
)
@project_argument
@version_option
@click.option(
    "--split", type=click.Choice(SPLITS), help="Which part: train, or test with --open-test; all when searching."
)
@click.option("--first", type=click.IntRange(1), default=1, show_default=True, help="The example to begin with.")
@click.option("--rows", type=click.IntRange(1), default=5, show_default=True, help="How many examples to show.")
@click.option(
    "--learned", type=click.IntRange(1), metavar="N", help="Show which tokens of example N are learned, masked or cut."
)
@click.option(
    "--learn",
    type=click.Choice(get_args(Learn)),
    default="all",
    show_default=True,
    help="For --learned: which answers of a conversation are learned.",
)
@browse_options
@open_test_option
@click.option("--passages", is_flag=True, help="The whole passages that examples were written from.")
@click.option("--set-aside", is_flag=True, help="Show the rows that could not be used.")
@click.option("--max-length", type=click.IntRange(32, 131_072), help="Tokens at which examples are cut.")
@base_model_option
@json_option
@click.pass_obj
def show(
    output: Output,
    project: Project,
    version_id: str | None,
    split: Split | None,
    learned: int | None,
    set_aside: bool,
    opened: bool,
    **options: Any,
) -> None:
    """Show examples as conversations, or what the model would learn from one of them.

    The test split is sealed: what is looked at measures no longer fairly. Whoever opens it all the same is counted.
    """
    from localft.data.splits.sealing import look

    version = chosen_version(project, version_id)
    if set_aside:
        _show_set_aside(output, project, version)
        return
    browsing = learned is None and wants_browsing(options)
    if browsing and options["first"] > 1:
        raise click.UsageError("--first counts as the examples lie. Among those that are found --page turns the pages.")
    part: Split = split or ("test" if opened else "train")
    look(project, version, part, opened)
    if learned is not None:
        _show_learned(output, project, version, part, learned, options)
    elif browsing:
        show_page(output, project, version, split, opened, options)
    else:
        _show_examples(output, project, version, part, options["first"], options["rows"], options["passages"])


def _show_examples(
    output: Output, project: Project, version: DatasetVersion, split: Split, first: int, rows: int, whole: bool
) -> None:
    chosen = list(islice(iterate_split(project, version.id, split), first - 1, first - 1 + rows))
    passages = source_passages(project, chosen)
    shown = []
    for number, example in enumerate(chosen, start=first):
        origin = f"  ({example.origin})" if example.source else ""
        output.heading(f"Example {number} of {version.counts[split]:,}{origin}")
        for line in [*conversation_lines(example), *passage_lines(example, passages, whole)]:
            output.say(line)
        output.say()
        value = example.model_dump(mode="json", exclude_defaults=True)
        shown.append({"number": number, **value, **passage_value(example, passages)})
    if not shown:
        raise UserError(
            f"There is no example {first}: the {split} split has {words.counted(version.counts[split], 'example')}.",
            "Begin earlier with --first.",
        )
    openings = print_openings(output, project, version)
    output.hint(f"What the model learns from one of them: localft data show {project.slug} --learned {first}")
    output.result({"project": project.slug, "dataset": version.id, "split": split, "examples": shown, **openings})


def _show_set_aside(output: Output, project: Project, version: DatasetVersion) -> None:
    from localft.data.making.set_aside import list_set_aside

    rows = list_set_aside(project, version)
    if rows:
        output.say(f"{words.counted(len(rows), 'row')} set aside:")
        print_set_aside(output, rows, len(rows))
    else:
        output.say("No row was set aside.")
    output.result({"project": project.slug, "dataset": version.id, "set_aside": rows})


def _show_learned(
    output: Output, project: Project, version: DatasetVersion, split: Split, number: int, options: dict[str, Any]
) -> None:
    from localft.data.rows.learning_preview import preview
    from localft.planning.recipe import TrainingSettings

    if number > version.counts[split]:
        raise UserError(
            f"There is no example {number}: the {split} split has {words.counted(version.counts[split], 'example')}.",
            "Choose a smaller number.",
        )
    reference = options["base_model"] or project.info.base_model or STARTER
    model, chat_format = model_and_format(reference)
    if model is None or chat_format is None:
        raise UserError(
            "The base model is not on this computer, and what is learned depends on its tokens and chat template.",
            f"`localft models download {reference}`, or add --base-model starter.",
        )
    chosen = {name: options[name] for name in ("max_length", "learn") if options[name] is not None}
    if version.pairs == version.total:
        chosen["objective"] = "dpo"
    settings = TrainingSettings(**chosen)
    pieces: Sequence[TokenPiece] = preview(project, version, model, chat_format, settings, number - 1, split)
    counts = Counter(piece.state for piece in pieces)
    output.heading(f"Example {number} as {model.name} reads it")
    for line in learned_lines(pieces):
        output.say(line)
    output.say(
        ", ".join(f"{counts[state]:,} tokens {state}" for state in ("learned", "masked", "cut") if counts[state])
    )
    output.result({"project": project.slug, "dataset": version.id, "base_model": model.reference, "tokens": pieces})
