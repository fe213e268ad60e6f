"""Nothing that the owner of a table wrote runs as tenantry_owner, which holds all keys.

A tenantry_admin may attach the triggers of metering and auditing to a table of its own, by hand and with any arguments.
"""

from contextlib import suppress

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant


@pytest.fixture(scope="module")
def traps(dba: Connection) -> str:
    """A table with columns of a type whose casts record who runs them."""
    dba.execute(
        """
        CREATE TABLE seen (who name);
        GRANT INSERT ON seen TO PUBLIC;
        CREATE TYPE trap AS (content text);
        CREATE FUNCTION spring(trap) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.seen VALUES (current_user);
            RETURN $1.content;
        END
        $$;
        CREATE FUNCTION spring_uuid(trap) RETURNS uuid LANGUAGE sql AS 'SELECT public.spring($1)::uuid';
        CREATE FUNCTION spring_bigint(trap) RETURNS bigint LANGUAGE sql AS 'SELECT public.spring($1)::bigint';
        CREATE TYPE lure AS ENUM ('x');
        CREATE FUNCTION spring_json(lure) RETURNS json LANGUAGE sql
        AS 'SELECT to_json(public.spring(ROW($1::text)::public.trap))';
        CREATE CAST (trap AS text) WITH FUNCTION spring(trap) AS IMPLICIT;
        CREATE CAST (trap AS uuid) WITH FUNCTION spring_uuid(trap) AS IMPLICIT;
        CREATE CAST (trap AS bigint) WITH FUNCTION spring_bigint(trap) AS IMPLICIT;
        CREATE CAST (lure AS json) WITH FUNCTION spring_json(lure);
        CREATE TABLE traps (tenant_id uuid, tokens int, any_tenant trap, any_tokens trap, lure lure DEFAULT 'x');
        SELECT ROW('1')::trap::text, ROW('1')::trap::bigint, to_json('x'::lure);
        """
    )
    assert sprung(dba) == ["dba"] * 3
    return "traps"


def sprung(dba: Connection) -> list[str]:
    """Who has run code of the table's owner since the last time."""
    return [who for (who,) in dba.execute("DELETE FROM seen RETURNING who")]


def write(dba: Connection, tenant: Tenant, trigger: str) -> None:
    """Insert, update and delete a row of the table while it has a trigger, whether or not a statement fails."""
    dba.execute(f"CREATE TRIGGER attack {trigger}".encode())
    row = {"tenant": tenant.tenant_id}
    for statement in (
        "INSERT INTO traps VALUES (%(tenant)s, 1, ROW(%(tenant)s), ROW('7'))",
        "UPDATE traps SET tokens = 2, any_tokens = ROW('9')",
        "DELETE FROM traps",
    ):
        with suppress(psycopg.Error):
            dba.execute(statement, row)
    dba.execute("DROP TRIGGER attack ON traps; TRUNCATE traps")


INSERTED = "AFTER INSERT ON traps REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION tenantry"
UPDATED = "AFTER UPDATE ON traps REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows EXECUTE FUNCTION tenantry"
HALF_UPDATED = "AFTER UPDATE ON traps REFERENCING {} TABLE AS {}_rows EXECUTE FUNCTION tenantry"
DELETED = "AFTER DELETE ON traps REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tenantry"
RAISED = "AFTER UPDATE ON traps FOR EACH ROW EXECUTE FUNCTION tenantry"


@pytest.mark.parametrize(
    "trigger",
    [
        f"{INSERTED}.meter_inserted_tokens('any_tenant', 'tokens', '')",
        f"{INSERTED}.meter_inserted_tokens('tenant_id', 'any_tokens', '')",
        f"{INSERTED}.meter_inserted_tokens('tenant_id', 'tokens', 'any_tokens')",
        f"{INSERTED}.meter_inserted_tokens('tenant_id', 'tokens', 'to_json')",
        f"{INSERTED}.meter_stored_rows('any_tenant')",
        f"{UPDATED}.meter_stored_rows('any_tenant')",
        f"{DELETED}.meter_stored_rows('any_tenant')",
        f"{RAISED}.meter_raised_tokens('any_tenant', 'tokens', '')",
        f"{RAISED}.meter_raised_tokens('tenant_id', 'any_tokens', '')",
        f"{RAISED}.meter_raised_tokens('tenant_id', 'tokens', 'any_tokens')",
        f"{RAISED}.meter_raised_tokens('tenant_id', 'tokens', 'to_json')",
    ],
)
def test_casts_are_not_run(dba: Connection, acme: Tenant, traps: str, trigger: str) -> None:
    """Nor what has the name of a column where there is none: row.to_json calls to_json(row), which calls casts."""
    write(dba, acme, trigger)
    assert sprung(dba) == []


@pytest.mark.parametrize(
    "trigger",
    [
        "AFTER INSERT ON traps EXECUTE FUNCTION tenantry.meter_inserted_tokens('tenant_id', 'tokens', '')",
        "AFTER INSERT ON traps EXECUTE FUNCTION tenantry.meter_stored_rows('tenant_id')",
        f"{HALF_UPDATED.format('NEW', 'new')}.meter_stored_rows('tenant_id')",
        f"{HALF_UPDATED.format('OLD', 'old')}.meter_stored_rows('tenant_id')",
        "AFTER DELETE ON traps EXECUTE FUNCTION tenantry.meter_stored_rows('tenant_id')",
        "AFTER INSERT ON traps FOR EACH ROW EXECUTE FUNCTION tenantry.audit_changes()",
        "AFTER INSERT ON traps EXECUTE FUNCTION tenantry.audit_changes()",
        f"{HALF_UPDATED.format('NEW', 'new')}.audit_changes('tenant_id', 'tokens')",
        "AFTER DELETE ON traps EXECUTE FUNCTION tenantry.audit_changes()",
    ],
)
def test_temporary_views_do_not_stand_for_the_rows(dba: Connection, acme: Tenant, traps: str, trigger: str) -> None:
    """Without transition tables, their names would be looked up like any other, and pg_temp is always searched."""
    for name in ("new_rows", "old_rows"):
        dba.execute(
            f"CREATE TEMPORARY VIEW {name} AS SELECT '{acme.tenant_id}'::uuid AS tenant_id,"
            " length(spring(ROW('x')::trap)) AS tokens, NULL AS any_tokens".encode()
        )
        dba.execute(f"GRANT SELECT ON {name} TO PUBLIC".encode())
    write(dba, acme, trigger)
    dba.execute("DROP VIEW new_rows, old_rows")
    assert sprung(dba) == []


@pytest.mark.parametrize(
    "attach",
    [
        "SELECT tenantry.set_audit('traps', true)",
        f"CREATE TRIGGER attack {INSERTED}.meter_stored_rows('tenant_id');"
        f"CREATE TRIGGER attack_too {UPDATED}.meter_stored_rows('tenant_id')",
    ],
)
def test_a_temporary_table_of_that_name_is_no_hindrance(dba: Connection, acme: Tenant, traps: str, attach: str) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("CREATE TEMPORARY TABLE new_rows (tenant_id uuid)")
        dba.execute("CREATE TEMPORARY TABLE old_rows (tenant_id uuid)")
        dba.execute(attach.encode())
        assert dba.execute("INSERT INTO traps VALUES (%s, 1)", [acme.tenant_id]).rowcount == 1
        assert dba.execute("UPDATE traps SET tokens = 2").rowcount == 1


def test_triggers_run_as_whoever_drops_a_collection(
    superuser: Connection, dba: Connection, acme: Tenant, traps: str
) -> None:
    """Before PostgreSQL 18 as whoever deletes, from then on as the owner of the table."""
    superuser.execute(
        "INSERT INTO tenantry.tenants (slug, name, status, owner_tenant_id) VALUES ('shelf', 'shelf', 'container', %s)",
        [acme.tenant_id],
    )
    dba.execute(
        """
        CREATE TABLE shelved (tenant_id uuid, id int);
        SELECT tenantry.protect('shelved');
        CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.seen VALUES (current_user);
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER look AFTER DELETE ON shelved FOR EACH STATEMENT EXECUTE FUNCTION look();
        """
    )
    dba.execute("SELECT tenantry.drop_collection(%s, 'shelf')", [acme.tenant_id])
    assert sprung(dba) == ["dba"]


@pytest.mark.parametrize("unfit", ["any_tokens", "tenant_id", "exact"])
def test_tokens_are_whole_numbers(dba: Connection, traps: str, unfit: str) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("CREATE TABLE asked_too (tenant_id uuid, any_tokens trap, exact numeric, tokens smallint)")
        dba.execute("SELECT tenantry.protect('asked_too'), tenantry.meter_tokens('asked_too', 'tokens')")
        with pytest.raises(psycopg.errors.DatatypeMismatch):
            dba.execute("SELECT tenantry.meter_tokens('asked_too', %s)", [unfit])
