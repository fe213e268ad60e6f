"""The results as a picture: grey is what one would have without tenantry, orange is tenantry."""

import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.calls import NOTING
from bench.report import Experiment

GREY, ORANGE, DARK = "#9a9a9a", "#e07b39", "#333333"
OURS = re.compile(r"\b(sealed|authenticate|current_tenant|enter_tenant|protected|copy_rows|tenantry)\b")

BARS = ("point", "list", "calls", "insert", "copy")
LEFT_OUT = {NOTING}  # a wait for the disk, beside which nothing else could be seen


def draw(path: Path, experiments: Sequence[Experiment], caption: str) -> None:
    """Draw what was measured; the format follows from the suffix of the path.

    Args:
        path: the file to write.
        experiments: some or all of the experiments.
        caption: where the figures come from, in a line.
    """
    matplotlib.rcParams.update({"svg.hashsalt": "tenantry", "svg.fonttype": "none", "font.size": 9})
    bars = [experiment for experiment in experiments if experiment.name in BARS]
    searches = [experiment for experiment in experiments if experiment.name.startswith("search-")]
    rows = (len(bars) + bool(searches) + 1) // 2
    figure = Figure(figsize=(12, 2.6 * rows + 0.4), layout="constrained")
    axes = list(figure.subplots(rows, 2, squeeze=False).flat)
    for experiment in bars:
        _draw_bars(axes.pop(0), experiment)
    if searches:
        _draw_searches(axes.pop(0), searches)
    for unused in axes:
        unused.set_axis_off()
    figure.supxlabel(caption, fontsize=7, color=DARK)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_bars(axes: Axes, experiment: Experiment) -> None:
    figures = {name: estimate for name, estimate in experiment.figures.items() if name not in LEFT_OUT}
    values = [estimate.value for estimate in figures.values()]
    errors = [[e.value - e.low for e in figures.values()], [e.high - e.value for e in figures.values()]]
    colours = [_colour(name) for name in figures]
    bars = axes.barh(list(figures), values, xerr=errors, color=colours, height=0.6, ecolor=DARK)
    axes.bar_label(bars, labels=[f"  {v:,.0f}" if v >= 1000 else f"  {v:.3g}" for v in values])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(fill(f"{experiment.title} [{experiment.unit}]", 42), loc="left", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_searches(axes: Axes, experiments: Sequence[Experiment]) -> None:
    chunks = [int(experiment.name.removeprefix("search-")) for experiment in experiments]
    for variant in experiments[0].figures:
        values = [experiment.figures[variant].value for experiment in experiments]
        axes.plot(chunks, values, marker="o", color=_colour(variant), label=variant)
    axes.set(xscale="log", yscale="log", xlabel="chunks of the tenant")
    axes.set_title("Search, 10 hits [ms]", loc="left", fontsize=9)
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)


def _colour(variant: str) -> str:
    return ORANGE if OURS.search(variant) else GREY
