"""Findings whose faults no transaction makes and takes back: the version of the server, slots, what is prepared."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.protection.workshop import Workshop
from tests.support.database import Connection, Database
from tests.support.findings import findings
from tests.support.tenants import Tenant, as_tenant


def found(connection: Connection, code: str) -> list[tuple[str, str, str]]:
    """Return object, detail and remedy of a code's findings."""
    return connection.execute(
        "SELECT object, detail, remedy FROM tenantry.doctor() WHERE code = %s ORDER BY object", [code]
    ).fetchall()


@pytest.fixture
def pretend(workshop: Workshop) -> Iterator[Workshop]:
    """The workshop as a superuser, who may change tenantry itself until the transaction is rolled back."""
    with workshop.role("postgres"):
        yield workshop


def pretend_version(workshop: Workshop, version: int) -> None:
    workshop.execute(
        "CREATE OR REPLACE FUNCTION tenantry_private.server_version() RETURNS int LANGUAGE sql STABLE"
        f" SET search_path = pg_catalog, pg_temp AS 'SELECT {version}'"
    )


@pytest.mark.parametrize(
    ("version", "with_holes", "closed_in"),
    [
        (150019, True, "15.20"),
        (150020, False, ""),
        (160015, True, "16.16"),
        (170011, True, "17.12"),
        (180006, True, "18.7"),
        (180007, False, ""),
        (190000, False, ""),
    ],
)
def test_known_holes(pretend: Workshop, version: int, with_holes: bool, closed_in: str) -> None:
    pretend_version(pretend, version)
    for code, cve in (("TNT501", "CVE-2026-120154"), ("TNT502", "CVE-2026-6460")):
        told = found(pretend.connection, code)
        assert [each[0] for each in told] == [f"PostgreSQL {version // 10000}.{version % 100}"] * with_holes
        assert all(cve in detail and f"PostgreSQL {closed_in} or newer" in remedy for _, detail, remedy in told)


def test_hole_of_one_version_is_not_told_of_another(pretend: Workshop) -> None:
    for version, cves in ((150003, {"CVE-2023-39418", "CVE-2024-10976"}), (170000, {"CVE-2024-10976"})):
        pretend_version(pretend, version)
        ((_, detail, _),) = found(pretend.connection, "TNT501")
        assert {cve for cve in ("CVE-2023-39418", "CVE-2024-10976") if cve in detail} == cves


def test_major_version_without_support(pretend: Workshop) -> None:
    pretend_version(pretend, 150020)
    for day, is_found in (("2027-11-11", False), ("2027-11-12", True)):
        pretend.execute(
            "CREATE OR REPLACE FUNCTION tenantry_private.today() RETURNS date LANGUAGE sql STABLE"
            f" SET search_path = pg_catalog, pg_temp AS $$SELECT date '{day}'$$"
        )
        assert [each[0] for each in found(pretend.connection, "TNT503")] == ["PostgreSQL 15.20"] * is_found


def test_remote_server_without_encryption(pretend: Workshop) -> None:
    """listen_addresses cannot change while the server runs, so the function that reads it is replaced."""
    assert found(pretend.connection, "TNT508") == found(pretend.connection, "TNT611") == []
    pretend.execute(
        "CREATE OR REPLACE FUNCTION tenantry_private.listens_beyond() RETURNS boolean LANGUAGE sql STABLE"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT true'"
    )
    assert [each[0] for each in found(pretend.connection, "TNT508")] == ["setting ssl"]
    ((pg_hba, _, remedy),) = found(pretend.connection, "TNT611")
    assert pg_hba == "pg_hba.conf"

    pretend.execute(remedy)
    assert found(pretend.connection, "TNT611") == []
    lines = [each[0] for each in found(pretend.connection, "TNT610")]
    assert lines, "the tests' server lets everybody in who reaches its socket"
    assert all(line.startswith("pg_hba.conf line ") for line in lines)


def test_extension_is_behind(pretend: Workshop) -> None:
    assert found(pretend.connection, "TNT511") == []
    pretend.execute("UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'tenantry'")
    assert [each[0] for each in found(pretend.connection, "TNT511")] == ["extension tenantry"]


def test_subscription_into_a_protected_table(pretend: Workshop) -> None:
    pretend.execute("CREATE TABLE tickets (tenant_id uuid, body text); SELECT tenantry.protect('tickets')")
    pretend.execute(
        "CREATE SUBSCRIPTION incoming CONNECTION 'dbname=elsewhere' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE, enabled = false)"
    )
    pretend.execute(
        "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)"
        " SELECT oid, 'tickets'::regclass, 'r' FROM pg_subscription WHERE subname = 'incoming'"
    )
    assert found(pretend.connection, "TNT606") == []
    pretend.execute("UPDATE pg_subscription SET subenabled = true WHERE subname = 'incoming'")
    assert [each[0] for each in found(pretend.connection, "TNT606")] == ["subscription incoming"]
    pretend.execute("UPDATE pg_subscription SET subenabled = false WHERE subname = 'incoming'")
    assert found(pretend.connection, "TNT606") == []


def test_old_signing_keys(pretend: Workshop) -> None:
    assert found(pretend.connection, "TNT705") == []
    pretend.execute("UPDATE tenantry_private.signing_keys SET created_at = now() - interval '2 years'")
    ((_, detail, remedy),) = found(pretend.connection, "TNT705")
    assert "the current one" in detail
    pretend.execute(remedy)
    assert found(pretend.connection, "TNT705") == []
    pretend.execute("UPDATE tenantry_private.signing_keys SET created_at = now() - interval '40 days'")
    ((_, detail, remedy),) = found(pretend.connection, "TNT705")
    assert "still verifies" in detail
    pretend.execute(remedy)
    assert found(pretend.connection, "TNT705") == []


def test_audit_log_of_many_years(pretend: Workshop) -> None:
    """Months are added with an argument of make_audit_partition, which then cannot be taken for future ones."""
    assert found(pretend.connection, "TNT710") == []
    for month in range(1, 28):
        pretend.execute(
            "SELECT tenantry_private.make_audit_partition(clock_timestamp() - make_interval(months => %s))", month
        )
    ((log, _, remedy),) = found(pretend.connection, "TNT710")
    assert log == "tenantry.audit_log"
    assert remedy.startswith("--"), "it deletes"
    pretend.execute("SELECT tenantry.apply_audit_retention('2 years')")
    assert found(pretend.connection, "TNT710") == []


def test_keys_without_an_end_that_nobody_uses(pretend: Workshop) -> None:
    assert found(pretend.connection, "TNT711") == []
    pretend.execute("UPDATE tenantry_private.api_keys SET created_at = now() - interval '100 days'")
    assert [each[0] for each in found(pretend.connection, "TNT711")] == ["API keys"]
    pretend.execute(
        "INSERT INTO tenantry_private.api_key_uses SELECT key_id, now() FROM tenantry_private.api_keys"
        " ON CONFLICT (key_id) DO UPDATE SET last_used_at = now()"
    )
    assert found(pretend.connection, "TNT711") == []


def test_names_that_need_quotes(workshop: Workshop) -> None:
    """A remedy quotes the roles and objects that it names."""
    with workshop.role("postgres"):
        workshop.execute('CREATE ROLE "Mr; O\'Brien" LOGIN IN ROLE tenantry_app; CREATE ROLE "a b" BYPASSRLS')
        workshop.execute(
            'GRANT "a b" TO "Mr; O\'Brien"; CREATE SCHEMA "my ""schema"; GRANT CREATE ON SCHEMA "my ""schema" TO PUBLIC'
        )
        for code in ("TNT401", "TNT409"):
            ((_, _, remedy),) = found(workshop.connection, code)
            workshop.execute(remedy)
            assert found(workshop.connection, code) == []


def test_membership_through_others_is_followed(workshop: Workshop) -> None:
    with workshop.role("postgres"):
        workshop.execute(
            "CREATE ROLE team; CREATE ROLE leads; CREATE ROLE ops SUPERUSER; CREATE ROLE web LOGIN IN ROLE tenantry_app"
        )
        workshop.execute("GRANT ops TO leads; GRANT leads TO team; GRANT team TO web")
        ((member, detail, remedy),) = found(workshop.connection, "TNT401")
        assert member == "web"
        assert "(ops)" in detail
        assert remedy.startswith("REVOKE team FROM web")
        workshop.execute(remedy)
        assert found(workshop.connection, "TNT401") == []


# Other ways to a finding than the one on its page: what is done, the code, the object.
FAULTS = [
    ("GRANT dba TO tenantry_app", "TNT402", "tenantry_app"),
    ("ALTER ROLE web BYPASSRLS", "TNT401", "web"),
    ("ALTER ROLE web SUPERUSER", "TNT401", "web"),
    ("CREATE ROLE doors LOGIN IN ROLE tenantry_gateway; GRANT dba TO doors", "TNT402", "doors"),
    ("CREATE ROLE team; GRANT tenantry_app, tenantry_gateway TO team; GRANT team TO web", "TNT404", "team"),
    ("CREATE ROLE rds_superuser; GRANT rds_superuser TO web", "TNT405", "web"),
    ("GRANT pg_execute_server_program TO web", "TNT405", "web"),
    ("GRANT pg_signal_backend TO web", "TNT406", "web"),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO web', current_database()); END $$", "TNT408", "web"),
    ("CREATE SCHEMA AUTHORIZATION web", "TNT408", "web"),
    ("CREATE TYPE mood AS ENUM (); ALTER TYPE mood OWNER TO web", "TNT408", "web"),
    ("GRANT CREATE ON SCHEMA tenantry TO web", "TNT409", "schema tenantry"),
    ("CREATE SCHEMA work; GRANT CREATE ON SCHEMA work TO web", "TNT409", "schema work"),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE dba GRANT SELECT ON TABLES TO PUBLIC", "TNT413", "default privileges of dba"),
    ("GRANT ALTER SYSTEM ON PARAMETER work_mem TO web", "TNT414", "parameter work_mem"),
    ("GRANT SET ON PARAMETER lo_compat_privileges TO PUBLIC", "TNT414", "parameter lo_compat_privileges"),
    ("ALTER ROLE web SET lo_compat_privileges = on", "TNT416", "setting lo_compat_privileges of role web"),
    ("ALTER ROLE web SET role = dba", "TNT416", "setting role of role web"),
    ("ALTER ROLE ALL SET session_replication_role = replica", "TNT416", "setting session_replication_role"),
    ("ALTER ROLE web SET row_security = off", "TNT417", "setting row_security of role web"),
    ("ALTER ROLE web SET row_security = 'OF'", "TNT417", "setting row_security of role web"),
    ("ALTER ROLE web SET tenantry.context = 'planted'", "TNT417", "setting tenantry.context of role web"),
    ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO web", "TNT419", "pg_read_file(text)"),
    ("GRANT EXECUTE ON FUNCTION lo_import(text) TO PUBLIC", "TNT419", "lo_import(text)"),
    ("GRANT SELECT ON pg_authid TO tenantry_app", "TNT419", "pg_authid"),
    (
        "CREATE EXTENSION dblink; GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO web",
        "TNT419",
        "public.dblink_connect_u(text)",
    ),
    ("GRANT tenantry_owner TO tenantry_auditor", "TNT420", "tenantry_auditor"),
    ("CREATE ROLE second LOGIN SUPERUSER", "TNT421", "second"),
    ("GRANT USAGE ON SCHEMA tenantry_private TO tenantry_auditor", "TNT422", "tenantry_private"),
    (
        "GRANT EXECUTE ON FUNCTION tenantry.suspend_tenant(uuid) TO web",
        "TNT422",
        "tenantry.suspend_tenant(uuid)",
    ),
    ("GRANT SELECT ON tenantry_private.signing_keys TO web", "TNT422", "tenantry_private.signing_keys"),
    ("ALTER TABLE tenantry.tenants DISABLE ROW LEVEL SECURITY", "TNT423", "tenantry.tenants"),
    (
        "ALTER TABLE tenantry.tenants DISABLE TRIGGER ALL",
        "TNT423",
        "trigger tenantry_make_audit_salt on tenantry.tenants",
    ),
    ("DROP POLICY audit_log_own ON tenantry.audit_log", "TNT423", "policy audit_log_own on tenantry.audit_log"),
    ("ALTER FUNCTION tenantry.require_tenant() SECURITY INVOKER", "TNT423", "tenantry.require_tenant()"),
    ("ALTER FUNCTION tenantry.leave_tenant() OWNER TO postgres", "TNT423", "tenantry.leave_tenant()"),
    (
        "ALTER ROLE web SET log_min_duration_statement = '250ms'",
        "TNT504",
        "setting log_min_duration_statement of role web",
    ),
    (
        "ALTER ROLE web SET log_transaction_sample_rate = 0.1",
        "TNT504",
        "setting log_transaction_sample_rate of role web",
    ),
    ("CREATE PUBLICATION p FOR TABLES IN SCHEMA tenantry_private", "TNT603", "publication p"),
    ("CREATE PUBLICATION p FOR TABLE tenantry_private.signing_keys", "TNT603", "publication p"),
    ("CREATE PUBLICATION p FOR TABLES IN SCHEMA public", "TNT604", "publication p"),
    (
        "CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO web",
        "TNT608",
        "foreign-data wrapper postgres_fdw",
    ),
    (
        "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        " GRANT USAGE ON FOREIGN SERVER files TO PUBLIC",
        "TNT608",
        "server files",
    ),
]


@pytest.mark.parametrize(("fault", "code", "named"), FAULTS)
def test_other_faults(workshop: Workshop, fault: str, code: str, named: str) -> None:
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE web LOGIN IN ROLE tenantry_app")
        workshop.execute(
            "SET LOCAL ROLE dba; CREATE TABLE tickets (tenant_id uuid); SELECT tenantry.protect('tickets')"
        )
        workshop.execute("SET LOCAL ROLE postgres")
        assert found(workshop.connection, code) == []
        workshop.execute(fault)
        told = found(workshop.connection, code)
        assert named in [each[0] for each in told], workshop.execute("SELECT * FROM tenantry.doctor()").fetchall()
        for _, _, remedy in told:
            if not remedy.startswith("--"):
                workshop.execute(remedy)
                assert found(workshop.connection, code) == []


# What is as it should be, and yet close to a fault.
INNOCENT = [
    "CREATE ROLE web LOGIN IN ROLE tenantry_app, tenantry_gateway",
    "CREATE ROLE back_office LOGIN IN ROLE tenantry_admin; GRANT CREATE ON SCHEMA public TO back_office",
    "CREATE ROLE web LOGIN IN ROLE tenantry_app; ALTER ROLE web SET statement_timeout = '5s'",
    "CREATE ROLE web LOGIN IN ROLE tenantry_app; ALTER ROLE web SET log_statement = 'all';"
    " ALTER ROLE web SET log_parameter_max_length = 0",
    "CREATE ROLE web LOGIN IN ROLE tenantry_app; ALTER ROLE web SET log_statement = 'ddl'",
    "CREATE ROLE monitor LOGIN IN ROLE pg_monitor",
    "ALTER ROLE dba SET log_statement = 'all'",
    "ALTER DEFAULT PRIVILEGES FOR ROLE dba GRANT USAGE ON SEQUENCES TO tenantry_app",
    "GRANT EXECUTE ON FUNCTION tenantry.suspend_tenant(uuid) TO dba",
    "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1');"
    " CREATE USER MAPPING FOR dba SERVER far",
    "CREATE TABLE plain (n int); CREATE PUBLICATION p FOR TABLE plain",
    "CREATE EXTENSION pgcrypto",
    "SELECT tenantry.rotate_context_key()",
    "SELECT tenantry.set_context_lifetime('15 minutes')",
    "CREATE TEMP TABLE mine (n int); ALTER TABLE mine OWNER TO app",
    "SELECT FROM tenantry.harden()",
]


@pytest.mark.parametrize("step", INNOCENT)
def test_innocent(workshop: Workshop, step: str) -> None:
    with workshop.role("postgres"):
        workshop.execute(step)
        assert findings(workshop.connection) == []


def test_settings_of_a_role_in_a_database_come_first(workshop: Workshop) -> None:
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE web LOGIN IN ROLE tenantry_app")
        for statement, scope in (
            ("ALTER ROLE ALL SET log_statement = 'all'", ""),
            ("ALTER DATABASE {} SET log_statement = 'all'", " of database {}"),
            ("ALTER ROLE web SET log_statement = 'all'", " of role web"),
            ("ALTER ROLE web IN DATABASE {} SET log_statement = 'all'", " of role web of database {}"),
        ):
            name = workshop.value("SELECT quote_ident(current_database())")
            workshop.execute(statement.format(name))
            assert f"setting log_statement{scope.format(name)}" in [
                each[0] for each in found(workshop.connection, "TNT504")
            ]
        for _, _, remedy in found(workshop.connection, "TNT504"):
            workshop.execute(remedy)
        assert found(workshop.connection, "TNT504") == []


def test_administrator_of_the_application_is_not_the_application(workshop: Workshop) -> None:
    """Who may only grant a role is none of its members, as the maker of a role is from PostgreSQL 16 on."""
    with workshop.role("postgres"):
        ((version,),) = workshop.execute("SELECT current_setting('server_version_num')::int").fetchall()
        if version < 160000:
            pytest.skip("before PostgreSQL 16 a member is a member")
        workshop.execute("CREATE ROLE maker LOGIN CREATEROLE BYPASSRLS")
        workshop.execute("GRANT tenantry_app TO maker WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        assert found(workshop.connection, "TNT401") == []


def test_guard_without_its_triggers(workshop: Workshop) -> None:
    workshop.execute("SELECT tenantry.set_guard('enforce')")
    assert found(workshop.connection, "TNT708") == []
    workshop.execute("SELECT tenantry.manage_schema('public')")
    assert found(workshop.connection, "TNT708") == []
    with workshop.role("postgres"):
        workshop.execute("ALTER EVENT TRIGGER tenantry_note_drops ENABLE")
    ((_, detail, _),) = found(workshop.connection, "TNT708")
    assert "event triggers" in detail


def test_default_privileges_where_the_guard_enforces(workshop: Workshop) -> None:
    workshop.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO tenantry_app")
    workshop.execute("SELECT tenantry.manage_schema('public')")
    assert len(found(workshop.connection, "TNT413")) == 1
    workshop.execute("SELECT tenantry.set_guard('enforce')")
    assert found(workshop.connection, "TNT413") == []


def test_prepared_transaction(
    database: Database, app: Connection, dba: Connection, two_tenants: tuple[Tenant, Tenant]
) -> None:
    acme, _ = two_tenants
    assert found(dba, "TNT702") == []
    app.execute("BEGIN")
    app.execute("SELECT FROM tenantry.authenticate(%s)", [acme.api_key])
    app.execute("PREPARE TRANSACTION 'aside'")
    try:
        ((transaction, _, remedy),) = found(dba, "TNT702")
        assert transaction == "prepared transaction 'aside'"
        assert remedy.startswith("-- COMMIT PREPARED 'aside'; or ROLLBACK PREPARED 'aside';"), "only its maker knows"
        other = database.connect("app")
        other.execute("ROLLBACK PREPARED 'aside'")
        assert found(dba, "TNT702") == []
    finally:
        for (name,) in dba.execute("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()").fetchall():
            database.connect("postgres").execute(psycopg.sql.SQL("ROLLBACK PREPARED {}").format(name))
    with as_tenant(app, acme):
        pass


def test_logical_slot(database: Database, dba: Connection) -> None:
    superuser = database.connect("postgres")
    assert found(dba, "TNT605") == []
    superuser.execute("SELECT pg_create_logical_replication_slot('audit_feed', 'pgoutput')")
    try:
        ((slot, _, remedy),) = found(dba, "TNT605")
        assert slot == "replication slot audit_feed"
        assert remedy.startswith("--"), "a consumer that comes back would have lost its place"
        superuser.execute("SELECT pg_drop_replication_slot('audit_feed')")
        assert found(dba, "TNT605") == []
    finally:
        superuser.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'audit_feed'"
        )
