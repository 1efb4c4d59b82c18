"""`localft doctor`: what is well, what is not, and the command that mends it."""

import click

from localft.cli.options import examples, json_option
from localft.cli.output import Output

_MARKS = {"ok": "  ok", "warning": "look", "error": "MEND"}


@click.command("doctor", epilog=examples("localft doctor", "localft doctor --json"))
@json_option
@click.pass_context
def doctor(context: click.Context) -> None:
    """Look at this computer: the card, its driver, torch, memory, disk, llama.cpp, Ollama.

    Nothing is changed. The exit status is 1 where something has to be mended before localft can work.
    """
    from localft.doctor import examine, worst

    output = context.ensure_object(Output)
    findings = examine()
    for finding in findings:
        output.say(f"{_MARKS[finding.severity]}  {finding.what}")
        for line in [] if finding.severity == "ok" else [finding.why, *finding.fix.splitlines()]:
            if line:
                output.say(f"      {line}")
    output.result({"verdict": worst(findings), "findings": findings})
    if worst(findings) == "error":
        context.exit(1)
