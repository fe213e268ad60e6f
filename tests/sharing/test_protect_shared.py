"""Making a table a shared one, keeping it one, and what becomes of its shares when it stops being one."""

import pytest

from tests.protection.conftest import superuser, tenants, workshop
from tests.protection.workshop import Workshop

__all__ = ["superuser", "tenants", "workshop"]

T = "CREATE TABLE t (tenant_id uuid, id int, level text)"
PROTECT = "SELECT tenantry.protect('t', p_permission_column => 'level', p_shared => true)"
GRANT = "SELECT tenantry.grant_shared(%s, 't')"
IS_SHARED = "SELECT is_shared FROM tenantry.protected_tables WHERE table_name = 't'::regclass"
SHARES = "SELECT count(*) FROM tenantry.all_shares"
PARTITIONED = " PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT"

GAPS = {
    "ALTER POLICY tenantry_isolation ON {t} USING (tenant_id IS NOT NULL)": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} USING"
    " (tenant_id = ANY (ARRAY(SELECT tenantry.readable_tenants('other'::regclass))))": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} TO app": "tenantry_isolation",
    **{
        f"{change.format(command=command)} ON {{t}}{rest}": f"tenantry_isolation_{command}"
        for command, expression in (
            ("insert", "WITH CHECK"),
            ("update", "WITH CHECK"),
            ("update", "USING"),
            ("delete", "USING"),
        )
        for change, rest in (
            ("DROP POLICY tenantry_isolation_{command}", ""),
            ("ALTER POLICY tenantry_isolation_{command}", f" {expression} (tenant_id IS NOT NULL)"),
            ("ALTER POLICY tenantry_isolation_{command}", " TO app"),
        )
    },
    "DROP POLICY tenantry_isolation_delete ON {t};"
    " CREATE POLICY tenantry_isolation_delete ON {t} AS RESTRICTIVE FOR INSERT"
    " WITH CHECK (tenant_id = ANY (ARRAY(SELECT tenantry.writable_tenants(true))))": "tenantry_isolation_delete",
    "DROP POLICY tenantry_permission ON {t}": "tenantry_permission",
    "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY": "is not enabled and forced",
}


@pytest.mark.parametrize(("broken", "gap"), GAPS.items())
@pytest.mark.parametrize(("partitioned", "relation"), [("", "t"), (PARTITIONED, "t"), (PARTITIONED, "p")])
def test_gaps_are_reported_and_repaired(
    workshop: Workshop, broken: str, gap: str, partitioned: str, relation: str
) -> None:
    workshop.execute("CREATE TABLE other (tenant_id uuid)")
    workshop.execute(T + partitioned)
    workshop.execute(PROTECT)
    assert workshop.gaps("t") == []
    if relation == "t" and gap == "tenantry_permission":
        return  # then the table counts as one without levels
    workshop.execute(broken.format(t=relation))
    assert [each for each in workshop.gaps("t") if gap in each]
    workshop.execute(PROTECT)
    assert workshop.gaps("t") == []
    workshop.fill("t", "(id, level)", "(1, 'PUBLIC')")
    assert workshop.isolates("t")


def test_protected_before(workshop: Workshop) -> None:
    workshop.execute(T)
    workshop.execute("SELECT tenantry.protect('t', p_permission_column => 'level')")
    workshop.fill("t", "(id, level)", "(1, 'PUBLIC')")
    assert workshop.value(IS_SHARED) is False
    workshop.execute(PROTECT)
    assert workshop.value(IS_SHARED) is True
    assert workshop.gaps("t") == []
    assert workshop.isolates("t")


def test_again_without_sharing_is_refused(workshop: Workshop) -> None:
    """Else a repair that forgets the argument would take every share back."""
    workshop.execute(T)
    workshop.execute(PROTECT)
    workshop.execute(GRANT, workshop.acme.tenant_id)
    error = workshop.refused("SELECT tenantry.protect('t', p_permission_column => 'level')")
    assert (error.sqlstate, error.diag.message_primary) == ("55000", "public.t is protected as a shared table")
    workshop.execute(PROTECT)
    assert workshop.value(SHARES) == 1


@pytest.mark.parametrize(
    "interlude",
    [
        "SELECT tenantry.unprotect('t')",
        "SELECT tenantry.unprotect('t'); SELECT tenantry.protect('t', p_permission_column => 'level')",
        "DROP POLICY tenantry_isolation ON t",
        f"DROP TABLE t; {T}",
    ],
)
def test_no_share_outlives_the_protection(workshop: Workshop, interlude: str) -> None:
    workshop.execute(T)
    workshop.execute(PROTECT)
    workshop.execute(GRANT, workshop.acme.tenant_id)
    assert workshop.execute("SELECT tenantry.readable_tenants('t')").fetchall() == []
    workshop.execute(interlude)
    workshop.execute(PROTECT)
    with workshop.tenant(workshop.acme):
        assert workshop.execute("SELECT tenantry.readable_tenants('t')").fetchall() == [(workshop.acme.tenant_id,)]


def test_renamed(workshop: Workshop) -> None:
    workshop.execute(T)
    workshop.execute(PROTECT)
    workshop.execute(GRANT, workshop.acme.tenant_id)
    workshop.execute("ALTER TABLE t RENAME tenant_id TO organization; ALTER TABLE t RENAME TO u")
    assert workshop.gaps("u") == []
    assert workshop.value("SELECT table_name::text FROM tenantry.all_shares") == "u"


def test_detached_partition_takes_no_share_along(workshop: Workshop) -> None:
    workshop.execute(T + PARTITIONED)
    workshop.execute(PROTECT)
    workshop.execute("ALTER TABLE t DETACH PARTITION p")
    assert any("tenantry_isolation of public.p is missing or altered" in gap for gap in workshop.gaps("p"))
    workshop.execute("SELECT tenantry.protect('p', p_permission_column => 'level', p_shared => true)")
    assert workshop.gaps("p") == []


def test_tables_that_are_not_shared_have_the_policies_they_had(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid); SELECT tenantry.protect('t')")
    policies = workshop.execute(
        "SELECT policyname, permissive, cmd, qual, with_check FROM pg_policies WHERE tablename = 't' ORDER BY 1"
    ).fetchall()
    own = (
        "((tenant_id = ( SELECT tenantry.current_tenant() AS current_tenant))"
        " AND (( SELECT tenantry.claimed_tenant() AS claimed_tenant) = tenant_id))"
    )
    written = "(tenant_id = ( SELECT tenantry.require_tenant() AS require_tenant))"
    assert policies == [
        ("tenantry_access", "PERMISSIVE", "ALL", own, written),
        ("tenantry_isolation", "RESTRICTIVE", "ALL", own, written),
    ]


def test_each_kind_of_policy_isolates_without_the_other(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid, id int); SELECT tenantry.protect('t', p_shared => true)")
    workshop.fill("t")
    commands = ("", "_insert", "_update", "_delete")
    for command in commands:
        workshop.execute(f"DROP POLICY tenantry_isolation{command} ON t")
    assert workshop.isolates("t")
    workshop.execute("SELECT tenantry.protect('t', p_shared => true)")
    for command in commands:
        workshop.execute(f"DROP POLICY tenantry_access{command} ON t")
    workshop.execute("CREATE POLICY everything ON t USING (true)")
    assert workshop.isolates("t")
