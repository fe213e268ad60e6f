"""The doctor itself: who may ask it, what it leaves alone, and that no name leads it astray."""

import psycopg
import pytest

from tests.protection.workshop import Workshop
from tests.support.findings import OF_THE_VERSION

EVIL = 'x\'); DROP TABLE "victim"; --\n(te+[nant'


def findings(workshop: Workshop, *codes: str) -> list[tuple[str, str]]:
    """Return code and object of what is found but of the server's version, of these codes where some are given."""
    found = workshop.execute("SELECT code, object FROM tenantry.doctor() WHERE code <> ALL (%s)", OF_THE_VERSION)
    return [(code, name) for code, name in found.fetchall() if not codes or code in codes]


def test_the_application_may_not_ask(workshop: Workshop) -> None:
    with workshop.role("app"):
        assert workshop.refused("SELECT * FROM tenantry.doctor()").sqlstate == "42501"
        assert workshop.refused("SELECT * FROM tenantry.doctor_codes").sqlstate == "42501"


def test_an_auditor_is_told_the_same(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid); GRANT SELECT ON t TO app")
    told = workshop.execute("SELECT * FROM tenantry.doctor()").fetchall()
    assert told
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE auditor; GRANT tenantry_auditor TO auditor")
    with workshop.role("auditor"):
        assert set(told) <= set(workshop.execute("SELECT * FROM tenantry.doctor()").fetchall())


def test_names_lead_nowhere(workshop: Workshop) -> None:
    """Tables, columns, policies, keys and routines have a name that would end a text, a comment and a pattern."""
    name = '"' + EVIL.replace('"', '""') + '"'
    workshop.execute("CREATE TABLE victim (id int)")
    workshop.execute(f"CREATE TABLE {name} ({name} uuid, id bigserial, code int UNIQUE)")
    workshop.execute("SELECT tenantry.protect(%s::regclass, %s)", name, EVIL)
    workshop.execute(f"CREATE TABLE other ({name} uuid, text text); GRANT SELECT ON other TO app")
    workshop.execute("ALTER TABLE other ENABLE ROW LEVEL SECURITY")
    workshop.execute(
        f"CREATE POLICY {name} ON other USING ({name} = current_setting('a.b')::uuid OR text = {name}::text)"
    )
    workshop.execute(f"ALTER TABLE {name} ADD CONSTRAINT self FOREIGN KEY (code) REFERENCES {name} (code)")
    workshop.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY, DISABLE TRIGGER tenantry_refuse_truncate")
    workshop.execute(f"ALTER TABLE {name} ALTER {name} DROP DEFAULT; GRANT TRUNCATE ON {name} TO app")
    workshop.execute(f"CREATE TABLE part ({name} text)")
    workshop.execute(
        f"CREATE FUNCTION {name}({name} text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE $1; END'"
    )

    found = workshop.execute("SELECT code, remedy FROM tenantry.doctor()").fetchall()

    assert {"TNT110", "TNT115", "TNT116", "TNT119"} <= {code for code, _ in found}
    assert {"TNT101", "TNT104", "TNT135", "TNT213", "TNT301", "TNT305"} <= {code for code, _ in found}
    for code, remedy in found:
        if remedy.startswith("--"):
            assert "\n" not in remedy
        else:
            try:
                with workshop.connection.transaction(), workshop.role("postgres"):
                    workshop.execute(remedy)
            except psycopg.Error as error:
                pytest.fail(f"{code}: {remedy}: {error}")
    assert workshop.value("SELECT to_regclass('victim') IS NOT NULL")


RIGHT = {
    "a policy that compares the tenant, beside ours": (
        "CREATE TABLE t (tenant_id uuid, body text); SELECT tenantry.protect('t');"
        "CREATE POLICY everything ON t USING (true) WITH CHECK (true); GRANT SELECT, INSERT ON t TO app"
    ),
    "a table of nobody's": "CREATE TABLE currencies (code text PRIMARY KEY); GRANT SELECT ON currencies TO app",
    "a key to a table of nobody's": (
        "CREATE TABLE currencies (code text PRIMARY KEY);"
        "CREATE TABLE t (tenant_id uuid, currency text REFERENCES currencies); SELECT tenantry.protect('t')"
    ),
    "a unique key within the tenant": (
        "CREATE TABLE t (tenant_id uuid, n int, UNIQUE (tenant_id, n)); SELECT tenantry.protect('t')"
    ),
    "a key of one uuid": "CREATE TABLE t (tenant_id uuid, id uuid PRIMARY KEY); SELECT tenantry.protect('t')",
    "an index for one tenant": (
        "CREATE TABLE t (tenant_id uuid, n int);"
        "CREATE INDEX ON t (n) WHERE tenant_id = '00000000-0000-0000-0000-000000000001'; SELECT tenantry.protect('t')"
    ),
    "a view with its reader's rights, over another": (
        "CREATE TABLE t (tenant_id uuid, n int); SELECT tenantry.protect('t');"
        "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t;"
        "CREATE VIEW w WITH (security_invoker) AS SELECT * FROM v; GRANT SELECT ON t, v, w TO app"
    ),
    "a materialized view that the application does not read": (
        "CREATE TABLE t (tenant_id uuid, n int); SELECT tenantry.protect('t');"
        "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t"
    ),
    "a routine of an ordinary role with a pinned path": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT 1';"
        "REVOKE ALL ON FUNCTION f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f() TO app"
    ),
    "partitions, all protected": (
        "CREATE TABLE t (tenant_id uuid, d date, n int, UNIQUE (tenant_id, d, n)) PARTITION BY RANGE (d);"
        "CREATE TABLE p PARTITION OF t DEFAULT; SELECT tenantry.protect('t'); GRANT SELECT ON t, p TO app"
    ),
    "a temporary table": "CREATE TEMP TABLE t (tenant_id uuid); GRANT SELECT ON t TO app",
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_left_alone(workshop: Workshop, case: str) -> None:
    workshop.execute(RIGHT[case])
    assert findings(workshop) == []


def test_views_over_views(workshop: Workshop) -> None:
    """A view that reads as a superuser shows everything, also through one with its reader's rights."""
    with workshop.role("postgres"):
        workshop.execute(
            "CREATE TABLE t (tenant_id uuid, n int); SELECT tenantry.protect('t');"
            "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t; CREATE VIEW w AS SELECT * FROM v;"
            "GRANT SELECT ON w TO app"
        )
    assert findings(workshop, "TNT201") == [("TNT201", "public.w")]
    assert findings(workshop, "TNT202") == []


def test_every_finding_has_its_code(workshop: Workshop) -> None:
    """doctor() joins the codes, so a check whose code is not listed would say nothing."""
    said = workshop.value(
        r"SELECT array_agg(DISTINCT m[1]) FROM pg_proc AS p, regexp_matches(p.prosrc, '''(TNT\d{3})''', 'g') AS m"
        r" WHERE p.pronamespace = 'tenantry_private'::regnamespace AND p.proname LIKE 'check\_%'"
    )
    known = workshop.value("SELECT array_agg(code) FROM tenantry.doctor_codes")
    assert set(said) <= set(known)


def test_managed_schemas(workshop: Workshop) -> None:
    """Whatever is in them counts, with a tenant column or without, and nothing that is exempt."""
    with workshop.role("postgres"):
        workshop.execute("CREATE SCHEMA shop AUTHORIZATION dba")
    workshop.execute(
        "CREATE TABLE shop.plain (n int); CREATE TABLE shop.other (n int); CREATE TABLE public.outside (n int);"
        "GRANT SELECT ON shop.plain, shop.other, outside TO app"
    )
    assert findings(workshop) == []
    workshop.execute("SELECT tenantry.manage_schema('shop')")
    assert findings(workshop, "TNT101") == [("TNT101", "shop.other"), ("TNT101", "shop.plain")]

    workshop.execute("SELECT tenantry.exempt('shop.other', 'prices are public')")
    assert findings(workshop, "TNT101", "TNT190") == [("TNT101", "shop.plain"), ("TNT190", "shop.other")]


def test_an_exempt_routine(workshop: Workshop) -> None:
    with workshop.role("postgres"):
        workshop.execute("CREATE FUNCTION f(p_n int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        assert {code for code, _ in findings(workshop)} == {"TNT210", "TNT211", "TNT212"}
        workshop.execute("SELECT tenantry.exempt_routine('f(int)', 'returns one')")
    assert findings(workshop) == [("TNT190", "public.f(integer)")]
