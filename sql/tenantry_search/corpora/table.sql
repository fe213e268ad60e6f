-- Which tables search() may be asked to search, and by which columns. Columns are kept by name: a dump restores names,
-- not attribute numbers. Being listed grants nothing; whoever searches needs SELECT on the table.
CREATE TABLE tenantry.corpora (
    table_name regclass NOT NULL,
    tenant_column name NOT NULL,
    id_column name NOT NULL,
    embedding_column name NOT NULL,
    dimensions int NOT NULL,
    content_column name NOT NULL,
    metadata_column name,
    metric text NOT NULL,
    is_shared boolean NOT NULL,
    CONSTRAINT corpora_table_name_pkey PRIMARY KEY (table_name),
    CONSTRAINT corpora_metric_check CHECK (metric OPERATOR(pg_catalog.=) ANY(ARRAY['cosine', 'inner_product', 'l2']))
);

COMMENT ON TABLE tenantry.corpora IS 'tables that search() searches, and by which columns';
REVOKE ALL ON TABLE tenantry.corpora FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.corpora TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
SELECT pg_catalog.pg_extension_config_dump('tenantry.corpora', '');
