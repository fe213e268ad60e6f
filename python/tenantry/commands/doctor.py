"""`tenantry doctor`: every known way in which isolation leaks, from `tenantry.doctor()`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..findings import SEVERITIES, Diagnosis, diagnose, is_at_least
from .baseline import Baseline, read_baseline, write_baseline
from .sarif import to_sarif
from .shell import Exit, Subparsers, add_connection_arguments, connect


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="list every known way in which rows leak",
        description="List every known way in which rows of one tenant reach another, each with the SQL that mends it."
        " Reads alone, and changes nothing. Exit status: 0 nothing to stop for, 1 findings, 2 wrong usage,"
        " 3 no diagnosis.",
    )
    add_connection_arguments(parser, "a member of tenantry_admin or tenantry_auditor")
    parser.add_argument("--format", choices=["text", "json", "sarif"], default="text", help="default: text")
    parser.add_argument(
        "--fail-on",
        choices=[*SEVERITIES, "never"],
        default="warning",
        help="exit with status 1 when a finding is this grave or graver, and not in the baseline; default: warning",
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="findings that are known: they do not count")
    parser.add_argument(
        "--write-baseline",
        type=Path,
        metavar="FILE",
        help="write what is found to FILE, as a baseline, and exit with status 0; reasons that stand in it are kept",
    )
    parser.add_argument(
        "--location",
        metavar="PATH",
        default="schema.sql",
        help="for SARIF: the file of the repository that findings are pinned to; default: schema.sql",
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Diagnose the database and print the findings."""
    baseline = read_baseline(arguments.baseline) if arguments.baseline else None
    with connect(arguments.dsn) as connection:
        diagnosis = diagnose(connection)

    if arguments.format == "json":
        print(json.dumps(_as_json(diagnosis, baseline), indent=2, ensure_ascii=False))
    elif arguments.format == "sarif":
        print(json.dumps(to_sarif(diagnosis, baseline, quote(arguments.location)), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_as_text(diagnosis, baseline)))

    if arguments.write_baseline:
        write_baseline(arguments.write_baseline, diagnosis.findings)
        if arguments.format == "text":
            print(f"as baseline in {arguments.write_baseline}")
        return Exit.OK
    counts = any(
        arguments.fail_on != "never" and is_at_least(finding.severity, arguments.fail_on)
        for finding in diagnosis.findings
        if baseline is None or finding not in baseline
    )
    return Exit.FOUND if counts else Exit.OK


def _as_json(diagnosis: Diagnosis, baseline: Baseline | None) -> dict[str, object]:
    titles = {rule.code: rule.title for rule in diagnosis.rules}
    return {
        "version": 1,
        "database": diagnosis.database,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "title": titles.get(finding.code, finding.code),
                "object": finding.object,
                "detail": finding.detail,
                "remedy": finding.remedy,
                "fingerprint": finding.fingerprint,
                "in_baseline": baseline is not None and finding in baseline,
            }
            for finding in diagnosis.findings
        ],
    }


def _as_text(diagnosis: Diagnosis, baseline: Baseline | None) -> Iterator[str]:
    rules = {rule.code: rule for rule in diagnosis.rules}
    new = [finding for finding in diagnosis.findings if baseline is None or finding not in baseline]
    for finding in new:
        yield f"{finding.severity:<8} {finding.code}  {_harmless(finding.object)}"
        yield from _indented(finding.detail)
        yield from _indented(finding.remedy, "mend: ")
        if rule := rules.get(finding.code):
            yield from _indented(f"{rule.title} ({rule.page})", "see:  ")
        yield ""
    counts = Counter(finding.severity for finding in new)
    summary = ", ".join(f"{counts[severity]} {severity}{'s' * (counts[severity] != 1)}" for severity in SEVERITIES)
    yield f"{_harmless(diagnosis.database)}: {summary if new else 'nothing found'}"
    if baseline is not None:
        if known := len(diagnosis.findings) - len(new):
            yield f"{known} more in the baseline"
        if gone := baseline.gone(diagnosis.findings):
            yield f"{gone} of the baseline found no more: write it again"


def _indented(text: str, title: str = "") -> Iterator[str]:
    # Not splitlines(), which knows more line ends than SQL: what followed one in a comment would be a statement.
    for number, line in enumerate(text.split("\n")):
        yield f"         {title if number == 0 else ' ' * len(title)}{_harmless(line)}"


def _harmless(text: str) -> str:
    """Return a text without the control characters by which a name could write to the terminal what it likes."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
