"""What a statement leaves in the trail."""

from uuid import UUID

import psycopg
import pytest

from tests.audit.trail import problems, records
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant


def test_insert_update_delete(app: Connection, acme: Tenant, globex: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id, body) VALUES (1, 'a'), (2, 'b')")
        app.execute("UPDATE notes SET body = 'c' WHERE id = 2")
        app.execute("UPDATE notes SET id = 3, level = 'x' WHERE id = 2")
        app.execute("UPDATE notes SET body = body")
        app.execute("UPDATE notes SET body = 'never' WHERE id = 9")
        app.execute("DELETE FROM notes")
        assert records(app, notes) == [
            ("insert", notes, 2, ["1", "2"], None),
            ("update", notes, 1, ["2"], ["body"]),
            ("update", notes, 1, ["2>3"], ["id", "level"]),
            ("update", notes, 2, ["1", "3"], []),
            ("delete", notes, 2, ["1", "3"], None),
        ]
    with as_tenant(app, globex):
        assert records(app, notes) == []
    assert records(app) == []


def test_who(app: Connection, gateway: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    superuser.execute("GRANT tenantry_app TO gateway")
    try:
        with as_tenant(app, acme):
            app.execute("INSERT INTO notes (id) VALUES (1)")
        with gateway.transaction():
            gateway.execute("SELECT tenantry.enter_tenant(%s, %s, 'owner')", [acme.tenant_id, "Zoë '\"|\\ \n x"])
            gateway.execute("INSERT INTO notes (id) VALUES (2)")
    finally:
        superuser.execute("REVOKE tenantry_app FROM gateway")
    superuser.execute("INSERT INTO notes (tenant_id, id) VALUES (%s, 3)", [acme.tenant_id])
    seen = superuser.execute(
        "SELECT row_keys[1], member, key_id, role, login FROM tenantry.audit_trail WHERE table_name = %s"
        " AND operation = 'insert' ORDER BY 1",
        [notes],
    ).fetchall()
    assert seen == [
        ("1", None, acme.key_id, "member", "app"),
        ("2", "Zoë '\"|\\ \n x", None, "owner", "gateway"),
        ("3", None, None, None, "postgres"),
    ]
    digest = superuser.execute("SELECT member_digest::text FROM tenantry.audit_log WHERE role = 'owner'").fetchone()
    assert digest is not None
    assert len(digest[0]) == 66
    assert problems(superuser) == []


def test_a_claim_of_mode_setting_is_marked(app: Connection, dba: Connection, acme: Tenant, notes: str) -> None:
    dba.execute("SELECT tenantry.set_context_mode('setting')")
    with app.transaction():
        app.execute("SELECT set_config('app.current_tenant_id', %s, true)", [str(acme.tenant_id)])
        app.execute("INSERT INTO notes (id) VALUES (1)")
        assert records(app, notes, "details") == [({"context": "unsealed"},)]


def test_on_conflict_and_merge(app: Connection, acme: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id, body) VALUES (1, 'a')")
        app.execute(
            "INSERT INTO notes (id, body) VALUES (1, 'b'), (2, 'b')"
            " ON CONFLICT (tenant_id, id) DO UPDATE SET body = excluded.body"
        )
        app.execute(
            "MERGE INTO notes AS n USING (VALUES (1), (2), (3)) AS v (id) ON n.id = v.id"
            " WHEN MATCHED AND v.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET level = 'm'"
            " WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)"
        )
        assert sorted(records(app, notes)[1:], key=str) == sorted(
            [
                ("insert", notes, 1, ["2"], None),
                ("update", notes, 1, ["1"], ["body"]),
                ("insert", notes, 1, ["3"], None),
                ("update", notes, 1, ["2"], ["level"]),
                ("delete", notes, 1, ["1"], None),
            ],
            key=str,
        )


def test_a_statement_of_many_rows(app: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) SELECT generate_series(1, 2500)")
        app.execute("UPDATE notes SET body = 'x' WHERE id > 1250")
        assert records(app, notes, "operation, row_count, cardinality(row_keys), changed_columns") == [
            ("insert", 1000, 1000, None),
            ("insert", 1000, 1000, None),
            ("insert", 500, 500, None),
            ("update", 1000, 1000, ["body"]),
            ("update", 250, 250, ["body"]),
        ]
    keys = superuser.execute(
        "SELECT count(DISTINCT k) FROM tenantry.audit_log, unnest(row_keys) AS k WHERE operation = 'insert'"
        " AND table_name = %s",
        [notes],
    ).fetchone()
    assert keys == (2500,)
    assert problems(superuser) == []


def test_a_superuser_over_several_tenants(
    app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, notes: str
) -> None:
    with superuser.transaction(), superuser.cursor().copy("COPY notes (tenant_id, id) FROM STDIN") as copy:
        for i in range(1500):
            for tenant in (acme, globex):
                copy.write_row((str(tenant.tenant_id), i))
    superuser.execute("UPDATE notes SET body = 'x' WHERE tenant_id = %s OR id = 7", [acme.tenant_id])
    superuser.execute("TRUNCATE notes")
    for tenant, changed in ((acme, [1000, 500]), (globex, [1])):
        with as_tenant(app, tenant):
            assert records(app, notes, "operation, row_count") == [
                *[("insert", 1000), ("insert", 500)],
                *[("update", number) for number in changed],
            ]
    assert records(superuser, notes, "operation, tenant_id, login")[-1] == ("truncate", None, "postgres")
    assert problems(superuser) == []


def test_partitions(app: Connection, dba: Connection, superuser: Connection, acme: Tenant) -> None:
    dba.execute(
        "CREATE TABLE events (n int, tenant_id uuid, day int, PRIMARY KEY (tenant_id, n, day)) PARTITION BY LIST (day)"
    )
    dba.execute("CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1)")
    dba.execute("CREATE TABLE events_2 (day int, PRIMARY KEY (tenant_id, n, day), tenant_id uuid, n int)")
    dba.execute("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES IN (2)")
    dba.execute("SELECT tenantry.protect('events')")
    dba.execute("GRANT ALL ON events, events_1, events_2 TO tenantry_app")
    with as_tenant(app, acme):
        app.execute("INSERT INTO events (n, day) VALUES (1, 1), (2, 2)")
        app.execute("UPDATE events SET day = 2 WHERE n = 1")
        app.execute("DELETE FROM events_2 WHERE n = 2")
        assert records(app)[-3:] == [
            ("insert", "public.events", 2, ["1,1", "2,2"], None),
            ("update", "public.events", 1, ["1,1>1,2"], ["day"]),
            ("delete", "public.events_2", 1, ["2,2"], None),
        ]
    assert problems(superuser) == []


def test_foreign_key_cascade(app: Connection, dba: Connection, acme: Tenant, notes: str) -> None:
    dba.execute(
        "CREATE TABLE replies (tenant_id uuid, id int, note int, PRIMARY KEY (tenant_id, id),"
        " FOREIGN KEY (tenant_id, note) REFERENCES notes (tenant_id, id) ON DELETE CASCADE)"
    )
    dba.execute("SELECT tenantry.protect('replies'); GRANT ALL ON replies TO tenantry_app")
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (1), (2)")
        app.execute("INSERT INTO replies (id, note) VALUES (10, 1), (11, 1), (12, 2)")
        app.execute("DELETE FROM notes")
        assert records(app, "public.replies")[1:] == [("delete", "public.replies", 3, ["10", "11", "12"], None)]


@pytest.mark.parametrize("mode", ["none", "hashed", "kept"])
def test_keys_that_may_be_personal(
    app: Connection, dba: Connection, superuser: Connection, acme: Tenant, globex: Tenant, mode: str
) -> None:
    """A key of text stands as the tenant's own digest: equal within the tenant, unrelated between tenants."""
    dba.execute(
        'CREATE TABLE "Odd %s "" Names" (tenant_id uuid, "e%mail" text, "(s.salt" numeric,'
        ' PRIMARY KEY (tenant_id, "e%mail"))'
    )
    dba.execute("""SELECT tenantry.protect('"Odd %s "" Names"')""")
    dba.execute("""GRANT ALL ON "Odd %s "" Names" TO tenantry_app""")
    dba.execute("SELECT tenantry.set_audit_values(%s)", [mode])
    keys = []
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute("""INSERT INTO "Odd %%s "" Names" VALUES (DEFAULT, 'ann@example.org', 1)""", [])
            app.execute("""UPDATE "Odd %%s "" Names" SET "(s.salt" = 2""", [])
            found = records(app, 'public."Odd %s "" Names"')
            assert [(each[0], each[2], each[4]) for each in found] == [("insert", 1, None), ("update", 1, ["(s.salt"])]
            assert found[0][3] == found[1][3]
            keys.append(found[0][3][0])
    assert keys[0] != keys[1]
    assert [len(key) for key in keys] == [64, 64]
    trail = superuser.execute("SELECT string_agg(l::text, '') FROM tenantry.audit_log AS l").fetchone()
    assert trail is not None
    assert "ann@" not in trail[0]
    assert problems(superuser) == []


def test_large_keys_and_rows(app: Connection, dba: Connection, superuser: Connection, acme: Tenant) -> None:
    dba.execute("CREATE TABLE big (tenant_id uuid, name text, body text)")
    dba.execute("CREATE TABLE bare (tenant_id uuid)")
    dba.execute("SELECT tenantry.protect('big'), tenantry.protect('bare'); GRANT ALL ON big, bare TO tenantry_app")
    dba.execute("SELECT tenantry.set_audit_values('kept')")
    with as_tenant(app, acme):
        app.execute("INSERT INTO big (name, body) VALUES (%s, %s)", ["k" * 2_000_000, "b" * 2_000_000])
        app.execute("UPDATE big SET body = body || 'x'")
        app.execute("INSERT INTO bare SELECT")
        app.execute("DELETE FROM bare")
        assert records(app)[-4:] == [
            ("insert", "public.big", 1, None, None),
            ("update", "public.big", 1, None, ["body"]),
            ("insert", "public.bare", 1, None, None),
            ("delete", "public.bare", 1, None, None),
        ]
    assert problems(superuser) == []


def test_renamed_and_dropped_columns(app: Connection, dba: Connection, acme: Tenant, notes: str) -> None:
    dba.execute("ALTER TABLE notes RENAME id TO swap")
    dba.execute("ALTER TABLE notes ADD id int DEFAULT 7, DROP body")
    dba.execute("ALTER TABLE notes RENAME tenant_id TO organization_id; ALTER TABLE notes ADD tenant_id text")
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (swap) VALUES (1)")
        app.execute("UPDATE notes SET level = 'x', tenant_id = 'y'")
        assert records(app, notes) == [
            ("insert", notes, 1, ["1"], None),
            ("update", notes, 1, ["1"], ["level", "tenant_id"]),
        ]


def test_not_audited_where_asked(app: Connection, dba: Connection, acme: Tenant, notes: str) -> None:
    audited = "SELECT is_audited, is_whole FROM tenantry.protected_tables WHERE table_name = 'notes'::regclass"
    assert dba.execute(audited).fetchone() == (True, True)
    dba.execute("SELECT tenantry.protect('notes', p_audit => false)")
    assert dba.execute(audited).fetchone() == (False, True)
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (1)")
        assert records(app, notes) == []
    dba.execute("SELECT tenantry.protect('notes')")
    assert dba.execute(audited).fetchone() == (True, True)
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (2)")
        assert [each[0] for each in records(app, notes)] == ["insert"]
    dba.execute("SELECT tenantry.unprotect('notes')")
    assert dba.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'tenantry_audit%'  AND tgrelid = 'notes'::regclass"
    ).fetchone() == (0,)


@pytest.mark.parametrize("event", ["insert", "update", "delete", "truncate"])
@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER {t} ON notes",
        "ALTER TABLE notes DISABLE TRIGGER {t}",
        "CREATE OR REPLACE TRIGGER {t} AFTER {event} ON notes FOR EACH STATEMENT WHEN (false)"
        " EXECUTE FUNCTION tenantry.audit_changes()",
        "CREATE OR REPLACE TRIGGER {t} BEFORE {event} ON notes FOR EACH STATEMENT"
        " EXECUTE FUNCTION tenantry.audit_changes()",
        "CREATE OR REPLACE TRIGGER {t} AFTER {event} ON notes FOR EACH STATEMENT"
        " EXECUTE FUNCTION tenantry.audit_changes('')",
    ],
)
def test_a_missing_trigger_is_a_gap(dba: Connection, notes: str, event: str, change: str) -> None:
    dba.execute(change.format(t=f"tenantry_audit_{event}", event=event).encode())
    gaps = "SELECT tenantry.protection_gaps('notes')"
    assert dba.execute(gaps).fetchone() == (["changes of public.notes are not audited"],)
    dba.execute("SELECT tenantry.protect('notes')")
    assert dba.execute(gaps).fetchone() == ([],)


def test_what_cannot_be_recorded_fails(app: Connection, dba: Connection, acme: Tenant, notes: str) -> None:
    """A context that ends within the statement takes the statement with it, not the record."""
    dba.execute("SELECT tenantry.set_context_lifetime('50 ms')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="expired"), as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) SELECT 1 FROM pg_sleep(0.1)")
    dba.execute("SELECT tenantry.set_context_lifetime('1 hour')")
    with as_tenant(app, acme):
        assert app.execute("SELECT * FROM notes").fetchall() == []


@pytest.mark.parametrize(
    "hiding",
    ["tenantry.leave_tenant()", "set_config('tenantry.context', '', true)", "tenantry.authenticate({globex})"],
)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes (id) VALUES (2) RETURNING {hiding}",
        "WITH w AS (UPDATE notes SET body = 'x' RETURNING id) SELECT {hiding} FROM w",
        "DELETE FROM notes RETURNING {hiding}",
    ],
)
def test_nobody_writes_without_a_name(
    app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, notes: str, statement: str, hiding: str
) -> None:
    """A statement that writes and closes the context would leave a record without key and member."""
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (1)")
        app.execute(statement.format(hiding="tenantry.current_tenant()").encode())
        app.execute("DELETE FROM notes")
    before = records(superuser)
    attack = statement.format(hiding=hiding.format(globex=f"'{globex.api_key}'"))
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege, match="cannot tell who")
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (3)")
        with refused, app.transaction():
            app.execute(attack.encode())
        app.execute("DELETE FROM notes")
    assert [operation for operation, *_ in records(superuser)[len(before) :]] == ["insert", "delete"]


def test_rolled_back_work_leaves_nothing(app: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id) VALUES (1)")
        with app.transaction() as part:
            app.execute("INSERT INTO notes (id) VALUES (2)")
            raise psycopg.Rollback(part)
        app.execute("INSERT INTO notes (id) VALUES (3)")
        assert [keys for (keys,) in records(app, notes, "row_keys")] == [["1"], ["3"]]
    with as_tenant(app, acme) as whole:
        app.execute("INSERT INTO notes (id) VALUES (4)")
        del whole
        app.execute("DO $$ BEGIN INSERT INTO notes (id) VALUES (5); RAISE 'x'; EXCEPTION WHEN OTHERS THEN END $$")
        raise psycopg.Rollback
    assert problems(superuser) == []


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_isolation_levels(
    database: Database, app: Connection, superuser: Connection, acme: Tenant, notes: str, isolation: str
) -> None:
    """Writers of one tenant disturb each other in no isolation level."""
    other = database.connect("app")
    for connection in (app, other):
        connection.execute(f"SET default_transaction_isolation = '{isolation.lower()}'".encode())
    for round_ in range(3):
        for connection in (app, other):
            connection.execute("BEGIN")
            connection.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        for number, connection in enumerate((app, other, app, other)):
            connection.execute("INSERT INTO notes (id) VALUES (%s)", [round_ * 10 + number])
        for connection in (app, other):
            connection.execute("COMMIT")
    assert problems(superuser) == []
    assert len(records(superuser, notes)) == 12


def test_settings_of_the_session_change_no_digest(
    app: Connection, dba: Connection, superuser: Connection, acme: Tenant
) -> None:
    dba.execute("CREATE TABLE days (tenant_id uuid, day timestamptz, raw bytea, PRIMARY KEY (tenant_id, day))")
    dba.execute("SELECT tenantry.protect('days'); GRANT ALL ON days TO tenantry_app")
    for settings in ("SELECT", "SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET bytea_output = 'escape'"):
        app.execute(settings)  # type: ignore[arg-type]
        with as_tenant(app, acme):
            app.execute("INSERT INTO days VALUES (DEFAULT, '2025-01-02 03:04:05.6+00')")
            app.execute("DELETE FROM days")
    assert len({tuple(keys) for (keys,) in records(superuser, "public.days", "row_keys")}) == 1
    assert problems(superuser) == []


def test_erasure_leaves_the_trail_and_no_way_back(
    app: Connection, dba: Connection, superuser: Connection, acme: Tenant, globex: Tenant, written: str
) -> None:
    dba.execute("SELECT tenantry.add_member(%s, 'ann@example.org', 'owner')", [acme.tenant_id])
    dba.execute("SELECT tenantry.set_audit_values('kept')")
    with as_tenant(app, acme):
        app.execute("UPDATE notes SET body = 'secret of ann'")
    assert superuser.execute("SELECT count(*) FROM tenantry.audit_values").fetchone() == (1,)
    before = len(records(superuser))
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])

    assert problems(superuser) == []
    left = records(superuser, None, "l::text".replace("l::text", "audit_log::text"))
    assert len(left) > before
    deleted = "SELECT table_name, row_count FROM tenantry.audit_log WHERE tenant_id = %s AND operation = 'delete'"
    assert set(superuser.execute(deleted, [acme.tenant_id]).fetchall()) == {
        ("public.notes", 5),
        ("tenantry.tenants", 1),
        ("tenantry_private.api_keys", 1),
        ("tenantry_private.members", 1),
    }
    assert not [text for (text,) in left if "ann" in text or "acme" in text]
    for table in ("tenantry_private.audit_salts", "tenantry.audit_members", "tenantry.audit_values"):
        count = superuser.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s".encode(), [acme.tenant_id])
        assert count.fetchone() == (0,)
    assert UUID(str(globex.tenant_id)) in {
        tenant for (tenant,) in superuser.execute("SELECT tenant_id FROM tenantry.audit_log")
    }
