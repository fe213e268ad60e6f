"""Measure what isolation costs, on the server that libpq's environment points to, as a superuser.

Prints a table, writes JSON and a picture, and fails with a sentence for each goal that was missed. It makes a database
and login roles of its own and drops them at the end; the cluster should have nothing else to do.
"""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import access, audit, calls, context, doctor, guard, jwt, limits, load, search, sharing
from bench.report import Experiment, missed, to_text, write_json
from bench.server import Connection, connect, create_tenants, database, facts
from bench.sizes import SMOKE, Sizes

EXPERIMENTS = ("context", "calls", "jwt", "search", "sharing", "access", "load", "limits", "audit", "guard", "doctor")
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    sizes = SMOKE if options.smoke else Sizes()
    if options.dimensions:
        sizes = dataclasses.replace(sizes, dimensions=options.dimensions)

    start = time.time()
    with database() as superuser:
        origin = facts(superuser)
        experiments = measure(set(options.experiments or EXPERIMENTS), superuser, sizes, options.seed)
    origin |= {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)),
        "seconds": round(time.time() - start, 1),
        "load_after": os.getloadavg(),
        "sizes": dataclasses.asdict(sizes),
        "seed": options.seed,
    }
    publish(origin, experiments, options.output, picture=not options.no_picture)
    return 1 if complain(experiments) and not options.no_goals else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("experiments", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all of them unless named")
    parser.add_argument("--no-goals", action="store_true", help="do not fail when a goal is missed")
    parser.add_argument("--no-picture", action="store_true", help="do without matplotlib")
    parser.add_argument("--smoke", action="store_true", help="show on a few rows that everything runs")
    parser.add_argument("--dimensions", type=int, help="of the vectors that are searched; 384 unless given")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the blocks and the query vectors")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for latest.json and latest.svg")
    options = parser.parse_args(arguments)
    if unknown := set(options.experiments) - set(EXPERIMENTS):
        parser.error(f"unknown experiment {', '.join(sorted(unknown))}")
    return options


def measure(chosen: set[str], superuser: Connection, sizes: Sizes, seed: int) -> list[Experiment]:
    """Run the chosen experiments."""
    generator = np.random.default_rng(seed)
    experiments: list[Experiment] = []
    with connect("bench_dba") as dba:
        tenants = create_tenants(dba, "tenant", sizes.tenants)
        superuser.execute("VACUUM ANALYZE")  # as autovacuum would have done by the time that there are so many
        if "context" in chosen:
            experiments += context.measure(dba, tenants, sizes, generator)
        if "calls" in chosen:
            experiments.append(calls.measure(superuser, tenants, sizes, generator))
        if "jwt" in chosen:
            experiments.append(jwt.measure(superuser, dba, tenants[0], sizes, generator))
        if "search" in chosen:
            experiments += search.measure(superuser, dba, sizes, generator)
        if "sharing" in chosen:
            experiments += sharing.measure(superuser, dba, sizes, generator)
        if "access" in chosen:
            experiments += access.measure(superuser, dba, sizes, generator)
        if "load" in chosen:
            experiments += load.measure(superuser, dba, tenants[0], sizes, generator)
        if "limits" in chosen:
            experiments += limits.measure(superuser, dba, sizes, generator)
        if "audit" in chosen:
            experiments += audit.measure(superuser, dba, tenants[0], sizes, generator)
        if "guard" in chosen:
            experiments += guard.measure(superuser, dba, sizes, generator)
        if "doctor" in chosen:
            experiments.append(doctor.measure(superuser, dba, sizes, generator))
    return experiments


def publish(origin: dict[str, Any], experiments: list[Experiment], folder: Path, *, picture: bool) -> None:
    """Print the results and write them down."""
    server = " ".join(origin["server"].split()[:2])
    where = f"{server}, {origin['cores']} × {origin['cpu']}, tenantry {origin['revision']}"
    caption = f"{where}. Medians with 95 % intervals."
    print(caption, to_text(experiments), sep="\n")

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "latest.json", origin, experiments)
    if picture:
        from bench.picture import draw  # matplotlib is slow to import, and not everywhere

        draw(folder / "latest.svg", experiments, caption)
    before, after = origin["load"][0], origin["load_after"][0]
    print(f"\nTook {origin['seconds']:.0f} s; load {before:.1f} before, {after:.1f} after. Written to {folder}.")
    if before > origin["cores"] / 2:
        print("The machine was busy before: ratios hold better than differences, and a quiet run better than this one.")


def complain(experiments: list[Experiment]) -> bool:
    """Say which goals were missed, and whether there are any."""
    sentences = list(missed(experiments))
    for sentence in sentences:
        print(f"Goal missed: {sentence}", file=sys.stderr)
    return bool(sentences)


if __name__ == "__main__":
    sys.exit(main())
