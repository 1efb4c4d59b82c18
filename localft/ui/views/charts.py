"""Pictures as inline SVG, in the page's own colours; a table or a sentence always stands beside them."""

import math
from collections.abc import Sequence

from localft.ui.views.html import Markup, h, join

Points = Sequence[tuple[int, float]]

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 30
_MOST_POINTS = 400
_BEYOND_ALL_MEASURE = 1e9
_FLAT = 8
_NOTHING = 1e-290
_PART_COLOURS = 9  # of a stacked bar, in the stylesheet
_MOST_LINES = 9


def losses(training: Points, validation: Points, best_step: int | None, last_step: int) -> Markup:
    """Training loss (thin, grey) and validation loss (thick, accent) by step; the best validation is a ring."""
    training, validation = drawable(training), drawable(validation)
    everything = [value for _, value in [*training, *validation]]
    if not everything:
        return Markup()
    scale = _scale_for(everything, max(last_step, 1))
    best = next((value for step, value in validation if step == best_step), None)
    ring = scale.ring(best_step, best) if best_step is not None and best is not None else Markup()
    return h(
        '<svg class="lf-chart" viewBox="0 0 {w} {hh}" role="img" aria-label="{label}">{axes}'
        '<polyline class="lf-train" points="{train}"/><polyline class="lf-validation" points="{validation}"/>'
        "{dots}{ring}</svg>{legend}",
        w=_WIDTH,
        hh=_HEIGHT,
        label=_spoken(training, validation, best_step, best),
        axes=scale.axes(),
        train=scale.line(thinned(training)),
        validation=scale.line(validation),
        dots=join(scale.dot(step, value) for step, value in validation),
        ring=ring,
        legend=_LOSS_LEGEND.format(scale=_FACTORS if scale.logarithmic else ""),
    )


def drawable(points: Points) -> list[tuple[int, float]]:
    """The points that a picture can hold: a run that has gone astray gives losses without measure."""
    return [(step, value) for step, value in points if math.isfinite(value) and abs(value) < _BEYOND_ALL_MEASURE]


_LOSS_LEGEND = Markup(
    '<ul class="lf-legend"><li><i style="background:var(--lf-base)"></i>loss on what it trains on (thin line)</li>'
    '<li><i style="background:var(--lf-tuned)"></i>loss on examples it has not seen (thick line)</li>'
    "<li>ring: the best, which is kept</li>{scale}</ul>"
)
_FACTORS = Markup("<li>the scale goes by factors, so that small losses can be told apart</li>")


def _spoken(training: Points, validation: Points, best_step: int | None, best: float | None) -> str:
    """The picture in words, for who does not see it."""
    said = "Loss by training step."
    if training:
        said += f" On the training examples it went from {training[0][1]:.2f} to {training[-1][1]:.2f}."
    if best is not None:
        said += f" On unseen examples the best is {best:.3f} at step {best_step}."
    return said


class _Scale:
    """From steps and values to the picture's own coordinates; `levels` are the values that get a line."""

    def __init__(self, last_step: int, levels: Sequence[float], logarithmic: bool = False) -> None:
        self.last_step, self.levels, self.logarithmic = last_step, levels, logarithmic
        self._low, self._high = self._height(levels[0]), self._height(levels[-1])

    def _height(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def x(self, step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self.last_step

    def y(self, value: float) -> float:
        share = (self._height(value) - self._low) / (self._high - self._low)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)

    def line(self, points: Points) -> str:
        return " ".join(f"{self.x(step):.1f},{self.y(value):.1f}" for step, value in points)

    def dot(self, step: int, value: float) -> Markup:
        return h(
            '<circle class="lf-point" cx="{x}" cy="{y}" r="3"><title>step {step}: {value}</title></circle>',
            x=f"{self.x(step):.1f}",
            y=f"{self.y(value):.1f}",
            step=step,
            value=f"{value:.3f}",
        )

    def ring(self, step: int, value: float) -> Markup:
        return h(
            '<circle class="lf-best" cx="{x}" cy="{y}" r="6"><title>best, step {step}: {value}</title></circle>',
            x=f"{self.x(step):.1f}",
            y=f"{self.y(value):.1f}",
            step=step,
            value=f"{value:.3f}",
        )

    def axes(self) -> Markup:
        rows = join(
            h(
                '<line class="lf-axis" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
                '<text x="{label}" y="{text_y}" text-anchor="end">{value}</text>',
                left=_LEFT,
                right=_WIDTH - _RIGHT,
                y=f"{self.y(level):.1f}",
                label=_LEFT - 6,
                text_y=f"{self.y(level) + 4:.1f}",
                value=f"{level:.3g}",
            )
            for level in self.levels
        )
        steps = sorted({0, self.last_step // 2, self.last_step})
        columns = join(
            h(
                '<text x="{x}" y="{y}" text-anchor="{anchor}">{step}</text>',
                x=f"{self.x(step):.1f}",
                y=_HEIGHT - 8,
                anchor="end" if step == self.last_step else "middle",
                step=f"step {step}" if step == self.last_step else step,
            )
            for step in steps
        )
        return rows + columns


def _scale_for(values: Sequence[float], last_step: int) -> _Scale:
    """Equal steps as a rule; equal factors where a loss falls so far that its end would be a flat line."""
    # Powers of ten lose their digits down there and end at zero.
    low, high = (0.0 if abs(end) < _NOTHING else end for end in (min(values), max(values)))
    if low > 0 and high > _FLAT * low:
        return _Scale(last_step, _factors(low, high), logarithmic=True)
    return _Scale(last_step, _steps(low, high))


def _steps(low: float, high: float) -> list[float]:
    """Five round values that hold all: from 0 where the values come near it."""
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    step = _round_up((high - low) / 4 or abs(high) or 1.0)
    start = math.floor(low / step) * step
    if start + 4 * step < high:
        step = _round_up((high - start) / 4)
    return [start + part * step for part in range(5)]


def _factors(low: float, high: float) -> list[float]:
    """The values 1, 2 and 5 times a power of ten that hold all."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    levels = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    first = max(index for index, level in enumerate(levels) if level <= low * (1 + 1e-9))
    last = min(index for index, level in enumerate(levels) if level >= high * (1 - 1e-9))
    return levels[first : last + 1] if last - first < _MOST_LINES else [*levels[first:last:3], levels[last]]


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= value * (1 - 1e-9))


def thinned(points: Points, most: int = _MOST_POINTS) -> list[tuple[int, float]]:
    """At most `most` points: means over equal stretches, so that a long run draws as quickly as a short one."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / most)
    stretches = [points[start : start + size] for start in range(0, len(points), size)]
    return [(stretch[-1][0], sum(value for _, value in stretch) / len(stretch)) for stretch in stretches]


def histogram(bins: Sequence[tuple[int, int, int]], cut_at: int | None, label: str) -> Markup:
    """Columns for (from, to, count) bins of lengths in tokens; `cut_at` draws the line beyond which text is cut off."""
    if not bins:
        return Markup()
    width, height, base = 640, 150, 122
    most = max(count for _, _, count in bins) or 1
    last = max(bins[-1][1], cut_at or 0, 1)

    def x(tokens: float) -> float:
        return 10 + (width - 20) * tokens / last

    columns = join(
        h(
            '<rect class="lf-column" x="{x}" y="{y}" width="{w}" height="{hh}">'
            "<title>{low} to {high} tokens: {count}</title></rect>",
            x=f"{x(low):.1f}",
            y=f"{base - 104 * count / most:.1f}",
            w=f"{max(1.0, x(high) - x(low) - 1):.1f}",
            hh=f"{104 * count / most:.1f}",
            low=low,
            high=high,
            count=count,
        )
        for low, high, count in bins
    )
    cut = Markup()
    if cut_at is not None:
        cut = h(
            '<line class="lf-cutting" x1="{x}" x2="{x}" y1="6" y2="{base}"/>'
            '<text x="{text_x}" y="14" text-anchor="end">cut at {tokens}</text>',
            x=f"{x(cut_at):.1f}",
            base=base,
            text_x=f"{x(cut_at) - 5:.1f}",
            tokens=f"{cut_at:,}",
        )
    return h(
        '<svg class="lf-chart" viewBox="0 0 {w} {hh}" role="img" aria-label="{label}">'
        '<line class="lf-axis" x1="10" x2="{right}" y1="{base}" y2="{base}"/>{columns}{cut}'
        '<text x="10" y="{under}">0</text><text x="{right}" y="{under}" text-anchor="end">{last} tokens</text></svg>',
        w=width,
        hh=height,
        label=label,
        right=width - 10,
        base=base,
        columns=columns,
        cut=cut,
        under=base + 18,
        last=f"{last:,}",
    )


def stack(parts: Sequence[tuple[str, float, str]], whole: float, label: str, line_at: float | None = None) -> Markup:
    """One bar of (name, amount, amount in words) parts, as wide as `whole`; `line_at` marks a limit.

    A legend names them.
    """
    total = sum(amount for _, amount, _ in parts)
    full = max(whole, total, line_at or 0.0) or 1.0
    pieces = join(
        h(
            '<span class="lf-part-{kind}" style="width:{percent}%" title="{name}: {words}"></span>',
            kind=index % _PART_COLOURS + 1,
            percent=f"{100 * amount / full:.2f}",
            name=name,
            words=words,
        )
        for index, (name, amount, words) in enumerate(parts)
        if amount > 0
    )
    limit = Markup()
    if line_at is not None and line_at < full * 0.999:
        limit = h('<span class="lf-line" style="left:{percent}%"></span>', percent=f"{100 * line_at / full:.2f}")
    legend = join(
        h(
            '<li><i class="lf-part-{kind}"></i>{name} <strong>{words}</strong></li>',
            kind=index % _PART_COLOURS + 1,
            name=name,
            words=words,
        )
        for index, (name, amount, words) in enumerate(parts)
        if amount > 0
    )
    return h(
        '<div class="lf-stack" role="img" aria-label="{label}">{pieces}{limit}</div>'
        '<ul class="lf-legend">{legend}</ul>',
        label=label,
        pieces=pieces,
        limit=limit,
        legend=legend,
    )
