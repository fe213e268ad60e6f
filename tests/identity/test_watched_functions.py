"""Sessions that have the server print its plans: the signing key must not be a constant in one.

PL/pgSQL plans a query with the current values of its variables, and any session may set debug_print_plan and have the
plans sent to itself.
"""

import os
import re

import psycopg
import pytest

from tests.identity.context import bodies
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

SIGNING_KEYS = "SELECT unnest(ARRAY[inner_block, outer_block]) FROM tenantry_private.signing_keys"


def watch(connection: Connection) -> list[bytes]:
    """Return the list to which the constants of every plan are added from now on."""
    constants: list[bytes] = []

    def collect(notice: psycopg.errors.Diagnostic) -> None:
        for numbers in re.findall(r":constvalue\s+\d+\s+\[([^]]*)\]", str(notice.message_detail)):
            constants.append(bytes(int(number) & 0xFF for number in numbers.split()))

    connection.add_notice_handler(collect)
    for setting in ("debug_print_plan = on", "debug_pretty_print = off", "client_min_messages = log"):
        connection.execute(f"SET {setting}")  # type: ignore[arg-type]
    return constants


def assert_no_secret(constants: list[bytes], superuser: Connection) -> None:
    assert any(b"is watched" in constant for constant in constants), "nothing was watched"
    secrets = [key for (key,) in superuser.execute(SIGNING_KEYS)]
    assert not [constant for constant in constants if any(secret in constant for secret in secrets)]


@pytest.mark.parametrize("mode", ["auto", "force_custom_plan"])
def test_plans(app: Connection, superuser: Connection, acme: Tenant, mode: str) -> None:
    constants = watch(app)
    app.execute(f"SET plan_cache_mode = {mode}")  # type: ignore[arg-type]
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
        app.execute("INSERT INTO documents (id, body) VALUES (2, 'is watched')")
    assert_no_secret(constants, superuser)


def test_plans_after_an_error(
    module_database: Database, superuser: Connection, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an error within an expression PL/pgSQL evaluates it as a query for the rest of the transaction."""
    monkeypatch.setenv("PGOPTIONS", os.fsdecode(b"-c tenantry.context=" + b"\xf0" * 70))
    with module_database.connect("app") as app:
        constants = watch(app)
        with as_tenant(app, acme):
            app.execute("SAVEPOINT before_the_error")
            app.execute("RESET tenantry.context")
            with pytest.raises(psycopg.Error):
                bodies(app)
            app.execute("ROLLBACK TO before_the_error")
            app.execute("INSERT INTO documents (id, body) VALUES (3, 'is watched')")
            assert bodies(app)
        assert_no_secret(constants, superuser)
