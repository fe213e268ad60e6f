"""Each table that protect() cannot make safe: what it answers, and that following the hint helps."""

import pytest

from tests.protection.workshop import Workshop

UNDEFINED_TABLE, UNDEFINED_COLUMN, WRONG_OBJECT_TYPE, DATATYPE_MISMATCH = "42P01", "42703", "42809", "42804"
INSUFFICIENT_PRIVILEGE, NOT_IN_PREREQUISITE_STATE, FEATURE_NOT_SUPPORTED = "42501", "55000", "0A000"
NOT_NULL_VIOLATION, FOREIGN_KEY_VIOLATION = "23502", "23503"

T = "CREATE TABLE t (tenant_id uuid, id int, level text);"
PARTITIONED = "CREATE TABLE t (tenant_id uuid, id int) PARTITION BY RANGE (id); "
FOREIGN = "RESET ROLE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"

# Name: what the table is, the argument of protect(), the SQLSTATE, and what mends it where the hint says how.
UNPROTECTABLE = {
    "nothing": ("", "0", UNDEFINED_TABLE, ""),
    "null": ("", "NULL", UNDEFINED_TABLE, ""),
    "view": (f"{T} CREATE VIEW v AS TABLE t", "'v'", WRONG_OBJECT_TYPE, ""),
    "materialized view": (f"{T} CREATE MATERIALIZED VIEW v AS TABLE t", "'v'", WRONG_OBJECT_TYPE, ""),
    "sequence": ("CREATE SEQUENCE s", "'s'", WRONG_OBJECT_TYPE, ""),
    "index": (f"{T} CREATE INDEX i ON t (id)", "'i'", WRONG_OBJECT_TYPE, ""),
    "composite type": ("CREATE TYPE y AS (tenant_id uuid)", "'y'", WRONG_OBJECT_TYPE, ""),
    "foreign table": (f"{FOREIGN} CREATE FOREIGN TABLE t (tenant_id uuid) SERVER s", "'t'", WRONG_OBJECT_TYPE, ""),
    "temporary table": ("CREATE TEMP TABLE t (tenant_id uuid)", "'t'", WRONG_OBJECT_TYPE, ""),
    "table of tenantry": ("", "'tenantry.tenants'", WRONG_OBJECT_TYPE, ""),
    "private table of tenantry": ("RESET ROLE", "'tenantry_private.api_keys'", WRONG_OBJECT_TYPE, ""),
    "system catalog": ("", "'pg_class'", WRONG_OBJECT_TYPE, ""),
    "information schema": ("", "'information_schema.sql_features'", WRONG_OBJECT_TYPE, ""),
    "partition": (f"{PARTITIONED} CREATE TABLE p PARTITION OF t DEFAULT", "'p'", WRONG_OBJECT_TYPE, ""),
    "table of another": (f"RESET ROLE; {T} SET LOCAL ROLE dba", "'t'", INSUFFICIENT_PRIVILEGE, ""),
    "table of the application": (
        f"{T} RESET ROLE; ALTER TABLE t OWNER TO app",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "ALTER TABLE t OWNER TO dba; SET LOCAL ROLE dba",
    ),
    "table of a group of the application": (
        f"{T} RESET ROLE; CREATE ROLE staff; GRANT staff TO app; ALTER TABLE t OWNER TO staff",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "REVOKE staff FROM app",
    ),
    "parent": (f"{T} CREATE TABLE c () INHERITS (t)", "'t'", FEATURE_NOT_SUPPORTED, "ALTER TABLE c NO INHERIT t"),
    "child": (f"{T} CREATE TABLE c () INHERITS (t)", "'c'", FEATURE_NOT_SUPPORTED, "ALTER TABLE c NO INHERIT t"),
    "foreign partition": (
        f"{FOREIGN} {PARTITIONED} CREATE FOREIGN TABLE p PARTITION OF t DEFAULT SERVER s",
        "'t'",
        WRONG_OBJECT_TYPE,
        "ALTER TABLE t DETACH PARTITION p",
    ),
    "rewrite rule": (
        f"{T} CREATE RULE r AS ON INSERT TO t DO ALSO NOTIFY r",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "DROP RULE r ON t",
    ),
    "no tenant column": ("CREATE TABLE t ()", "'t'", UNDEFINED_COLUMN, "ALTER TABLE t ADD COLUMN tenant_id uuid"),
    "another tenant column": (T, "'t', 'Tenant_id'", UNDEFINED_COLUMN, 'ALTER TABLE t ADD COLUMN "Tenant_id" uuid'),
    "dropped tenant column": (
        f"{T} ALTER TABLE t DROP tenant_id",
        "'t'",
        UNDEFINED_COLUMN,
        "ALTER TABLE t ADD COLUMN tenant_id uuid",
    ),
    "system column": (T, "'t', 'ctid'", UNDEFINED_COLUMN, ""),
    "text": (
        "CREATE TABLE t (tenant_id text)",
        "'t'",
        DATATYPE_MISMATCH,
        "ALTER TABLE t ALTER COLUMN tenant_id TYPE uuid USING tenant_id::uuid",
    ),
    "integer": ("CREATE TABLE t (tenant_id int)", "'t'", DATATYPE_MISMATCH, ""),
    "array": ("CREATE TABLE t (tenant_id uuid[])", "'t'", DATATYPE_MISMATCH, ""),
    "domain": ("CREATE DOMAIN d AS uuid; CREATE TABLE t (tenant_id d)", "'t'", DATATYPE_MISMATCH, ""),
    "generated": (
        "CREATE TABLE t (x uuid, tenant_id uuid GENERATED ALWAYS AS (x) STORED)",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "ALTER TABLE t ALTER COLUMN tenant_id DROP EXPRESSION",
    ),
    "no permission column": (
        T,
        "'t', 'tenant_id', 'secrecy'",
        UNDEFINED_COLUMN,
        "ALTER TABLE t ADD COLUMN secrecy text NOT NULL DEFAULT 'INTERNAL'",
    ),
    "permission column of another type": (
        "CREATE TABLE t (tenant_id uuid, level varchar)",
        "'t', 'tenant_id', 'level'",
        DATATYPE_MISMATCH,
        "ALTER TABLE t ALTER COLUMN level TYPE text",
    ),
    "rows without a tenant": (
        f"{T} INSERT INTO t DEFAULT VALUES",
        "'t'",
        NOT_NULL_VIOLATION,
        "UPDATE t SET tenant_id = (SELECT tenant_id FROM tenantry.tenants LIMIT 1) WHERE tenant_id IS NULL",
    ),
    "rows of no tenant": (
        f"{T} INSERT INTO t VALUES (gen_random_uuid())",
        "'t'",
        FOREIGN_KEY_VIOLATION,
        "UPDATE t SET tenant_id = (SELECT tenant_id FROM tenantry.tenants LIMIT 1)",
    ),
    "foreign key that does not cascade": (
        f"{T} ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "ALTER TABLE t DROP CONSTRAINT c",
    ),
    "foreign key not validated": (
        f"{T} ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants"
        " ON DELETE CASCADE NOT VALID",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "ALTER TABLE t DROP CONSTRAINT c",
    ),
    "protected by another tenant column": (
        "CREATE TABLE t (tenant_id uuid, owner_id uuid); SELECT tenantry.protect('t', 'owner_id')",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "SELECT tenantry.unprotect('t')",
    ),
    "protected with a permission column": (
        f"{T} SELECT tenantry.protect('t', 'tenant_id', 'level')",
        "'t'",
        NOT_IN_PREREQUISITE_STATE,
        "SELECT tenantry.unprotect('t')",
    ),
    "protected without a permission column": (
        f"{T} SELECT tenantry.protect('t')",
        "'t', 'tenant_id', 'level'",
        NOT_IN_PREREQUISITE_STATE,
        "SELECT tenantry.unprotect('t')",
    ),
}


@pytest.mark.parametrize(("made", "arguments", "sqlstate", "remedy"), UNPROTECTABLE.values(), ids=UNPROTECTABLE.keys())
def test_refused(workshop: Workshop, made: str, arguments: str, sqlstate: str, remedy: str) -> None:
    if made:
        workshop.execute(made)
    refusal = workshop.refused(f"SELECT tenantry.protect({arguments})")
    assert refusal.sqlstate == sqlstate
    assert refusal.diag.message_hint
    if remedy:
        workshop.execute(remedy)
        workshop.execute(f"SELECT tenantry.protect({arguments})")


@pytest.mark.parametrize("role", ["tenantry_app", "tenantry_admin"])
def test_an_owner_who_is_an_admin_needs_no_remedy(workshop: Workshop, role: str) -> None:
    """Being an admin, and one who may use the application's login too, is not being the application."""
    with workshop.role("postgres"):
        workshop.execute(f"CREATE ROLE operator; GRANT tenantry_admin, {role} TO operator")
        workshop.execute("GRANT CREATE ON SCHEMA public TO operator")
        workshop.execute("CREATE TABLE t (tenant_id uuid); ALTER TABLE t OWNER TO operator")
    with workshop.role("operator"):
        workshop.execute("SELECT tenantry.protect('t')")
        assert workshop.gaps("t") == []
