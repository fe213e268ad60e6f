-- Choose how to search, plan it for some tenants and run it; returns the cursor in which the hits are parked, NULL when the
-- corpus has changed since it was registered. search() has checked the arguments.
-- Runs as the caller. The tenants are literals so that their statistics and partitions decide the plan; the table's
-- policies go on verifying the context, so whoever calls it with another tenant's id gets no rows. More than one are for
-- shared corpora: the current tenant, its collections, and what is shared with it.
-- Only a superuser may create a function in an untrusted language, hence the installer's role around it.
SELECT pg_catalog.set_config('role', pg_catalog.current_setting('tenantry.installer_role'), true);

CREATE OR REPLACE FUNCTION tenantry.run_search(
    p_query refcursor, p_k int, p_filter jsonb, p_max_distance float8, p_tenants uuid[], p_corpus regclass, p_tenant_column name,
    p_id name, p_embedding name, p_content name, p_metadata name, p_metric text
)
RETURNS refcursor
LANGUAGE plpython3u
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
# Metric → distance function, and the score that grows with similarity.
METRICS = {
    "cosine": ("tenantry.cosine_distance", "1 - h.distance"),
    "inner_product": ("tenantry.inner_product_distance", "- h.distance"),
    "l2": ("tenantry.l2_distance", "1 / (1 + h.distance)"),
}
PLANS_KEPT = 64  # a session; one takes some 70 kB
quote = plpy.quote_ident


def exact_scan():
    """Select the tenants' k nearest rows by looking at each of them."""
    distance, _ = METRICS[p_metric]
    metadata = "NULL::jsonb" if p_metadata is None else f"c.{quote(p_metadata)}"
    condition = "" if p_filter is None else f"AND {metadata} @> $4"
    tenant = f"c.{quote(p_tenant_column)}"
    tenants = ", ".join(map(plpy.quote_literal, p_tenants))
    # "+ 0" hides the order from ANN indexes, which PostgreSQL 16 would read: they return fewer rows than the tenant has.
    return f"""
        SELECT
            c.{quote(p_id)} AS id, c.{quote(p_content)} AS content, {metadata} AS metadata,
            {distance}(c.{quote(p_embedding)}, (SELECT tenantry.parked_query($1))) + 0 AS distance
            {f", {tenant} AS tenant" if len(p_tenants) > 1 else ""}
        FROM {p_corpus} AS c
        WHERE {tenant} IN ({tenants}) {condition}
        ORDER BY distance, id
        LIMIT $2
    """


def prepare(candidates):
    """Plan a search for the nearest of some candidates; one whose distance is NULL or NaN is none."""
    _, score = METRICS[p_metric]
    statement = f"""
        SELECT tenantry.park_hits(
            array_agg(h.id::text), array_agg(h.content::text), array_agg(h.distance), array_agg({score}),
            array_agg(h.metadata), {"array_agg(h.tenant)" if len(p_tenants) > 1 else "NULL"}
        ) AS hits
        FROM ({candidates}) AS h
        WHERE h.distance <= $3
    """
    return plpy.prepare(statement, ["refcursor", "int4", "float8", "jsonb"])


# Every argument that shapes the statement is part of the key: nobody can leave a plan there for somebody else to run.
key = (*p_tenants, p_corpus, p_tenant_column, p_id, p_embedding, p_content, p_metadata, p_metric, p_filter is None)
plan = SD.pop(key, None)
if plan is None:
    table = f"pg_class WHERE oid = {plpy.quote_literal(p_corpus)}::regclass"
    if not plpy.execute(f"SELECT FROM {table} AND relrowsecurity"):
        return None
    try:
        plan = prepare(exact_scan())
    except (plpy.spiexceptions.UndefinedColumn, plpy.spiexceptions.UndefinedFunction):
        return None
SD[key] = plan  # the one used last stands last
if len(SD) > PLANS_KEPT:
    del SD[next(iter(SD))]
return plan.execute([p_query, p_k, p_max_distance, p_filter])[0]["hits"]
$$;

ALTER FUNCTION tenantry.run_search(refcursor, int, jsonb, float8, uuid[], regclass, name, name, name, name, name, text)
OWNER TO tenantry_owner;
SET LOCAL ROLE tenantry_owner;

COMMENT ON FUNCTION tenantry.run_search(refcursor, int, jsonb, float8, uuid[], regclass, name, name, name, name, name, text)
IS 'plan a search and run it, for search()';
REVOKE ALL ON FUNCTION tenantry.run_search(refcursor, int, jsonb, float8, uuid[], regclass, name, name, name, name, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.run_search(refcursor, int, jsonb, float8, uuid[], regclass, name, name, name, name, name, text)
TO tenantry_admin, tenantry_app, tenantry_gateway;
