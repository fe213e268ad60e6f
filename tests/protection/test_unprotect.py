"""What unprotect() takes away, and what stays."""

from tests.protection.workshop import Workshop

T = "CREATE TABLE t (tenant_id uuid, id int)"
PARTITIONED = f"{T} PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT"


def test_everybody_sees_everything_again(workshop: Workshop) -> None:
    workshop.execute(f"{PARTITIONED}; SELECT tenantry.protect('t')")
    workshop.fill("t")
    assert workshop.isolates("t")
    workshop.execute("SELECT tenantry.unprotect('t')")
    assert workshop.gaps("t") == ["not protected"]
    with workshop.role("app"):
        assert workshop.execute("SELECT FROM t").rowcount == 2
        assert workshop.execute("UPDATE t SET tenant_id = %s", workshop.acme.tenant_id).rowcount == 2
    for relation in ("t", "p"):
        flags = "SELECT relrowsecurity OR relforcerowsecurity FROM pg_class WHERE oid = %s::regclass"
        assert workshop.value(flags, relation) is False
        assert workshop.value("SELECT count(*) FROM pg_policy WHERE polrelid = %s::regclass", relation) == 0


def test_what_describes_the_data_stays(workshop: Workshop) -> None:
    workshop.execute(f"{T}; SELECT tenantry.protect('t'); SELECT tenantry.unprotect('t')")
    workshop.execute("GRANT INSERT ON t TO app")
    with workshop.role("app"):
        assert workshop.refused("INSERT INTO t (id) VALUES (1)").sqlstate == "23502"
        assert workshop.refused("INSERT INTO t VALUES (gen_random_uuid())").sqlstate == "23503"
        workshop.execute("INSERT INTO t VALUES (%s)", workshop.acme.tenant_id)
    assert workshop.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass") == 1


def test_policies_of_the_table_stay_in_force(workshop: Workshop) -> None:
    workshop.execute(f"{T}; CREATE POLICY odd ON t USING (id % 2 = 1) WITH CHECK (true)")
    workshop.execute("SELECT tenantry.protect('t')")
    workshop.fill("t", "(id)", "(1), (2)")
    workshop.execute("SELECT tenantry.unprotect('t')")
    with workshop.role("app"):
        assert workshop.execute("SELECT id FROM t").fetchall() == [(1,), (1,)]


def test_other_columns_afterwards(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid, owner_id uuid, id int); SELECT tenantry.protect('t')")
    workshop.execute("SELECT tenantry.unprotect('t'); SELECT tenantry.protect('t', 'owner_id')")
    assert workshop.gaps("t") == []
    workshop.fill("t", "(tenant_id, id)", f"('{workshop.acme.tenant_id}', 1)")
    assert workshop.isolates("t", "owner_id")


def test_refused(workshop: Workshop) -> None:
    workshop.execute(f"{T}; CREATE TABLE u (tenant_id uuid); SELECT tenantry.protect('u')")
    for table in ("t", None):
        refusal = workshop.refused("SELECT tenantry.unprotect(%s)", table)
        assert refusal.sqlstate == "55000"
        assert refusal.diag.message_hint
    with workshop.role("postgres"):
        workshop.execute("CREATE ROLE other; GRANT tenantry_admin TO other")
    with workshop.role("other"):
        assert workshop.refused("SELECT tenantry.unprotect('u')").sqlstate == "42501"
    assert workshop.gaps("u") == []
