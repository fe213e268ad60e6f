"""Each row of the how-to's table of settings: what shows a credential as a parameter, and what keeps it from that."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest

from tests.credentials.noisy import NOISE, QUIET, NoisyServer
from tests.credentials.traces import traces
from tests.support.cluster import CHECKOUT
from tests.support.database import Connection
from tests.support.tenants import Tenant, create_tenant

PAGE = CHECKOUT / "docs/how-to/keep-credentials-out-of-logs.md"
AUTHENTICATE = "SELECT tenantry.authenticate(%s)"


class Row(NamedTuple):
    loud: str
    shown_as: str
    statement: str = AUTHENTICATE
    since: int = 15  # the version of PostgreSQL that has it


ROWS = {
    "log_parameter_max_length": Row("-1", "text"),
    "log_parameter_max_length_on_error": Row(
        "-1", "text", AUTHENTICATE + ", 1 / (SELECT count(*) FROM pg_class WHERE oid = 0)"
    ),
    "auto_explain.log_parameter_max_length": Row("-1", "text", since=16),
    "auto_explain.log_verbose": Row("on", "text"),
    "debug_print_plan": Row("on", "numbers"),
}


@pytest.fixture(scope="module")
def tenant(noisy: NoisyServer) -> Tenant:
    return create_tenant(noisy.database.connect("dba"), "settings")


@contextmanager
def server_with(noisy: NoisyServer, **settings: str) -> Iterator[None]:
    """Change settings of the whole server, for new sessions at least."""
    change(noisy, settings)
    try:
        yield
    finally:
        change(noisy, {name: (NOISE | QUIET)[name] for name in settings})


def change(noisy: NoisyServer, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        noisy.superuser.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    noisy.superuser.execute("SELECT pg_reload_conf()")
    for name, value in settings.items():
        with noisy.database.connect("postgres") as probe:
            for _ in range(100):
                row = probe.execute("SELECT current_setting(%s)", [name]).fetchone()
                if row == (value,):
                    break
            else:
                pytest.fail(f"{name} is not {value}")


def call(app: Connection, statement: str, key: str) -> None:
    try:
        app.execute(statement.encode(), [key])
    except psycopg.errors.DivisionByZero:
        assert statement != AUTHENTICATE


def shown(noisy: NoisyServer, tenant: Tenant) -> set[str]:
    return traces(tenant.api_key[-64:], noisy.log())


@pytest.mark.parametrize("name", ROWS)
def test_a_setting_shows_the_key_unless_it_is_quiet(noisy: NoisyServer, tenant: Tenant, name: str) -> None:
    row = ROWS[name]
    if noisy.superuser.info.server_version // 10000 < row.since:
        pytest.skip(f"this server does not have {name}")
    noisy.log()
    with noisy.database.connect("app") as app:
        call(app, row.statement, tenant.api_key)
    assert shown(noisy, tenant) == set()
    with server_with(noisy, **{name: row.loud}):
        with noisy.database.connect("app") as app:
            call(app, row.statement, tenant.api_key)
        assert row.shown_as in shown(noisy, tenant)
        # The login's own setting, made by a superuser, wins over the server's.
        noisy.superuser.execute(f"ALTER ROLE app SET {name} = '{QUIET[name]}'".encode())
        try:
            with noisy.database.connect("app") as app:
                call(app, row.statement, tenant.api_key)
            assert shown(noisy, tenant) == set()
        finally:
            noisy.superuser.execute("ALTER ROLE app RESET ALL")


def test_terse_errors_leave_the_parameters_out_of_the_plain_log_only(noisy: NoisyServer, tenant: Tenant) -> None:
    name = "log_parameter_max_length_on_error"
    noisy.superuser.execute("ALTER ROLE app SET log_error_verbosity = terse")
    try:
        noisy.log()
        with noisy.database.connect("app") as app:
            app.execute(f"SET {name} = -1".encode())
            with pytest.raises(psycopg.errors.DivisionByZero) as caught:
                app.execute(ROWS[name].statement.encode(), [tenant.api_key])
        assert tenant.api_key in str(caught.value.diag.context)
        for file, text in noisy.logs().items():
            assert bool(traces(tenant.api_key[-64:], text)) == file.endswith((".csv", ".json"))
    finally:
        noisy.superuser.execute("ALTER ROLE app RESET ALL")


def test_the_page_has_each_setting(noisy: NoisyServer) -> None:
    """With the default that the server has, the value that the tests run with, and who may change it."""
    table = re.findall(r"^\| `([a-z_.]+)` \| (\S+) \| .* \| (\S+) \| (yes|no) \|$", PAGE.read_text(), re.MULTILINE)
    assert {name for name, *_ in table} == set(ROWS) == set(QUIET)
    app = noisy.database.connect("app")
    for name, default, quiet, changeable in table:
        assert quiet == QUIET[name]
        facts = noisy.superuser.execute("SELECT boot_val, context FROM pg_settings WHERE name = %s", [name]).fetchone()
        if facts is None:
            assert noisy.superuser.info.server_version // 10000 < ROWS[name].since
            continue
        assert facts == (default, "user" if changeable == "yes" else "superuser")
        if changeable == "no":
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"SET {name} = '{ROWS[name].loud}'".encode())


def test_plans_hold_a_key_of_the_caller_only(noisy: NoisyServer, tenant: Tenant) -> None:
    """Printed in full, the plans of our own statements hold neither the caller's key nor one that is made."""
    with server_with(noisy, **{"debug_print_plan": "on", "auto_explain.log_verbose": "on"}):
        app, dba = noisy.database.connect("app"), noisy.database.connect("dba")
        app.execute(
            "SET plan_cache_mode = force_generic_plan"
        )  # the caller's own plan then has a parameter for the key
        noisy.log()
        with app.transaction():
            app.execute(AUTHENTICATE, [tenant.api_key])
            app.execute("SELECT tenantry.try_authenticate(%s)", [tenant.api_key])
        for _ in range(2):
            before = noisy.signing_keys()
            row = dba.execute(
                "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'x')", [tenant.tenant_id]
            ).fetchone()
            assert row
            rotated = dba.execute("SELECT api_key FROM tenantry.rotate_api_key(%s, '1 hour')", [row[0]]).fetchone()
            assert rotated
            dba.execute("SELECT tenantry.rotate_context_key()")
            log = noisy.log()
            assert "PLANNEDSTMT" in log
            assert "Query Text: INSERT INTO tenantry_private.api_keys" in log
            for secret in (tenant.api_key[-64:], row[1][-64:], rotated[0][-64:], *before, *noisy.signing_keys()):
                assert traces(secret, log) == set()


# psql


def psql(noisy: NoisyServer, script: str, key: str) -> str:
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", noisy.database.conninfo("app")],
        input=script,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "ACME_KEY": key},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_psql_binds(noisy: NoisyServer, tenant: Tenant) -> None:
    version = re.search(r"(\d+)", subprocess.check_output(["psql", "--version"], text=True))
    assert version
    if int(version[1]) < 16:
        pytest.skip("this psql does not have \\bind")
    noisy.log()
    script = "\\getenv key ACME_KEY\nBEGIN;\nSELECT tenant_id FROM tenantry.authenticate($1) \\bind :key \\g\n"
    assert str(tenant.tenant_id) in psql(noisy, script, tenant.api_key)
    assert shown(noisy, tenant) == set()


def test_psql_without_bind(noisy: NoisyServer, tenant: Tenant) -> None:
    """The key is in the text. What the how-to tells to set for the login keeps it out of the log nevertheless."""
    script = (
        "\\getenv key ACME_KEY\nBEGIN;\nSELECT tenant_id FROM tenantry.authenticate(:'key');\nSELECT 1 FROM nothing;\n"
    )
    script = script.replace("SELECT 1 FROM nothing;\n", "")
    noisy.log()
    assert str(tenant.tenant_id) in psql(noisy, script, tenant.api_key)
    assert "text" in shown(noisy, tenant)
    settings = re.findall(r"^ALTER ROLE ada SET (\S+) = (\S+);$", PAGE.read_text(), re.MULTILINE)
    assert len(settings) >= 4
    try:
        for name, value in settings:
            noisy.superuser.execute(f"ALTER ROLE app SET {name} = {value}".encode())
        assert str(tenant.tenant_id) in psql(noisy, script, tenant.api_key)
        assert shown(noisy, tenant) == set()
    finally:
        noisy.superuser.execute("ALTER ROLE app RESET ALL")
