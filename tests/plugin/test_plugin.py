"""The plugin in a user's project: configuration, fixtures, what it proves and what it leaves behind."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from tenantry.pentest import CATALOGUE, Outcome, Report, Result, TableState, Verdict
from tenantry.testing import explain, unjudged
from tests.plugin.conftest import Project
from tests.support.cluster import Cluster
from tests.support.database import Connection

COLUMNS = (
    "tenant_id uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, body text NOT NULL, PRIMARY KEY (tenant_id, id)"
)
THREE_LINES = "def test_notes(assert_isolated):\n    assert_isolated('notes')\n"


@pytest.fixture
def notes(dba: Connection) -> None:
    """A protected table."""
    dba.execute(f"CREATE TABLE notes ({COLUMNS}); SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")


@pytest.mark.usefixtures("notes")
def test_three_lines_prove_it_and_leave_nothing(project: Project, superuser: Connection) -> None:
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run()
    assert outcome.counts == {"passed": 1}, outcome.text
    assert outcome.status == 0
    assert superuser.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    assert superuser.execute("SELECT count(*) FROM tenantry.tenants").fetchone() == (0,)


@pytest.mark.usefixtures("notes")
def test_an_admin_who_is_no_superuser_erases_the_tenants_too(project: Project, superuser: Connection) -> None:
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run(f"--tenantry-dsn={project.database.conninfo('dba')}")
    assert outcome.counts == {"passed": 1}, outcome.text
    assert superuser.execute("SELECT count(*) FROM tenantry.tenants").fetchone() == (0,)


def test_awkward_tables(project: Project, dba: Connection) -> None:
    dba.execute(
        """
        CREATE TYPE colour AS ENUM ('red', 'green');
        CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
        SELECT tenantry.create_ai_schema('public', 3);
        CREATE TABLE parents (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));
        CREATE TABLE children (
            tenant_id uuid, id int, parent_id uuid NOT NULL, colour colour NOT NULL, price numeric(6, 2) NOT NULL,
            tags text[] NOT NULL, permission_level text NOT NULL, code varchar(8) NOT NULL, born date NOT NULL,
            PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, parent_id) REFERENCES parents
        );
        CREATE TABLE shared (tenant_id uuid, body text);
        SELECT tenantry.protect('parents'), tenantry.protect('children', 'tenant_id', 'permission_level');
        SELECT tenantry.protect('shared', p_shared => true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON parents, children, shared TO tenantry_app
        """
    )
    tables = ["children", "public.parents", "shared", "chunks", "documents", "prompts", "document_lineage"]
    project.write(
        "test_tables.py",
        f"import pytest\n\n@pytest.mark.parametrize('table', {tables})\n"
        "def test_table(table, assert_isolated, assert_protected):\n"
        "    assert_isolated(table)\n    assert_protected(table)\n",
    )
    # What could not be judged is a warning: these tables are of many shapes.
    outcome = project.run(strict=False)
    # Of a shared table EXPLAIN tells whether anybody's row fulfils a condition: the threat model says so.
    assert (outcome.counts["passed"], outcome.counts["failed"]) == (len(tables) - 1, 1), outcome.text
    said = outcome.failures["test_table"]
    assert "shared is not isolated" in said
    assert " 1 of " in said, said
    assert "EXP-019" in said, said


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize(
    ("table", "prepare", "says"),
    [
        ("seen", "CREATE VIEW seen AS SELECT 1 AS tenant_id", "public.seen is no table"),
        (
            "hidden",
            "CREATE TABLE hidden (tenant_id uuid)",
            "either app has no privilege on public.hidden, or no column",
        ),
        ("nobody", "CREATE TABLE nobody (n int); GRANT ALL ON nobody TO app", "no column of it names the tenant"),
        (
            "part_1",
            "CREATE TABLE part (tenant_id uuid) PARTITION BY HASH (tenant_id);"
            "CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
            "public.part_1 is a partition: name the whole table",
        ),
        (
            "unread",
            "CREATE TABLE unread (tenant_id uuid); SELECT tenantry.protect('unread'); GRANT SELECT ON unread TO app",
            "the application may not insert into it",
        ),
        ("notes", "GRANT dba TO app", "owns, or may become the owner of, public.notes"),
        ("missing", "", 'nothing is proved of missing: app is told: relation "missing" does not exist'),
    ],
)
def test_nothing_is_proved(table: str, prepare: str, says: str, project: Project, superuser: Connection) -> None:
    superuser.execute(prepare.encode())
    project.write("test_it.py", f"def test_it(assert_isolated):\n    assert_isolated('{table}')\n")
    try:
        outcome = project.run()
    finally:
        superuser.execute("REVOKE dba FROM app")
    assert outcome.counts == {"failed": 1}, outcome.text
    assert says in outcome.text, outcome.text


@pytest.mark.usefixtures("notes")
def test_a_superuser_proves_nothing(project: Project) -> None:
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run(f"--tenantry-app-dsn={project.database.conninfo('postgres')}")
    assert outcome.counts == {"failed": 1}
    assert "nothing is proved of notes: postgres is a superuser" in outcome.text
    assert "leaked" not in outcome.text


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize(
    ("option", "dsn", "says"),
    [
        ("--tenantry-dsn", "dbname=missing", 'database "missing" does not exist'),
        ("--tenantry-dsn", "password=secret oops", "it is neither key=value words nor a postgresql:// URL"),
        (
            "--tenantry-dsn",
            "user=app",
            "app may make no tenants, permission denied for function create_tenant",
        ),
        ("--tenantry-dsn", "dbname=template1", 'database "template1" has no tenantry: CREATE EXTENSION tenantry'),
        ("--tenantry-app-dsn", "dbname=missing", 'database "missing" does not exist'),
    ],
)
def test_a_connection_that_does_not_serve(option: str, dsn: str, says: str, project: Project) -> None:
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run(f"{option}={project.database.conninfo('postgres')} {dsn}")
    assert outcome.counts == {"error": 1}, outcome.text
    assert f"{option[2:].replace('-', '_')} does not serve as connection string" in outcome.text
    assert says in outcome.text
    assert "psycopg" not in outcome.text
    assert "secret" not in outcome.text


@pytest.mark.usefixtures("notes")
def test_a_function_of_the_owners_opens_every_table(project: Project, superuser: Connection) -> None:
    superuser.execute(
        "CREATE FUNCTION all_notes() RETURNS SETOF notes LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM notes';"
        "GRANT EXECUTE ON FUNCTION all_notes() TO app"
    )
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run()
    assert outcome.counts == {"failed": 1}, outcome.text
    assert "SELECT public.all_notes()" in outcome.text


def test_the_tenant_column_can_be_named(project: Project, superuser: Connection) -> None:
    superuser.execute(
        "CREATE TABLE notes (realm uuid, body text); GRANT SELECT, INSERT ON notes TO app;"
        "CREATE TABLE safe (realm uuid, body text); GRANT SELECT, INSERT ON safe TO app;"
        "ALTER TABLE safe ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON safe"
        " USING (realm = (SELECT tenantry.current_tenant()) AND (SELECT tenantry.claimed_tenant()) = realm)"
    )
    project.write(
        "test_it.py",
        "def test_open(assert_isolated):\n    assert_isolated('notes', tenant_column='realm')\n"
        "def test_safe(assert_isolated):\n    assert_isolated('safe', tenant_column='realm')\n",
    )
    outcome = project.run()
    assert outcome.counts == {"failed": 1, "passed": 1}, outcome.text
    assert "attacks leaked" in outcome.failures["test_open"]


def test_assert_protected(project: Project, dba: Connection) -> None:
    dba.execute(
        "CREATE TABLE whole (tenant_id uuid); CREATE TABLE bare (tenant_id uuid); CREATE TABLE gap (tenant_id uuid)"
    )
    dba.execute("SELECT tenantry.protect('whole'), tenantry.protect('gap')")
    dba.execute("ALTER TABLE gap NO FORCE ROW LEVEL SECURITY")
    project.write(
        "test_it.py",
        "\n".join(f"def test_{t}(assert_protected):\n    assert_protected('{t}')\n" for t in ("whole", "bare", "gap")),
    )
    outcome = project.run()
    assert outcome.counts == {"failed": 2, "passed": 1}, outcome.text
    assert "bare is not protected" in outcome.failures["test_bare"]
    assert "SELECT tenantry.protect('bare');" in outcome.failures["test_bare"]
    assert "row-level security of public.gap is not enabled and forced" in outcome.failures["test_gap"]


def test_assert_no_findings(project: Project, superuser: Connection, dba: Connection) -> None:
    superuser.execute(
        "CREATE OR REPLACE FUNCTION tenantry.doctor()"
        " RETURNS TABLE (code text, severity text, object text, detail text, remedy text) LANGUAGE sql"
        " AS $$ VALUES ('TNT999', 'warning', 'public.notes', 'is open', 'mend it') $$"
    )
    baseline = {"version": 1, "findings": [{"code": "TNT999", "object": "public.notes", "detail": "is open"}]}
    project.write("baseline.json", json.dumps(baseline))
    project.write(
        "test_it.py",
        "def test_default(assert_no_findings):\n    assert_no_findings()\n"
        "def test_note(assert_no_findings):\n    assert_no_findings('note')\n"
        "def test_error(assert_no_findings):\n    assert_no_findings('error')\n"
        "def test_known(assert_no_findings):\n    assert_no_findings(baseline='baseline.json')\n"
        "def test_wrong(assert_no_findings):\n    assert_no_findings('fatal')\n",
    )
    outcome = project.run()
    assert set(outcome.failures) == {"test_default", "test_note", "test_wrong"}, outcome.text
    assert "TNT999 warning: public.notes: is open" in outcome.failures["test_default"]
    assert "mend it" in outcome.failures["test_default"]
    assert "'fatal' is no severity" in outcome.failures["test_wrong"]


@pytest.mark.usefixtures("notes")
def test_tenants_for_tests_of_ones_own(project: Project) -> None:
    project.write(
        "test_it.py",
        """
def test_own_rows(tenant_a, tenant_b, tenantry_app, tenantry_admin):
    with tenant_a.transaction(tenantry_app) as a:
        a.execute("INSERT INTO notes (body) VALUES ('for us')")
        assert a.execute("SELECT body FROM notes").fetchall() == [("for us",)]
    with tenant_b.transaction(tenantry_app) as b:
        assert b.execute("SELECT body FROM notes").fetchall() == []
    assert tenantry_admin.execute("SELECT tenant_id FROM notes").fetchall() == [(tenant_a.tenant_id,)]
    assert "sk_" not in repr(tenant_a)

def test_they_are_gone(tenantry_admin):
    assert tenantry_admin.execute("SELECT FROM notes").fetchall() == []
""",
    )
    assert project.run().counts == {"passed": 2}


@pytest.mark.usefixtures("notes")
def test_failures_show_no_key(project: Project, superuser: Connection) -> None:
    superuser.execute("ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run("--showlocals", "-vv")
    assert outcome.counts == {"failed": 1}
    assert "sk_" not in outcome.text


def test_it_says_what_is_not_set(project: Project) -> None:
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run(dsn=False)
    assert "tenantry_app_dsn is not set: connection string of the role that the application uses" in outcome.text
    assert "--tenantry-app-dsn, $TENANTRY_APP_DSN" in outcome.text
    assert "Traceback" not in outcome.text


@pytest.mark.usefixtures("notes")
def test_lines_in_the_configuration(project: Project) -> None:
    lines = [
        f'{name} = "{project.database.conninfo(role)}"'
        for name, role in (("tenantry_dsn", "postgres"), ("tenantry_app_dsn", "app"))
    ]
    project.write("pyproject.toml", "\n".join(["[tool.pytest.ini_options]", *lines]))
    project.write("test_notes.py", THREE_LINES)
    assert project.run(dsn=False).counts == {"passed": 1}


PLAIN = """
CREATE TABLE customers (id uuid PRIMARY KEY);
INSERT INTO customers VALUES
    ('11111111-aaaa-4aaa-8aaa-111111111111'), ('22222222-bbbb-4bbb-8bbb-222222222222');
CREATE TABLE notes (customer_id uuid NOT NULL REFERENCES customers, body text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (customer_id = nullif(current_setting('app.customer', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO app;
"""


def test_a_database_without_tenantry(project: Project, superuser: Connection) -> None:
    superuser.execute("DROP EXTENSION tenantry_search, tenantry_jwt, tenantry")
    superuser.execute(PLAIN)
    project.write(
        "pyproject.toml",
        """
[tool.pytest.ini_options]
tenantry_context = "SELECT set_config('app.customer', '{tenant}', true)"
tenantry_tenant_ids = ["11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"]
""",
    )
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run()
    assert outcome.counts == {"failed": 1}, outcome.text
    assert "notes is not isolated, as app attacks it" in outcome.text
    assert "app.customer" in outcome.text
    assert superuser.execute("SELECT count(*) FROM notes").fetchone() == (0,)


@pytest.mark.usefixtures("notes")
def test_tap(project: Project) -> None:
    project.write(
        "test_it.py",
        THREE_LINES
        + """
import pytest

def test_fails():
    assert 1 == 2

@pytest.mark.skip(reason="no server")
def test_skipped(): ...

@pytest.mark.xfail(reason="later")
def test_later():
    assert 0

@pytest.fixture
def broken():
    yield
    raise ValueError("cannot clean up")

def test_clean_up(broken): ...

@pytest.mark.parametrize("name", ["a # TODO b"])
def test_names(name): ...
""",
    )
    outcome = project.run("--tenantry-tap=results.tap", "--junitxml=results.xml")
    assert outcome.status == 1
    lines = (project.folder / "results.tap").read_text().splitlines()
    assert lines[:3] == ["TAP version 13", "1..7", "ok 1 - test_it.py::test_notes"]
    assert lines[3].startswith("# notes is isolated: ")
    assert lines[3].endswith(" attacks blocked, as app")
    results = [line for line in lines if line.startswith(("ok", "not ok"))]
    assert results == [
        "ok 1 - test_it.py::test_notes",
        "not ok 2 - test_it.py::test_fails",
        "ok 3 - test_it.py::test_skipped # SKIP no server",
        "not ok 4 - test_it.py::test_later # TODO later",
        "ok 5 - test_it.py::test_clean_up",
        "not ok 6 - test_it.py::test_clean_up (clean-up)",
        "ok 7 - test_it.py::test_names[a \\# TODO b]",
    ]
    assert lines[lines.index("not ok 2 - test_it.py::test_fails") + 1] == "# assert 1 == 2"
    properties = ElementTree.parse(project.folder / "results.xml").iter("property")
    assert [each.get("name") for each in properties] == ["tenantry"]
    assert "TAP version 13\n1..7\nok 1" in project.run("--tenantry-tap=-").text


def test_beside_pytest_postgresql(project: Project, cluster: Cluster) -> None:
    project.write(
        "conftest.py",
        f"""
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from pytest_postgresql import factories

server = factories.postgresql_noproc(
    host={cluster.host!r}, port={cluster.port}, user="postgres", dbname="of_the_project", load=[Path("schema.sql")]
)
postgresql = factories.postgresql("server")

@pytest.fixture
def tenantry_dsn(postgresql):
    return postgresql.info.dsn

@pytest.fixture
def tenantry_app_dsn(tenantry_dsn):
    return make_conninfo(tenantry_dsn, user="app")
""",
    )
    project.write(
        "schema.sql",
        f"CREATE EXTENSION tenantry; CREATE TABLE notes ({COLUMNS}); SELECT tenantry.protect('notes');"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO app;",
    )
    project.write("test_notes.py", THREE_LINES)
    outcome = project.run("-p", "pytest_postgresql.plugin", dsn=False)
    assert outcome.counts == {"passed": 1}, outcome.text


def report(*outcomes: Outcome, planted: bool = True) -> Report:
    family = CATALOGUE[0]
    results = [
        Result(family, attack, "notes", Verdict(outcome, "as seen", ("SELECT 1",)))
        for attack, outcome in zip(family.attacks, outcomes, strict=False)
    ]
    tables = [TableState("notes", planted, None if planted else "no value is known")]
    started = datetime(2025, 1, 1, tzinfo=UTC)
    return Report("db", "15", "app", started, "rolled back", "tenantry", "0", tables=tables, results=results)


def test_what_a_report_proves() -> None:
    assert explain(report(Outcome.BLOCKED, Outcome.TRACE, Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED), "notes") is None
    leaked = explain(report(Outcome.BLOCKED, *[Outcome.LEAKED] * 12), "notes")
    assert leaked is not None
    assert "12 of 13 attacks leaked:" in leaked
    assert "and 2 more: " in leaked
    assert explain(report(Outcome.NOT_APPLICABLE), "notes") == "nothing is proved of notes: no attack was blocked"
    assert "nothing is proved of notes: no value is known" in (
        explain(report(Outcome.BLOCKED, planted=False), "notes") or ""
    )


def test_what_could_not_be_judged_is_a_warning() -> None:
    found = report(Outcome.BLOCKED, Outcome.ERROR)
    assert explain(found, "notes") is None
    assert (unjudged(found, "notes") or "").startswith("notes: 1 of 2 attacks could not be judged: CTX-002 ")
    assert unjudged(report(Outcome.BLOCKED), "notes") is None
