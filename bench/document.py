"""Put the figures of the reference run into docs/explanation/cost.md, so that they are nowhere typed by hand.

After a run that shall become the reference:

    cp bench/results/latest.json bench/results/reference.json
    cp bench/results/latest.svg bench/results/reference.svg
    .venv/bin/python -m bench.document
"""

import json
import re
from pathlib import Path
from typing import Any

from bench.pairing import Estimate
from bench.report import show

REFERENCE = Path(__file__).parent / "results/reference.json"
PAGE = Path(__file__).parents[1] / "docs/explanation/cost.md"

_FIGURES = re.compile(r"(<!-- figures: ([\w -]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def render(page: str, document: dict[str, Any]) -> str:
    """Return the page with each `<!-- figures: names -->` section filled from a run; `machine` says where it was."""
    experiments = {experiment["name"]: experiment for experiment in document["experiments"]}

    def fill(section: re.Match[str]) -> str:
        names = [name for name in section[2].split() if name == "machine" or name in experiments]
        tables = [_machine(document) if name == "machine" else _table(experiments[name]) for name in names]
        tables = tables or ["Not in the reference run yet."]
        return section[1] + "\n" + "\n\n".join(tables) + "\n\n" + section[3]

    return _FIGURES.sub(fill, page)


def _machine(document: dict[str, Any]) -> str:
    server = " ".join(document["server"].split()[:2])
    settings = ", ".join(f"{name} {value}" for name, value in sorted(document["settings"].items()))
    return (
        f"Reference run: {server} on {document['cores']} × {document['cpu']}, revision"
        f" {document['revision']}, {document['started'][:10]},\nload {document['load'][0]:.1f} before and"
        f" {document['load_after'][0]:.1f} after; {settings}."
    )


def _table(experiment: dict[str, Any]) -> str:
    unit = experiment["unit"]
    lines = [f"{experiment['title']}:", "", "| | median | 95 % interval | goal |", "|---|---:|---:|---|"]
    for name, figure in experiment["figures"].items():
        lines.append(f"| {name} | {_cells(figure, unit)} | |")
    for each in experiment["comparisons"]:
        goal = "" if each["goal"] is None else f"≤ {each['goal']:g}: {each['verdict']}"
        lines.append(f"| **{each['what']}** | {_cells(each, each['unit'])} | {goal} |")
    return "\n".join(lines)


def _cells(figure: dict[str, float], unit: str) -> str:
    estimate = Estimate(figure["value"], figure["low"], figure["high"])
    return f"{show(estimate.value)} {unit} | {show(estimate.low)} – {show(estimate.high)}"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(), json.loads(REFERENCE.read_text())))
