-- Better to miss a library now than at the first token.
SELECT tenantry_private.verify_jwt_signature('EdDSA', '{}', '', '');
