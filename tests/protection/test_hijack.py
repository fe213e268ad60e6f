"""Objects that an attacker puts where a careless function would pick them up: none may ever run with another's rights.

They shadow what the extension's functions use, in public, ahead of pg_catalog, and in the caller's temporary schema;
each betrays itself when it is used.
"""

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import as_tenant, create_tenant

BODY = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked as %', current_user; END $$"

FUNCTIONS = {
    "sha256(bytea)": "bytea",
    "encode(bytea, text)": "text",
    "decode(text, text)": "bytea",
    "convert_to(text, name)": "bytea",
    "convert_from(bytea, name)": "text",
    "current_setting(text, boolean)": "text",
    "set_config(text, text, boolean)": "text",
    "left(text, int)": "text",
    "lower(text)": "text",
    "btrim(text)": "text",
    "format(text, text)": "text",
    "format(text, regclass)": "text",
    "format(text, regclass, name)": "text",
    "concat(text)": "text",
    "string_to_array(text, text)": "text[]",
    "length(bytea)": "int",
    "now()": "timestamptz",
    "clock_timestamp()": "timestamptz",
    "statement_timestamp()": "timestamptz",
    "timestamptz_send(timestamptz)": "bytea",
    "int4send(int)": "bytea",
    "gen_random_uuid()": "uuid",
    "uuid_send(uuid)": "bytea",
    "pg_backend_pid()": "int",
    "pg_my_temp_schema()": "oid",
    "quote_ident(text)": "text",
    "quote_ident(name)": "text",
    "pg_has_role(oid, text)": "boolean",
    "pg_partition_tree(regclass)": "int",
    "pg_partition_root(regclass)": "regclass",
    "pg_get_expr(pg_node_tree, oid)": "text",
}
OPERATORS = {
    "=": ["uuid, uuid", "text, text", "name, name", "oid, oid", "boolean, boolean", "bytea, bytea"],
    "<>": ["text, text", "oid, oid", "char, char"],
    "||": ["text, text", "bytea, bytea"],
    "<=": ["text, text", "interval, interval", "timestamptz, timestamptz"],
    ">": ["timestamptz, timestamptz", "interval, interval"],
    "~": ["text, text"],
    "!~": ["text, text"],
}
RELATIONS = [
    *("pg_class", "pg_attribute", "pg_policy", "pg_depend", "pg_constraint", "pg_index", "pg_trigger", "pg_roles"),
    *(
        "pg_auth_members",
        "pg_inherits",
        "pg_rewrite",
        "pg_locks",
        "pg_namespace",
        "tenants",
        "api_keys",
        "signing_keys",
    ),
]

CALLS = [
    "tenantry.create_tenant('hijacked', 'Hijacked')",
    "tenantry.suspend_tenant(%(tenant)s)",
    "tenantry.resume_tenant(%(tenant)s)",
    "tenantry.issue_api_key(%(tenant)s, 'x', 'member', 1, 'tomorrow')",
    "tenantry.rotate_api_key(%(key)s, '1 day')",
    "tenantry.revoke_api_key(%(key)s)",
    "tenantry.rotate_context_key()",
    "tenantry.set_context_mode('sealed')",
    "tenantry.set_context_lifetime('1 hour')",
    "tenantry.set_role_clearance('hijacker', 'PUBLIC')",
    "tenantry.protect('public.documents', 'tenant_id', 'level')",
    "tenantry.protect('public.partitioned')",
    "tenantry.protection_gaps('public.documents')",
    "tenantry.application_roles()",
    "tenantry.unprotect('public.documents')",
]


def hostile(schema: str) -> list[str]:
    """Return statements that make every hostile object in a schema."""
    statements = [f"CREATE FUNCTION {schema}.{name} RETURNS {result} {BODY}" for name, result in FUNCTIONS.items()]
    for operator, signatures in OPERATORS.items():
        for signature in signatures:
            left, right = signature.split(", ")
            statements += [
                f"CREATE OR REPLACE FUNCTION {schema}.hijack({signature}) RETURNS boolean {BODY}",
                f"CREATE OPERATOR {schema}.{operator} (FUNCTION = hijack, LEFTARG = {left}, RIGHTARG = {right})",
            ]
    return [*statements, *(f"CREATE TABLE {schema}.{name} ()" for name in RELATIONS)]


@pytest.fixture
def dba(database: Database, superuser: Connection) -> Connection:
    """The DBA, in a database where the application may create objects in public, and has."""
    superuser.execute("GRANT CREATE ON SCHEMA public TO app")
    dba = database.connect("dba")
    dba.execute("CREATE TABLE documents (tenant_id uuid, id int, level text, PRIMARY KEY (tenant_id, id))")
    dba.execute("CREATE TABLE partitioned (tenant_id uuid, id int) PARTITION BY RANGE (id)")
    dba.execute("CREATE TABLE leaf PARTITION OF partitioned DEFAULT")
    with database.connect("app") as app:
        for statement in hostile("public"):
            app.execute(statement)  # type: ignore[arg-type]
    dba.execute("SET search_path = public, pg_catalog")
    return dba


@pytest.fixture
def superuser(database: Database) -> Connection:
    return database.connect("postgres")


@pytest.mark.parametrize("query", ["SELECT sha256('')", "SELECT 'a'::text = 'b'::text", "SELECT clock_timestamp()"])
def test_the_trap_is_set(dba: Connection, query: psycopg.sql.LiteralString) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="hijacked as dba"):
        dba.execute(query)


@pytest.mark.parametrize("temporary", [False, True], ids=["public", "public and pg_temp"])
def test_functions_of_the_admin(database: Database, dba: Connection, temporary: bool) -> None:
    with database.connect("dba") as clean:
        tenant = create_tenant(clean, "acme")
    if temporary:
        for statement in hostile("pg_temp"):
            dba.execute(statement)  # type: ignore[arg-type]
        dba.execute("SET search_path = pg_temp, public, pg_catalog")
    for call in CALLS:
        dba.execute(f"SELECT {call}", {"tenant": tenant.tenant_id, "key": tenant.key_id})  # type: ignore[arg-type]


def test_functions_of_the_application(database: Database, dba: Connection, superuser: Connection) -> None:
    with database.connect("dba") as clean:
        acme, globex = create_tenant(clean, "acme"), create_tenant(clean, "globex")
    dba.execute("SELECT tenantry.protect('public.documents', 'tenant_id', 'level')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON public.documents TO app")
    app = database.connect("app")
    app.execute("SET search_path = public, pg_catalog")
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute("INSERT INTO documents VALUES (DEFAULT, 1, 'PUBLIC')")
            app.execute("UPDATE documents SET id = 2")
            assert app.execute("TABLE documents").fetchall() == [(tenant.tenant_id, 2, "PUBLIC")]
            identity = app.execute("SELECT tenant_id, role FROM tenantry.current_identity()").fetchone()
            assert identity == (tenant.tenant_id, "member")
            assert app.execute("SELECT tenantry.cleared_levels()").fetchone() == (["PUBLIC", "INTERNAL"],)
            assert app.execute("SELECT slug FROM tenantry.tenants").fetchall() == [(tenant.slug,)]
            app.execute("SELECT tenantry.leave_tenant()")
    with database.connect("gateway") as gateway:
        gateway.execute("SET search_path = public, pg_catalog")
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada')", [acme.tenant_id])
    superuser.execute("SET search_path = public, pg_catalog")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        superuser.execute("UPDATE documents SET tenant_id = %s", [acme.tenant_id])
