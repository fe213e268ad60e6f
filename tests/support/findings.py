"""What the doctor finds."""

from typing import Any, LiteralString

from tests.support.database import Connection

# Whether the server that the tests run on has its newest minor release is not tenantry's doing.
OF_THE_VERSION = ["TNT501", "TNT502", "TNT503"]

# Where a command or a plugin asks the doctor: as a superuser, the server is taken for one with all fixes.
AS_IF_PATCHED: LiteralString = """
    CREATE OR REPLACE FUNCTION tenantry_private.server_version() RETURNS int LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT current_setting('server_version_num')::int / 10000 * 10000 + 9999 $$;
    SELECT tenantry_private.note_definitions();
"""


def findings(connection: Connection) -> list[tuple[Any, ...]]:
    """Return the rows of doctor(), without those on the version of the server."""
    return connection.execute("SELECT * FROM tenantry.doctor() WHERE code <> ALL (%s)", [OF_THE_VERSION]).fetchall()
