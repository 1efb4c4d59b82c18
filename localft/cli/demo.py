"""`localft demo`: the whole path on the bundled starter model, explained on the way."""

from typing import Any

import click

from localft import words
from localft.cli.demo_steps import Asked, Demo, find_project
from localft.cli.evaluate import figures, print_evaluation
from localft.cli.options import examples, json_option
from localft.cli.output import Output
from localft.evaluation.evaluations import Evaluation
from localft.export.exports import Export
from localft.store import files
from localft.training.runs import Run


@click.command("demo", epilog=examples("localft demo", "localft demo --json", "localft demo --keep my-demo"))
@click.option("--keep", metavar="NAME", help="The project to make, or to go on with; Demo, Demo 2, ... unless given.")
@json_option
@click.pass_obj
def demo(output: Output, keep: str | None) -> None:
    """Run the whole path on the bundled starter model: data, training, evaluation, a GGUF, an answer.

    It needs no network and no graphics card, and takes some minutes. Interrupted at any point, the same command goes on
    from there. The project stays: look at it in the app, or talk to its model.
    """
    project = find_project(keep)
    steps = Demo(output, project)
    with files.locked(project.folder / ".demo.lock", timeout=1):
        _introduce(output)
        version = steps.data()
        run = steps.train(version)
        evaluation = steps.evaluate(run)
        print_evaluation(output, evaluation, rows=1)
        export = steps.export(run)
        asked = steps.ask(run, export, version)
    _explain(output, evaluation, asked, project.slug)
    output.result(demo_value(project.slug, run, evaluation, export, asked))


def _introduce(output: Output) -> None:
    output.say("The demo teaches a very small bundled language model to sort support tickets:")
    output.say('a ticket goes in, {"category": ..., "urgency": ...} comes out. Nothing leaves this computer.')


def _explain(output: Output, evaluation: Evaluation, asked: Asked, slug: str) -> None:
    """What it all means, and what one could do now."""
    base, tuned = (figures(evaluation, model).get("exact_match", 0.0) for model in ("base", "tuned"))
    count = evaluation.scorecard.count if evaluation.scorecard else 0
    output.say()
    output.heading("What happened")
    output.say(f"Of {count} tickets that the training had not seen, the base model answered {words.percent(base)}")
    output.say(f"exactly right, the tuned model {words.percent(tuned)}. The tuned model is one GGUF file now; asked")
    output.say(f"through {asked.engine}, it sorted a ticket as {asked.answer}.")
    output.say("The same path works with a real model and your own examples.")
    output.hint(f"Next: localft chat {slug}, localft (the app), or localft new NAME for a project of your own")


def demo_value(slug: str, run: Run, evaluation: Evaluation, export: Export, asked: Asked) -> dict[str, Any]:
    """The one object of `localft demo --json`."""
    return {
        "project": slug,
        "run": run.id,
        "evaluation": evaluation.id,
        "export": export.id,
        "verdict": evaluation.verdict,
        "base": figures(evaluation, "base"),
        "tuned": figures(evaluation, "tuned"),
        "gguf": export.gguf,
        "modelfile": export.modelfile,
        "question": asked.question,
        "expected": asked.expected,
        "answer": asked.answer,
        "engine": asked.engine,
    }
