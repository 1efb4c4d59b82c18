"""The frame: which project, what this computer has, what is running, and the labels of the tabs."""

from collections.abc import Mapping, Sequence

from localft import words
from localft.hardware import Hardware
from localft.jobs import JobState, JobView
from localft.store.projects import Broken
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

_LOGO = Markup(
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" '
    'stroke-linejoin="round" aria-hidden="true"><path d="M3 18c4 0 4-3 8-3" stroke="var(--lf-base)"/>'
    '<path d="M3 18c5 0 6-12 11-12"/><circle cx="18" cy="6" r="3"/></svg>'
)


def brand() -> Markup:
    """The name of the app, as the page's heading."""
    return h('<h1 class="lf-brand">{logo}localft</h1>', logo=_LOGO)


def hardware_line(hardware: Hardware) -> Markup:
    """The card and its memory, or what works instead of one."""
    if hardware.gpus:
        used = join(
            h(
                "{name} · {used} of {total}",
                name=gpu.name.removeprefix("NVIDIA ").removeprefix("GeForce "),
                used=f"{(gpu.total_bytes - gpu.free_bytes) / 2**30:.1f}",
                total=f"{gpu.total_bytes / 2**30:.0f} GB",
            )
            for gpu in hardware.gpus[:1]
        )
        more = f" (+{len(hardware.gpus) - 1})" if len(hardware.gpus) > 1 else ""
        return h('<p class="lf-hardware">{used}{more}</p>', used=used, more=more)
    memory = hardware.memory.total_bytes / 2**30
    return h('<p class="lf-hardware">No graphics card · {memory} memory</p>', memory=f"{memory:.0f} GB")


def job_line(jobs: Sequence[JobView]) -> Markup:
    """What runs now, how far it is and how long it takes; what waits behind it."""
    if not jobs:
        return Markup()
    first = next((job for job in jobs if job.state is not JobState.QUEUED), jobs[0])
    waiting = len(jobs) - 1
    more = h('<span class="lf-note">{count}</span>', count=f"+ {waiting} waiting") if waiting else Markup()
    dot = "lf-waits" if first.state is JobState.QUEUED else "lf-runs"
    bar = parts.progress(first.progress.fraction, first.order.title) if _moving(first) and first.progress else Markup()
    return h(
        '<div class="lf-job"><span class="lf-dot {dot}"></span><strong>{title}</strong><span>{detail}</span>{bar}{more}'
        "</div>",
        dot=dot,
        title=first.order.title,
        detail=job_detail(first),
        bar=bar,
        more=more,
    )


def _moving(job: JobView) -> bool:
    return job.state is JobState.RUNNING and job.progress is not None and job.progress.total > 0


def job_detail(job: JobView) -> str:
    """How far a living job is, in a few words."""
    if job.state is JobState.STOPPING:
        return "saving and stopping"
    if job.state is JobState.QUEUED:
        return f"waits for {job.waits_for}" if job.waits_for else "starting"
    progress = job.progress
    if progress is None:
        return "starting"
    if not progress.total:
        return progress.message
    how_far = f"{_amount(progress.done, progress.unit)}/{_amount(progress.total, progress.unit)}"
    left = f" · {words.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{how_far}{left}"


def _amount(value: float, unit: str) -> str:
    return words.size(value) if unit in {"bytes", "byte", "B"} else f"{value:,.0f}"


def signal(jobs: Sequence[JobView], ended: JobView | None, project: str | None) -> Markup:
    """What the page's script reads: the title of the browser tab, and the job that ended last with its sentence."""
    return h(
        '<span data-title="{title}" data-ended="{key}" data-sentence="{sentence}"></span>',
        title=page_title(jobs, project),
        key=ended.folder.name + ended.state.value if ended else "",
        sentence=f"{ended.order.title}: {ended.sentence}" if ended else "",
    )


def marks(by_tab: Mapping[str, str]) -> Markup:
    """A style that puts a mark behind the labels of the tabs; the marks are ticks, dots and numbers of ours."""
    rules = join(
        h('button[data-tab-id="{tab}"]::after{{content:"{mark}" !important}}', tab=tab, mark=mark)
        for tab, mark in by_tab.items()
        if mark
    )
    return h("<style>{rules}</style>", rules=rules)


def damage(broken: Sequence[Broken]) -> Markup:
    """What of a project cannot be read, and why."""
    return join(
        parts.error(f"{one.path.name} in {one.path.parent.name} cannot be read: {one.message}") for one in broken
    )


def page_title(jobs: Sequence[JobView], project: str | None) -> str:
    """The title of the browser tab: how far the running job is, so that one sees it from elsewhere."""
    name = f"{project} · localft" if project else "localft"
    moving = next((job for job in jobs if job.progress is not None and job.progress.total), None)
    if moving is None or moving.progress is None:
        return name
    return f"{100 * moving.progress.fraction:.0f} % {moving.order.title} · {name}"
