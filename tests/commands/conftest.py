import os
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run() -> Run:
    """Run the command line as a process of its own, without the caller's PG variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TENANTRY_"))}

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "tenantry", *arguments],
            env=inherited | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
