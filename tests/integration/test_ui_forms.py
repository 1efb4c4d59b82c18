"""What stands in the widgets becomes settings, and back; what can be talked to at each point of a project."""

import gradio as gr
import pytest

from localft.errors import UserError
from localft.models.base_model import STARTER
from localft.planning.recipe import TrainingSettings
from localft.serving.endpoint import Sampling
from localft.settings import Settings
from localft.store.projects import create_project, update_project
from localft.ui.chat import chosen_target, targets
from localft.ui.forms import Form, draw_form


def drawn(settings: type[Settings]) -> Form:
    """A form on a page of its own."""
    with gr.Blocks():
        return draw_form(settings)


def shown(form: Form, settings: TrainingSettings | Sampling) -> list[object]:
    """What the widgets hold for these settings."""
    updates = form.updates(settings)
    return [updates[widget] for widget in form.widgets]


@pytest.mark.parametrize("settings", [TrainingSettings(), TrainingSettings(micro_batch_size=4, chat_template="plain")])
def test_settings_survive_the_widgets(settings: TrainingSettings) -> None:
    form = drawn(TrainingSettings)
    given = shown(form, settings)
    assert form.parse(given) == settings
    assert form.changed(given, settings) == {}


def test_an_optional_number_left_empty_is_none_not_zero() -> None:
    form = drawn(Sampling)
    given = shown(form, Sampling())
    place = [field.name for field in form.fields].index("seed")
    assert given[place] == ""
    assert form.values(given)["seed"] is None
    assert form.values([*given[:place], " 7 ", *given[place + 1 :]])["seed"] == 7
    with pytest.raises(UserError, match="seed"):
        form.parse([*given[:place], "seven", *given[place + 1 :]])


def test_a_base_model_can_be_talked_to_before_anything_is_trained() -> None:
    project = create_project("Talk")
    assert targets(project) == []
    with pytest.raises(UserError, match="no model to talk to"):
        chosen_target(project, None)
    project = update_project(project, base_model=STARTER)
    assert chosen_target(project, None) == f"base:{STARTER}"
    with pytest.raises(UserError, match="not there any more"):
        chosen_target(project, "run:that-is-in-the-trash")
