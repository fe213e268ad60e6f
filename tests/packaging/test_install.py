"""make install, the versions, and what CREATE EXTENSION asks for."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import psycopg
import pytest

from tests.support.cluster import CHECKOUT, Cluster
from tests.support.database import Connection, Database

OURS = ("tenantry", "tenantry_jwt", "tenantry_search", "tenantry_tap")
PG_CONFIG = os.environ.get("PG_CONFIG", "pg_config")


def make(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--directory", str(CHECKOUT), "--silent", *arguments]
    return subprocess.run(command, env={**variables, **environment}, capture_output=True, text=True, check=False)


def control_version(extension: str) -> str:
    control = (CHECKOUT / f"extension/{extension}.control").read_text()
    (version,) = re.findall(r"^default_version = '(.*)'$", control, re.MULTILINE)
    return str(version)


def installed_names(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


EXPECTED = {f"{name}.control" for name in OURS} | {f"{name}--{control_version(name)}.sql" for name in OURS}


def test_destdir_holds_the_whole_installation(tmp_path: Path) -> None:
    done = make("install", f"DESTDIR={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert installed_names(tmp_path) >= EXPECTED
    assert {Path(name).suffix for name in installed_names(tmp_path)} == {".control", ".sql"}
    done = make("uninstall", f"DESTDIR={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert installed_names(tmp_path) == set()


def test_pg_config_chooses_the_server(tmp_path: Path) -> None:
    pg_config = tmp_path / "pg_config"
    share = tmp_path / "another server"
    pg_config.write_text(f'#!/bin/sh\n[ "$1" = --sharedir ] && echo "{share}" || exec {PG_CONFIG} "$@"\n')
    pg_config.chmod(0o755)
    done = make("install", f"PG_CONFIG={pg_config}")
    assert done.returncode == 0, done.stderr
    assert installed_names(share) >= EXPECTED


def test_a_machine_without_postgresql_gets_one_sentence(tmp_path: Path) -> None:
    missing = f"PG_CONFIG={tmp_path}/pg_config"
    assert make("all", missing).returncode == 0
    assert "make demo" in make("help", missing).stdout
    done = make("install", missing)
    assert done.returncode != 0
    assert "development files are missing" in done.stderr
    assert done.stderr.count("\n") <= 2


def test_versions_agree() -> None:
    versions = {control_version(name) for name in OURS}
    versions.add(tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"])
    meta = json.loads((CHECKOUT / "META.json").read_text())
    versions |= {meta["version"], *(provided["version"] for provided in meta["provides"].values())}
    assert len(versions) == 1


def test_installed_version_is_the_default(superuser: Connection) -> None:
    superuser.execute("CREATE EXTENSION tenantry_tap CASCADE")
    rows = superuser.execute("SELECT extname, extversion FROM pg_extension WHERE extname LIKE 'tenantry%'").fetchall()
    assert dict(rows) == {name: control_version(name) for name in OURS}


@pytest.mark.parametrize("extension", OURS)
def test_script_run_by_hand_does_nothing(extension: str, cluster: Cluster) -> None:
    bindir = subprocess.check_output([PG_CONFIG, "--bindir"], text=True).strip()
    script = CHECKOUT / f"extension/build/{extension}--{control_version(extension)}.sql"
    psql = [f"{bindir}/psql", "-X", "-h", cluster.host, "-p", str(cluster.port), "-U", cluster.user, "postgres"]
    with script.open() as file:
        done = subprocess.run(psql, stdin=file, capture_output=True, text=True, check=True)
    assert done.stdout == f'Use "CREATE EXTENSION {extension}" to load this file.\n'
    assert done.stderr == ""


def test_smoke_suite_of_the_installed_server(cluster: Cluster) -> None:
    done = make("installcheck", PGHOST=cluster.host, PGPORT=str(cluster.port), PGUSER=cluster.user)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def bare(database: Database) -> Connection:
    """A superuser's connection to a database from which our extensions have been dropped."""
    superuser = database.connect("postgres")
    superuser.execute("DROP EXTENSION tenantry_search, tenantry_jwt, tenantry")
    return superuser


@pytest.mark.parametrize(
    ("extension", "requires"),
    [
        ("tenantry_jwt", {"tenantry", "plpython3u"}),
        ("tenantry_search", {"tenantry", "vector", "plpython3u"}),
        ("tenantry_tap", {"tenantry", "pgtap"}),
    ],
)
def test_an_extension_asks_for_what_it_requires(bare: Connection, extension: str, requires: set[str]) -> None:
    bare.execute("DROP EXTENSION vector, plpython3u")
    with pytest.raises(psycopg.errors.UndefinedObject):
        bare.execute(f"CREATE EXTENSION {extension}".encode())
    bare.execute(f"CREATE EXTENSION {extension} CASCADE".encode())
    rows = bare.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'").fetchall()
    assert {name for (name,) in rows} == {extension, *requires}


def test_only_a_superuser_creates_the_extension(bare: Connection, dba: Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        dba.execute("CREATE EXTENSION tenantry")
    bare.execute("CREATE EXTENSION tenantry")


def test_roles_that_undo_isolation_are_refused(bare: Connection) -> None:
    for attribute in ("LOGIN", "SUPERUSER", "BYPASSRLS", "REPLICATION"):
        with bare.transaction() as attempt:
            bare.execute(f"ALTER ROLE tenantry_app {attribute}".encode())
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), bare.transaction():
                bare.execute("CREATE EXTENSION tenantry")
            raise psycopg.Rollback(attempt)
    bare.execute("CREATE EXTENSION tenantry")


def test_objects_of_strangers_are_not_adopted(bare: Connection) -> None:
    bare.execute("CREATE SCHEMA tenantry")
    with pytest.raises(psycopg.errors.DuplicateSchema):
        bare.execute("CREATE EXTENSION tenantry")
