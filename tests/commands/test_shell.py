"""The command line itself: arguments, failures, exit statuses."""

import pytest

from tenantry import __version__
from tenantry.commands import main
from tenantry.commands.shell import Exit
from tests.commands.conftest import Run
from tests.support.cluster import Cluster


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["--version"])
    assert exited.value.code == Exit.OK
    assert capsys.readouterr().out == f"tenantry {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["no such command"], ["doctor", "--no-such-option"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == Exit.USAGE
    assert "usage: tenantry" in capsys.readouterr().err


def test_no_server(run: Run) -> None:
    outcome = run("doctor", "--dsn", "host=/nowhere dbname=app user=app password=hunter2")
    assert outcome.returncode == Exit.FAILED
    assert outcome.stderr.startswith("tenantry: no connection: ")
    assert "Traceback" not in outcome.stderr
    assert "hunter2" not in outcome.stderr


@pytest.mark.parametrize("dsn", ["hunter2", "postgresql://app:hunter2@[::1", "password=hunter2 nonsense"])
def test_a_wrong_connection_string_is_not_repeated(dsn: str, run: Run) -> None:
    outcome = run("doctor", TENANTRY_DSN=dsn)
    assert outcome.returncode == Exit.FAILED
    assert outcome.stderr.startswith("tenantry: the connection string is neither")
    assert "hunter2" not in outcome.stderr


def test_the_environment_says_where(run: Run, cluster: Cluster) -> None:
    where = {"PGHOST": cluster.host, "PGPORT": str(cluster.port), "PGUSER": cluster.user, "PGDATABASE": "no_such_one"}
    outcome = run("doctor", **where)
    assert outcome.returncode == Exit.FAILED
    assert 'database "no_such_one" does not exist' in outcome.stderr


def test_an_error_of_the_server(run: Run, cluster: Cluster) -> None:
    dsn = f"host={cluster.host} port={cluster.port} user={cluster.user} dbname=postgres"
    outcome = run("doctor", "--dsn", dsn)
    assert outcome.returncode == Exit.FAILED
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr.startswith("tenantry: ")
