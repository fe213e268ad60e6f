"""What every object of the schemas tenantry, tenantry_private and tenantry_tap has to be like.

Each check is a query for offenders. It has to find none, and it has to find the offence that the test commits.
"""

from dataclasses import dataclass

import psycopg
import pytest

from tests.support.database import Connection, Database

OURS = "(VALUES ('tenantry'), ('tenantry_private'), ('tenantry_tap')) AS ours (schema)"

FUNCTIONS = f"""
(
    SELECT p.*, p.oid::regprocedure::text AS name
    FROM pg_proc AS p INNER JOIN {OURS} ON p.pronamespace = ours.schema::regnamespace
) AS f
"""

RELATIONS = f"""
(
    SELECT c.*, c.oid::regclass::text AS name
    FROM pg_class AS c INNER JOIN {OURS} ON c.relnamespace = ours.schema::regnamespace
) AS r
"""

# Members of our extensions by their catalog and OID.
MEMBERS = """
(
    SELECT d.classid, d.objid
    FROM pg_depend AS d
    INNER JOIN pg_extension AS e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    WHERE e.extname IN ('tenantry', 'tenantry_jwt', 'tenantry_search', 'tenantry_tap')
) AS members
"""

# Tables whose rows a dump leaves out on purpose, and why.
NOT_DUMPED = {
    "tenantry_private.signing_keys": "a restored database signs its contexts with a key of its own",
    "tenantry_private.installed_definitions": "the script that restores the extension fills it",
    "tenantry_private.last_withdrawal": "transaction ids are the cluster's own",
    "tenantry_private.session_numbers": "sessions do not outlive their server",
    "tenantry_private.guarded_relations": "what is restored is seen anew, while it is not whole yet",
    "tenantry_private.pending_checks": "rows do not outlive their transaction",
    "tenantry_private.session_overrides": "sessions do not outlive their server",
}

# Views that read with their owner's rights on purpose, and why.
OWNERS_VIEWS = {
    "tenantry.jwt_issuers": "shows admins, and nobody else, what they may know of a table in tenantry_private",
    "tenantry.jwt_keys": "the same",
    "tenantry.jwt_organizations": "the same",
    "tenantry.failed_authentications": "shows admins and auditors the value of sequences in tenantry_private",
    "tenantry.managed_schemas": "shows admins and auditors a table in tenantry_private",
    "tenantry.exemptions": "shows admins and auditors tables in tenantry_private",
    "tenantry.all_shares": "shows admins, and nobody else, a table in tenantry_private",
    "tenantry.api_keys": "shows admins, and nobody else, what they may know of a table in tenantry_private",
    "tenantry.session_logins": "shows admins and auditors a table in tenantry_private",
    "tenantry.members": "shows everybody else than admins and auditors the current tenant's rows of such a table",
}

# Functions of tenantry_private that others may execute, and why.
EXECUTABLE = {
    "tenantry_private.limits_of(uuid)": "called by the view tenant_limits, with its reader's rights",
    "tenantry_private.usage_of(uuid)": "called by the view tenant_usage, with its reader's rights",
    "tenantry_private.counter_value(regclass)": "called by the view api_keys, with its reader's rights",
    "tenantry_private.own_collections()": "called by a view, for the tenant of the context",
    "tenantry_private.own_shares()": "called by a view, for the tenant of the context",
    "tenantry_private.verified_context()": "called by functions that are inlined into the caller's query",
}


@dataclass(frozen=True)
class Convention:
    """A query for offenders, an offence, and the name under which the query has to report it."""

    offenders: str
    offence: str
    offender: str


BAD_FUNCTION = "CREATE FUNCTION tenantry.bad(p_n int) RETURNS int LANGUAGE sql {} AS 'SELECT 1'"
PINNED = "SET search_path = pg_catalog, pg_temp"

CONVENTIONS = {
    "search_path is pinned": Convention(
        f"""
        SELECT f.name FROM {FUNCTIONS}
        WHERE f.prosqlbody IS NULL
            AND (
                SELECT array_agg(s) FROM unnest(f.proconfig) AS s WHERE s LIKE 'search\\_path=%'
            ) IS DISTINCT FROM '{{"search_path=pg_catalog, pg_temp"}}'
        """,
        BAD_FUNCTION.format("SET search_path = pg_catalog"),
        "tenantry.bad(integer)",
    ),
    "a function without a pinned search_path runs with its caller's rights": Convention(
        f"SELECT f.name FROM {FUNCTIONS} WHERE f.prosqlbody IS NOT NULL AND f.prosecdef",
        "CREATE FUNCTION tenantry.bad() RETURNS int SECURITY DEFINER RETURN 1",
        "tenantry.bad()",
    ),
    "PUBLIC may execute nothing": Convention(
        f"""
        SELECT f.name FROM {FUNCTIONS}
        CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
        WHERE a.grantee = 0
        """,
        BAD_FUNCTION.format(PINNED),
        "tenantry.bad(integer)",
    ),
    "PUBLIC may touch no schema, relation or column": Convention(
        f"""
        SELECT n.nspname FROM pg_namespace AS n INNER JOIN {OURS} ON n.oid = ours.schema::regnamespace
        CROSS JOIN LATERAL aclexplode(n.nspacl) AS a WHERE a.grantee = 0
        UNION ALL
        SELECT r.name FROM {RELATIONS} CROSS JOIN LATERAL aclexplode(r.relacl) AS a WHERE a.grantee = 0
        UNION ALL
        SELECT r.name FROM {RELATIONS} INNER JOIN pg_attribute AS c ON r.oid = c.attrelid
        CROSS JOIN LATERAL aclexplode(c.attacl) AS a WHERE a.grantee = 0
        """,
        "GRANT SELECT (name) ON tenantry.tenants TO PUBLIC",
        "tenantry.tenants",
    ),
    "tenantry_private is its owner's alone": Convention(
        f"""
        SELECT n.nspname FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
        WHERE n.nspname = 'tenantry_private' AND a.grantee <> n.nspowner
        UNION ALL
        SELECT r.name FROM {RELATIONS} CROSS JOIN LATERAL aclexplode(r.relacl) AS a
        WHERE r.relnamespace = 'tenantry_private'::regnamespace AND a.grantee <> r.relowner
        UNION ALL
        SELECT f.name FROM {FUNCTIONS} CROSS JOIN LATERAL aclexplode(f.proacl) AS a
        WHERE f.pronamespace = 'tenantry_private'::regnamespace AND a.grantee <> f.proowner
        """,
        "GRANT USAGE ON SCHEMA tenantry_private TO tenantry_app",
        "tenantry_private",
    ),
    "functions have a comment": Convention(
        f"SELECT f.name FROM {FUNCTIONS} WHERE obj_description(f.oid, 'pg_proc') IS NULL",
        BAD_FUNCTION.format(PINNED),
        "tenantry.bad(integer)",
    ),
    "relations and types have a comment": Convention(
        f"""
        SELECT r.name FROM {RELATIONS}
        WHERE r.relkind NOT IN ('i', 'I', 't', 'c') AND obj_description(r.oid, 'pg_class') IS NULL
        UNION ALL
        SELECT t.oid::regtype::text FROM pg_type AS t INNER JOIN {OURS} ON t.typnamespace = ours.schema::regnamespace
        LEFT JOIN pg_class AS c ON t.typrelid = c.oid
        WHERE t.typelem = 0 AND coalesce(c.relkind, 'c') = 'c' AND obj_description(t.oid, 'pg_type') IS NULL
        """,
        "CREATE TYPE tenantry.bad AS (n int)",
        "tenantry.bad",
    ),
    "schemas have a comment": Convention(
        f"""
        SELECT ours.schema FROM {OURS} WHERE obj_description(ours.schema::regnamespace, 'pg_namespace') IS NULL
        """,
        "COMMENT ON SCHEMA tenantry IS NULL",
        "tenantry",
    ),
    "tenantry_owner owns everything": Convention(
        f"""
        SELECT f.name FROM {FUNCTIONS} WHERE f.proowner <> 'tenantry_owner'::regrole
        UNION ALL
        SELECT r.name FROM {RELATIONS} WHERE r.relowner <> 'tenantry_owner'::regrole
        UNION ALL
        SELECT t.oid::regtype::text FROM pg_type AS t INNER JOIN {OURS} ON t.typnamespace = ours.schema::regnamespace
        WHERE t.typowner <> 'tenantry_owner'::regrole
        UNION ALL
        SELECT n.nspname FROM pg_namespace AS n INNER JOIN {OURS} ON n.oid = ours.schema::regnamespace
        WHERE n.nspowner <> 'tenantry_owner'::regrole
        """,
        BAD_FUNCTION.format(PINNED),
        "tenantry.bad(integer)",
    ),
    "the cluster's roles stay harmless": Convention(
        """
        SELECT r.rolname FROM pg_roles AS r
        WHERE r.rolname = ANY (
                '{tenantry_owner, tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor}'
            )
            AND (
                r.rolsuper OR r.rolbypassrls OR r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
                OR EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid)
            )
        """,
        "GRANT tenantry_app TO tenantry_owner",
        "tenantry_owner",
    ),
    "nobody can become tenantry_owner": Convention(
        "SELECT m.member::regrole::text FROM pg_auth_members AS m WHERE m.roleid = 'tenantry_owner'::regrole",
        "GRANT tenantry_owner TO tenantry_admin",
        "tenantry_admin",
    ),
    "no function claims to be leakproof": Convention(
        f"SELECT f.name FROM {FUNCTIONS} WHERE f.proleakproof",
        BAD_FUNCTION.format(f"LEAKPROOF {PINNED}"),
        "tenantry.bad(integer)",
    ),
    "arguments are called p_…": Convention(
        f"""
        SELECT f.name FROM {FUNCTIONS}
        WHERE f.pronargs > 0 AND EXISTS (
            SELECT FROM generate_series(1, cardinality(coalesce(f.proallargtypes, f.proargtypes::oid[]))) AS i
            WHERE coalesce(f.proargmodes[i], 'i') IN ('i', 'b', 'v')
                AND coalesce(f.proargnames[i], '') !~ '^p_[a-z0-9_]+$'
        )
        """,
        BAD_FUNCTION.replace("p_n", "n").format(PINNED),
        "tenantry.bad(integer)",
    ),
    "constraints are called after their table": Convention(
        f"""
        SELECT r.name || ': ' || c.conname FROM {RELATIONS} INNER JOIN pg_constraint AS c ON r.oid = c.conrelid
        WHERE c.conname !~ ('^' || r.relname || '_[a-z0-9_]+_(pkey|fkey|key|check)$') AND c.contype NOT IN ('n', 't')
        """,
        "ALTER TABLE tenantry.tenants ADD CONSTRAINT bad CHECK (true)",
        "tenantry.tenants: bad",
    ),
    "the extensions have every object as a member": Convention(
        f"""
        SELECT f.name FROM {FUNCTIONS} WHERE ('pg_proc'::regclass, f.oid) NOT IN (SELECT * FROM {MEMBERS})
        UNION ALL
        SELECT r.name FROM {RELATIONS}
        WHERE r.relkind NOT IN ('i', 'I', 't', 'c') AND ('pg_class'::regclass, r.oid) NOT IN (SELECT * FROM {MEMBERS})
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE r.relkind = 'S'
                    AND d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')
            )
        """,
        BAD_FUNCTION.format(PINNED),
        "tenantry.bad(integer)",
    ),
    "a dump carries every table and sequence": Convention(
        f"""
        SELECT r.name FROM {RELATIONS}
        WHERE r.relkind IN ('r', 'p', 'S')
            AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE r.oid = ANY (e.extconfig))
        """,
        "CREATE TABLE tenantry_private.bad (n int)",
        "tenantry_private.bad",
    ),
    "views read with their caller's rights": Convention(
        f"""
        SELECT r.name FROM {RELATIONS}
        WHERE r.relkind IN ('v', 'm') AND NOT coalesce(r.reloptions @> ARRAY['security_invoker=true'], false)
        """,
        "CREATE VIEW tenantry.bad AS SELECT * FROM tenantry.tenants",
        "tenantry.bad",
    ),
}

EXCEPTIONS = {
    "tenantry_private is its owner's alone": EXECUTABLE,
    "a dump carries every table and sequence": NOT_DUMPED,
    "views read with their caller's rights": OWNERS_VIEWS,
}


def offenders(superuser: Connection, convention: Convention) -> set[str]:
    return {name for (name,) in superuser.execute(convention.offenders.encode())}


@pytest.fixture(scope="module")
def installed(module_database: Database) -> Connection:
    superuser = module_database.connect("postgres")
    superuser.execute("CREATE EXTENSION tenantry_tap CASCADE")
    return superuser


@pytest.mark.parametrize("title", CONVENTIONS)
def test_convention_is_kept(title: str, installed: Connection) -> None:
    found = offenders(installed, CONVENTIONS[title])
    allowed = set(EXCEPTIONS.get(title, ()))
    assert found - allowed == set()
    assert allowed <= found, "an exception that is no longer needed"


@pytest.mark.parametrize("title", CONVENTIONS)
def test_offence_is_found(title: str, installed: Connection) -> None:
    convention = CONVENTIONS[title]
    with installed.transaction() as offence:
        assert convention.offender not in offenders(installed, convention)
        installed.execute(convention.offence.encode())
        assert convention.offender in offenders(installed, convention)
        raise psycopg.Rollback(offence)
