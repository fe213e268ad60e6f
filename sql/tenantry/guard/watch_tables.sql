-- What the guard remembers: each relation that it watches, its partitioned table (itself, where it is no partition), and
-- whether it was whole when last seen. What was not is let be until it is whole once: it was there before the guard, or it is
-- being restored from a dump piece by piece. Relations keep their numbers in pg_upgrade; a dump leaves this table out, since
-- what it restores is seen anew.
CREATE TABLE tenantry_private.guarded_relations (
    relation oid NOT NULL,
    root oid NOT NULL,
    is_whole boolean NOT NULL,
    CONSTRAINT guarded_relations_relation_pkey PRIMARY KEY (relation)
);
CREATE INDEX guarded_relations_root_idx ON tenantry_private.guarded_relations (root);

COMMENT ON TABLE tenantry_private.guarded_relations IS 'relations that the guard watches, and whether they were whole';
REVOKE ALL ON TABLE tenantry_private.guarded_relations FROM PUBLIC;

-- What the current transaction has touched, until its end, when the constraint trigger judges the outcome. Rows never
-- outlive their transaction. object_class 0 stands for a command that does not tell what it touched.
CREATE UNLOGGED TABLE tenantry_private.pending_checks (
    transaction_id xid8 NOT NULL,
    object_class oid NOT NULL,
    object_id oid NOT NULL,
    CONSTRAINT pending_checks_transaction_id_object_class_object_id_pkey PRIMARY KEY (transaction_id, object_class, object_id)
);

COMMENT ON TABLE tenantry_private.pending_checks IS 'what the guard looks at when the transaction ends';
REVOKE ALL ON TABLE tenantry_private.pending_checks FROM PUBLIC;
