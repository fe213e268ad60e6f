-- What is exempt, and why. Reads with its owner's rights, for tenantry_private is closed.
CREATE OR REPLACE VIEW tenantry.exemptions AS
SELECT
    CASE
        WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN 'view'
        WHEN c.relkind OPERATOR(pg_catalog.=) 'm' THEN 'materialized view'
        WHEN c.relkind OPERATOR(pg_catalog.=) 'f' THEN 'foreign table'
        ELSE 'table'
    END AS kind,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS object_name,
    e.reason,
    e.exempted_by,
    e.exempted_at
FROM tenantry_private.exempt_relations AS e
INNER JOIN pg_catalog.pg_class AS c ON e.relation OPERATOR(pg_catalog.=) c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
UNION ALL
SELECT
    'routine' AS kind,
    e.signature AS object_name,
    e.reason,
    e.exempted_by,
    e.exempted_at
FROM tenantry_private.exempt_routines AS e;

COMMENT ON VIEW tenantry.exemptions IS 'what needs no protection, and why';
REVOKE ALL ON TABLE tenantry.exemptions FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.exemptions TO tenantry_admin, tenantry_auditor;
