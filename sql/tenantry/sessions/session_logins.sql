-- Which logins may open contexts for their session.
CREATE OR REPLACE VIEW tenantry.session_logins AS
SELECT
    l.login_role,
    l.lifetime,
    l.allowed_at
FROM tenantry_private.session_logins AS l;

COMMENT ON VIEW tenantry.session_logins IS 'logins that may open contexts for their session';
REVOKE ALL ON TABLE tenantry.session_logins FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.session_logins TO tenantry_admin, tenantry_auditor;
