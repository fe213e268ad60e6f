-- The transaction that last withdrew a credential. A sequence, because every transaction reads its present value,
-- whatever its snapshot. Not part of a dump: transaction ids are the cluster's own.
CREATE SEQUENCE tenantry_private.last_withdrawal MINVALUE 0 START 0;

COMMENT ON SEQUENCE tenantry_private.last_withdrawal IS 'transaction that last withdrew a credential';
REVOKE ALL ON SEQUENCE tenantry_private.last_withdrawal FROM PUBLIC;
