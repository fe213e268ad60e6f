"""assert_isolated fails for each way in which a table is open, and says what leaked.

All tables are in one database, and one run of the plugin tests them all.
"""

import re
from dataclasses import dataclass

import pytest

from tests.plugin.conftest import Outcome, Project
from tests.support.database import Connection, Database

COLUMNS = (
    "(tenant_id uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, body text NOT NULL, PRIMARY KEY (tenant_id, id))"
)
OWN = "tenant_id = (SELECT tenantry.current_tenant())"
SETTING = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
RLS = "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY; ALTER TABLE {t} FORCE ROW LEVEL SECURITY;"
PROTECT = "SELECT tenantry.protect('{t}');"


@dataclass(frozen=True)
class Open:
    """A table, what is done to it, and what the failure has to say. {t} is the table."""

    sql: str
    says: str
    columns: str = COLUMNS


OPEN = {
    "no_row_security": Open("", r"the victim's .*body"),
    "not_forced_on_its_owner": Open(
        "ALTER TABLE {t} OWNER TO app; ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;"
        + f"CREATE POLICY p ON {{t}} USING ({OWN});",
        r"owns, or may become the owner of",
    ),
    "using_true": Open(RLS + "CREATE POLICY p ON {t} USING (true);", r"the victim's .*body"),
    "permissive_policy_beside": Open(
        RLS + f"CREATE POLICY p ON {{t}} USING ({OWN}); CREATE POLICY q ON {{t}} FOR SELECT USING (body <> '');",
        r"the victim's .*body",
    ),
    "setting_believed": Open(RLS + f"CREATE POLICY p ON {{t}} USING ({OWN} OR {SETTING});", r"app\.tenant"),
    "definer_function": Open(
        PROTECT
        + "CREATE FUNCTION {t}_all() RETURNS SETOF {t} LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM {t}';"
        + "GRANT EXECUTE ON FUNCTION {t}_all() TO app;",
        r"definer_function_all",
    ),
}

WHOLE = {
    "whole": Open(PROTECT, ""),
    "own_policy": Open(RLS + f"CREATE POLICY p ON {{t}} USING ({OWN});", ""),
    "partitioned": Open(
        "CREATE TABLE {t}_1 PARTITION OF {t} DEFAULT;" + PROTECT + "GRANT SELECT ON {t}_1 TO app;",
        "",
        "(tenant_id uuid NOT NULL, body text NOT NULL) PARTITION BY LIST (tenant_id)",
    ),
    "invoker_view": Open(
        PROTECT
        + "CREATE VIEW {t}_seen WITH (security_invoker = true) AS SELECT * FROM {t}; GRANT SELECT ON {t}_seen TO app;",
        "",
    ),
}


def make_tables(superuser: Connection) -> None:
    for name, table in {**OPEN, **WHOLE}.items():
        superuser.execute(f"CREATE TABLE {name} {table.columns}".encode())
        superuser.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO tenantry_app".encode())
        superuser.execute(table.sql.replace("{t}", name).encode())


@pytest.fixture(scope="module")
def outcome(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    make_tables(module_database.connect("postgres"))
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    project = Project(folder, module_database)
    project.write(
        "test_tables.py",
        "\n\n".join(f"def test_{name}(assert_isolated):\n    assert_isolated('{name}')" for name in {**OPEN, **WHOLE}),
    )
    return project.run()


@pytest.mark.parametrize("name", OPEN)
def test_an_open_table_fails(name: str, outcome: Outcome) -> None:
    text = outcome.failures[f"test_{name}"]
    assert f"{name} is not isolated, as app attacks it" in text
    assert re.search(OPEN[name].says, text), text
    assert "Traceback" not in text


def test_whole_tables_pass(outcome: Outcome) -> None:
    assert not {f"test_{name}" for name in WHOLE} & outcome.failures.keys(), outcome.text
    assert outcome.counts == {"failed": len(OPEN), "passed": len(WHOLE)}
