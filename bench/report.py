"""Results: what was measured, compared, and held against a goal."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.pairing import Estimate, Samples

Verdict = Literal["reached", "open", "missed"]


@dataclass(frozen=True)
class Comparison:
    """How two variants compare, and what the goal for it is, if there is one.

    Attributes:
        unit: "×" for a ratio, otherwise the unit of a difference.
        goal: the highest value that is good enough.
    """

    what: str
    estimate: Estimate
    unit: str
    goal: float | None = None

    @property
    def verdict(self) -> Verdict | None:
        """Whether the goal was reached; missed only if the whole interval lies above it, and open in between."""
        if self.goal is None:
            return None
        if self.estimate.value <= self.goal:
            return "reached"
        return "missed" if self.estimate.low > self.goal else "open"


@dataclass(frozen=True)
class Experiment:
    """The figures of one experiment, all in one unit."""

    name: str
    title: str
    unit: str
    figures: dict[str, Estimate]
    comparisons: list[Comparison] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, title: str, unit: str, samples: Samples, comparisons: list[Comparison]) -> "Experiment":
        """Make an experiment whose figures are the medians of all variants."""
        return cls(name, title, unit, {variant: samples.median(variant) for variant in samples.blocks}, comparisons)


def missed(experiments: Sequence[Experiment]) -> Iterator[str]:
    """Yield a sentence for each goal that was missed."""
    for experiment in experiments:
        yield from (f"{experiment.title}: {failure}." for failure in experiment.failures)
        for each in experiment.comparisons:
            if each.verdict == "missed":
                yield (
                    f"{experiment.title}: {each.what} is {_with_interval(each.estimate)} {each.unit},"
                    f" and the goal was at most {each.goal:g} {each.unit}."
                )


def to_text(experiments: Sequence[Experiment]) -> str:
    """Return the results as a table for a terminal."""
    lines = []
    for experiment in experiments:
        lines += ["", experiment.title]
        lines += [
            f"  {name:<52}{_with_interval(estimate):>28} {experiment.unit}"
            for name, estimate in experiment.figures.items()
        ]
        for each in experiment.comparisons:
            line = f"  {each.what:<52}{_with_interval(each.estimate):>28} {each.unit}"
            lines.append(line if each.goal is None else f"{line:<86} goal {each.goal:g}: {each.verdict}")
    return "\n".join(lines)


def write_json(path: Path, facts: dict[str, Any], experiments: Sequence[Experiment]) -> None:
    """Write everything that a later reader needs in order to trust or repeat the figures."""
    results = []
    for experiment in experiments:
        result = asdict(experiment)
        result["figures"] = {name: estimate._asdict() for name, estimate in experiment.figures.items()}
        result["comparisons"] = [
            {
                "what": each.what,
                **each.estimate._asdict(),
                "unit": each.unit,
                "goal": each.goal,
                "verdict": each.verdict,
            }
            for each in experiment.comparisons
        ]
        results.append(result)
    document = {**facts, "experiments": results, "missed": list(missed(experiments))}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _with_interval(estimate: Estimate) -> str:
    return f"{show(estimate.value)} ({show(estimate.low)} – {show(estimate.high)})"


def show(value: float) -> str:
    """Return a number with three significant digits or so, thousands separated."""
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
