"""assert_isolated fails for each way in which a table is open, and says what leaked.

All tables are in one database, and one run of the plugin tests them all.
"""

import re
from dataclasses import dataclass

import pytest

from tenantry.pentest import CATALOGUE
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
    """A table, what is done to it, what the failure has to say, and whose attacks find it. {t} is the table."""

    sql: str
    says: str
    columns: str = COLUMNS
    family: str = "CTX"


EVERY_WAY = {
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
    "no_with_check": Open(
        RLS + f"CREATE POLICY p ON {{t}} USING ({OWN}) WITH CHECK (true);",
        r"INSERT INTO public\.no_with_check|the victim's rows are not what they were",
        family="STM",
    ),
    "delete_forgotten": Open(
        RLS
        + f"CREATE POLICY s ON {{t}} FOR SELECT USING ({OWN}); CREATE POLICY i ON {{t}} FOR INSERT WITH CHECK ({OWN});"
        + "CREATE POLICY u ON {t} FOR UPDATE USING (true) WITH CHECK (true);"
        + "CREATE POLICY d ON {t} FOR DELETE USING (true);",
        r"(UPDATE|DELETE)",
        family="STM",
    ),
    "setting_believed": Open(RLS + f"CREATE POLICY p ON {{t}} USING ({OWN} OR {SETTING});", r"app\.tenant"),
    "truncate": Open(
        RLS + f"CREATE POLICY p ON {{t}} USING ({OWN}); GRANT TRUNCATE ON {{t}} TO app;",
        r"TRUNCATE public\.truncate",
        family="STM",
    ),
    "view_of_owner": Open(
        PROTECT + "CREATE VIEW {t}_seen AS SELECT * FROM {t}; GRANT SELECT ON {t}_seen TO app;",
        r"view_of_owner_seen",
        family="VIW",
    ),
    "partition_open": Open(
        "CREATE TABLE {t}_1 PARTITION OF {t} DEFAULT;"
        + RLS
        + f"CREATE POLICY p ON {{t}} USING ({OWN}); GRANT SELECT, INSERT, UPDATE, DELETE ON {{t}}_1 TO app;",
        r"partition_open_1",
        "(tenant_id uuid NOT NULL, body text NOT NULL) PARTITION BY LIST (tenant_id)",
        family="PRT",
    ),
    "key_without_tenant": Open(PROTECT + "ALTER TABLE {t} ADD UNIQUE (body);", r"SES-010|ORC-006", family="SES"),
}

FAMILIES = {family.prefix for family in CATALOGUE}
OPEN = {name: table for name, table in EVERY_WAY.items() if table.family in FAMILIES}

WHOLE = {
    "whole": Open(PROTECT, ""),
    "own_policy": Open(
        RLS + f"CREATE POLICY p ON {{t}} USING ({OWN} AND (SELECT tenantry.claimed_tenant()) = tenant_id);", ""
    ),
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
    # What could not be judged is a warning, and these tables are of many shapes.
    project.write(
        "test_tables.py",
        "\n\n".join(f"def test_{name}(assert_isolated):\n    assert_isolated('{name}')" for name in {**OPEN, **WHOLE}),
    )
    return project.run(strict=False)


@pytest.mark.parametrize("name", OPEN)
def test_an_open_table_fails(name: str, outcome: Outcome) -> None:
    text = outcome.failures[f"test_{name}"]
    assert f"{name} is not isolated, as app attacks it" in text
    assert re.search(OPEN[name].says, text), text
    assert "Traceback" not in text


def test_whole_tables_pass(outcome: Outcome) -> None:
    assert not {f"test_{name}" for name in WHOLE} & outcome.failures.keys(), outcome.text
    assert outcome.counts["failed"] == len(OPEN)
    assert outcome.counts["passed"] == len(WHOLE)
