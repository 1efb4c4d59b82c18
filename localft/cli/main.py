"""The `localft` command: runs a command, and turns whatever goes wrong into a sentence and an exit status."""

import contextlib
import io
import os
import sys
import traceback
from pathlib import Path

import click

from localft import __version__, paths, privacy
from localft.cli.group import HELP_OPTIONS, Entry, LazyGroup
from localft.cli.output import Output
from localft.errors import Stopped, UserError, explain

_STOPPED_STATUS = 130

_SECTIONS = {
    "Start": {
        "app": Entry("localft.cli.app:app", "Open the app in the browser (the same as no command at all)."),
        "demo": Entry("localft.cli.demo:demo", "Run the whole path on the bundled starter model, offline."),
        "doctor": Entry("localft.cli.doctor:doctor", "Look at this computer and say what to mend."),
        "paths": Entry("localft.cli.paths:paths_command", "Say where everything lies."),
        "settings": Entry("localft.cli.settings:settings", "Show or set what holds for all projects."),
    },
    "Projects, models and data": {
        "new": Entry("localft.cli.projects:new", "Make a project."),
        "projects": Entry("localft.cli.projects:projects", "List the projects."),
        "models": Entry("localft.cli.models:models", "List, search, look at and download base models."),
        "data": Entry("localft.cli.data:data", "Import, check, show and mend examples."),
    },
    "Training": {
        "plan": Entry("localft.cli.plan:plan", "Say what a run would need and take, without starting it."),
        "train": Entry("localft.cli.train:train", "Train a base model on a project's examples."),
        "sweep": Entry("localft.cli.sweep:sweep", "Try several ranks and learning rates, and compare the runs."),
        "runs": Entry("localft.cli.runs:runs", "List a project's runs, or follow one."),
        "stop": Entry("localft.cli.runs:stop", "Ask a project's running work to save and stop."),
        "resume": Entry("localft.cli.runs:resume", "Go on with stopped work where it was."),
    },
    "Using the tuned model": {
        "evaluate": Entry("localft.cli.evaluate:evaluate", "Compare base and tuned model on held-out examples."),
        "chat": Entry("localft.cli.chat:chat", "Talk to the tuned model, the base model or both."),
        "serve": Entry("localft.cli.serve:serve", "Give other programs an OpenAI-compatible address."),
        "share": Entry("localft.cli.share:share", "Let others chat with the tuned model for a while."),
        "export": Entry("localft.cli.export:export", "Write an adapter, a merged model, a GGUF, or send it to Ollama."),
    },
}

# Written out here: localft.cli.options, which does it for the commands, would slow `localft --help` down.
_EXAMPLES = """\b
Examples:
  localft
  localft demo
  localft new "Support bot" --base-model starter
  localft data import support-bot tickets.jsonl
  localft train support-bot

Each command explains itself by example: `localft train --help`. LOCALFT_HOME moves all localft keeps.
"""

application = LazyGroup(
    _SECTIONS,
    default="app",
    name="localft",
    help="Fine-tune a language model on your own graphics card, and know that it got better.",
    epilog=_EXAMPLES,
    context_settings=HELP_OPTIONS,
    params=[
        click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, help="Show the version.",
            callback=lambda context, option, wanted: _show_version(context, wanted),
        )
    ],
)  # fmt: skip


def _show_version(context: click.Context, wanted: bool) -> None:
    if wanted:
        click.echo(f"localft {__version__}")
        context.exit()


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns the exit status: 0 done, 1 a clear error, 2 wrong usage, 130 stopped.
    """
    privacy.switch_telemetry_off()
    _prepare_streams()
    output = Output()
    try:
        paths.settle()
        return _run(arguments, output)
    except click.UsageError as error:
        # Of an option that is not there, nobody has got as far as --json.
        output.json_mode = output.json_mode or _asks_for_json(sys.argv[1:] if arguments is None else arguments)
        error.show()
        output.failure_value(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        # A file that --from names is not there, or an editor cannot be started.
        output.failure(UserError(error.format_message()))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.failure(UserError("Stopped."))
        return _STOPPED_STATUS
    except Stopped as stopped:
        output.failure(UserError(str(stopped) or "Stopped."))
        return _STOPPED_STATUS
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough. Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the one place where an exception becomes a sentence
        output.failure(explain(error) or _unexpected(error))
        if os.environ.get("LOCALFT_DEBUG"):
            traceback.print_exc()
        return 1


def _run(arguments: list[str] | None, output: Output) -> int:
    status = application.main(args=arguments, prog_name="localft", standalone_mode=False, obj=output)
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _asks_for_json(words: list[str]) -> bool:
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _prepare_streams() -> None:
    """Print any text anywhere: UTF-8 on Windows whatever its code page, and never an error over a single character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if os.name == "nt" else None, errors="backslashreplace")


def _unexpected(error: Exception) -> UserError:
    """Keep the traceback of a mistake of ours in a file, and say where."""
    what = f"Something unexpected went wrong ({type(error).__name__})."
    log = _write_log(error)
    if log is None:
        return UserError(what, "Set LOCALFT_DEBUG=1 and try again to see the details.")
    return UserError(what, f"The details are in {log}; please report them.")


def _write_log(error: Exception) -> Path | None:
    from localft.store import files

    log = paths.data_dir() / "logs" / f"{files.new_id()}.log"
    with contextlib.suppress(OSError):
        files.write_text(
            log, f"localft {__version__}, Python {sys.version}\n" + "".join(traceback.format_exception(error))
        )
        return log
    return None
