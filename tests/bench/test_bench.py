"""The benchmark runs, and notices what it is there to notice. What it measures is for `make bench`."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psycopg
import pytest

from bench.__main__ import complain
from bench.context import scans_by_tenant
from bench.document import PAGE, REFERENCE, render
from bench.pairing import Estimate, alternate
from bench.report import Comparison, Experiment, Verdict
from bench.server import BARE_DATABASE, DATABASE, LOGINS
from tests.support.cluster import CHECKOUT, Cluster


def test_smoke(cluster: Cluster, tmp_path: Path) -> None:
    """A run on a few rows writes every figure as JSON and leaves nothing behind in the cluster."""
    environment = os.environ | {
        "PGHOST": cluster.host,
        "PGPORT": str(cluster.port),
        "PGUSER": cluster.user,
        "PGDATABASE": cluster.maintenance_dbname,
        "PYTHONPATH": "python",
    }
    command = [sys.executable, "-m", "bench", "--smoke", "--no-goals", "--no-picture", "--output", str(tmp_path)]
    done = subprocess.run(
        command, env=environment, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr

    document = json.loads((tmp_path / "latest.json").read_text())
    assert document["server"].startswith("PostgreSQL")
    assert {"fsync", "jit"} < document["settings"].keys()
    experiments = {experiment["name"]: experiment for experiment in document["experiments"]}
    assert experiments.keys() == {
        "point", "list", "plans", "calls", "jwt", "search-30", "search-100",
        "sharing-look-up", "sharing-update", "sharing-count", "sharing-search", "insert", "copy",
        "rate-limit", "token-quota", "storage-quota", "access-30", "access-100",
        "audit-insert", "audit-update", "audit-delete", "audit-statement", "audit-writers", "doctor",
        "guard-add-column", "guard-create-index", "guard-drop-index", "guard-grant", "guard-protect", "guard-temporary",
    }  # fmt: skip
    assert experiments["plans"]["failures"] == []
    for name in experiments.keys() - {"plans"}:
        figures = experiments[name]["figures"].values()
        assert len(figures) >= 2
        for estimate in (*figures, *experiments[name]["comparisons"]):
            assert math.isfinite(estimate["value"])
            assert estimate["low"] <= estimate["value"] <= estimate["high"]

    with psycopg.connect(host=cluster.host, port=cluster.port, user=cluster.user, dbname="postgres") as superuser:
        left = superuser.execute(
            "SELECT datname FROM pg_database WHERE datname = ANY (%s) UNION ALL"
            " SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)",
            [[DATABASE, BARE_DATABASE], list(LOGINS)],
        ).fetchall()
    assert left == []


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (Estimate(1.1, 1.0, 1.2), "reached"),
        (Estimate(1.2, 1.1, 1.3), "open"),
        (Estimate(1.2, 1.16, 1.3), "missed"),
    ],
)
def test_goal(estimate: Estimate, verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison("(c) : (b)", estimate, "×", goal=1.15)
    assert comparison.verdict == verdict
    assert complain([Experiment("point", "Point look-up", "µs", {}, [comparison])]) == (verdict == "missed")
    assert ("Point look-up: (c) : (b) is 1.20" in capsys.readouterr().err) == (verdict == "missed")


def test_plan_that_misses_the_index() -> None:
    condition = "((tenant_id = $0) AND (id = 1))"
    by_index = {"Node Type": "Index Scan", "Relation Name": "items", "Index Cond": condition}
    by_bitmap = {
        "Node Type": "Bitmap Heap Scan",
        "Relation Name": "items",
        "Plans": [{"Node Type": "Bitmap Index Scan", "Index Cond": condition}],
    }
    whole = {"Node Type": "Seq Scan", "Relation Name": "items", "Filter": condition}
    by_another_index = {"Node Type": "Index Scan", "Relation Name": "items", "Index Cond": "(id = 1)"}
    assert scans_by_tenant(by_index)
    assert scans_by_tenant({"Node Type": "Hash Join", "Plans": [by_index, by_bitmap]})
    assert not scans_by_tenant(whole)
    assert not scans_by_tenant(by_another_index)
    assert not scans_by_tenant({"Node Type": "Hash Join", "Plans": [by_index, whole]})
    assert not scans_by_tenant({"Node Type": "Result"})


def test_comparison_is_by_block() -> None:
    """A disturbance that grows from block to block does not get into the ratio."""
    rounds = {"once": 0, "twice": 0}

    def block(name: str, cost: float) -> float:
        rounds[name] += 1
        return cost * 2.0 ** rounds[name]

    variants = {"once": lambda: block("once", 1), "twice": lambda: block("twice", 2)}
    samples = alternate(variants, 9, np.random.default_rng(1))
    assert rounds == {"once": 10, "twice": 10}
    assert samples.ratio("twice", to="once") == Estimate(2, 2, 2)
    assert samples.median("once").low < samples.median("once").high


def test_page_has_the_figures_of_the_reference_run() -> None:
    page, reference = PAGE.read_text(), json.loads(REFERENCE.read_text())
    assert render(page, reference) == page, "run: .venv/bin/python -m bench.document"
    reference["experiments"][0]["figures"] = {"(c)": {"value": 12.3, "low": 10, "high": 14}}
    assert "| (c) | 12.3 µs | 10.0 – 14.0 | |" in render(page, reference)
