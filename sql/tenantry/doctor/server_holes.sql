-- Holes of PostgreSQL that reach across tenants, and the first release of each major version without it, after the release notes
-- up to those of 2026-11-12. A major version that is not named never had the hole.
CREATE OR REPLACE FUNCTION tenantry_private.server_holes()
RETURNS TABLE (cve text, concerns_policies boolean, hole text, fixed_in int[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.cve, h.concerns_policies, h.hole, r.versions
    FROM (
        VALUES
        ('CVE-2023-2455', true, '2023-05-11', 'policies of the wrong role applied after a function was inlined'),
        ('CVE-2023-39418', true, '2023-08-10', 'MERGE did not enforce policies on rows that it updates'),
        ('CVE-2024-4317', true, '2024-05-09', 'pg_stats_ext showed values of columns that its reader may not read'),
        ('CVE-2024-10976', true, '2024-11-14', 'a plan made for one role was used for another'),
        ('CVE-2025-8713', true, '2025-08-14', 'statistics of the planner showed values that policies hide'),
        ('CVE-2026-14666', true, '2026-08-13', 'cached plans outlived a change of the role that they were made for'),
        ('CVE-2026-16237', true, '2026-11-12', 'ON CONFLICT DO UPDATE on a view changed rows that the view hides'),
        ('CVE-2026-116311', true, '2026-11-12', 'DROP OWNED took a role out of restrictive policies of others'' tables'),
        ('CVE-2026-116327', true, '2026-11-12', 'leaky functions were taken for leakproof, and ran before the policy'),
        ('CVE-2026-120154', true, '2026-11-12', 'conditions of ON CONFLICT saw rows before the policy had'),
        ('CVE-2023-2454', false, '2023-05-11', 'CREATE SCHEMA defeated a pinned search_path'),
        ('CVE-2023-5868', false, '2023-11-09', 'aggregates disclosed memory of the server'),
        ('CVE-2023-5869', false, '2023-11-09', 'arrays overwrote memory of the server'),
        ('CVE-2024-0985', false, '2024-02-08', 'code ran as who refreshes a materialized view'),
        ('CVE-2024-7348', false, '2024-08-08', 'code ran as who dumps the database'),
        ('CVE-2024-10978', false, '2024-11-14', 'SET ROLE was reset to the wrong role'),
        ('CVE-2024-10979', false, '2024-11-14', 'PL/Perl changed the environment of the server'),
        ('CVE-2026-2003', false, '2026-02-12', 'oidvector disclosed memory of the server'),
        ('CVE-2026-2004', false, '2026-02-12', 'selectivity estimators ran code as the server''s system user'),
        ('CVE-2026-2006', false, '2026-02-12', 'multibyte characters ran code as the server''s system user'),
        ('CVE-2026-6473', false, '2026-05-14', 'sizes that overflow overwrote memory of the server'),
        ('CVE-2026-6474', false, '2026-05-14', 'names of time zones disclosed memory of the server'),
        ('CVE-2026-6471', false, '2026-08-13', 'logical decoding loaded any library'),
        ('CVE-2026-14664', false, '2026-08-13', 'regular expressions overwrote memory of the server'),
        ('CVE-2026-14669', false, '2026-08-13', 'to_char ran code as the server''s system user'),
        ('CVE-2026-14680', false, '2026-08-13', 'SQL called functions of type internal'),
        ('CVE-2026-16239', false, '2026-08-13', 'EXECUTE and FETCH ran code as the server''s system user'),
        ('CVE-2026-18024', false, '2026-08-13', 'ascii() disclosed memory of the server'),
        ('CVE-2026-6460', false, '2026-11-12', 'altered composite types disclosed and overwrote memory of the server'),
        ('CVE-2026-6467', false, '2026-11-12', 'objects of an extension were replaced while it was installed'),
        ('CVE-2026-14661', false, '2026-11-12', 'dblink and subscriptions took options of connections unchecked'),
        ('CVE-2026-116303', false, '2026-11-12', 'EXECUTE of casts was not asked for'),
        ('CVE-2026-116316', false, '2026-11-12', 'temporary types shadowed others in operations of owners'),
        ('CVE-2026-116321', false, '2026-11-12', 'elements of names disclosed memory of the server'),
        ('CVE-2026-120141', false, '2026-11-12', 'functions that return records confused types')
    ) AS h (cve, concerns_policies, released_on, hole)
    INNER JOIN (
        VALUES
        ('2023-05-11', ARRAY[150003]),
        ('2023-08-10', ARRAY[150004]),
        ('2023-11-09', ARRAY[150005, 160001]),
        ('2024-02-08', ARRAY[150006, 160002]),
        ('2024-05-09', ARRAY[150007, 160003]),
        ('2024-08-08', ARRAY[150008, 160004]),
        ('2024-11-14', ARRAY[150009, 160005, 170001]),
        ('2025-08-14', ARRAY[150014, 160010, 170006]),
        ('2026-02-12', ARRAY[150016, 160012, 170008, 180002]),
        ('2026-05-14', ARRAY[150018, 160014, 170010, 180004]),
        ('2026-08-13', ARRAY[150019, 160015, 170011, 180006]),
        ('2026-11-12', ARRAY[150020, 160016, 170012, 180007])
    ) AS r (released_on, versions) ON h.released_on = r.released_on;
$$;

COMMENT ON FUNCTION tenantry_private.server_holes() IS 'holes of PostgreSQL that reach across tenants, and the releases that close them';
REVOKE ALL ON FUNCTION tenantry_private.server_holes() FROM PUBLIC;
