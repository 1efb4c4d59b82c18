"""`localft serve`: the project's models behind an OpenAI-compatible address on this computer."""

import os

import click

from localft import jobs
from localft.cli.following import ways_of
from localft.cli.options import detach_option, examples, json_option, project_argument, run_option
from localft.cli.output import Output
from localft.cli.progress import progress_display
from localft.cli.selection import newest_gguf, newest_with_weights
from localft.errors import UserError
from localft.serving import service as services
from localft.serving.service import Service
from localft.store.projects import Project

_KEY_VARIABLE = "LOCALFT_KEY"


@click.command(
    "serve",
    epilog=examples(
        "localft serve support-bot",
        "localft serve support-bot --port 8000 --detach",
        "localft serve support-bot --gguf",
        "LOCALFT_KEY=my-own-key localft serve support-bot",
    ),
)
@project_argument
@run_option
@click.option("--gguf", is_flag=True, help="Serve the newest exported GGUF through llama.cpp instead of the run.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="A free one unless given.")
@click.option("--no-key", is_flag=True, help="Let every program and user of this computer in.")
@detach_option
@json_option
@click.pass_obj
def serve(
    output: Output, project: Project, run_id: str | None, gguf: bool, port: int, no_key: bool, detach: bool
) -> None:
    """Give other programs an OpenAI-compatible address on this computer.

    The models are called "base" and "tuned" there, an exported file "gguf". The address asks for a key, which is made
    up unless LOCALFT_KEY holds one. Ctrl-C ends it.
    """
    key = "" if no_key else os.environ.get(_KEY_VARIABLE) or None
    run = None if gguf else newest_with_weights(project, run_id)
    export = newest_gguf(project) if gguf else None
    service = services.start_service(project, run, export, port=port, token=key, idle_minutes=0)
    stays = False
    try:
        with progress_display(output) as display:
            service = services.wait_ready(service, on_change=display.show)
        _print_address(output, service)
        output.result({"project": project.slug, "url": service.url, "key": service.token, "models": service.models})
        if detach:
            stays = True
            output.hint(f"Stop: {ways_of(project).stop}")
        else:
            _wait(output, service)
    finally:
        if not stays:
            services.stop_service(service)


def _print_address(output: Output, service: Service) -> None:
    output.say(f"Address: {service.url}")
    output.say(f"Key:     {service.token or 'none; every program on this computer may ask'}")
    output.say(f"Models:  {', '.join(service.models)}")
    output.say()
    output.say("In Python:")
    for line in _example(service):
        output.say(f"    {line}")
    output.say()


def _example(service: Service) -> list[str]:
    model = "tuned" if "tuned" in service.models else service.models[0]
    return [
        "from openai import OpenAI",
        f'client = OpenAI(base_url="{service.url}", api_key="{service.token or "none"}")',
        'messages = [{"role": "user", "content": "Hello"}]',
        f'answer = client.chat.completions.create(model="{model}", messages=messages)',
        "print(answer.choices[0].message.content)",
    ]


def _wait(output: Output, service: Service) -> None:
    """Stay until the person or something else ends the service."""
    output.note("Ctrl-C ends it.")
    *_, last = jobs.follow(service.folder, poll_seconds=0.5)
    raise UserError(f"The service has ended: {last.sentence}", f"Its log is {service.folder / 'worker.log'}.")
