"""The hash chain: whole after everything that happens by itself, broken by everything that a superuser does to it."""

import hashlib
import json
import threading
from typing import Any

import psycopg
import pytest

from tests.audit.trail import problems, records
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

LOG = "tenantry.audit_log"
OLDEST_PARTITION = (
    "SELECT inhrelid::regclass::text FROM pg_inherits"
    " WHERE inhparent = 'tenantry.audit_log'::regclass ORDER BY 1 LIMIT 1"
)
UTC = """to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
OF_ACME = "tenant_id = (SELECT tenant_id FROM tenantry.tenants WHERE slug = 'acme') AND table_name = 'public.notes'"


def tamper(superuser: Connection, *statements: str) -> None:
    """Do what only a superuser can, after switching off what refuses it."""
    partition = superuser.execute(OLDEST_PARTITION).fetchone()
    assert partition is not None
    for relation in (LOG, partition[0]):
        superuser.execute(f"ALTER TABLE {relation} DISABLE TRIGGER ALL".encode())
    for statement in statements:
        superuser.execute(statement.format(partition=partition[0]).encode())
    for relation in (LOG, partition[0]):
        superuser.execute(f"ALTER TABLE {relation} ENABLE ALWAYS TRIGGER tenantry_refuse_audit_change".encode())


def anchor(superuser: Connection, tenant: Tenant | None = None) -> Any:
    row = superuser.execute("SELECT tenantry.export_audit_anchor(%s)", [tenant and tenant.tenant_id]).fetchone()
    assert row is not None
    return row[0]


def against(superuser: Connection, exported: Any) -> list[tuple[Any, ...]]:
    query = "SELECT position, problem FROM tenantry.verify_audit_anchor(%s) ORDER BY 1, 2"
    return superuser.execute(query, [json.dumps(exported)]).fetchall()


# Tampering → what verify_audit names. Acme's lane of notes holds positions 3 to 7, behind its creation and its key.
TAMPERING = {
    "update": (["UPDATE {partition} SET row_keys = '{{9}}' WHERE position = 4 AND " + OF_ACME], [(4, "altered")]),
    "update of a hash": (["UPDATE {partition} SET hash = '\\x00' WHERE position = 4 AND " + OF_ACME], [(4, "altered")]),
    "another tenant": (["UPDATE {partition} SET tenant_id = NULL WHERE position = 5 AND " + OF_ACME], [(5, "altered")]),
    "another time": (
        ["UPDATE {partition} SET occurred_at = occurred_at + '1 us' WHERE position = 4 AND " + OF_ACME],
        [(4, "altered")],
    ),
    "deletion": (["DELETE FROM {partition} WHERE position = 5 AND " + OF_ACME], [(5, "missing")]),
    "deletion at the end": (["DELETE FROM {partition} WHERE position >= 6 AND " + OF_ACME], [(6, "missing")]),
    "deletion of everything": (["DELETE FROM {partition} WHERE " + OF_ACME], [(3, "missing")]),
    "swapped": (
        ["UPDATE {partition} SET position = 9 - position WHERE position IN (4, 5) AND " + OF_ACME],
        [(4, "altered")],
    ),
    "repeated": (
        ["INSERT INTO {partition} SELECT * FROM {partition} WHERE position = 4 AND " + OF_ACME],
        [(4, "repeated")],
    ),
    "appended": (
        [
            "INSERT INTO {partition} SELECT (l).* FROM (SELECT jsonb_populate_record(p, '{{\"position\": 8}}') AS l"
            " FROM {partition} AS p WHERE position = 7 AND " + OF_ACME + ") AS x"
        ],
        [(8, "altered")],
    ),
    "put before the beginning": (
        [
            "INSERT INTO {partition} SELECT (l).* FROM (SELECT jsonb_populate_record(p, '{{\"position\": 0}}') AS l"
            " FROM {partition} AS p WHERE position = 7 AND " + OF_ACME + ") AS x"
        ],
        [(0, "beyond")],
    ),
    "a lane's head moved back": (
        [
            "UPDATE tenantry_private.audit_heads SET position = 5 WHERE lane = (SELECT lane FROM {partition}"
            " WHERE position = 7 AND " + OF_ACME + ")"
        ],
        [(5, "altered")],
    ),
    "a lane forgotten": (
        [
            "DELETE FROM tenantry_private.audit_heads WHERE lane = (SELECT lane FROM {partition}"
            " WHERE position = 7 AND " + OF_ACME + ")"
        ],
        [(1, "beyond")],
    ),
}


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("case", TAMPERING)
def test_tampering_is_named(superuser: Connection, acme: Tenant, globex: Tenant, case: str) -> None:
    statements, expected = TAMPERING[case]
    exported = anchor(superuser)
    assert problems(superuser) == []
    assert against(superuser, exported) == []

    tamper(superuser, *statements)

    assert problems(superuser) == expected
    if case != "another tenant":
        assert problems(superuser, acme.tenant_id) == expected
    assert problems(superuser, globex.tenant_id) == []
    assert against(superuser, exported) != [] or case == "appended"


@pytest.mark.usefixtures("written")
def test_a_rewritten_history_fails_its_anchor(superuser: Connection, acme: Tenant, globex: Tenant) -> None:
    """A superuser deletes a record and computes the rest of the chain anew, as tenantry itself would."""
    exported = anchor(superuser)
    old = anchor(superuser, globex)
    tamper(superuser, "DELETE FROM {partition} WHERE position = 5 AND " + OF_ACME)
    rows = superuser.execute(
        f"SELECT lane, position FROM {LOG} WHERE position > 5 AND {OF_ACME} ORDER BY position".encode()
    ).fetchall()
    for lane, position in rows:
        tamper(
            superuser,
            f"""
            UPDATE {{partition}} AS r SET position = r.position - 1, hash = tenantry_private.audit_hash(
                p.hash, r.lane, r.position - 1, r.occurred_at, r.tenant_id, r.operation, r.table_name, r.row_count,
                r.row_keys, r.changed_columns, r.details, r.member_digest, r.key_id, r.role, r.login, r.transaction_id
            )
            FROM {{partition}} AS p
            WHERE p.lane = r.lane AND p.position = r.position - 2 AND r.lane = '{lane}' AND r.position = {position}
            """,
            f"""
            UPDATE tenantry_private.audit_heads AS h SET position = r.position, hash = r.hash
            FROM {{partition}} AS r WHERE r.lane = h.lane AND h.lane = '{lane}' AND r.position = {position - 1}
            """,
        )

    assert problems(superuser) == []
    assert [problem for _, problem in against(superuser, exported)] == ["missing"]
    assert against(superuser, old) == []


@pytest.mark.usefixtures("written")
def test_a_lane_that_vanished_fails_its_anchor(superuser: Connection) -> None:
    exported = anchor(superuser)
    tamper(
        superuser,
        "DELETE FROM tenantry_private.audit_heads; DELETE FROM tenantry_private.audit_lanes; TRUNCATE {partition}",
    )
    assert problems(superuser) == []
    assert {problem for _, problem in against(superuser, exported)} == {"missing"}


@pytest.mark.usefixtures("written")
def test_an_anchor_holds_while_the_log_grows(superuser: Connection, app: Connection, acme: Tenant) -> None:
    exported = anchor(superuser)
    with as_tenant(app, acme):
        app.execute("UPDATE notes SET body = 'later'")
    assert against(superuser, exported) == []


@pytest.mark.parametrize("nonsense", ["{}", "[]", "null", '{"version": 1}', '{"version": 2, "lanes": []}'])
def test_what_is_no_anchor(superuser: Connection, nonsense: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        superuser.execute("SELECT * FROM tenantry.verify_audit_anchor(%s)", [nonsense])


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("statement", ["UPDATE {t} SET login = 'x'", "DELETE FROM {t}", "TRUNCATE {t}"])
def test_append_only(superuser: Connection, statement: str) -> None:
    (name,) = superuser.execute(OLDEST_PARTITION).fetchone() or ("",)
    for setting in ("origin", "replica"):
        superuser.execute(f"SET session_replication_role = {setting}".encode())
        for role in ("postgres", "tenantry_owner"):
            superuser.execute(f"SET ROLE {role}".encode())
            for table in (LOG, name):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                    superuser.execute(statement.format(t=table).encode())
            superuser.execute("RESET ROLE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        superuser.execute("MERGE INTO tenantry.audit_log USING (SELECT) AS x ON true WHEN MATCHED THEN DELETE")
    assert len(records(superuser)) > 10


def recomputed(previous: bytes, record: dict[str, Any]) -> bytes:
    """Return the hash as the reference describes it."""
    fields = [
        record["lane"],
        record["position"],
        record["occurred_at"],
        *(
            record[name]
            for name in ("tenant_id", "operation", "table_name", "row_count", "row_keys", "changed_columns")
        ),
        *(record[name] for name in ("details", "member_digest", "key_id", "role", "login", "transaction_id")),
    ]
    return hashlib.sha256(previous + json.dumps(fields, ensure_ascii=False).encode()).digest()


def test_a_third_party_recomputes_the_chain(
    superuser: Connection, dba: Connection, app: Connection, gateway: Connection, acme: Tenant, written: str
) -> None:
    dba.execute('CREATE TABLE "Ä""\\\t" (tenant_id uuid, "ü\n\x01\x7f" int, id int, PRIMARY KEY (tenant_id, id))')
    dba.execute("""SELECT tenantry.protect('"Ä""\\\t"'); GRANT ALL ON "Ä""\\\t" TO tenantry_app""")
    with as_tenant(app, acme):
        app.execute('INSERT INTO "Ä""\\\t" (id) VALUES (1), (-2)')
        app.execute('UPDATE "Ä""\\\t" SET "ü\n\x01\x7f" = 1')
    superuser.execute("SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL'; SET bytea_output = 'escape'")
    rows = superuser.execute(
        f"""
        SELECT lane::text, position, {UTC} AS occurred_at,
            tenant_id::text, operation, table_name, row_count, row_keys, changed_columns, details::text,
            encode(member_digest, 'hex') AS member_digest, key_id::text, role, login, transaction_id::text, hash
        FROM tenantry.audit_log ORDER BY lane, position
        """  # type: ignore[arg-type]
    )
    assert rows.description is not None
    names = [column.name for column in rows.description]
    ends: dict[str, bytes] = {}
    count = 0
    for row in rows:
        record = dict(zip(names, row, strict=True))
        ends[record["lane"]] = recomputed(ends.get(record["lane"], b""), record)
        assert ends[record["lane"]] == record["hash"]
        count += 1
    assert count > 15
    assert {each["lane"]: each["hash"] for each in anchor(superuser)["lanes"]} == {
        lane: end.hex() for lane, end in ends.items()
    }


# Lanes


def test_sixteen_writers(database: Database, superuser: Connection, acme: Tenant, notes: str) -> None:
    def write(number: int) -> None:
        with psycopg.connect(database.conninfo("app"), autocommit=True) as app:
            for i in range(25):
                with as_tenant(app, acme):
                    app.execute("INSERT INTO notes (id) VALUES (%s)", [number * 1000 + i])
                    app.execute("UPDATE notes SET body = 'x' WHERE id = %s", [number * 1000 + i])
                    if i % 5 == 0:
                        raise psycopg.Rollback

    writers = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert problems(superuser) == []
    assert len(records(superuser, notes)) == 16 * 20 * 2
    (lanes,) = superuser.execute(
        "SELECT count(*) FROM tenantry_private.audit_lanes WHERE trail = %s", [acme.tenant_id]
    ).fetchone() or (0,)
    assert lanes <= 17


def test_no_writer_waits_for_another(database: Database, superuser: Connection, acme: Tenant, notes: str) -> None:
    connections = [database.connect("app") for _ in range(5)]
    for number, app in enumerate(connections):
        app.execute("SET lock_timeout = '100ms'")
        app.execute("BEGIN")
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        app.execute("INSERT INTO notes (id) VALUES (%s)", [number])
        app.execute("UPDATE notes SET body = 'x' WHERE id = %s", [number])
    lanes = (
        "SELECT count(DISTINCT lane), count(*) FROM tenantry.audit_log WHERE table_name = %s AND operation <> 'protect'"
    )
    for app in reversed(connections):
        app.execute("COMMIT")
    assert superuser.execute(lanes, [notes]).fetchone() == (5, 10)
    assert problems(superuser) == []


def test_an_aborted_backend_leaves_the_chain_whole(
    database: Database, superuser: Connection, acme: Tenant, notes: str
) -> None:
    app = database.connect("app")
    app.execute("BEGIN")
    app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
    app.execute("INSERT INTO notes (id) VALUES (1)")
    superuser.execute("SELECT pg_terminate_backend(%s)", [app.info.backend_pid])
    other = database.connect("app")
    with as_tenant(other, acme):
        other.execute("INSERT INTO notes (id) VALUES (1)")
    assert problems(superuser) == []
    assert len(records(superuser, notes)) == 1


# Retention


def age(superuser: Connection, months: int) -> None:
    """Make the log older, hashes and all, as if the clock had been back when it was written."""
    superuser.execute("SET session_replication_role = replica")
    tamper(superuser)
    (partition,) = superuser.execute(OLDEST_PARTITION).fetchone() or ("",)
    superuser.execute(f"ALTER TABLE tenantry.audit_log DETACH PARTITION {partition}".encode())
    superuser.execute(f"ALTER TABLE {partition} RENAME TO moved".encode())
    superuser.execute("ALTER TABLE tenantry_private.moved DISABLE TRIGGER ALL")
    at = f"clock_timestamp() - interval '{months} months'"
    superuser.execute(f"SELECT tenantry_private.make_audit_partition({at})".encode())
    superuser.execute(f"UPDATE tenantry_private.moved SET occurred_at = {at} + position * interval '1 us'".encode())
    superuser.execute(
        """
        DO $$
        DECLARE r tenantry.audit_log; h bytea; l uuid;
        BEGIN
            FOR r IN SELECT * FROM tenantry_private.moved ORDER BY lane, position LOOP
                h := tenantry_private.audit_hash(
                    CASE WHEN l = r.lane THEN h ELSE '' END, r.lane, r.position, r.occurred_at, r.tenant_id,
                    r.operation, r.table_name, r.row_count, r.row_keys, r.changed_columns, r.details,
                    r.member_digest, r.key_id,
                    r.role, r.login, r.transaction_id
                );
                l := r.lane;
                r.hash := h;
                INSERT INTO tenantry.audit_log SELECT r.*;
                UPDATE tenantry_private.audit_heads SET hash = h, occurred_at = r.occurred_at WHERE lane = l;
            END LOOP;
        END
        $$
        """
    )
    superuser.execute("DROP TABLE tenantry_private.moved; RESET session_replication_role")


def test_retention(superuser: Connection, dba: Connection, app: Connection, acme: Tenant, written: str) -> None:
    age(superuser, 5)
    assert problems(superuser) == []
    old = anchor(superuser)
    with as_tenant(app, acme):
        app.execute("UPDATE notes SET body = 'now'")
    recent = anchor(superuser)
    before = records(superuser)

    assert dba.execute("SELECT tenantry.apply_audit_retention('12 months')").fetchone() == (0,)
    assert records(superuser) == before
    assert dba.execute("SELECT tenantry.apply_audit_retention('1 month')").fetchone() == (1,)

    kept = records(superuser, None, "operation, table_name, row_count")
    assert kept[0] == ("update", "public.notes", 5)
    assert ("apply_audit_retention", "tenantry.audit_log", 1) in kept
    assert problems(superuser) == []
    assert {problem for _, problem in against(superuser, old)} <= {"expired"}
    assert {problem for _, problem in against(superuser, recent)} == {"expired"}
    with as_tenant(app, acme):
        app.execute("UPDATE notes SET body = 'after'")
    assert problems(superuser) == []
    tamper(superuser, "DELETE FROM tenantry.audit_log WHERE changed_columns = '{{body}}'")
    assert [problem for _, problem in problems(superuser)] == ["missing"]
    assert "missing" in {problem for _, problem in against(superuser, recent)}


def test_retention_stops_nobody(
    database: Database, superuser: Connection, dba: Connection, app: Connection, globex: Tenant, written: str
) -> None:
    """Who reads the log in a transaction that stays open stops retention, which stops no writer for it."""
    age(superuser, 5)
    with app.transaction():
        app.execute("SELECT FROM tenantry.audit_log")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            dba.execute("SELECT tenantry.apply_audit_retention('1 month')")
        with as_tenant(database.connect("app"), globex) as writer:
            writer.execute("UPDATE notes SET body = 'now'")
    assert dba.execute("SELECT tenantry.apply_audit_retention('1 month')").fetchone() == (1,)
    assert problems(superuser) == []


def test_a_month_is_there_before_it_is_needed(superuser: Connection, app: Connection, written: str) -> None:
    """Who makes the current month keeps all others from writing until it commits, so writers make the next one."""
    name = "tenantry_private.audit_partition_name(date_trunc('month', now(), 'UTC') + interval '1 month')"
    assert superuser.execute(f"SELECT to_regclass({name}) IS NOT NULL".encode()).fetchone() == (True,)


@pytest.mark.parametrize("keep", ["27 days", "0", "-1 year", "-120 mons 3630 days", None])
def test_nobody_forgets_too_soon(dba: Connection, keep: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        dba.execute("SELECT tenantry.apply_audit_retention(%s)", [keep])


def test_partitions_are_made_ahead(superuser: Connection, dba: Connection) -> None:
    dba.execute("SELECT tenantry.apply_audit_retention('1 year')")
    (months,) = superuser.execute(
        "SELECT array_agg(inhrelid::regclass::text ORDER BY 1) FROM pg_inherits"
        " WHERE inhparent = 'tenantry.audit_log'::regclass"
    ).fetchone() or ([],)
    expected = superuser.execute(
        "SELECT tenantry_private.audit_partition_name(now() + interval '1 month'),"
        " tenantry_private.audit_partition_name(now())"
    ).fetchone()
    assert expected is not None
    assert expected[0] in months


def test_two_that_need_the_same_new_month(database: Database, superuser: Connection) -> None:
    one, two = database.connect("postgres"), database.connect("postgres")
    month = "timestamptz '2031-01-15 00:00:00+00'"
    one.execute("BEGIN")
    one.execute(f"SELECT tenantry_private.make_audit_partition({month})".encode())
    two.execute(f"SELECT tenantry_private.make_audit_partition({month}, true)".encode())
    waiting = threading.Thread(
        target=two.execute, args=(f"SELECT tenantry_private.make_audit_partition({month})".encode(),)
    )
    waiting.start()
    one.execute("COMMIT")
    waiting.join()
    assert superuser.execute("SELECT to_regclass('tenantry_private.audit_log_2031_01')").fetchone() != (None,)
