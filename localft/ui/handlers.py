"""Between a click and the core: what goes wrong becomes a sentence in its place, and nothing typed is lost."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import gradio as gr
from gradio.events import Dependency

from localft.errors import explain
from localft.ui.views import parts
from localft.ui.views.html import Markup

_log = logging.getLogger(__name__)
_OF_A_FIELD = frozenset({"input", "blur", "expand", "collapse"})

# What a handler returns: the components that change, with their new value or `gr.update(...)`.
Updates = dict[Any, Any]
Handler = Callable[..., Updates] | Callable[..., Iterator[Updates]]


def sentence_for(error: Exception) -> Markup:
    """The message of a failure; one that nobody foresaw goes to the log with its traceback."""
    known = explain(error)
    if known is not None:
        return parts.error(known.message, known.hint)
    _log.error("A handler of the app failed", exc_info=error)
    return parts.error(
        f"Something unexpected went wrong ({type(error).__name__}).",
        "Nothing was changed by it; the details are in the terminal from which localft was started.",
    )


def plain(updates: Updates) -> Updates:
    """The same updates with plain strings, which is what Gradio sends."""
    return {component: str(value) if isinstance(value, Markup) else value for component, value in updates.items()}


def safely(handler: Handler, message: gr.HTML, clear: bool = True) -> Handler:
    """Wrap a handler so that a failure is shown in `message` and leaves everything else as it was.

    `message` is emptied when the handler succeeds without setting it, if `clear`. Generators stay generators.
    """
    cleared: Updates = {message: "" if clear else gr.skip()}
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def streaming(*arguments: Any) -> Iterator[Updates]:
            try:
                for updates in handler(*arguments):
                    yield {**cleared, **plain(updates)}
            except Exception as error:  # noqa: BLE001 - the one place where a failing handler becomes a sentence
                yield {message: str(sentence_for(error))}

        return streaming

    @functools.wraps(handler)
    def answering(*arguments: Any) -> Updates:
        try:
            updates = handler(*arguments)
            return {**cleared, **plain(updates)}  # ty: ignore[invalid-argument-type]
        except Exception as error:  # noqa: BLE001 - the one place where a failing handler becomes a sentence
            return {message: str(sentence_for(error))}

    return answering


def _while_busy(trigger: Callable[..., Dependency]) -> Literal["multiple", "always_last"] | None:
    """What becomes of an event while the one before it is still being answered; None is for Gradio to say.

    Each button in an HTML component asks for something else, and each counts, in the order of the clicks. Gradio's
    "always_last" would ask for the *first* one again. A field that is set once more is answered once more, with what it
    holds then. Any other button counts once, so that a double click starts one run and not two.
    """
    name = getattr(trigger, "event_name", "")
    if name == "click" and isinstance(getattr(trigger, "__self__", None), gr.HTML):
        return "multiple"
    return "always_last" if name in _OF_A_FIELD else None


def on(
    trigger: Callable[..., Dependency],
    handler: Handler,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    message: gr.HTML,
    clear: bool = True,
    **options: Any,
) -> Dependency:
    """Connect an event with a handler that returns a dict of updates; failures are shown in `message`.

    Events are no public interface of the app, and a click is no reason to dim the page. `clear`: an earlier message
    goes.
    """
    listed = [message, *(output for output in outputs if output is not message)]
    usual = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": _while_busy(trigger)}
    settings: dict[str, Any] = {**usual, **options}
    return trigger(safely(handler, message, clear), list(inputs), listed, **settings)
