"""What the tests read of the audit log."""

from typing import Any
from uuid import UUID

from tests.support.database import Connection

COLUMNS = "operation, table_name, row_count, row_keys, changed_columns"


def records(connection: Connection, table: str | None = None, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    """Return the records that the connection sees, oldest first; of one table, where one is named."""
    return connection.execute(
        f"SELECT {columns} FROM tenantry.audit_log WHERE (%(table)s::text IS NULL OR table_name = %(table)s)"  # type: ignore[arg-type]
        " AND operation NOT IN ('protect', 'unprotect') ORDER BY occurred_at, transaction_id, lane, position",
        {"table": table},
    ).fetchall()


def problems(superuser: Connection, tenant: UUID | None = None) -> list[tuple[Any, ...]]:
    """Return the position and kind of what is broken in the trail."""
    query = "SELECT position, problem FROM tenantry.verify_audit(%s) ORDER BY 1, 2"
    return superuser.execute(query, [tenant]).fetchall()
