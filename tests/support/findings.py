"""What the doctor finds."""

from typing import Any

from tests.support.database import Connection

# Whether the server that the tests run on has its newest minor release is not tenantry's doing.
OF_THE_VERSION = ["TNT501", "TNT502", "TNT503"]


def findings(connection: Connection) -> list[tuple[Any, ...]]:
    """Return the rows of doctor(), without those on the version of the server."""
    return connection.execute("SELECT * FROM tenantry.doctor() WHERE code <> ALL (%s)", [OF_THE_VERSION]).fetchall()
