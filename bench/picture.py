"""The results as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report import Experiment

GREY, BLUE, ORANGE = "#8c8c8c", "#4c78a8", "#e07b39"
COLOURS = (GREY, BLUE, ORANGE)


def draw(path: Path, experiments: Sequence[Experiment], caption: str) -> None:
    """Draw what was measured; the format follows from the suffix of the path.

    Args:
        caption: where the figures come from, in a line.
    """
    matplotlib.rcParams.update({"svg.hashsalt": "tenantry", "svg.fonttype": "none", "font.size": 9})
    by_name = {experiment.name: experiment for experiment in experiments}
    searches = [experiment for experiment in experiments if experiment.name.startswith("search-")]
    panels = [by_name[name] for name in ("point", "list", "calls", "insert", "copy") if name in by_name]
    count = len(panels) + bool(searches)
    figure = Figure(figsize=(12, 2.6 * ((count + 1) // 2) + 0.4), layout="constrained")
    axes = list(figure.subplots((count + 1) // 2, 2, squeeze=False).flat)
    for panel in panels:
        _bars(axes.pop(0), panel)
    if searches:
        _searches(axes.pop(0), searches)
    for unused in axes:
        unused.set_axis_off()
    figure.supxlabel(caption, fontsize=7, color=GREY)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _bars(axes: Axes, experiment: Experiment) -> None:
    names = list(experiment.figures)
    estimates = list(experiment.figures.values())
    values = [estimate.value for estimate in estimates]
    errors = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
    colours = [COLOURS[index % 3] if len(names) == 3 else COLOURS[1 + index % 2] for index in range(len(names))]
    if len(names) > 3:
        colours = [BLUE] * len(names)
    bars = axes.barh(names, values, xerr=errors, color=colours, height=0.6, ecolor="#333333")
    axes.bar_label(bars, labels=[f"  {value:,.3g}" if value < 1000 else f"  {value:,.0f}" for value in values])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(f"{experiment.title} [{experiment.unit}]", loc="left", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _searches(axes: Axes, experiments: Sequence[Experiment]) -> None:
    chunks = [int(experiment.name.removeprefix("search-")) for experiment in experiments]
    for variant, colour in zip(experiments[0].figures, (BLUE, ORANGE), strict=True):
        values = [experiment.figures[variant].value for experiment in experiments]
        axes.plot(chunks, values, marker="o", color=colour, label=variant)
    axes.set(xscale="log", yscale="log", xlabel="chunks of the tenant")
    axes.set_title("Search, 10 hits [ms]", loc="left", fontsize=9)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
