"""The keys that sign contexts, and their rotation while transactions are under way."""

import hashlib
import hmac

import psycopg
import pytest

from tests.identity.context import INVALID, bodies, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant


def signing_key(connection: Connection) -> str:
    return token(connection).split("|")[1]


def test_rotation_without_downtime(app: Connection, dba: Connection, module_database: Database, acme: Tenant) -> None:
    with as_tenant(app, acme):
        before = signing_key(app)
        dba.execute("SELECT tenantry.rotate_context_key()")
        assert bodies(app) == [acme.slug], "a transaction under way outlives one rotation"
        with module_database.connect("app") as other, as_tenant(other, acme):
            assert signing_key(other) != before, "new contexts are signed with the new key"
            assert bodies(other) == [acme.slug]
        dba.execute("SELECT tenantry.rotate_context_key()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID), app.transaction():
            bodies(app)
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        assert bodies(app) == [acme.slug]


def test_rotation_of_many(dba: Connection, module_database: Database, acme: Tenant) -> None:
    sessions = [module_database.connect("app") for _ in range(20)]
    for app in sessions:
        app.execute("BEGIN")
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
    dba.execute("SELECT tenantry.rotate_context_key()")
    for app in sessions:
        assert bodies(app) == [acme.slug]
        app.close()


def test_two_rotations_at_once(app: Connection, dba: Connection, module_database: Database, acme: Tenant) -> None:
    """One waits for the other, and requests for neither."""
    app.execute("SET lock_timeout = '50ms'")
    with module_database.connect("dba") as other, dba.transaction():
        dba.execute("SELECT tenantry.rotate_context_key()")
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT tenantry.rotate_context_key()")
        with as_tenant(app, acme):
            assert bodies(app) == [acme.slug]


def test_two_keys_are_kept(dba: Connection, superuser: Connection) -> None:
    for _ in range(3):
        dba.execute("SELECT tenantry.rotate_context_key()")
    keys = superuser.execute(
        "SELECT count(*), count(DISTINCT inner_block), count(DISTINCT outer_block) FROM tenantry_private.signing_keys"
    )
    assert keys.fetchone() == (2, 2, 2)


def test_context_is_hmac_sha_256(app: Connection, superuser: Connection, acme: Tenant) -> None:
    """As RFC 2104 has it: what any other implementation makes of the same key and message."""
    with as_tenant(app, acme):
        body, mac = token(app)[:-64], token(app)[-64:]
        transaction = app.execute("SELECT int4send(pg_backend_pid()) || timestamptz_send(now())").fetchone()
        blocks = superuser.execute(
            "SELECT inner_block, outer_block FROM tenantry_private.signing_keys WHERE signing_key_id = %s",
            [signing_key(app)],
        ).fetchone()
    assert blocks is not None
    assert transaction is not None
    key = bytes(byte ^ 0x36 for byte in blocks[0])
    assert key == bytes(byte ^ 0x5C for byte in blocks[1])
    assert len(set(key)) > 40, "a random key hardly repeats a byte"
    assert hmac.new(key, transaction[0] + body.encode(), hashlib.sha256).hexdigest() == mac
