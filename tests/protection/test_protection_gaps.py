"""Each gap in a table's protection: broken on purpose, reported, and closed by protecting the table again."""

import pytest

from tests.protection.workshop import Workshop


def changed(column: str) -> str:
    return f"old.{column} IS DISTINCT FROM new.{column}"


def replaced(name: str, event: str, condition: str) -> str:
    trigger = f"CREATE OR REPLACE TRIGGER tenantry_{name} BEFORE {event} ON {{t}} FOR EACH ROW {condition}"
    return f"{trigger} EXECUTE FUNCTION tenantry.{name}()"


# What breaks it → the words of the gap.
GAPS = {
    "ALTER TABLE {t} ALTER tenant_id DROP NOT NULL": "may be null",
    "ALTER TABLE {t} ALTER tenant_id DROP DEFAULT": "not filled from the context",
    "ALTER TABLE {t} ALTER tenant_id SET DEFAULT gen_random_uuid()": "not filled from the context",
    "ALTER TABLE {t} DROP CONSTRAINT t_tenant_id_fkey": "no cascading foreign key",
    "DROP INDEX t_tenant_id_idx": "no index that begins with",
    "DROP INDEX t_tenant_id_idx; CREATE INDEX ON {t} (tenant_id) WHERE id > 0": "no index that begins with",
    "DROP INDEX t_tenant_id_idx; CREATE INDEX ON {t} (id, tenant_id)": "no index that begins with",
}
GAPS_OF_ANY_PARTITION = {
    "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY": "is not enabled and forced",
    "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY": "is not enabled and forced",
    "ALTER POLICY tenantry_isolation ON {t} USING (tenant_id IS NOT NULL)": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} WITH CHECK (tenant_id IS NOT NULL)": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} USING (true)": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} TO app": "tenantry_isolation",
    "DROP POLICY tenantry_isolation ON {t}; CREATE POLICY tenantry_isolation ON {t}"
    " USING (tenant_id = (SELECT tenantry.current_tenant()))"
    " WITH CHECK (tenant_id = (SELECT tenantry.require_tenant()))": "tenantry_isolation",
    "DROP POLICY tenantry_isolation ON {t}; CREATE POLICY tenantry_isolation ON {t} AS RESTRICTIVE FOR UPDATE"
    " USING (tenant_id = (SELECT tenantry.current_tenant()))"
    " WITH CHECK (tenant_id = (SELECT tenantry.require_tenant()))": "tenantry_isolation",
    "ALTER POLICY tenantry_permission ON {t} USING (level <> 'x')": "tenantry_permission",
    "ALTER POLICY tenantry_permission ON {t} WITH CHECK (true)": "tenantry_permission",
    "ALTER POLICY tenantry_permission ON {t} TO app": "tenantry_permission",
    "DROP POLICY tenantry_permission ON {t}": "tenantry_permission",
    "DROP POLICY tenantry_access ON {t}": "lets anybody see a row",
    "ALTER TABLE {t} DISABLE TRIGGER tenantry_refuse_tenant_change": "lets the tenant of a row change",
    "ALTER TABLE {t} ENABLE REPLICA TRIGGER tenantry_refuse_tenant_change": "lets the tenant of a row change",
    "ALTER TABLE {t} DISABLE TRIGGER tenantry_refuse_lowered_level": "lets the permission level",
    "ALTER TABLE {t} ENABLE REPLICA TRIGGER tenantry_refuse_lowered_level": "lets the permission level",
    "CREATE OR REPLACE TRIGGER tenantry_refuse_truncate BEFORE TRUNCATE ON {t} WHEN (false)"
    " EXECUTE FUNCTION tenantry.refuse_truncate()": "can be truncated",
    **{
        f"GRANT {privilege} ON {{t}} TO {grantee}": "the application holds"
        for privilege in ("TRUNCATE", "REFERENCES", "REFERENCES (id)", "TRIGGER")
        for grantee in ("app", "tenantry_app", "PUBLIC")
    },
}
ONLY_ON_THE_TABLE = {
    replaced("refuse_tenant_change", "UPDATE", "WHEN (false)"): "lets the tenant of a row change",
    replaced("refuse_tenant_change", "INSERT", ""): "lets the tenant of a row change",
    replaced(
        "refuse_tenant_change", "UPDATE OF id", f"WHEN ({changed('tenant_id')})"
    ): "lets the tenant of a row change",
    replaced(
        "refuse_lowered_level", "UPDATE", f"WHEN ({changed('level')} AND old.id > 0)"
    ): "lets the permission level",
    "DROP TRIGGER tenantry_refuse_tenant_change ON {t}": "lets the tenant of a row change",
    "DROP TRIGGER tenantry_refuse_lowered_level ON {t}": "lets the permission level",
    "DROP POLICY tenantry_isolation ON {t}": "not protected",
    "ALTER POLICY tenantry_isolation ON {t} USING (true) WITH CHECK (true)": "not protected",
}
ONLY_ON_A_PARTITION = {
    "DROP POLICY tenantry_isolation ON {t}": "tenantry_isolation",
    "ALTER POLICY tenantry_isolation ON {t} USING (true) WITH CHECK (true)": "tenantry_isolation",
    "CREATE TABLE later PARTITION OF t FOR VALUES FROM (8) TO (9)": "later",
}
T = "CREATE TABLE t (id int, tenant_id uuid, level text)"
PROTECT = "SELECT tenantry.protect('t', 'tenant_id', 'level')"


def assert_reported_and_repaired(workshop: Workshop, broken: str, gap: str) -> None:
    workshop.execute(PROTECT)
    assert workshop.gaps("t") == []
    workshop.execute(broken)
    assert len(workshop.gaps("t")) >= 1
    assert all(gap in each or "later" in each for each in workshop.gaps("t")), workshop.gaps("t")
    listed = workshop.execute("SELECT is_whole, gaps FROM tenantry.protected_tables WHERE table_name = 't'::regclass")
    assert listed.fetchall() in ([(False, workshop.gaps("t"))], [])
    workshop.execute(PROTECT)
    assert workshop.gaps("t") == []
    workshop.fill("t", "(id, level)", "(1, 'PUBLIC')")
    assert workshop.isolates("t")


@pytest.mark.parametrize(("broken", "gap"), (GAPS | GAPS_OF_ANY_PARTITION | ONLY_ON_THE_TABLE).items())
def test_table(workshop: Workshop, broken: str, gap: str) -> None:
    workshop.execute(T)
    assert_reported_and_repaired(workshop, broken.format(t="t"), gap)


@pytest.mark.parametrize(("broken", "gap"), (GAPS | GAPS_OF_ANY_PARTITION | ONLY_ON_THE_TABLE).items())
def test_partitioned_table(workshop: Workshop, broken: str, gap: str) -> None:
    workshop.execute(f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT")
    assert_reported_and_repaired(workshop, broken.format(t="t"), gap)


@pytest.mark.parametrize(("broken", "gap"), (GAPS_OF_ANY_PARTITION | ONLY_ON_A_PARTITION).items())
def test_partition(workshop: Workshop, broken: str, gap: str) -> None:
    workshop.execute(f"{T} PARTITION BY RANGE (id)")
    workshop.execute("CREATE TABLE p PARTITION OF t DEFAULT PARTITION BY RANGE (id)")
    workshop.execute("CREATE TABLE q PARTITION OF p DEFAULT")
    assert_reported_and_repaired(workshop, broken.format(t="q"), gap)


@pytest.mark.parametrize("partition", ["t", "p"])
def test_owner_of_the_application(workshop: Workshop, partition: str) -> None:
    """The one gap that protect() cannot close: it says so instead."""
    workshop.execute(f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT")
    workshop.execute(PROTECT)
    assert workshop.gaps("t") == []
    with workshop.role("postgres"):
        workshop.execute(f"ALTER TABLE {partition} OWNER TO app")
    assert any("owner" in gap for gap in workshop.gaps("t"))
    assert workshop.refused(PROTECT).sqlstate in ("42501", "55000")


def test_what_was_never_protected(workshop: Workshop) -> None:
    workshop.execute(T)
    assert workshop.gaps("t") == ["not protected"]
    assert workshop.execute("TABLE tenantry.protected_tables").fetchall() == []


def test_partitions_are_listed_with_their_table(workshop: Workshop) -> None:
    workshop.execute(f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT")
    workshop.execute(PROTECT)
    listed = workshop.execute("TABLE tenantry.protected_tables").fetchall()
    assert listed == [("t", "tenant_id", "level", True, [], False, True)]


@pytest.mark.parametrize("options", ["", " PARTITION BY HASH (tenant_id)"])
def test_not_null_that_was_never_validated(workshop: Workshop, options: str) -> None:
    if workshop.connection.info.server_version < 180000:
        pytest.skip("a matter of PostgreSQL 18")
    workshop.execute(f"CREATE TABLE t (tenant_id uuid) {options}")
    if options:
        workshop.execute("CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    workshop.execute("INSERT INTO t VALUES (NULL); ALTER TABLE t ADD NOT NULL tenant_id NOT VALID")
    assert workshop.refused("SELECT tenantry.protect('t')").sqlstate == "23502"

    workshop.execute("DELETE FROM t; SELECT tenantry.protect('t')")
    assert workshop.value("SELECT tenantry.protection_gaps('t')") == []
    workshop.execute("ALTER TABLE t ALTER tenant_id DROP NOT NULL; ALTER TABLE t ADD NOT NULL tenant_id NOT VALID")
    assert "may be null" in workshop.value("SELECT tenantry.protection_gaps('t')")[0]
    workshop.execute("SELECT tenantry.protect('t')")
    assert workshop.value("SELECT tenantry.protection_gaps('t')") == []


def test_auditors_see_the_state(workshop: Workshop) -> None:
    workshop.execute(T)
    workshop.execute(PROTECT)
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE auditor; GRANT tenantry_auditor TO auditor")
    with workshop.role("auditor"):
        assert workshop.execute("SELECT is_whole FROM tenantry.protected_tables").fetchall() == [(True,)]


def test_levels_that_are_no_longer_compared(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid, level text); SELECT tenantry.protect('t', 'tenant_id', 'level')")
    assert workshop.gaps("t") == []
    workshop.execute("ALTER POLICY tenantry_permission ON t USING (true)")
    assert ["tenantry_permission" in gap for gap in workshop.gaps("t")] == [True]


def test_settings_of_the_session_make_no_gap(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid, level text); SELECT tenantry.protect('t', 'tenant_id', 'level')")
    workshop.execute("SET LOCAL quote_all_identifiers = on")
    assert workshop.gaps("t") == []
