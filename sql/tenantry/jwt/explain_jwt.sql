-- Why a token is refused; NULL when it is not. For admins alone, who find out why nobody can sign in: to who shows the
-- token it would tell what to try next.
CREATE OR REPLACE FUNCTION tenantry.explain_jwt(p_token text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (tenantry_private.check_jwt(p_token)).refusal;
END
$$;

COMMENT ON FUNCTION tenantry.explain_jwt(text) IS 'why a JSON Web Token is refused, NULL for a good one';
REVOKE ALL ON FUNCTION tenantry.explain_jwt(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.explain_jwt(text) TO tenantry_admin;
