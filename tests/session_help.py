"""A session of a tiny run in this process, before its first step."""

from pathlib import Path
from typing import Any

from localft.hardware import read_hardware
from localft.jobs import JobContext
from localft.planning.lengths import measure_tokens
from localft.planning.plan import make_plan
from localft.planning.proposing import propose
from localft.training.order import read_data, read_order
from localft.training.runs import prepare_run
from localft.training.session import Session
from localft.training.worker import load_for_training
from tests.sample_projects import make_base_model, make_project


def make_session(model_folder: Path, recomputed: int = 0, **own: Any) -> tuple[Session, Path]:
    """The session and the folder of a run of one epoch; `own` settings win. So many layers are computed twice."""
    project, base = make_project(train=8), make_base_model(model_folder)
    version = next(project.datasets.iterdir()).name
    recipe = propose(project, version, base, read_hardware(), "quick", {"epochs": 1, **own})
    plan = make_plan(recipe, base, measure_tokens(project, version, base, recipe.settings), read_hardware())
    plan = plan.model_copy(update={"recomputed_layers": recomputed})
    folder, order = prepare_run(project, recipe, plan, 1e9)
    context = JobContext(folder, order)
    records = read_order(context)
    return Session(context, records, read_data(context, records), *load_for_training(records)), folder
