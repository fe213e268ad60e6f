-- The counters that limits are held by, one sequence each, and the key or tenant that each was last taken for. A sequence
-- is neither locked nor rolled back; an unlogged one writes no WAL, and begins anew after a crash. The row is what a
-- counter is locked by, for microseconds. A counter is not dropped when its holder is gone, because that would wait for
-- every transaction that has used it: the next holder takes it over. Its name says nothing of whom it counts for.
CREATE TABLE tenantry_private.counters (
    counter regclass NOT NULL,
    holder uuid NOT NULL,
    CONSTRAINT counters_counter_pkey PRIMARY KEY (counter)
);

COMMENT ON TABLE tenantry_private.counters IS 'sequences that count what limits bound, and for whom';
REVOKE ALL ON TABLE tenantry_private.counters FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.counters', '');
