"""What a tenant plants for the doctor, or for whoever runs its remedies: nothing comes of it."""

import psycopg
import pytest
from psycopg import sql

from tests.support.database import Connection, Database

# A body that takes hours to look through for the names of tables.
BUSY = "/* ' || repeat('from only from a join \"', 1000000) || ' current_user */"


@pytest.mark.parametrize(
    "planted",
    [
        "DO $do$ BEGIN EXECUTE 'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql IMMUTABLE SECURITY DEFINER AS"
        f" $$ SELECT 1 {BUSY} $$'; END $do$",
        "CREATE TEMP VIEW all_tickets AS SELECT * FROM tickets WHERE body = 'x'",
        "CREATE FUNCTION pg_temp.same(text, text) RETURNS boolean LANGUAGE sql RETURN true;"
        " CREATE OPERATOR pg_temp.= (FUNCTION = pg_temp.same, LEFTARG = text, RIGHTARG = text)",
    ],
    ids=["function", "view", "operator"],
)
def test_temporary_objects_are_nobodys_concern(app: Connection, dba: Connection, planted: str) -> None:
    dba.execute("CREATE TABLE tickets (tenant_id uuid, body text); SELECT tenantry.protect('tickets')")
    dba.execute("GRANT SELECT ON tickets TO tenantry_app")
    app.execute(planted.encode())

    dba.execute("SET statement_timeout = '60s'")
    assert dba.execute("SELECT * FROM tenantry.doctor()").fetchall() == []


def test_no_remedy_gives_rights_to_planted_code(database: Database, app: Connection, dba: Connection) -> None:
    superuser = database.connect("postgres")
    dba.execute("CREATE TABLE tickets (tenant_id uuid, body text); SELECT tenantry.protect('tickets')")
    superuser.execute(
        "CREATE FUNCTION check_ticket() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
        "ALTER FUNCTION check_ticket() OWNER TO app;"
        "CREATE TRIGGER check_ticket BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION check_ticket();"
        "CREATE TABLE drafts (tenant_id uuid, body text); SELECT tenantry.protect('drafts');"
        "ALTER TABLE drafts OWNER TO app"
    )
    app.execute("SELECT lo_from_bytea(0, 'plans')")
    app.execute("ALTER FUNCTION public.check_ticket() SECURITY DEFINER SET search_path = pg_temp")
    app.execute(
        "CREATE FUNCTION pg_temp.me() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'"
    )

    found: dict[str, str] = dict(superuser.execute("SELECT code, remedy FROM tenantry.doctor()").fetchall())
    for code in ("TNT117", "TNT222", "TNT408", "TNT707"):
        superuser.execute(found[code])

    assert app.execute("SELECT pg_temp.me()").fetchone() == ("app",)
    owners = superuser.execute(
        "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'check_ticket'"
        " UNION ALL SELECT relowner::regrole::text FROM pg_class WHERE oid = 'drafts'::regclass"
    ).fetchall()
    assert owners == [("app",), ("app",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT lo_get(oid) FROM pg_largeobject_metadata")


def test_prepared_transactions_of_a_quoted_role(superuser: Connection) -> None:
    definition = superuser.execute(
        "SELECT prosrc FROM pg_proc WHERE oid = 'tenantry_private.check_prepared_transactions'::regproc"
    ).fetchone()
    assert definition is not None
    with superuser.transaction(force_rollback=True):
        superuser.execute('CREATE ROLE "Web-1" LOGIN IN ROLE tenantry_app')
        superuser.execute(
            "CREATE TEMP VIEW waiting AS SELECT 'mine' AS gid, 'Web-1'::name AS owner, now() AS prepared,"
            " current_database() AS database"
        )
        query = definition[0].replace("pg_prepared_xacts", "pg_temp.waiting")
        assert [row[0] for row in superuser.execute(query)] == ["TNT702"]


def test_a_setting_too_long_to_be_shown(app: Connection, dba: Connection) -> None:
    app.execute(sql.SQL("ALTER ROLE app SET role = {}").format("'" * 1_000_000))
    try:
        found = dba.execute("SELECT length(detail) FROM tenantry.doctor() WHERE code = 'TNT416'").fetchall()
    finally:
        app.execute("ALTER ROLE app RESET ALL")
    assert [length < 1000 for (length,) in found] == [True]


def test_many_large_objects(database: Database, app: Connection) -> None:
    """Each takes a lock, of which a transaction has some thousand."""
    app.execute("SELECT count(lo_creat(-1)) FROM generate_series(1, 1500)")
    superuser = database.connect("postgres")
    for _ in range(2):
        ((remedy,),) = superuser.execute("SELECT remedy FROM tenantry.doctor() WHERE code = 'TNT707'").fetchall()
        superuser.execute(remedy)
    assert superuser.execute("SELECT FROM tenantry.doctor() WHERE code = 'TNT707'").fetchall() == []
