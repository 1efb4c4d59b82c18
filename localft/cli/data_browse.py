"""`localft data show` with a search or a filter, and `localft data rate`: find examples, and say which are good."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from localft import words
from localft.cli.data_views import conversation_lines, passage_lines, passage_value, print_openings
from localft.cli.options import examples, json_option, open_test_option, project_argument
from localft.cli.output import Output
from localft.cli.selection import chosen_version, model_and_format
from localft.data.row_ratings import MARKS, Mark
from localft.data.rows.wishes import RATED, SORTS, Wish
from localft.data.source_passages import source_passages
from localft.data.versions import SPLITS, DatasetVersion, Split
from localft.store.projects import Project

if TYPE_CHECKING:
    from localft.data.checks.checking import CheckReport


def browse_options(command: Any) -> Any:
    """Add the options by which examples are found and put in order."""
    for option in reversed(
        (
            click.option("--search", metavar="TEXT", help="Only examples that say this, in upper or lower case."),
            click.option("--finding", metavar="NAME", help="Only examples of this finding of `localft data check`."),
            click.option("--rated", type=click.Choice(RATED), help="Only examples that you have rated so."),
            click.option("--edited", is_flag=True, help="Only examples that were changed or written here."),
            click.option("--sort", type=click.Choice(SORTS), help="In which order; as they lie unless told."),
            click.option("--page", type=click.IntRange(1), help="Which page of them; --rows says how many are on one."),
        )
    ):
        command = option(command)
    return command


def wants_browsing(given: dict[str, Any]) -> bool:
    """Whether one of these options was given."""
    return any(given[name] for name in ("search", "finding", "rated", "edited", "sort", "page"))


def show_page(
    output: Output, project: Project, version: DatasetVersion, split: Split | None, opened: bool, given: dict[str, Any]
) -> None:
    """Print one page of what was searched for."""
    from localft.data.rows.browsing import browse, places_of, unnamed_of

    report = _checked(project, version, given) if given["finding"] else None
    places = places_of(report, given["finding"]) if report is not None else None
    wish = Wish(
        search=given["search"] or "",
        split=split,
        places=places,
        rated=given["rated"],
        edited=given["edited"],
        sort=given["sort"] or "place",
        page=given["page"] or 1,
        size=given["rows"],
        opened=opened,
    )
    page = browse(project, version, wish)
    passages = source_passages(project, [row.example for row in page.rows])
    for row in page.rows:
        marks = [*(["edited"] if row.example.edited else []), *([f"rated {row.rating.words}"] if row.rating else [])]
        origin = row.example.origin if row.example.source else "no source"
        output.heading(f"{row.split} {row.index + 1:,}  ({', '.join([origin, *marks])})")
        for line in [*conversation_lines(row.example), *passage_lines(row.example, passages, given["passages"])]:
            output.say(line)
        output.say()
    found = f"{words.counted(page.count, 'example')} found" if wish.choosy else words.counted(page.count, "example")
    output.say(f"{found}; page {page.page:,} of {page.pages:,}.")
    if report is not None and (rest := unnamed_of(report, given["finding"], opened)):
        output.say(rest)
    openings = print_openings(output, project, version)
    if page.page < page.pages:
        output.hint(f"The next page: add --page {page.page + 1}")
    shown = [
        {
            "split": row.split,
            "number": row.index + 1,
            "length": row.length,
            "rating": row.rating.mark,
            "note": row.rating.note,
            **row.example.model_dump(mode="json", exclude_defaults=True),
            **passage_value(row.example, passages),
        }
        for row in page.rows
    ]
    listed = {"examples": shown, "count": page.count, "page": page.page, "pages": page.pages, "sealed": page.sealed}
    output.result({"project": project.slug, "dataset": version.id, **listed, **openings})


def _checked(project: Project, version: DatasetVersion, given: dict[str, Any]) -> "CheckReport":
    """As `localft data check` looks: some findings are about the tokens of the base model.

    Where the app has let a job check so many examples, what it has found is read, and not looked for anew.
    """
    from localft.data.checks.checking import DEFAULT_LENGTH, check_version
    from localft.data.checks.places import NOWHERE
    from localft.data.works.background import look_at_check

    model, chat_format = model_and_format(given["base_model"] or project.info.base_model)
    if (given["max_length"] or DEFAULT_LENGTH) == DEFAULT_LENGTH:
        report = look_at_check(project, version, model).report
        named = [one for one in report.findings if one.check == given["finding"]] if report is not None else []
        # One that was kept before the places were is as good as none.
        if report is not None and named and all(one.places != NOWHERE for one in named):
            return report
    return check_version(project, version, model, chat_format, given["max_length"] or DEFAULT_LENGTH)


@click.command(
    "rate",
    epilog=examples(
        "localft data rate support-bot --example 12 good",
        'localft data rate support-bot --example 12 bad --note "too curt"',
        "localft data show support-bot --rated bad",
        'localft data repair support-bot "rated bad"',
    ),
)
@project_argument
@click.argument("mark", type=click.Choice(MARKS))
@click.option("--split", type=click.Choice(SPLITS), default="train", show_default=True, help="Which part of the data.")
@click.option("--example", "number", type=click.IntRange(1), required=True, help="Which one, as `data show` counts.")
@click.option("--note", help="Why, in your words; without it the note that is there stays.")
@open_test_option
@json_option
@click.pass_obj
def rate(
    output: Output, project: Project, mark: Mark, split: Split, number: int, note: str | None, opened: bool
) -> None:
    """Say what you think of an example: good, bad, or none to take it back.

    A rating belongs to what the example says, so it survives new versions and another division. It goes along with a
    repair, and with a change by hand, but for what was rated bad: that is a new answer then. Those rated bad are a
    finding of `localft data check`, and `localft data repair PROJECT "rated bad"` deletes them.
    """
    from localft.data.row_ratings import RowRating, rate_example, rating_of
    from localft.data.rows.editing import example_at
    from localft.data.splits.sealing import look

    version = chosen_version(project, None)
    look(project, version, split, opened)
    example = example_at(project, version, split, number - 1)
    kept = rating_of(project, example).note if mark != "none" else ""
    rating = RowRating(mark, kept if note is None else note.strip())
    rate_example(project, example, rating)
    output.say(f"Example {number:,} of {split}: {rating.words or 'not rated'}.")
    output.hint(
        f"All of them: localft data show {project.slug} --rated {shlex.quote(mark if mark != 'none' else 'not rated')}"
    )
    rated = {"rating": rating.mark, "note": rating.note}
    output.result({"project": project.slug, "dataset": version.id, "split": split, "number": number, **rated})
