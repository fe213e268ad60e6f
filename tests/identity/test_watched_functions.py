"""Sessions that have the server print its plans: no constant in one is the signing key, or the secret of an issuer.

PL/pgSQL plans a query with the current values of its variables, and any session may set debug_print_plan and have the
plans sent to itself.
"""

import contextlib
import os
import re

import psycopg
import pytest

from tests.identity import tokens
from tests.identity.context import bodies
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

SECRETS = """
SELECT unnest(ARRAY[inner_block, outer_block]) FROM tenantry_private.signing_keys
UNION ALL
SELECT unnest(ARRAY[inner_block, outer_block]) FROM tenantry_private.jwt_keys WHERE inner_block IS NOT NULL
"""


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
    secrets = [key for (key,) in superuser.execute(SECRETS)]
    assert not [constant for constant in constants if any(secret in constant for secret in secrets)]


@pytest.mark.parametrize("mode", ["auto", "force_custom_plan"])
def test_plans(app: Connection, superuser: Connection, acme: Tenant, mode: str) -> None:
    constants = watch(app)
    app.execute(f"SET plan_cache_mode = {mode}")  # type: ignore[arg-type]
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
        app.execute("INSERT INTO documents (id, body) VALUES (2, 'is watched')")
    assert_no_secret(constants, superuser)


@pytest.mark.parametrize("mode", ["auto", "force_custom_plan"])
@pytest.mark.parametrize("algorithm", tokens.SECRETS)
def test_plans_of_tokens(
    app: Connection, dba: Connection, superuser: Connection, acme: Tenant, algorithm: str, mode: str
) -> None:
    """Good ones, bad ones, and good ones after bad ones in the same transaction."""
    add = "SELECT tenantry.add_jwt_secret('issuer', %s, %s, %s)"
    dba.execute(add, [tokens.SECRETS[algorithm], algorithm, algorithm])
    good = tokens.token(tokens.claims(acme.tenant_id, iss="issuer", aud=...), algorithm)
    constants = watch(app)
    app.execute(f"SET plan_cache_mode = {mode}")  # type: ignore[arg-type]
    with app.transaction():
        for credential in (good, good[:-1], "a.b.c", good[:-2] + "AA", good):
            with contextlib.suppress(psycopg.errors.InvalidAuthorizationSpecification), app.transaction():
                app.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
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
