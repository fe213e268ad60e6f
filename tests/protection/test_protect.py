"""What protect() does to every kind of table."""

import pytest

from tests.protection.workshop import Workshop
from tests.support.database import Database

T = "CREATE TABLE t (tenant_id uuid, id int)"
BY_RANGE = f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT"

KINDS = {
    "bare": "CREATE TABLE t (id int, tenant_id uuid)",
    "nothing but a tenant": "CREATE TABLE t (tenant_id uuid, id int GENERATED ALWAYS AS (1) STORED)",
    "unlogged": "CREATE UNLOGGED TABLE t (tenant_id uuid, id int)",
    "typed": "CREATE TYPE y AS (tenant_id uuid, id int); CREATE TABLE t OF y",
    "dropped column": "CREATE TABLE t (x int, tenant_id uuid, id int); ALTER TABLE t DROP x",
    "prepared": "CREATE TABLE t (tenant_id uuid NOT NULL REFERENCES tenantry.tenants ON DELETE CASCADE, id int,"
    " PRIMARY KEY (tenant_id, id))",
    "another default": "CREATE TABLE t (tenant_id uuid DEFAULT gen_random_uuid(), id int)",
    "index that begins otherwise": f"{T}; CREATE INDEX ON t (id, tenant_id)",
    "partial index": f"{T}; CREATE INDEX ON t (tenant_id) WHERE id > 9",
    "identity": "CREATE TABLE t (tenant_id uuid, id int, n int GENERATED ALWAYS AS IDENTITY)",
    "permissive policy": f"{T}; CREATE POLICY p ON t USING (id > 0)",
    "policy that leaks": f"{T}; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true)",
    "trigger of our name": f"{T}; CREATE TRIGGER tenantry_refuse_tenant_change BEFORE UPDATE ON t"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "reference to itself": "CREATE TABLE t (tenant_id uuid, id int, parent int, PRIMARY KEY (tenant_id, id),"
    " FOREIGN KEY (tenant_id, parent) REFERENCES t)",
    "partitioned by tenant": f"{T} PARTITION BY HASH (tenant_id);"
    " CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    "two partitions": f"{BY_RANGE}; CREATE TABLE q PARTITION OF t FOR VALUES FROM (1) TO (2)",
    "partitioned partition": f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT"
    " PARTITION BY RANGE (id); CREATE TABLE q PARTITION OF p DEFAULT",
    "partition of another shape": f"{T} PARTITION BY RANGE (id);"
    " CREATE TABLE p (x int, id int, y int, tenant_id uuid); ALTER TABLE p DROP x; ALTER TABLE p DROP y;"
    " ALTER TABLE t ATTACH PARTITION p DEFAULT",
}


def partitions(workshop: Workshop) -> list[str]:
    return [name for (name,) in workshop.execute("SELECT relid::text FROM pg_partition_tree('t') WHERE isleaf")]


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS.keys())
def test_kinds(workshop: Workshop, made: str) -> None:
    workshop.execute(made)
    workshop.execute("SELECT tenantry.protect('t')")
    assert workshop.gaps("t") == []
    if "GENERATED ALWAYS AS (1)" in made:
        workshop.fill("t", "", "(DEFAULT)")
    else:
        workshop.fill("t")
    assert workshop.isolates("t")
    for partition in partitions(workshop):
        workshop.execute(f"GRANT SELECT, UPDATE ON {partition} TO app")
        if workshop.value(f"SELECT pg_relation_size('{partition}')"):
            assert workshop.isolates(partition)


LONG = "Ünïcödé " + "x" * 51  # 63 bytes with its four letters of two

NAMES = [
    "Mixed Case",
    "order",
    "user",
    'with "quotes"',
    "with 'apostrophes'",
    "semi;colon --",
    "dotted.name",
    "%s %I",
    LONG,
]


@pytest.mark.parametrize("name", NAMES)
def test_names(workshop: Workshop, name: str) -> None:
    """Schema, table, partition and both columns of one awkward name."""
    assert len(LONG.encode()) == 63
    quoted = workshop.value("SELECT quote_ident(%s)", name)
    table = f"{quoted}.{quoted}"
    with workshop.role("postgres"):
        workshop.execute(f"CREATE SCHEMA {quoted} AUTHORIZATION dba; GRANT USAGE ON SCHEMA {quoted} TO app")
    workshop.execute(f"CREATE TABLE {table} (id int, {quoted} uuid, level text) PARTITION BY RANGE (id)")
    workshop.execute(f'CREATE TABLE {quoted}."p" PARTITION OF {table} DEFAULT')
    protect = "SELECT tenantry.protect(%s, %s, 'level')"
    workshop.execute(protect, table, name)
    workshop.execute(protect, table, name)
    row = workshop.execute(
        "SELECT tenant_column, permission_column, is_whole FROM tenantry.protected_tables"
    ).fetchall()
    assert row == [(name, "level", True)]
    workshop.fill(table, "(id, level)", "(1, 'PUBLIC')")
    assert workshop.isolates(table, quoted)
    workshop.execute("SELECT tenantry.unprotect(%s)", table)


CATALOG = """
SELECT jsonb_build_array(
    (SELECT jsonb_agg(to_jsonb(p) - 'oid' ORDER BY polname) FROM pg_policy p WHERE polrelid = 't'::regclass),
    (SELECT jsonb_agg(conname ORDER BY conname) FROM pg_constraint WHERE conrelid = 't'::regclass),
    (SELECT jsonb_agg(indexrelid ORDER BY indexrelid) FROM pg_index WHERE indrelid = 't'::regclass),
    (SELECT jsonb_agg(pg_get_triggerdef(oid) ORDER BY oid) FROM pg_trigger WHERE tgrelid = 't'::regclass),
    (SELECT jsonb_agg(to_jsonb(a) ORDER BY attnum) FROM pg_attribute a WHERE attrelid = 't'::regclass),
    (SELECT to_jsonb(c) - 'reltuples' - 'relpages' FROM pg_class c WHERE oid = 't'::regclass))::text
"""


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS.keys())
def test_again_changes_nothing(workshop: Workshop, made: str) -> None:
    workshop.execute(made)
    workshop.execute("SELECT tenantry.protect('t')")
    once = workshop.value(CATALOG)
    assert "tenantry_isolation" in once
    workshop.execute("SELECT tenantry.protect('t')")
    assert workshop.value(CATALOG) == once


def test_it_grants_nothing(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid, id int)")
    workshop.execute("SELECT tenantry.protect('t')")
    grantees = "SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl) WHERE oid = 't'::regclass"
    assert workshop.execute(grantees).fetchall() == [("dba",)]
    with workshop.tenant(workshop.acme):
        assert workshop.refused("SELECT FROM t").sqlstate == "42501"


@pytest.mark.parametrize("grantee", ["PUBLIC", "app", "tenantry_app", "staff"])
def test_it_takes_what_ignores_policies(workshop: Workshop, grantee: str) -> None:
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE staff; GRANT staff TO app")
    workshop.execute("CREATE TABLE t (tenant_id uuid, id int PRIMARY KEY)")
    workshop.execute(f"GRANT ALL ON t TO {grantee}; GRANT REFERENCES (id), SELECT (id) ON t TO {grantee}")
    with workshop.role("app"):
        workshop.execute("TRUNCATE t")
    workshop.execute("SELECT tenantry.protect('t')")
    kept = "SELECT privilege, has_table_privilege('app', 't', privilege) FROM unnest(%s::text[]) AS privilege"
    privileges = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
    held = dict(workshop.execute(kept, privileges).fetchall())
    assert held == {privilege: privilege not in ("TRUNCATE", "REFERENCES", "TRIGGER") for privilege in privileges}
    assert not workshop.value("SELECT has_any_column_privilege('app', 't', 'REFERENCES')")
    with workshop.role("app"):
        assert workshop.refused("TRUNCATE t").sqlstate == "42501"


def test_partition_attached_later(workshop: Workshop) -> None:
    """The hole that a new partition is when it is granted directly, that it is reported, and how it is closed."""
    workshop.execute(f"{T} PARTITION BY RANGE (id); SELECT tenantry.protect('t')")
    workshop.execute(
        "CREATE TABLE p PARTITION OF t DEFAULT PARTITION BY RANGE (id); CREATE TABLE q PARTITION OF p DEFAULT"
    )
    workshop.fill("t")
    workshop.execute("GRANT SELECT, UPDATE ON p, q TO app")
    assert workshop.isolates("t")
    with workshop.tenant(workshop.acme):
        assert workshop.execute("SELECT FROM q").rowcount == 2
    for partition in ("p", "q"):
        assert any(
            f"policy tenantry_isolation of {partition} " in gap.replace("public.", "") for gap in workshop.gaps("t")
        )
    workshop.execute("SELECT tenantry.protect('t')")
    assert workshop.gaps("t") == []
    for partition in ("t", "p", "q"):
        assert workshop.isolates(partition)


@pytest.mark.parametrize("partitioned", ["", "PARTITION BY RANGE (id)"])
def test_renamed(workshop: Workshop, partitioned: str) -> None:
    workshop.execute(f"CREATE TABLE t (tenant_id uuid, id int, level text) {partitioned}")
    if partitioned:
        workshop.execute("CREATE TABLE p PARTITION OF t DEFAULT")
    workshop.execute("SELECT tenantry.protect('t', 'tenant_id', 'level')")
    workshop.fill("t", "(id, level)", "(1, 'PUBLIC')")
    workshop.execute('ALTER TABLE t RENAME tenant_id TO "Organization"')
    workshop.execute("ALTER TABLE t RENAME level TO secrecy; ALTER TABLE t RENAME TO u")
    assert workshop.execute("TABLE tenantry.protected_tables").fetchall() == [
        ("u", "Organization", "secrecy", True, [], False, True)
    ]
    assert workshop.isolates("u", '"Organization"')
    workshop.execute("SELECT tenantry.protect('u', 'Organization', 'secrecy')")
    assert workshop.isolates("u", '"Organization"')


def test_the_tenant_of_a_row_stays_for_everybody(workshop: Workshop) -> None:
    """Even for a superuser, whom no policy binds, a slip does not move a row."""
    workshop.execute("CREATE TABLE t (tenant_id uuid, id int); SELECT tenantry.protect('t')")
    workshop.fill("t")
    with workshop.role("postgres"):
        assert workshop.execute("UPDATE t SET tenant_id = tenant_id").rowcount == 2
        assert workshop.refused("UPDATE t SET tenant_id = %s", workshop.acme.tenant_id).sqlstate == "42501"


def test_deletion_of_a_tenant_cascades(workshop: Workshop) -> None:
    workshop.execute(f"{BY_RANGE}; SELECT tenantry.protect('t')")
    workshop.fill("t")
    with workshop.role("postgres"):
        workshop.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", workshop.acme.tenant_id)
        assert workshop.execute("SELECT tenant_id FROM t").fetchall() == [(workshop.globex.tenant_id,)]


def test_truncate_is_refused_whatever_is_granted_later(workshop: Workshop) -> None:
    workshop.execute(f"{BY_RANGE}; SELECT tenantry.protect('t'); GRANT SELECT, INSERT ON t TO app")
    workshop.fill("t")
    workshop.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO app")
    for table in ("t", "p"):
        with workshop.role("app"):
            assert workshop.refused(f"TRUNCATE {table}").sqlstate == "42501"
        assert workshop.refused(f"TRUNCATE {table}").sqlstate == "42501"  # the owner, whom it binds as well
    with workshop.role("postgres"):
        assert workshop.value("SELECT count(*) FROM t") == 2
        workshop.execute("TRUNCATE t")
        assert workshop.value("SELECT count(*) FROM t") == 0


def test_protecting_again_keeps_the_access_that_there_was(workshop: Workshop) -> None:
    """Another policy, added since and for somebody else, is no reason to take ours away."""
    workshop.execute(f"{T}; SELECT tenantry.protect('t')")
    workshop.execute("CREATE POLICY reporting ON t FOR SELECT TO gateway USING (true)")
    workshop.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY; SELECT tenantry.protect('t')")
    workshop.fill("t")
    assert workshop.gaps("t") == []
    assert workshop.isolates("t")


def test_protecting_again_locks_what_has_gaps_only(database: Database) -> None:
    dba = database.connect("dba")
    locked = (
        "SELECT array_agg(relation::regclass::text) FROM pg_locks"
        " WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IN ('t'::regclass, 'p'::regclass)"
    )
    dba.execute(f"{BY_RANGE}; SELECT tenantry.protect('t')".encode())
    with dba.transaction():
        dba.execute("SELECT tenantry.protect('t')")
        assert dba.execute(locked.encode()).fetchone() == (None,)
    dba.execute("ALTER TABLE p NO FORCE ROW LEVEL SECURITY")
    with dba.transaction():
        dba.execute("SELECT tenantry.protect('t')")
        assert dba.execute(locked.encode()).fetchone() == (["p"],)


@pytest.mark.parametrize("part", ["TRIGGER tenantry_refuse_tenant_change", "POLICY tenantry_access"])
def test_unprotecting_what_is_partly_protected(workshop: Workshop, part: str) -> None:
    workshop.execute(f"{T}; SELECT tenantry.protect('t'); DROP {part} ON t")
    workshop.execute("ALTER TABLE t ALTER tenant_id SET DEFAULT gen_random_uuid(); SELECT tenantry.unprotect('t')")
    assert workshop.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal") == 0
    default = (
        "SELECT column_default FROM information_schema.columns WHERE table_name = 't' AND column_name = 'tenant_id'"
    )
    assert workshop.value(default) == "gen_random_uuid()"
