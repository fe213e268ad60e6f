"""The assertions for pgTAP, with pgTAP itself: they pass on a whole table, and fail where one is open."""

import psycopg
import pytest

from tests.docs.pages import REFERENCE
from tests.docs.test_reference import in_short
from tests.support.database import Connection, Database
from tests.support.tenants import as_tenant, create_tenant

TABLE = """
    CREATE TABLE notes (
        tenant_id uuid,
        id bigint GENERATED ALWAYS AS IDENTITY,
        body text NOT NULL,
        length int GENERATED ALWAYS AS (length(body)) STORED,
        PRIMARY KEY (tenant_id, id)
    )
"""


class Suite:
    """A database with pgTAP in a schema of its own, and a protected table with a row of each of two tenants."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.superuser = database.connect("postgres")
        dba, app = database.connect("dba"), database.connect("app")
        self.acme, self.globex = create_tenant(dba, "acme"), create_tenant(dba, "globex")
        self.superuser.execute("CREATE SCHEMA tap")
        self.superuser.execute("CREATE EXTENSION pgtap SCHEMA tap")
        self.superuser.execute("CREATE EXTENSION tenantry_tap")
        dba.execute(TABLE)
        dba.execute("SELECT tenantry.protect('notes')")
        dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")
        for tenant in (self.acme, self.globex):
            with as_tenant(app, tenant):
                app.execute("INSERT INTO notes (body) VALUES (%s)", [tenant.slug])

    def run(self, assertion: str, *before: str) -> str:
        """Run an assertion, with changes before it, as a pgTAP script does; return its lines, without their numbers."""
        with self.superuser.transaction(force_rollback=True):
            for change in before:
                self.superuser.execute(change.encode())
            self.superuser.execute("SET LOCAL search_path = public, tap, tenantry_tap")
            self.open_tenants()
            self.superuser.execute("SELECT plan(1)")
            row = self.superuser.execute(f"SELECT {assertion}".encode()).fetchone()
            ending = self.superuser.execute("SELECT string_agg(f, '') FROM finish() AS f").fetchone()
        assert row is not None
        assert ending is not None
        assert (ending[0] is None) == row[0].startswith("ok 1 - "), "pgTAP has counted otherwise"
        return str(row[0])

    def open_tenants(self) -> None:
        for tenant in (self.acme, self.globex):
            self.superuser.execute("SELECT tenantry_tap.open_tenant(%s)", [tenant.tenant_id])

    def is_isolated(self, *before: str, table: str = "notes", role: str = "app") -> str:
        return self.run(
            f"is_isolated('{table}', '{self.acme.tenant_id}', '{self.globex.tenant_id}', '{role}')", *before
        )


@pytest.fixture(scope="module")
def suite(module_database: Database) -> Suite:
    return Suite(module_database)


def test_a_protected_table_is_isolated(suite: Suite) -> None:
    assert suite.is_isolated() == "ok 1 - public.notes is isolated"
    assert suite.is_isolated(role="tenantry_app") == "ok 1 - public.notes is isolated"


def test_the_attacks_leave_nothing(suite: Suite) -> None:
    def rows() -> object:
        return suite.superuser.execute("SELECT ctid::text, xmin::text, n::text FROM notes AS n ORDER BY id").fetchall()

    before = rows()
    with suite.superuser.transaction():
        suite.superuser.execute("SET LOCAL search_path = public, tap, tenantry_tap")
        suite.open_tenants()
        suite.superuser.execute("SELECT plan(1)")
        suite.superuser.execute("SELECT is_isolated('notes', %s, %s)", [suite.acme.tenant_id, suite.globex.tenant_id])
        assert suite.superuser.execute("SELECT current_user, tenantry.current_tenant()::text").fetchone() == (
            "postgres",
            str(suite.globex.tenant_id),
        )
        suite.superuser.execute("SELECT * FROM finish()")
    suite.superuser.execute("DISCARD TEMP")
    assert rows() == before


OPEN = "CREATE POLICY open ON notes USING (true) WITH CHECK (true)"
BARE = (
    "SELECT tenantry.unprotect('notes')",
    "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE notes FORCE ROW LEVEL SECURITY",
)
OWN = "tenant_id = (SELECT tenantry.current_tenant())"
BELIEVED = "tenant_id = nullif(current_setting('my.tenant', true), '')::uuid"

LEAKS: dict[str, tuple[tuple[str, ...], str]] = {
    "no row-level security": (
        ("SELECT tenantry.unprotect('notes')", "ALTER TABLE notes DISABLE ROW LEVEL SECURITY"),
        "A reads 1 of B's rows from public.notes",
    ),
    "not forced on the owner": (
        (
            "ALTER TABLE notes OWNER TO app",
            "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
        ),
        "A reads 1 of B's rows from public.notes",
    ),
    "the application may become the owner": (
        ("GRANT dba TO app",),
        "app may act as dba, whom no policy binds, or who may drop it",
    ),
    "USING (true)": ((*BARE, OPEN), "A deletes B's rows: DELETE FROM public.notes"),
    "rows without a context": ((*BARE, OPEN), "1 of B's rows are read without a context"),
    "no WITH CHECK": (
        (
            *BARE,
            f"CREATE POLICY own ON notes USING ({OWN}) WITH CHECK (true)",
            "ALTER TABLE notes DROP CONSTRAINT notes_pkey",
        ),
        "A inserts a row for B",
    ),
    "own rows given away": (
        (
            *BARE,
            f"CREATE POLICY own ON notes USING ({OWN}) WITH CHECK (true)",
        ),
        "A gives its rows to B",
    ),
    "a constraint speaks instead of a policy": (
        (*BARE, f"CREATE POLICY own ON notes USING ({OWN}) WITH CHECK (true)"),
        "no policy refuses A's copy of a row of B, but a constraint:"
        ' duplicate key value violates unique constraint "notes_pkey"',
    ),
    "a setting is believed": (
        (*BARE, f"CREATE POLICY own ON notes USING ({OWN} OR {BELIEVED})"),
        "A reads 1 of B's rows once it has set my.tenant",
    ),
    "a function believes a setting": (
        (
            "CREATE FUNCTION my_tenant() RETURNS uuid STABLE LANGUAGE sql"
            " AS $$ SELECT nullif(current_setting('my.tenant', true), '')::uuid $$",
            *BARE,
            f"CREATE POLICY own ON notes USING ({OWN} OR tenant_id = my_tenant())",
        ),
        "A reads 1 of B's rows once it has set my.tenant",
    ),
    "compatibility mode": (
        ("SELECT tenantry.set_context_mode('setting')",),
        "A reads 1 of B's rows once it has set app.current_tenant_id",
    ),
    "the role is a gateway": (
        ("GRANT tenantry_gateway TO app",),
        "app enters any tenant without a credential: it is a member of tenantry_gateway",
    ),
    "TRUNCATE": (
        (*BARE, f"CREATE POLICY own ON notes USING ({OWN})", "GRANT TRUNCATE ON notes TO app"),
        "A truncates B's rows: TRUNCATE public.notes",
    ),
    "a view of its owner": (
        ("CREATE VIEW seen AS SELECT * FROM notes", "GRANT SELECT ON seen TO app"),
        "A sees B's rows through view public.seen",
    ),
    "a view without the tenant": (
        ("CREATE VIEW counted AS SELECT count(*) FROM notes", "GRANT SELECT ON counted TO app"),
        "A sees B's rows through view public.counted",
    ),
    "a view of a view": (
        (
            "CREATE VIEW below AS SELECT * FROM notes",
            "CREATE VIEW seen WITH (security_invoker = true) AS SELECT body FROM below",
            "GRANT SELECT ON below, seen TO app",
        ),
        "A sees B's rows through view public.seen",
    ),
    "a materialized view": (
        ("CREATE MATERIALIZED VIEW seen AS SELECT body FROM notes", "GRANT SELECT ON seen TO app"),
        "A reads every tenant's rows from materialized view public.seen",
    ),
    "one tenant reads nothing": (
        ("DELETE FROM notes WHERE body = 'acme'",),
        "nothing is proved: tenant A sees no row of its own; insert one first",
    ),
    "nothing to attack": (
        ("TRUNCATE notes",),
        "nothing is proved: tenant A sees no row of its own; insert one first",
    ),
    "no privilege": (
        ("REVOKE SELECT ON notes FROM tenantry_app",),
        "nothing is proved: tenant A cannot read the table: permission denied for table notes",
    ),
}


@pytest.mark.parametrize("title", LEAKS)
def test_a_leak_is_found(title: str, suite: Suite) -> None:
    before, problem = LEAKS[title]
    lines = suite.is_isolated(*before)
    assert lines.startswith("not ok 1 - public.notes is isolated\n")
    assert f"#     {problem}" in lines.splitlines(), lines


def test_harmless_views_pass(suite: Suite) -> None:
    assert suite.is_isolated(
        "CREATE VIEW seen WITH (security_invoker = true) AS SELECT count(*) FROM notes", "GRANT SELECT ON seen TO app"
    ).startswith("ok 1")
    assert suite.is_isolated("CREATE VIEW hidden AS SELECT * FROM notes").startswith("ok 1")


def test_partitions(suite: Suite) -> None:
    partitioned = (
        "CREATE TABLE events (tenant_id uuid, at date) PARTITION BY RANGE (at)",
        "CREATE TABLE events_now PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "SELECT tenantry.protect('events')",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON events, events_now TO app",
        *(f"INSERT INTO events VALUES ('{tenant.tenant_id}', '2025-06-01')" for tenant in (suite.acme, suite.globex)),
    )
    assert suite.is_isolated(*partitioned, table="events") == "ok 1 - public.events is isolated"
    opened = suite.is_isolated(*partitioned, "ALTER TABLE events_now DISABLE ROW LEVEL SECURITY", table="events")
    assert "#     A reads 1 of B's rows from public.events_now" in opened.splitlines()
    assert "from public.events\n" not in opened


def test_a_superuser_proves_nothing(suite: Suite) -> None:
    lines = suite.is_isolated(role="postgres")
    assert "#     postgres may act as " in lines


def test_who_is_no_superuser_may_run_it(suite: Suite) -> None:
    with suite.superuser.transaction(force_rollback=True):
        for statement in (
            "CREATE ROLE tester IN ROLE tenantry_admin, tenantry_gateway, app",
            "GRANT USAGE ON SCHEMA tap TO tester",
            f"GRANT TEMPORARY ON DATABASE {suite.database.name} TO tester",
            "SET LOCAL SESSION AUTHORIZATION tester",
        ):
            suite.superuser.execute(statement.encode())
        assert suite.is_isolated() == "ok 1 - public.notes is isolated"


def test_is_protected(suite: Suite) -> None:
    assert suite.run("is_protected('notes')") == "ok 1 - public.notes is protected"
    assert suite.run("is_protected('notes', 'as promised')") == "ok 1 - as promised"
    lines = suite.run("is_protected('notes')", "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY")
    assert lines.startswith("not ok 1 - public.notes is protected\n")
    assert "#     row-level security of public.notes is not enabled and forced" in lines.splitlines()
    assert "#     not protected" in suite.run("is_protected('other')", "CREATE TABLE other (n int)").splitlines()


def test_no_findings(suite: Suite) -> None:
    def find(severity: str) -> tuple[str, ...]:
        return (
            "CREATE OR REPLACE FUNCTION tenantry.doctor()"
            " RETURNS TABLE (code text, severity text, object text, detail text, remedy text) LANGUAGE sql"
            f" AS $$ VALUES ('TNT999', '{severity}', 'public.notes', 'is open', '') $$",
        )

    assert suite.run("no_findings()", *find("note")) == "ok 1 - the doctor finds no error or warning"
    assert suite.run("no_findings('error')", *find("warning")) == "ok 1 - the doctor finds no error"
    for least, severity in (("warning", "warning"), ("warning", "error"), ("note", "note"), ("error", "error")):
        lines = suite.run(f"no_findings('{least}')", *find(severity))
        assert lines.startswith("not ok 1 - the doctor finds no error")
        assert f"#     TNT999 {severity}: public.notes: is open" in lines.splitlines()
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        suite.run("no_findings('fatal')")


def test_tenants_are_opened_first(suite: Suite) -> None:
    with (
        suite.superuser.transaction(force_rollback=True),
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="was not opened for this test"),
    ):
        suite.superuser.execute(
            "SELECT tenantry_tap.is_isolated('notes', %s, %s)", [suite.acme.tenant_id, suite.globex.tenant_id]
        )


@pytest.fixture
def bare(database: Database) -> Connection:
    return database.connect("postgres")


def test_it_comes_and_goes(bare: Connection) -> None:
    bare.execute("CREATE EXTENSION tenantry_tap CASCADE")
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        bare.execute("DROP EXTENSION pgtap")
    bare.execute("DROP EXTENSION tenantry_tap")
    assert bare.execute("SELECT FROM pg_namespace WHERE nspname = 'tenantry_tap'").fetchall() == []
    bare.execute("CREATE EXTENSION tenantry_tap")


def test_the_application_may_not_call_it(suite: Suite) -> None:
    with suite.database.connect("app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT tenantry_tap.is_protected('notes')")


def test_the_reference_has_the_signatures(suite: Suite) -> None:
    page = (REFERENCE / "pgtap.md").read_text()
    functions = suite.superuser.execute(
        "SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), proargnames FROM pg_proc"
        " WHERE pronamespace = 'tenantry_tap'::regnamespace"
        " AND proname IN ('open_tenant', 'is_isolated', 'is_protected', 'no_findings')"
    ).fetchall()
    assert len(functions) == 4
    for name, arguments, result, parameters in functions:
        assert f"### {name}\n\n`{name}({in_short(arguments)}) → {result}`\n" in page
        for parameter in parameters:
            assert f"`{parameter}`" in page
