"""Buttons inside HTML: one script passes a click on, one function reads it."""

import gradio as gr

_PASS_ON = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-action]');
  if (button && !button.disabled) trigger('click', {action: button.dataset.action, value: button.dataset.value});
});
"""


def clickable() -> str:
    """The script for an HTML component whose buttons carry `data-action` and `data-value`."""
    return _PASS_ON


def action_of(event: gr.EventData) -> tuple[str, str]:
    """The action of a click and its value.

    Both come from the page: what they name has to be looked up, never trusted.
    """
    given = event._data if isinstance(event._data, dict) else {}
    return str(given.get("action", "")), str(given.get("value", ""))
