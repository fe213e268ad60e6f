-- Which corpora are registered is administration, and recorded like it.
SELECT tenantry.set_audit(
    'tenantry.corpora', true, '',
    'table_name', 'tenant_column', 'id_column', 'embedding_column', 'content_column', 'metadata_column', 'metric'
);
