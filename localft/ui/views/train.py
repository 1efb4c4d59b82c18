"""The Train tab: the plan before a run, what goes on during it, and what came of it."""

from collections.abc import Mapping, Sequence

from localft import words
from localft.advice import in_app
from localft.jobs import JobState
from localft.planning import telling
from localft.planning.plan import Plan
from localft.planning.recipe import Recipe
from localft.preferences import Preferences
from localft.training.metrics import Metrics
from localft.training.runs import Run
from localft.training.telling import answers_over_time, measured
from localft.ui.views import charts, parts
from localft.ui.views.html import Markup, h, join
from localft.ui.views.start import fit

_SHOWN_VALIDATIONS = 12
_METHODS = {"qlora": "QLoRA (base in 4 bits, small adapter)", "lora": "LoRA (small adapter)", "full": "every weight"}


def state(name: str | None, examples: int, run: Run | None) -> Markup:
    """The sentence on top."""
    if name is None:
        return parts.state("No project is open.", "Choose one at the top, or make one in Start.")
    if not examples:
        return parts.state("There is nothing to train on yet.", "Next: add examples in Data.")
    if run is None:
        return parts.state(
            f"{words.counted(examples, 'example')} are ready.", "Choose a base model, look at the plan, start."
        )
    return parts.state(run_sentence(run), _NEXT.get(run.job.state, ""))


_NEXT = {
    JobState.FINISHED: "Next: evaluate whether it got better.",
    JobState.STOPPED: "It can go on from where it was.",
    JobState.FAILED: "What was saved is kept; it can be resumed.",
    JobState.INTERRUPTED: "What was saved is kept; it can be resumed.",
    JobState.RUNNING: "It goes on when you close this page.",
    JobState.STOPPING: "It saves what it has.",
}


def run_sentence(run: Run) -> str:
    """One sentence on a run."""
    job = run.job
    if job.state is JobState.QUEUED:
        return f"Training waits for {job.waits_for}." if job.waits_for else "Training starts."
    if job.state in {JobState.RUNNING, JobState.STOPPING}:
        progress = job.progress
        if progress is None or not progress.total:
            return f"Training {run.base_model.name}: {progress.message if progress else 'it starts'}."
        return f"Training {run.base_model.name}: step {progress.done:.0f} of {progress.total:.0f}."
    return job.sentence if job.sentence.endswith((".", "!", "?")) else f"{job.sentence}."


def model_line(name: str, reference: str, word: str, present: bool, download_bytes: int, licence: str | None) -> Markup:
    """The chosen base model: whether it fits and whether it is here."""
    here = "on this computer" if present else f"not downloaded yet ({words.size(download_bytes)})"
    return h(
        '<p class="lf-note">{badge} <strong>{name}</strong> is {here}. Licence: {licence}.</p>',
        badge=fit(word),  # ty: ignore[invalid-argument-type]
        name=name if name == reference else f"{name} ({reference})",
        here=here,
        licence=licence or "not stated",
    )


def template_line(note: str) -> Markup:
    """Which chat template a base model without one gets."""
    return parts.note(note) if note else Markup()


def plan_card(plan: Plan, recipe: Recipe, estimated: bool, preferences: Preferences) -> Markup:
    """What a run will need and take: memory by cause under the card's line, time, energy, money."""
    price = words.money(preferences.price_of(plan.watt_hours), preferences.currency)
    rows = [(cause, float(amount), words.memory(amount)) for cause, amount in plan.memory.items()]
    pairs = recipe.settings.objective == "dpo"
    spoken = (
        f"{words.memory(plan.total_bytes)} of {words.memory(plan.device_bytes)} that {telling.where(plan)} can give"
    )
    facts = parts.facts(
        [
            ("Time", f"about {words.duration(plan.seconds)}"),
            ("Steps", f"{plan.steps:,} of {plan.batch_size} {'pairs' if pairs else 'examples'}"),
            ("Rate", f"about {words.rate(plan.tokens_per_second, 'tokens')}"),
            ("Energy", f"about {telling.energy(plan.watt_hours)}, {price}"),
            *([("The computer's memory", words.memory(plan.host_bytes))] if plan.host_bytes else []),
            ("Method", _METHODS[recipe.settings.method] + (", from pairs (DPO)" if pairs else "")),
            ("Precision", plan.precision),
        ]
    )
    guess = parts.note("The model is not here yet, so lengths are estimated from the text.") if estimated else Markup()
    waits = parts.note(telling.waiting(plan)) if plan.waits_for else Markup()
    told = (*plan.notes, *map(in_app, telling.of_cards(plan)), *plan.advice)
    advice = parts.sentences(told) if told else Markup()
    body = h(
        "<p>{badge} <strong>{total}</strong> of the {limit} that {device} can give.</p>"
        "{waits}{bar}{facts}{advice}{guess}{why}",
        badge=fit(plan.fits),
        total=words.memory(plan.total_bytes),
        limit=words.memory(plan.device_bytes),
        device=telling.where(plan),
        bar=charts.stack(rows, plan.device_bytes, spoken, line_at=plan.device_bytes),
        facts=facts,
        waits=waits,
        advice=advice,
        guess=guess,
        why=parts.folded("Why these values", reasons(recipe.reasons | plan.reasons, recipe)),
    )
    return parts.card("The plan", body, "bad" if plan.fits == "no" else "plain")


def reasons(given: Mapping[str, str], recipe: Recipe) -> Markup:
    """Each setting with its value and the reason for it."""
    values = recipe.settings.model_dump()
    rows = [
        (name.replace("_", " ").capitalize(), _value(values.get(name)), reason)
        for name, reason in given.items()
        if reason
    ]
    return parts.table("Settings and their reasons", ["Setting", "Value", "Why"], rows)


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def progress_card(run: Run, metrics: Metrics) -> Markup:
    """How far a living or ended run is: bar, time left, rate, memory, best validation loss."""
    job, progress = run.job, run.job.progress
    rows: list[tuple[str, object]] = []
    if progress is not None and progress.total and job.state.alive:
        rows.append(("Step", f"{progress.done:.0f} of {progress.total:.0f}"))
        if progress.seconds_left is not None:
            rows.append(("Time left", words.duration(progress.seconds_left)))
    rows += measured(run, metrics)
    bar = Markup()
    if job.state.alive:
        bar = parts.progress(progress.fraction if progress and progress.total else None, "Training progress")
    warnings = parts.sentences(metrics.warnings) if metrics.warnings else Markup()
    seen = progress.time if progress is not None and job.state.alive else ""
    updated = parts.note(f"Last heard of at {words.clock(seen)}.") if seen else Markup()
    title = f"{run.base_model.name}, started {words.moment(job.order.created_at)}"
    body = h("{bar}{facts}{warnings}{updated}", bar=bar, facts=parts.facts(rows), warnings=warnings, updated=updated)
    return parts.card(title, body, "accent" if job.state.alive else "plain")


def curves(run: Run, metrics: Metrics) -> Markup:
    """The losses as a picture, with a table beside it."""
    if not metrics.loss and not metrics.validation_loss:
        return parts.note("The curve appears with the first steps.") if run.job.state.alive else Markup()
    steps = [step for step, _ in [*metrics.loss, *metrics.validation_loss]]
    last = max([*steps, run.plan.steps if run.plan and run.job.state.alive else 0])
    picture = charts.losses(metrics.loss, metrics.validation_loss, metrics.best_step, last)
    return h(
        '<div class="lf-grid lf-wide-left"><div>{picture}</div><div>{table}</div></div>',
        picture=picture,
        table=_validation_table(metrics),
    )


def _validation_table(metrics: Metrics) -> Markup:
    if not metrics.validation_loss:
        return parts.note("The first validation is still to come.")
    training, preferred = dict(metrics.loss), dict(metrics.preferred)
    rows = []
    for step, value in metrics.validation_loss[-_SHOWN_VALIDATIONS:]:
        near = max((known for known in training if known <= step), default=None)
        best = parts.badge("best", "accent") if step == metrics.best_step else Markup()
        share = (words.percent(preferred[step]) if step in preferred else "",) if preferred else ()
        rows.append((step, f"{training[near]:.3f}" if near is not None else "", f"{value:.3f}", *share, best))
    headings = ["Step", "Training", "Unseen", *(["Prefers the better"] if preferred else []), ""]
    return parts.table("Validations", headings, rows, numbers=range(len(headings) - 1))


def answers(metrics: Metrics) -> Markup:
    """The fixed questions with the answers of the model in training: first and newest, and all of them in a fold."""
    samples = metrics.samples
    if not samples:
        return Markup()
    steps = sorted(samples)
    first, last = steps[0], steps[-1]
    earlier = {sample.prompt: sample.answer for sample in samples[first]} if first != last else {}
    rows = [
        (
            parts.verbatim(_short(sample.prompt)),
            parts.verbatim(_short(sample.expected)),
            *((parts.verbatim(_short(earlier.get(sample.prompt, ""))),) if earlier else ()),
            parts.verbatim(_short(sample.answer)),
        )
        for sample in samples[last]
    ]
    headings = ["Question", "Expected", *([f"At step {first}"] if earlier else []), f"At step {last}"]
    table = parts.table("The same questions, asked as it learns", headings, rows)
    everything = _answers_at_every_step(metrics) if len(steps) > 2 else Markup()
    return h("<h3>The same questions, asked as it learns</h3>{table}{all}", table=table, all=everything)


def _answers_at_every_step(metrics: Metrics) -> Markup:
    """How the answer to each question has changed, side by side."""
    tables = join(
        h(
            "{question}{table}",
            question=parts.verbatim(_short(sample.prompt)),
            table=parts.table(
                f"Answers to: {_short(sample.prompt, 80)}",
                ["Expected", *(f"Step {steps}" if steps.isdigit() else f"Steps {steps}" for steps, _ in spans)],
                [[parts.verbatim(_short(text)) for text in (sample.expected, *(answer for _, answer in spans))]],
            ),
        )
        for sample, spans in answers_over_time(metrics)
    )
    return parts.folded(f"The answers at all {len(metrics.samples)} evaluations", tables)


def _short(text: str, limit: int = 400) -> str:
    return text if len(text) <= limit else text[:limit] + " …"


def history(runs: Sequence[Run], shown: str | None) -> Markup:
    """Every run of the project, newest first."""
    if len(runs) < 2:
        return Markup()
    rows = [
        (
            words.moment(run.job.order.created_at),
            run.base_model.name,
            f"{run.recipe.preset if hasattr(run.recipe, 'preset') else ''}",
            run.job.state.value,
            parts.badge("shown", "accent")
            if run.id == shown
            else parts.action("show", run.id, "Show", f"the run of {words.moment(run.job.order.created_at)}"),
        )
        for run in runs
    ]
    table = parts.table("All runs", ["Started", "Base model", "Preset", "State", ""], rows)
    return h("<h3>All runs</h3>{table}", table=table)


def queue(titles: Sequence[str]) -> Markup:
    """What waits behind the running job."""
    if not titles:
        return Markup()
    return h("<p>{lead}</p>{rows}", lead="Waiting for their turn:", rows=join([parts.sentences(titles)]))
