"""The many ways to write a policy that isolates nothing, and those that only look like one."""

import pytest

from tests.protection.workshop import Workshop
from tests.support.findings import findings

OWN = "tenant_id = (SELECT tenantry.current_tenant())"
SET = "nullif(current_setting('app.tenant', true), '')::uuid"

# What a policy of the table says → what is found of it, beside that the table is not protected.
CONDITIONS = {
    "USING (true)": {"TNT132"},
    "USING (1 = 1)": {"TNT132"},
    "USING ('a' = 'a')": {"TNT132"},
    "USING (tenantry.current_tenant() IS NOT NULL)": {"TNT132", "TNT146"},
    "USING ((SELECT tenantry.current_tenant()) IS NOT NULL)": {"TNT132"},
    "USING (EXISTS (SELECT FROM people WHERE name = 'boss'))": {"TNT132"},
    f"USING ({OWN} OR true)": {"TNT132"},
    f"USING (true OR {OWN})": {"TNT132"},
    "USING (is_public)": {"TNT133"},
    "USING (body = 'tenant_id')": {"TNT133"},
    "USING (tenant_id_of_old IS NULL)": {"TNT133"},
    f"USING ((SELECT tenantry.current_tenant()) IS NULL OR {OWN})": {"TNT134"},
    f"USING ({OWN} OR (SELECT tenantry.current_tenant()) IS NULL)": {"TNT134"},
    f"USING (is_public OR ({OWN} OR (SELECT tenantry.current_tenant()) IS NULL))": {"TNT134"},
    "USING (tenant_id = coalesce((SELECT tenantry.current_tenant()), tenant_id))": {"TNT134"},
    f"USING ((SELECT current_setting('app.tenant', true)) = '' OR tenant_id = (SELECT {SET}))": {"TNT134", "TNT135"},
    f"USING (tenant_id = (SELECT {SET}))": {"TNT135"},
    f"USING (tenant_id = {SET})": {"TNT135", "TNT146"},
    "USING (tenant_id = (SELECT tenant_of_session()))": {"TNT135"},
    "USING (tenant_id = tenant_of_session())": {"TNT135", "TNT146"},
    "USING (tenant_id::text = (SELECT current_setting('jwt')::json -> 'user_metadata' ->> 't'))": {"TNT135", "TNT136"},
    f"USING ({OWN}) WITH CHECK (true)": {"TNT137"},
    f"USING ({OWN}) WITH CHECK (body <> '')": {"TNT137"},
    "FOR INSERT WITH CHECK (true)": {"TNT132", "TNT137", "TNT143"},
    f"FOR UPDATE USING ({OWN}) WITH CHECK (body <> '')": {"TNT137", "TNT143"},
    "USING (tenant_id::text ~ (SELECT tenantry.current_tenant()::text))": {"TNT138"},
    "USING (tenant_id::text ILIKE (SELECT tenantry.current_tenant()::text))": {"TNT138"},
    "USING (tenant_id::text = SESSION_USER)": {"TNT139"},
    f"USING ({OWN} OR tenant_id = '00000000-0000-0000-0000-000000000001')": {"TNT141"},
    f"USING ({OWN} OR tenant_id IN ('00000000-0000-0000-0000-000000000001', gen_random_uuid()))": {"TNT147"},
    f"USING ({OWN} AND random() < 0.5)": {"TNT147"},
    # Right, as far as a policy goes.
    f"USING ({OWN})": set(),
    f"USING ({OWN} AND is_public)": set(),
    f"USING ({OWN} AND body LIKE 'a%')": {"TNT138"},
    f"USING ({OWN}) WITH CHECK ({OWN} AND body <> '')": set(),
    f"FOR SELECT USING ({OWN})": set(),
    f"FOR INSERT WITH CHECK ({OWN})": {"TNT143"},
    f"USING ({OWN} AND (body IS NULL OR is_public))": set(),
    f"USING ({OWN} AND (body = '' OR is_public))": set(),
    "USING (false)": set(),
    "TO tenantry_admin USING (true)": {"TNT143"},
    f"AS RESTRICTIVE USING ({OWN})": {"TNT143"},
}
ALWAYS = {"TNT101"}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_policy(workshop: Workshop, condition: str) -> None:
    workshop.execute(
        "CREATE TABLE people (name text);"
        "CREATE FUNCTION tenant_of_session() RETURNS uuid LANGUAGE sql STABLE"
        " AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;"
        "CREATE TABLE t (tenant_id uuid, is_public boolean, body text, tenant_id_of_old int);"
        "GRANT SELECT, INSERT, UPDATE ON t TO app;"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )
    workshop.execute(f"CREATE POLICY p ON t {condition}")
    found = workshop.execute("SELECT code FROM tenantry.doctor() WHERE object IN ('public.t', 'p on public.t')")
    assert {code for (code,) in found} - ALWAYS == CONDITIONS[condition]

    workshop.execute("SELECT tenantry.protect('t')")
    assert {code for code, *_ in findings(workshop.connection)} <= {"TNT145", "TNT146", "TNT147"}, (
        "on a protected table it opens nothing"
    )


def test_restrictive_policies_hold_for_permissive_ones(workshop: Workshop) -> None:
    workshop.execute(
        "CREATE TABLE t (tenant_id uuid); GRANT SELECT ON t TO app;"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY r ON t AS RESTRICTIVE USING ({OWN}); CREATE POLICY p ON t USING (true)"
    )
    assert [code for code, *_ in findings(workshop.connection)] == ["TNT101"]
