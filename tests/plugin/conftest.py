import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.database import Database


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest said.

    Attributes:
        counts: "passed", "failed", "error" … → number of tests.
        failures: test → the text of its failure.
    """

    status: int
    text: str
    counts: dict[str, int]
    failures: dict[str, str]


@dataclass(frozen=True)
class Project:
    """A project of a user's, in a folder of its own, whose tests run in a process of their own."""

    folder: Path
    database: Database

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self, *arguments: str, dsn: bool = True, strict: bool = True) -> Outcome:
        """Run the project's tests with the plugin, warnings being errors where it is strict."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PYTEST"))}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        if dsn:
            environment["TENANTRY_DSN"] = self.database.conninfo("postgres")
            environment["TENANTRY_APP_DSN"] = self.database.conninfo("app")
        command = [sys.executable, "-m", "pytest", "-p", "tenantry", "-p", "no:cacheprovider", "-q"]
        done = subprocess.run(
            [*command, *(["-W", "error"] if strict else []), *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
        counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", last.partition(" in ")[0])}
        _, *sections = re.split(
            r"^_{3,} (?:ERROR at setup of )?(\w+)(?:\[.*\])? _{3,}$", done.stdout, flags=re.MULTILINE
        )
        return Outcome(done.returncode, done.stdout, counts, dict(zip(sections[::2], sections[1::2], strict=True)))


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    """An empty project with a database: its app connects as `app`, and `dba` owns the tables."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return Project(tmp_path, database)
