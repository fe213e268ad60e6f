"""The private cluster, and what a machine is told that lacks something."""

import os
import shlex
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.support.cluster import CHECKOUT, SCRIPT, Cluster, run_script

NAME = f"test-environment-{os.getpid()}"


def cluster_status(name: str = NAME) -> str:
    done = subprocess.run([SCRIPT, "status", name], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == {"running\n": 0, "stopped\n": 3}[done.stdout]
    return done.stdout.strip()


def cluster_environment() -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(run_script("env", NAME)) if "=" in word)


@pytest.fixture
def own() -> Iterator[None]:
    yield
    run_script("remove", NAME)


@pytest.mark.usefixtures("own")
def test_a_cluster_starts_stops_and_goes() -> None:
    assert cluster_status() == "stopped"
    run_script("start", NAME)
    run_script("start", NAME)
    assert cluster_status() == "running"
    environment = cluster_environment()
    folder = Path(environment["PGHOST"]).parent
    assert folder.is_dir()
    assert not folder.is_relative_to(CHECKOUT)

    run_script("stop", NAME)
    run_script("stop", NAME)
    assert cluster_status() == "stopped"
    run_script("start", NAME)
    assert cluster_environment() == environment

    run_script("remove", NAME)
    assert not folder.exists()


@pytest.mark.usefixtures("own")
def test_a_taken_port_is_left_to_its_owner() -> None:
    run_script("start", NAME)
    port = int(cluster_environment()["PGPORT"])
    run_script("stop", NAME)
    with socket.create_server(("127.0.0.1", port)):
        run_script("start", NAME)
        assert int(cluster_environment()["PGPORT"]) != port


def test_clusters_of_processes_that_are_gone_are_swept() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    gone, alive = f"{NAME}-{process.pid}", f"{NAME}-{os.getpid()}"
    for name in (gone, alive):
        run_script("start", name)
    run_script("sweep", NAME)
    try:
        statuses = [cluster_status(name) for name in (gone, alive)]
        assert statuses == ["stopped", "running"]
    finally:
        run_script("remove", gone)
        run_script("remove", alive)


def test_only_the_owner_enters_the_folder(cluster: Cluster) -> None:
    folder = Path(cluster.host).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid != 0


def test_tcp_is_local_and_wants_a_password(cluster: Cluster) -> None:
    with psycopg.connect(make_conninfo(host=cluster.host, port=cluster.port, user="postgres")) as superuser:
        assert superuser.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert superuser.execute("SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL").fetchone() == (0,)
    for password in ("", "postgres"):
        conninfo = make_conninfo(host="127.0.0.1", port=cluster.port, user="postgres", password=password)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(conninfo)


@pytest.mark.usefixtures("own")
def test_the_server_inherits_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTRY_TEST_SECRET", "a secret of the shell")
    run_script("start", NAME)
    environment = cluster_environment()
    with psycopg.connect(host=environment["PGHOST"], port=environment["PGPORT"], user="postgres") as superuser:
        superuser.execute("CREATE EXTENSION plpython3u")
        superuser.execute(
            "CREATE FUNCTION read_environment() RETURNS text LANGUAGE plpython3u AS 'import os; return str(os.environ)'"
        )
        (seen,) = superuser.execute("SELECT read_environment()").fetchone() or ("",)
    assert "PGDATA" in seen
    assert "secret" not in seen.lower()


def test_a_machine_without_apt_is_told_what_to_install(tmp_path: Path) -> None:
    for program in ("cut", "dirname", "env", "id", "sed", "sh", "tr"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    script = CHECKOUT / "extension/environment/packages.sh"
    done = subprocess.run([script, "demo"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Missing here: server server-dev plpython3 pgvector")
    assert "Install PostgreSQL 15 or newer" in done.stderr
    assert done.stderr.count("\n") == 1
