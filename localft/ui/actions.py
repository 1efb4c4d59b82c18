"""Buttons inside HTML: one script passes a click on, one function reads it."""

import gradio as gr

# A double click means what one click means: by its second half the answer may have drawn another button in the same
# place, which nobody meant.
_PASS_ON = """
let last = null;
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-action]');
  if (!button || button.disabled) return;
  const now = {
    when: event.timeStamp, place: `${event.clientX} ${event.clientY}`,
    asked: `${button.dataset.action} ${button.dataset.value}`,
  };
  const twice = last && now.when - last.when < 400 && (now.place === last.place || now.asked === last.asked);
  if (twice) return;
  last = now;
  trigger('click', {action: button.dataset.action, value: button.dataset.value});
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
