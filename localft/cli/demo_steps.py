"""The steps of the demo. Each finds what an earlier call has finished already, so that an interrupted demo goes on."""

import importlib.util
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localft import jobs, words
from localft.assets import asset
from localft.cli.following import Narrator, silent, wait_for, ways_of
from localft.cli.output import Output
from localft.cli.recipes import plan_sentence
from localft.cli.sessions import loaded
from localft.cli.train import narrate_training
from localft.data.versions import DatasetVersion, iterate_split, list_versions
from localft.errors import UserError
from localft.evaluation.evaluations import Evaluation, list_evaluations, open_evaluation, start_evaluation
from localft.export.exports import Export, list_exports, open_export, start_export
from localft.jobs import JobView
from localft.jobs.holding import hardware_for_next_job
from localft.models.base_model import STARTER
from localft.models.find import find_model
from localft.planning.proposals import plan_recipe
from localft.planning.proposing import propose
from localft.serving import service as services
from localft.serving.endpoint import Answer, Sampling
from localft.store.files import slugify
from localft.store.projects import Project, create_project, list_projects, open_project, update_project
from localft.training.runs import Run, list_runs, open_run, resume_run, start_run

_GOAL = "The demo: sort support tickets with the bundled starter model."
_SAMPLE = "samples/support-triage.jsonl"
_LONGEST_ANSWER = 64


@dataclass(frozen=True)
class Asked:
    """A question of the test split, what was expected, and the answer that the exported file gave."""

    question: str
    expected: str
    answer: str
    engine: str


def find_project(name: str | None) -> Project:
    """The project of the demo: the named one, else an unfinished demo, else a new one.

    Raises:
        UserError: the name belongs to a project that is no demo.
    """
    existing = {project.slug: project for project in list_projects().items}
    if name is not None:
        if slugify(name) not in existing:
            return _create(name)
        project = open_project(name)
        if project.info.goal != _GOAL:
            raise UserError(f"The project {project.slug} is not a demo.", "Choose another name with --keep.")
        return project
    for candidate in _names():
        project = existing.get(slugify(candidate))
        if project is None:
            return _create(candidate)
        if project.info.goal == _GOAL and not any(export.record for export in list_exports(project).items):
            return project
    raise AssertionError("the names never end")


def _names() -> Iterator[str]:
    yield "Demo"
    yield from (f"Demo {number}" for number in itertools.count(2))


def _create(name: str) -> Project:
    return update_project(create_project(name), goal=_GOAL, base_model=STARTER)


class Demo:
    """The steps, in their order; each says what it does and why."""

    def __init__(self, output: Output, project: Project) -> None:
        self._output = output
        self._project = project
        self._number = 0

    def _heading(self, title: str) -> None:
        self._number += 1
        self._output.say()
        self._output.heading(f"{self._number}. {title}")

    def data(self) -> DatasetVersion:
        """Import and check the sample."""
        from localft.data.checks.checking import check_version
        from localft.data.making.importing import import_files

        self._heading("Data")
        versions = list_versions(self._project).items
        version = versions[0] if versions else import_files(self._project, [asset(_SAMPLE)]).version
        self._output.say(check_version(self._project, version).sentence)
        self._output.say(
            f"{version.counts['train']} are for training, {version.counts['validation']} watch over it, "
            f"and {version.counts['test']} are kept for the test at the end."
        )
        return version

    def train(self, version: DatasetVersion) -> Run:
        """Plan and train."""
        self._heading("Training")
        runs = list_runs(self._project).items
        run = runs[0] if runs else self._start_run(version)
        if run.job.state.resumable:
            resume_run(run)
        self._output.say(self._finish(run.folder, narrate_training))
        return open_run(self._project, run.id)

    def _start_run(self, version: DatasetVersion) -> Run:
        model, hardware = find_model(STARTER), hardware_for_next_job()
        proposal = plan_recipe(self._project, model, propose(self._project, version.id, model, hardware), hardware)
        self._output.say(plan_sentence(proposal))
        return start_run(self._project, proposal.recipe, proposal.plan)

    def evaluate(self, run: Run) -> Evaluation:
        """Ask base and tuned model the test questions."""
        self._heading("Evaluation")
        known = list_evaluations(self._project).items
        evaluation = known[0] if known else start_evaluation(self._project, run)
        self._finish(evaluation.folder)
        return open_evaluation(self._project, evaluation.id)

    def export(self, run: Run) -> Export:
        """Write the GGUF file with its Modelfile."""
        self._heading("Export")
        known = list_exports(self._project).items
        export = known[0] if known else start_export(self._project, run, "gguf", _quantization())
        self._output.say(self._finish(export.folder))
        export = open_export(self._project, export.id)
        for check in export.certificate.checks if export.certificate else ():
            self._output.say(f"  {check.outcome:<11}  {check.name}")
        for path in filter(None, (export.gguf, export.modelfile)):
            self._output.say(f"{words.size(path.stat().st_size):>9}  {path}")
        return export

    def ask(self, run: Run, export: Export, version: DatasetVersion) -> Asked:
        """Ask the exported file a question of the test split; without llama.cpp the trained model itself."""
        has_engine = _has_llama_cpp()
        self._heading("A question for the exported file" if has_engine else "A question for the tuned model")
        example = next(iterate_split(self._project, version.id, "test"))
        question = example.prompt[-1].content
        self._output.say(question)
        with loaded(self._output, self._project, run, export if has_engine else None) as service:
            endpoint = services.endpoint(service, "gguf" if has_engine else "tuned")
            messages = [message.as_chat() for message in example.prompt]
            *_, answer = endpoint.chat(messages, Sampling(max_tokens=_LONGEST_ANSWER))
        if not isinstance(answer, Answer):
            raise UserError("The exported model did not finish its answer.", "Run `localft demo` again.")
        engine = "llama.cpp" if has_engine else "transformers (llama-cpp-python is not installed)"
        self._output.say(f"The answer:   {answer.text}")
        self._output.say(f"The expected: {example.answer}")
        return Asked(question, example.answer, answer.text, engine)

    def _finish(self, folder: Path, narrate: Narrator = silent) -> str:
        """See a job to its end, whatever state an earlier call left it in; return its outcome in a sentence."""
        view: JobView = jobs.read(folder)
        if view.state.resumable:
            jobs.resume(folder)
        ways = ways_of(self._project)
        return wait_for(self._output, folder, ways, narrate).message


def _has_llama_cpp() -> bool:
    """Whether the engine is installed; it is imported in workers only."""
    return importlib.util.find_spec("llama_cpp") is not None


def _quantization() -> str:
    """The usual form where llama.cpp can make it; without it the converter's own."""
    return "Q4_K_M" if _has_llama_cpp() else "Q8_0"
