"""`localft chat`: talk to the tuned model, the base model, a GGUF, or base and tuned side by side."""

import contextlib
import sys
from typing import Any

import click

from localft.cli.options import (
    base_model_option,
    chosen,
    examples,
    json_option,
    project_argument,
    run_option,
    settings_options,
)
from localft.cli.output import Output
from localft.cli.selection import bare_base, newest_gguf, newest_usable, newest_with_weights
from localft.cli.sessions import loaded
from localft.errors import UserError
from localft.export.exports import Export
from localft.models.base_model import BaseModel
from localft.serving import service as services
from localft.serving.endpoint import Answer, Delta, Endpoint, Sampling
from localft.settings import parse
from localft.store.projects import Project
from localft.training.runs import Run, usual_system_prompt

Conversation = list[dict[str, Any]]

_HELP = "/new forgets the conversation, /system TEXT sets the system prompt, /quit ends. Ctrl-C stops an answer."


@click.command(
    "chat",
    epilog=examples(
        "localft chat support-bot",
        'localft chat support-bot -m "My parcel never came."',
        'localft chat support-bot --compare -m "My parcel never came."',
        "localft chat support-bot --model gguf --temperature 0.7",
        'localft chat support-bot --model base -m "What can you do untrained?"',
    ),
)
@project_argument
@run_option
@click.option(
    "--model",
    "model_name",
    type=click.Choice(["tuned", "base", "gguf"]),
    default="tuned",
    show_default=True,
    help="Which model answers; gguf is the newest exported file, through llama.cpp, and base needs no run.",
)
@base_model_option
@click.option("--compare", is_flag=True, help="Let base and tuned model answer the same messages.")
@click.option("-m", "--message", help="Ask this one question and end.")
@click.option("--system", help="The system prompt; the one that all training examples share unless given.")
@settings_options(Sampling)
@json_option
@click.pass_obj
def chat(
    output: Output,
    project: Project,
    run_id: str | None,
    model_name: str,
    base_model: str | None,
    compare: bool,
    message: str | None,
    system: str | None,
    **options: Any,
) -> None:
    """Talk to a model of this project.

    Without -m it is a conversation at the terminal; what is typed there and answered is not stored.
    """
    if output.json_mode and message is None:
        raise click.UsageError("--json needs a question: add -m TEXT.")
    if compare and model_name != "tuned":
        raise click.UsageError("--compare lets base and tuned model answer; leave --model out.")
    if base_model is not None and (model_name != "base" or run_id):
        raise click.UsageError("--base-model is a model without a run; it needs --model base, and no --run.")
    sampling = parse(Sampling, chosen(Sampling, options), "the options")
    run, export, bare = _who_answers(project, run_id, model_name, base_model)
    prompt = usual_system_prompt(project, run) if system is None else system
    with loaded(output, project, run, export, bare) as service:
        names = ["base", "tuned"] if compare else [model_name]
        talk = Talk(output, [services.endpoint(service, name) for name in names], sampling, prompt)
        if message is None:
            _converse(output, talk)
            return
        answers = talk.ask(message)
        run_name = run.id if run is not None else None
        output.result({"project": project.slug, "run": run_name, "message": message, "answers": answers})


def _who_answers(
    project: Project, run_id: str | None, model_name: str, base_model: str | None
) -> tuple[Run | None, Export | None, BaseModel | None]:
    """The run, the export, or the base model without a run."""
    if model_name == "tuned":
        return newest_with_weights(project, run_id), None, None
    run = newest_usable(project, run_id) if base_model is None else None
    if model_name == "gguf":
        return run, newest_gguf(project), None
    return run, None, bare_base(project, base_model) if run is None else None


class Talk:
    """A conversation with one model, or the same one with several."""

    def __init__(self, output: Output, endpoints: list[Endpoint], sampling: Sampling, system: str) -> None:
        self._output = output
        self._endpoints = endpoints
        self._sampling = sampling
        self._system = system
        self._turns: dict[str, Conversation] = {endpoint.name: [] for endpoint in endpoints}

    def forget(self) -> None:
        """Begin anew."""
        for turns in self._turns.values():
            turns.clear()

    def use_system(self, text: str) -> None:
        """Change the system prompt and begin anew."""
        self._system = text
        self.forget()

    def ask(self, question: str) -> dict[str, Answer]:
        """Ask every model and print the answers as they come."""
        return {endpoint.name: self._ask_one(endpoint, question) for endpoint in self._endpoints}

    def _ask_one(self, endpoint: Endpoint, question: str) -> Answer:
        if len(self._endpoints) > 1:
            self._output.heading(f"{endpoint.name}:")
        turns = self._turns[endpoint.name]
        beginning = [{"role": "system", "content": self._system}] if self._system else []
        messages = [*beginning, *turns, {"role": "user", "content": question}]
        answer = self._print_answer(endpoint, messages)
        turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
        return answer

    def _print_answer(self, endpoint: Endpoint, messages: Conversation) -> Answer:
        pieces = endpoint.chat(messages, self._sampling)
        answer, text = None, ""
        try:
            for piece in pieces:
                if isinstance(piece, Delta):
                    text += piece.text
                    self._output.stream(piece.text)
                else:
                    answer = piece
        except KeyboardInterrupt:
            # Closing the stream is what makes the server stop; what was said so far stays part of the conversation.
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
            answer = Answer(text, finish="stopped")
        self._output.say()
        if answer is None:
            raise UserError("The model's answer broke off.", "Ask again; `localft doctor` looks at this computer.")
        self._output.note(_remark(answer))
        return answer


def _remark(answer: Answer) -> str:
    """What one would like to know about an answer beside its text."""
    parts = [f"{answer.completion_tokens} tokens"]
    if answer.tokens_per_second:
        parts.append(f"{answer.tokens_per_second:.1f} tokens/s")
    if answer.thinking:
        parts.append(f"thought for {len(answer.thinking.split()):,} words")
    if answer.finish == "length":
        parts.append("cut off at the longest answer allowed (--max-tokens)")
    if answer.finish == "stopped":
        parts = ["stopped"]
    return f"[{', '.join(parts)}]"


def _converse(output: Output, talk: Talk) -> None:
    """Read questions until the end of the input."""
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - line editing and history for input()
        output.note(_HELP)
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return
        command, _, rest = line.partition(" ")
        if command == "/quit":
            return
        if command == "/new":
            talk.forget()
            output.note("The conversation is forgotten.")
        elif command == "/system":
            talk.use_system(rest.strip())
            output.note("The system prompt is set; the conversation begins anew.")
        elif command == "/help":
            output.note(_HELP)
        elif line:
            talk.ask(line)
