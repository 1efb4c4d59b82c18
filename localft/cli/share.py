"""`localft share`: a chat-only page behind a public link, for a while."""

import click

from localft.cli.options import examples, json_option, project_argument, run_option
from localft.cli.output import Output
from localft.cli.selection import newest_with_weights
from localft.store.projects import Project


@click.command("share", epilog=examples("localft share support-bot", "localft share support-bot --minutes 30"))
@project_argument
@run_option
@click.option(
    "--minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True, help="When the link ends by itself."
)
@json_option
@click.pass_obj
def share(output: Output, project: Project, run_id: str | None, minutes: int) -> None:
    """Let others chat with the tuned model through a public link.

    It opens a separate page with nothing but the chat, behind a password that is made up and an end time. The link is
    Gradio's: what is typed there passes through its servers. Ctrl-C ends it.
    """
    from localft.ui.share import Share, serve_share

    def opened(share: Share) -> None:
        ends_at = share.ends_at.isoformat(timespec="seconds")
        output.result({"url": share.address, "user": share.user, "password": share.password, "ends_at": ends_at})

    serve_share(project, newest_with_weights(project, run_id), minutes, opened=opened)
