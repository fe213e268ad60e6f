"""What is withdrawn stays withdrawn, also for a transaction whose snapshot is older."""

import itertools

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

WITHDRAWALS = {
    "revoked key": "SELECT tenantry.revoke_api_key('{0.key_id}')",
    "rotated key": "SELECT tenantry.rotate_api_key('{0.key_id}', '0')",
    "suspended tenant": "SELECT tenantry.suspend_tenant('{0.tenant_id}')",
    "erased tenant": "SELECT tenantry.erase_scratch_tenant('{0.tenant_id}')",
    "lowered clearance": "SELECT tenantry.set_role_clearance('member', 'PUBLIC')",
    "mode": "SELECT tenantry.set_context_mode('sealed')",
}


_numbers = itertools.count()


@pytest.fixture
def tenant(dba: Connection) -> Tenant:
    """A tenant of the test's own, since what is withdrawn is lost."""
    return create_tenant(dba, f"scratch-{next(_numbers)}")


def authenticate(connection: Connection, tenant: Tenant) -> object:
    row = connection.execute("SELECT tenant_id FROM tenantry.authenticate(%s)", [tenant.api_key]).fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE", "REPEATABLE READ READ ONLY"])
@pytest.mark.parametrize("withdrawal", WITHDRAWALS.values(), ids=WITHDRAWALS)
def test_stale_snapshot_opens_no_context(
    app: Connection, dba: Connection, tenant: Tenant, withdrawal: str, isolation: str
) -> None:
    with app.transaction():
        app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        assert authenticate(app, tenant) == tenant.tenant_id
    with app.transaction(force_rollback=True):
        app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        app.execute("SELECT count(*) FROM tenantry.tenants")
        dba.execute(withdrawal.format(tenant).encode())
        with pytest.raises(psycopg.errors.SerializationFailure), app.transaction():
            authenticate(app, tenant)


def test_snapshot_handed_on_is_stale_too(
    app: Connection, module_database: Database, dba: Connection, tenant: Tenant
) -> None:
    heir = module_database.connect("app")
    with app.transaction(), heir.transaction():
        app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        ((snapshot,),) = app.execute("SELECT pg_export_snapshot()").fetchall()
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [tenant.key_id])
        heir.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        heir.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        with pytest.raises(psycopg.errors.SerializationFailure), heir.transaction():
            authenticate(heir, tenant)


def test_others_go_on(app: Connection, dba: Connection, tenant: Tenant) -> None:
    bystander = create_tenant(dba, f"bystander-{next(_numbers)}")
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [tenant.key_id])
    for isolation in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        with app.transaction():
            app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
            app.execute("SELECT count(*) FROM tenantry.tenants")
            assert authenticate(app, bystander) == bystander.tenant_id


def test_withdrawal_rolled_back_leaves_nothing(app: Connection, dba: Connection, tenant: Tenant) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [tenant.key_id])
    with app.transaction():
        app.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        assert authenticate(app, tenant) == tenant.tenant_id


def test_key_replaced_twice_lives_as_long_as_the_first(dba: Connection, tenant: Tenant) -> None:
    """A repeated rotation, after the answer to the first was lost, must not make a key that ends with the overlap."""
    for _ in range(2):
        dba.execute("SELECT FROM tenantry.rotate_api_key(%s, '1 hour')", [tenant.key_id])
    keys = dba.execute(
        "SELECT key_id = %s, expires_at IS NULL FROM tenantry.api_keys WHERE tenant_id = %s ORDER BY 1",
        [tenant.key_id, tenant.tenant_id],
    ).fetchall()
    assert keys == [(False, True), (False, True), (True, False)]


def test_other_tenants_cannot_be_listed_by_their_slugs(app: Connection, dba: Connection, tenant: Tenant) -> None:
    """The index of the slugs waits for the policy: no plan counts who is there, nor the pages that it read."""
    plans = []
    for slug in ("fills-the-caches", tenant.slug, "nobody"):
        with app.transaction():
            app.execute("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF)"
            plan = app.execute(f"{explain} SELECT FROM tenantry.tenants WHERE slug = '{slug}'".encode())
            plans.append("\n".join(line for (line,) in plan).replace(slug, "?"))
    assert plans[1] == plans[2]
    assert dba.execute("SELECT count(*) FROM tenantry.tenants WHERE slug = %s", [tenant.slug]).fetchone() == (1,)
