"""`localft share`: a chat-only page behind a public link, for a while."""

import click

from localft.cli.options import examples, project_argument, run_option
from localft.cli.selection import newest_with_weights
from localft.store.projects import Project


@click.command("share", epilog=examples("localft share support-bot", "localft share support-bot --minutes 30"))
@project_argument
@run_option
@click.option(
    "--minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True, help="When the link ends by itself."
)
def share(project: Project, run_id: str | None, minutes: int) -> None:
    """Let others chat with the tuned model through a public link.

    It opens a separate page with nothing but the chat, behind a password that is made up and an end time. The link is
    Gradio's: what is typed there passes through its servers. Ctrl-C ends it.
    """
    from localft.ui.share import serve_share

    serve_share(project, newest_with_weights(project, run_id), minutes)
