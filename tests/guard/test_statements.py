"""Each statement that would leave something unprotected in a managed schema, and those that would not.

Refused, with nothing half done, under `enforce`; the hint mends it; under `warn` and `off` it goes through.
"""

from dataclasses import dataclass

import psycopg
import pytest

from tests.guard.yard import Yard, exemption, remedy

DEFINER = "CREATE FUNCTION m.n() RETURNS int LANGUAGE sql SECURITY DEFINER {} AS 'SELECT 1'"


@dataclass(frozen=True)
class Case:
    """A statement, what the guard says of it, and who runs it."""

    sql: str
    says: str
    role: str = "dba"


def cases(says: str, *statements: str, role: str = "dba") -> list[Case]:
    return [Case(statement, says, role) for statement in statements]


REFUSED = [
    *cases(
        "m.n: not protected",
        "CREATE TABLE m.n (x int)",
        "CREATE TABLE m.n (tenant_id uuid, x int)",
        "CREATE UNLOGGED TABLE m.n (tenant_id uuid)",
        "CREATE TABLE m.n AS SELECT 1 AS x WHERE false",
        "SELECT 1 AS x INTO m.n WHERE false",
        "CREATE TABLE m.n (LIKE m.orders INCLUDING ALL)",
        "CREATE TABLE m.n OF m.row_type",
        "CREATE TABLE m.n (tenant_id uuid, x int) PARTITION BY LIST (x)",
        "ALTER TABLE public.outside SET SCHEMA m; ALTER TABLE m.outside RENAME TO n",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE m.n (x int)'; END $$",
        "SAVEPOINT s; CREATE TABLE m.n (x int); RELEASE s",
        "CREATE TABLE m.n (x int); DROP TABLE m.legacy",
        "SET LOCAL search_path = m; CREATE TABLE n (x int)",
        "CREATE TABLE far.n (x int); ALTER TABLE far.n SET SCHEMA m",
        "CREATE TABLE m.n (x int); SET CONSTRAINTS ALL DEFERRED",
        "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; CREATE TABLE m.n (x int)",
        "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS x; CREATE TABLE m.n AS TABLE t WITH NO DATA",
    ),
    *cases("m.n inherits from m.orders", "CREATE TABLE m.n () INHERITS (m.orders)"),
    *cases(
        "public.outside inherits from m.orders",
        "ALTER TABLE public.outside ALTER tenant_id SET NOT NULL; ALTER TABLE public.outside INHERIT m.orders",
    ),
    *cases("gone.t: not protected", "CREATE SCHEMA gone CREATE TABLE t (x int)"),
    *cases("gone.v reads with", "CREATE SCHEMA gone CREATE VIEW v AS SELECT 1 AS x"),
    *cases(
        "policy tenantry_isolation of m.n is missing",
        "CREATE TABLE m.n PARTITION OF m.events FOR VALUES FROM (10) TO (20)",
        "CREATE TABLE m.n (tenant_id uuid NOT NULL, at int);"
        "ALTER TABLE m.events ATTACH PARTITION m.n FOR VALUES FROM (10) TO (20)",
    ),
    *cases(
        "policy tenantry_isolation of public.part is missing",
        "ALTER TABLE public.part ALTER tenant_id SET NOT NULL;"
        "ALTER TABLE m.events ATTACH PARTITION public.part FOR VALUES FROM (10) TO (20)",
    ),
    *cases("m.events_1: m.events_1 lets the tenant", "ALTER TABLE m.events DETACH PARTITION m.events_1"),
    *cases(
        "row-level security does not exist for foreign table m.",
        "IMPORT FOREIGN SCHEMA far FROM SERVER loop INTO m",
        role="postgres",
    ),
    *cases("row-level security does not exist", "CREATE FOREIGN TABLE m.n (x int) SERVER loop"),
    *cases(
        "reads with the rights of its owner",
        "CREATE VIEW m.n AS SELECT * FROM m.orders",
        "CREATE VIEW m.n WITH (security_barrier) AS SELECT * FROM m.orders",
        "CREATE OR REPLACE VIEW m.good AS SELECT id FROM m.orders",
        "ALTER VIEW m.good RESET (security_invoker)",
        "ALTER VIEW m.good SET (security_invoker = off)",
        "ALTER VIEW public.outside_view SET SCHEMA m",
        "CREATE RECURSIVE VIEW m.n (x) AS SELECT 1",
    ),
    *cases("shows what its owner saw", "CREATE MATERIALIZED VIEW m.n AS SELECT * FROM m.orders"),
    *cases(
        "runs with the rights of its owner",
        "CREATE RULE r AS ON INSERT TO m.orders DO ALSO NOTHING",
        "CREATE RULE r AS ON UPDATE TO m.good DO INSTEAD NOTHING",
    ),
    *cases(
        "finds objects by a search_path",
        DEFINER.format(""),
        DEFINER.format("SET search_path = m"),
        DEFINER.format('SET search_path = "$user", pg_temp'),
        "CREATE PROCEDURE m.n() LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "ALTER FUNCTION m.invoker() SECURITY DEFINER",
        "ALTER FUNCTION m.definer() RESET search_path",
        "ALTER FUNCTION m.definer() SET search_path = m, pg_catalog",
        "CREATE OR REPLACE FUNCTION m.definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'",
        "ALTER FUNCTION public.outside_definer() SET SCHEMA m",
    ),
    *cases(
        "whom row-level security does not bind",
        DEFINER.format("SET search_path = pg_catalog, pg_temp"),
        "ALTER FUNCTION m.definer() OWNER TO postgres",
        role="postgres",
    ),
    *cases(
        "belongs to tenantry",
        "ALTER FUNCTION tenantry.current_tenant() STABLE",
        "ALTER FUNCTION tenantry.refuse_truncate() RESET search_path",
        role="postgres",
    ),
    *cases(
        "row-level security of m.orders is not enabled and forced",
        "ALTER TABLE m.orders DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE m.orders NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE m.orders RENAME TO o; ALTER TABLE m.o DISABLE ROW LEVEL SECURITY;ALTER TABLE m.o RENAME TO orders",
    ),
    *cases("security of m.events_1 is not enabled", "ALTER TABLE m.events_1 NO FORCE ROW LEVEL SECURITY"),
    *cases("security of m.guides is not enabled", "ALTER TABLE m.guides DISABLE ROW LEVEL SECURITY"),
    *cases(
        "m.orders: not protected",
        "DROP POLICY tenantry_isolation ON m.orders",
        "ALTER POLICY tenantry_isolation ON m.orders RENAME TO other",
        "ALTER POLICY tenantry_isolation ON m.orders USING (true) WITH CHECK (true)",
        "SELECT tenantry.unprotect('m.orders')",
    ),
    *cases("m.guides: ", "DROP POLICY tenantry_isolation ON m.guides", "SELECT tenantry.unprotect('m.guides')"),
    *cases(
        "policy tenantry_isolation of m.orders is missing or altered",
        "ALTER POLICY tenantry_isolation ON m.orders USING (tenant_id IS NOT NULL)",
        "ALTER POLICY tenantry_isolation ON m.orders TO dba",
    ),
    *cases("policy tenantry_permission of m.orders", "DROP POLICY tenantry_permission ON m.orders"),
    *cases("policy tenantry_readers of m.orders", "DROP POLICY tenantry_readers ON m.orders"),
    *cases("no permissive policy of m.orders", "DROP POLICY tenantry_access ON m.orders"),
    *cases(
        "the application can act as the owner of m.orders",
        "ALTER TABLE m.orders OWNER TO team",
        "ALTER TABLE m.orders OWNER TO another_app",
        role="postgres",
    ),
    *cases(
        "the application holds TRUNCATE, REFERENCES or TRIGGER on m.orders",
        "GRANT TRUNCATE ON m.orders TO app",
        "GRANT ALL ON m.orders TO tenantry_app",
        "GRANT ALL ON m.orders TO PUBLIC",
        "GRANT TRIGGER ON m.orders TO team",
        "GRANT REFERENCES (id) ON m.orders TO tenantry_app",
        "ALTER TABLE m.orders ADD extra int; GRANT ALL ON m.orders TO app",
    ),
    *cases("holds TRUNCATE, REFERENCES or TRIGGER on m.events_1", "GRANT ALL ON m.events_1 TO tenantry_app"),
    *cases("on m.events_1, and 2 more", "GRANT ALL ON ALL TABLES IN SCHEMA m TO team"),
    *cases("no index that begins", "DROP INDEX m.orders_tenant_id_idx"),
    *cases(
        "m.orders lets the tenant of a row change",
        "DROP TRIGGER tenantry_refuse_tenant_change ON m.orders",
        "ALTER TABLE m.orders DISABLE TRIGGER tenantry_refuse_tenant_change",
        "ALTER TABLE m.orders DISABLE TRIGGER USER",
        "ALTER TABLE m.orders ENABLE REPLICA TRIGGER tenantry_refuse_tenant_change",
        "CREATE OR REPLACE TRIGGER tenantry_refuse_tenant_change BEFORE UPDATE ON m.orders FOR EACH ROW WHEN (false)"
        " EXECUTE FUNCTION tenantry.refuse_tenant_change()",
    ),
    *cases("can be truncated", "DROP TRIGGER tenantry_refuse_truncate ON m.orders"),
    *cases("changes of m.orders are not audited", "DROP TRIGGER tenantry_audit_insert ON m.orders"),
    *cases("may be null", "ALTER TABLE m.orders ALTER tenant_id DROP NOT NULL"),
    *cases(
        "is not filled from the context",
        "ALTER TABLE m.orders ALTER tenant_id DROP DEFAULT",
        "ALTER TABLE m.orders ALTER tenant_id SET DEFAULT gen_random_uuid()",
    ),
    *cases("no cascading foreign key", "ALTER TABLE m.orders DROP CONSTRAINT orders_tenant_id_fkey"),
    *cases("m.orders: not protected", "ALTER TABLE m.orders DROP COLUMN tenant_id CASCADE"),
    *cases(
        "public.orders: row-level security",
        "ALTER TABLE m.orders SET SCHEMA public; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"
        "ALTER TABLE public.orders DISABLE ROW LEVEL SECURITY",
    ),
    *cases(
        "x.orders: row-level security",
        "ALTER SCHEMA m RENAME TO x; ALTER TABLE x.orders DISABLE ROW LEVEL SECURITY",
    ),
    *cases("x.n: not protected", "ALTER SCHEMA m RENAME TO x; CREATE TABLE x.n (i int)"),
    *cases(
        "m.n: not protected",
        "ALTER SCHEMA m RENAME TO x; ALTER SCHEMA x RENAME TO m; CREATE TABLE m.n (i int)",
    ),
    *cases("m.declared reads with", "SELECT tenantry.unexempt('m.declared')"),
    *cases(
        "m.declared reads with",
        "DROP VIEW m.declared; CREATE VIEW m.declared AS SELECT id FROM m.orders",
    ),
    *cases(
        "m.n: not protected",
        "SET session_replication_role = replica; CREATE TABLE m.n (x int); RESET session_replication_role",
        role="postgres",
    ),
]

PASSING = [
    *cases(
        "",
        "CREATE TEMP TABLE n (x int); DROP TABLE n",
        "CREATE TEMP VIEW n AS SELECT 1 AS x",
        "CREATE TABLE public.n (x int)",
        "CREATE TABLE m.n (x int); DROP TABLE m.n",
        "SAVEPOINT s; CREATE TABLE m.n (x int); ROLLBACK TO s",
        "CREATE TABLE m.n (tenant_id uuid); SELECT tenantry.protect('m.n')",
        "CREATE TABLE m.n (x int); SELECT tenantry.exempt('m.n', 'the same for all')",
        "CREATE VIEW m.n WITH (security_invoker) AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW m.declared AS SELECT id FROM m.orders",
        "CREATE FUNCTION m.n() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        DEFINER.format("SET search_path = pg_catalog, m, pg_temp"),
        DEFINER.format("SET search_path = ''"),
        "CREATE FUNCTION m.n() RETURNS int SECURITY DEFINER RETURN 1",
        "CREATE SEQUENCE m.n; CREATE TYPE m.o AS ENUM ('x')",
        "CREATE INDEX n ON m.orders (tenant_id, id); DROP INDEX m.n",
        "CREATE INDEX n ON m.orders (tenant_id, id); DROP INDEX m.orders_tenant_id_idx",
        "ALTER INDEX m.orders_tenant_id_idx RENAME TO n",
        "ALTER TABLE m.orders ADD COLUMN n int, ALTER level SET DEFAULT 'PUBLIC'",
        "ALTER TABLE m.orders RENAME TO n",
        "ALTER TABLE m.orders RENAME tenant_id TO n",
        "ALTER TABLE m.orders SET SCHEMA public",
        "ALTER TABLE m.orders REPLICA IDENTITY FULL",
        "ALTER TABLE m.events DETACH PARTITION m.events_1; SELECT tenantry.protect('m.events_1')",
        "ALTER TABLE m.events DETACH PARTITION m.events_1; DROP TABLE m.events_1",
        "CREATE TABLE m.n PARTITION OF m.events FOR VALUES FROM (10) TO (20); SELECT tenantry.protect('m.events')",
        "CLUSTER m.orders USING orders_tenant_id_idx; REINDEX TABLE m.orders; TRUNCATE m.legacy",
        "COMMENT ON TABLE m.legacy IS 'old'; ALTER TABLE m.legacy ADD n int; GRANT ALL ON m.legacy TO app",
        "CREATE POLICY n ON m.orders USING (true) WITH CHECK (true)",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA m TO tenantry_app",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA m GRANT ALL ON TABLES TO tenantry_app;"
        "CREATE TABLE m.n (tenant_id uuid); SELECT tenantry.protect('m.n')",
        "DROP TABLE m.orders CASCADE; DROP TABLE m.events",
        "DROP SCHEMA m CASCADE",
        "SELECT tenantry.exempt('m.orders', 'all may see it'); SELECT tenantry.unprotect('m.orders')",
        "SELECT tenantry.unprotect('m.orders'); SELECT tenantry.protect('m.orders', p_permission_column => 'level')",
        "SELECT tenantry.unmanage_schema('m'); SELECT tenantry.unprotect('m.orders')",
        "ALTER POLICY tenantry_isolation ON m.orders USING (true);"
        "SELECT tenantry.protect('m.orders', p_permission_column => 'level')",
        "SELECT tenantry.set_audit('m.guides', true)",
        "SELECT tenantry.set_audit('m.orders', false)",
        "SELECT tenantry.unrestrict_readers('m.orders')",
        "SELECT tenantry.meter_storage('m.orders')",
        "SELECT tenantry.create_ai_schema('m', 3)",
        "SELECT tenantry.create_ai_schema('m', 3); SELECT tenantry.enable_document_access('m')",
    ),
    *cases(
        "",
        "ALTER TABLE m.orders OWNER TO colleague",
        "REASSIGN OWNED BY dba TO colleague",
        "DROP OWNED BY colleague",
        "CREATE EXTENSION hstore SCHEMA m",
        "CREATE EXTENSION pg_stat_statements SCHEMA m; ALTER EXTENSION pg_stat_statements UPDATE",
        role="postgres",
    ),
]


def title(case: Case) -> str:
    return case.sql[:60]


@pytest.fixture(scope="module")
def enforcing(yard: Yard) -> Yard:
    yard.set_guard("enforce")
    return yard


@pytest.mark.parametrize("case", REFUSED, ids=title)
def test_refused(enforcing: Yard, case: Case) -> None:
    """The whole transaction, at its end: nothing of it is left."""
    before = enforcing.state()
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        enforcing.run(case.sql, case.role)
    assert case.says in str(refusal.value)
    assert "the guard refuses" in str(refusal.value)
    assert enforcing.state() == before


@pytest.mark.parametrize("case", REFUSED, ids=title)
def test_hint_mends(enforcing: Yard, case: Case) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, enforcing.passing(case.role) as connection:
        connection.execute(case.sql.encode())
    mended = remedy(refusal.value.diag)
    with enforcing.passing(case.role) as connection:
        connection.execute(case.sql.encode())
        connection.execute(mended.encode())


@pytest.mark.parametrize("case", REFUSED, ids=title)
def test_hint_exempts(enforcing: Yard, case: Case) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, enforcing.passing(case.role) as connection:
        connection.execute(case.sql.encode())
    declared = exemption(refusal.value.diag)
    if declared is None:
        return
    with enforcing.passing(case.role) as connection:
        connection.execute(case.sql.encode())
        connection.execute(declared.encode())


@pytest.mark.parametrize("case", PASSING, ids=title)
def test_passes(enforcing: Yard, case: Case) -> None:
    with enforcing.passing(case.role) as connection:
        connection.execute(case.sql.encode())


@pytest.mark.parametrize("case", REFUSED, ids=title)
def test_warned_of(yard: Yard, case: Case) -> None:
    ((severity, message),) = passes_under(yard, "warn", case)
    assert severity == "WARNING"
    assert case.says in message


@pytest.mark.parametrize("case", REFUSED, ids=title)
def test_ignored(yard: Yard, case: Case) -> None:
    assert passes_under(yard, "off", case) == []


def passes_under(yard: Yard, mode: str, case: Case) -> list[tuple[str | None, str]]:
    """Run a case in a mode of the guard, in a transaction that is rolled back, and return what the guard said."""
    said: list[tuple[str | None, str]] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        said.append((diagnostic.severity_nonlocalized, diagnostic.message_primary or ""))

    with yard.passing(case.role) as connection:
        connection.execute("SET LOCAL client_min_messages = error")
        connection.execute("SELECT tenantry.set_guard(%s)", [mode])
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.add_notice_handler(note)
        try:
            connection.execute(case.sql.encode())
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            connection.remove_notice_handler(note)
    return [(severity, message) for severity, message in said if message.startswith("the guard")]


def test_judged_at_once(enforcing: Yard) -> None:
    """SET CONSTRAINTS can only bring the judgement forward."""
    with enforcing.passing("dba") as connection:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the guard refuses"), connection.transaction():
            connection.execute("CREATE TABLE m.n (x int)")
