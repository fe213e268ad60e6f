"""Results of a pytest run as TAP, version 13."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


class TapWriter:
    """Collects a line a test, and writes them in the end.

    What the assertions of tenantry have proved stands below its test as a comment.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: list[str] = []
        self._count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test when its call is over, or when its set-up or clean-up went wrong."""
        if report.when == "call" or report.outcome != "passed":
            if report.when == "teardown":
                self._add(False, f"{report.nodeid} (clean-up)", "", _what_failed(report))
            else:
                self._add_result(report)

    def _add_result(self, report: pytest.TestReport) -> None:
        proved = "\n".join(str(value) for name, value in report.user_properties if name == "tenantry")
        reason: str | None = getattr(report, "wasxfail", None)
        if reason is not None:
            self._add(report.passed, report.nodeid, f" # TODO {reason}", proved)
        elif report.skipped:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self._add(True, report.nodeid, f" # SKIP {why.removeprefix('Skipped: ')}", "")
        else:
            self._add(report.passed, report.nodeid, "", proved if report.passed else _what_failed(report))

    def _add(self, passed: bool, name: str, directive: str, comment: str) -> None:
        self._count += 1
        # A # in a name would begin a directive.
        title = name.replace("\\", "\\\\").replace("#", "\\#").replace("\n", " ")
        self._lines.append(f"{'ok' if passed else 'not ok'} {self._count} - {title}{directive}".replace("\n", " "))
        self._lines += [f"# {line}" for line in comment.splitlines()]

    def pytest_unconfigure(self) -> None:
        """Write them all."""
        text = "\n".join(["TAP version 13", f"1..{self._count}", *self._lines, ""])
        if self._path == "-":
            sys.stdout.write(text)
        else:
            Path(self._path).write_text(text, encoding="utf-8")


def _what_failed(report: pytest.TestReport) -> str:
    """Return the exception's own words, without the source around it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext
