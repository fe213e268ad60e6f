-- What doctor() may find: one row a code, with its page in the documentation. error: rows leak now. warning: they leak to a
-- plausible attacker, or something tells of them. note: worth knowing.
CREATE OR REPLACE VIEW tenantry.doctor_codes WITH (security_invoker = true) AS
SELECT
    c.code,
    c.severity,
    c.title,
    pg_catalog.format('docs/findings/%s.md', c.code) AS page
FROM (
    VALUES
    ('TNT101', 'error', 'A table of tenants that the application reaches is not protected'),
    ('TNT102', 'warning', 'A table of tenants is not protected'),
    ('TNT201', 'error', 'A view reads protected tables with its owner''s rights')
) AS c (code, severity, title);

COMMENT ON VIEW tenantry.doctor_codes IS 'what the doctor may find';
REVOKE ALL ON TABLE tenantry.doctor_codes FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.doctor_codes TO tenantry_admin, tenantry_auditor;
