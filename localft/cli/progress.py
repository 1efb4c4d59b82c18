"""How far a job is, on stderr: a live bar in a terminal, a plain line every few seconds elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from localft import words
from localft.cli.output import Output
from localft.jobs import JobView, Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

_SECONDS_BETWEEN_LINES = 5.0


def measure(progress: Progress) -> str:
    """The figures of a progress report: "120/600 steps, 2.3 steps/s, 4 min left"."""
    if not progress.done and not progress.total:
        return ""
    parts = [_done(progress)]
    if progress.done >= progress.total > 0:
        return parts[0]
    if progress.rate and progress.unit != "%":
        parts.append(words.rate(progress.rate, progress.unit))
    if progress.seconds_left is not None:
        parts.append(f"{words.duration(progress.seconds_left)} left")
    return ", ".join(part for part in parts if part)


def _done(progress: Progress) -> str:
    if progress.unit in {"bytes", "byte", "B"}:
        total = f" of {words.size(progress.total)}" if progress.total else ""
        return words.size(progress.done) + total
    if progress.unit == "%":
        return f"{progress.done:.0f} %"
    done = f"{progress.done:,.0f}/{progress.total:,.0f}" if progress.total else f"{progress.done:,.0f}"
    return f"{done} {progress.unit}".strip()


class PlainProgress:
    """For logs and pipes."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last_text = ""
        self._last_phase = ""
        self._last_time = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put back."""

    def show(self, view: JobView) -> None:
        """Print a line when the phase changes, and otherwise every few seconds."""
        if view.result is None:
            self.move(view.sentence, view.progress if view.state.alive and not view.waits_for else None)

    def move(self, sentence: str, progress: Progress | None) -> None:
        """As `show`, of work that is no job."""
        # What stands behind the first comma (a loss, say) changes all the time.
        phase = sentence.partition(",")[0]
        figures = measure(progress) if progress else ""
        text = f"{sentence.rstrip('.')}: {figures}" if figures else sentence
        due = phase != self._last_phase or time.monotonic() - self._last_time >= _SECONDS_BETWEEN_LINES
        if text == self._last_text or not due:
            return
        self._output.note(text)
        self._last_text, self._last_phase, self._last_time = text, phase, time.monotonic()

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._output.note(text)


class LiveProgress:
    """For a person at a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._escape = escape
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True, highlight=False), transient=True,
        )  # fmt: skip
        self._task: TaskID = self._bar.add_task("", total=None, figures="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, view: JobView) -> None:
        """Move the bar."""
        self.move(view.sentence, view.progress, figures=not view.waits_for)

    def move(self, sentence: str, progress: Progress | None, figures: bool = True) -> None:
        """As `show`, of work that is no job."""
        self._bar.update(
            self._task,
            description=self._escape(sentence),
            total=progress.total if progress and progress.total else None,
            completed=progress.done if progress else 0,
            figures=self._escape(measure(progress)) if progress and figures else "",
        )

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(text, markup=False)


def progress_display(output: Output) -> PlainProgress | LiveProgress:
    """The display that suits stderr."""
    return LiveProgress() if sys.stderr.isatty() else PlainProgress(output)
