-- What a session context is bound to. currval() is kept by the backend itself, for as long as it lives or until DISCARD,
-- and can be read and moved by the sequence's owner alone: no other backend has the same number, and moving it ends the
-- context for good, whoever has kept the token. session_overrides moves when a context of somebody else is opened over it.
CREATE SEQUENCE tenantry_private.session_numbers;
CREATE SEQUENCE tenantry_private.session_overrides;

COMMENT ON SEQUENCE tenantry_private.session_numbers IS 'numbers of session contexts';
COMMENT ON SEQUENCE tenantry_private.session_overrides IS 'numbers of contexts opened over a session context';
REVOKE ALL ON SEQUENCE tenantry_private.session_numbers, tenantry_private.session_overrides FROM PUBLIC;
