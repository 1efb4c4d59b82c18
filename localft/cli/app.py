"""`localft app`: the same as `localft` alone."""

import click

from localft.cli.options import examples, json_option
from localft.cli.output import Output


@click.command("app", epilog=examples("localft", "localft app --port 7900", "localft --no-browser"))
@click.option("--port", type=click.IntRange(0, 65_535), help="The first free one from 7860 unless given; 0 for any.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@json_option
@click.pass_obj
def app(output: Output, port: int | None, no_browser: bool) -> None:
    """Open the app in the browser.

    It listens on 127.0.0.1 only, and its address holds a key. Ctrl-C closes the app; training and other long work goes
    on by itself.
    """
    from localft.ui.app import serve_app

    serve_app(port, not no_browser, lambda address: output.result({"url": address}))
