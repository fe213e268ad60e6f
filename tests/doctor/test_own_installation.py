"""What tenantry makes itself gives the doctor nothing to find, however much of it is in use."""

from tests.support.database import Connection
from tests.support.findings import findings

# What a DBA does with tenantry, one after the other.
STEPS = (
    "SELECT tenantry.create_ai_schema('public', 3)",
    "CREATE TABLE notes (id uuid DEFAULT gen_random_uuid(), body text, level text, readers text[], owned_by text,"
    " tenant_id uuid, PRIMARY KEY (tenant_id, id)); SELECT tenantry.protect('notes', p_permission_column => 'level')",
    "CREATE TABLE events (tenant_id uuid, at timestamptz, body text) PARTITION BY RANGE (at);"
    " CREATE TABLE events_now PARTITION OF events DEFAULT; SELECT tenantry.protect('events')",
    "CREATE TABLE templates (tenant_id uuid, body text); SELECT tenantry.protect('templates', p_shared => true)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON notes, events, templates TO tenantry_app",
    "SELECT tenantry.restrict_to_readers('notes', 'readers', 'owned_by')",
    "SELECT tenantry.enable_document_access()",
    "SELECT tenantry.meter_storage('notes'), tenantry.meter_storage('events'), tenantry.meter_storage('chunks')",
    "SELECT tenantry.meter_tokens('prompts', 'usage_tokens')",
    "CREATE VIEW titles WITH (security_invoker = true, security_barrier = true) AS SELECT body FROM notes;"
    " GRANT SELECT ON titles TO tenantry_app",
    "BEGIN; SELECT tenantry.enter_shared(); SELECT tenantry.create_collection('ours'); COMMIT",
    "SELECT tenantry.manage_schema('public'); SELECT tenantry.set_guard('enforce')",
    "BEGIN; CREATE TABLE later (tenant_id uuid, body text); SELECT tenantry.protect('later'); COMMIT",
    "SELECT tenantry.set_role_clearance('intern', 'PUBLIC')",
)


def test_nothing_is_found(dba: Connection) -> None:
    assert findings(dba) == []
    for step in STEPS:
        dba.execute(step.encode())
        assert findings(dba) == [], step
