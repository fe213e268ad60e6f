"""The catalog as text, to compare two databases that ought to be alike."""

import psycopg

from tests.support.database import Connection

# Each query gives (kind, name, definition) for the objects of the schemas in $1.
_QUERIES = (
    """
    SELECT 'schema', n.nspname, concat_ws(' | ', n.nspowner::regrole, n.nspacl, obj_description(n.oid, 'pg_namespace'))
    FROM pg_namespace AS n
    WHERE n.oid = ANY ($1)
    """,
    """
    SELECT 'function', p.oid::regprocedure::text, concat_ws(
        ' | ', pg_get_functiondef(p.oid), p.proowner::regrole, p.proacl, obj_description(p.oid, 'pg_proc')
    )
    FROM pg_proc AS p
    WHERE p.pronamespace = ANY ($1) AND p.prokind <> 'a'
    """,
    """
    SELECT 'relation', c.oid::regclass::text, concat_ws(
        ' | ', c.relkind, c.relowner::regrole, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        c.relreplident, c.relacl, obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid)
    )
    FROM pg_class AS c
    WHERE c.relnamespace = ANY ($1) AND c.relkind <> 'i'
    """,
    """
    SELECT 'column', c.oid::regclass || '.' || a.attname, concat_ws(
        ' | ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage, a.attacl,
        pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
    )
    FROM pg_class AS c
    INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE c.relnamespace = ANY ($1)
    """,
    """
    SELECT 'constraint', concat_ws('.', nullif(c.conrelid, 0)::regclass, nullif(c.contypid, 0)::regtype, c.conname),
        concat_ws(' | ', pg_get_constraintdef(c.oid), c.convalidated, obj_description(c.oid, 'pg_constraint'))
    FROM pg_constraint AS c
    WHERE c.connamespace = ANY ($1)
    """,
    """
    SELECT 'index', i.indexrelid::regclass::text, concat_ws(
        ' | ', pg_get_indexdef(i.indexrelid), i.indisvalid, obj_description(i.indexrelid, 'pg_class')
    )
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON i.indexrelid = c.oid
    WHERE c.relnamespace = ANY ($1)
    """,
    """
    SELECT 'trigger', c.oid::regclass || '.' || t.tgname, concat_ws(
        ' | ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')
    )
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON t.tgrelid = c.oid
    WHERE c.relnamespace = ANY ($1) AND NOT t.tgisinternal
    """,
    """
    SELECT 'policy', c.oid::regclass || '.' || p.polname, concat_ws(
        ' | ', p.polcmd, p.polpermissive,
        (SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles AS r WHERE r.oid = ANY (p.polroles)),
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy')
    )
    FROM pg_policy AS p
    INNER JOIN pg_class AS c ON p.polrelid = c.oid
    WHERE c.relnamespace = ANY ($1)
    """,
    """
    SELECT 'type', t.oid::regtype::text, concat_ws(
        ' | ', t.typtype, t.typowner::regrole, t.typacl, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
        t.typdefault,
        (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid),
        obj_description(t.oid, 'pg_type')
    )
    FROM pg_type AS t
    WHERE t.typnamespace = ANY ($1)
    """,
    """
    SELECT 'event trigger', e.evtname, concat_ws(
        ' | ', e.evtevent, e.evtowner::regrole, e.evtfoid::regprocedure, e.evtenabled, e.evttags,
        obj_description(e.oid, 'pg_event_trigger')
    )
    FROM pg_event_trigger AS e
    WHERE $1 IS NOT NULL
    """,
    """
    SELECT 'dumped table', e.extname || ': ' || t.relation::regclass, t.condition
    FROM pg_extension AS e
    CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS t (relation, condition)
    WHERE e.extname LIKE 'tenantry%' AND $1 IS NOT NULL
    """,
    """
    SELECT 'member', e.extname || ': ' || pg_describe_object(d.classid, d.objid, 0), ''
    FROM pg_extension AS e
    INNER JOIN pg_depend AS d ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    WHERE e.extname LIKE 'tenantry%' AND $1 IS NOT NULL
    """,
)


def catalog_text(superuser: Connection, *schemas: str) -> list[str]:
    """Describe everything in some schemas, and what tenantry's extensions have in the database besides.

    Args:
        superuser: a superuser's connection, because nobody else reads everything.
        schemas: the schemas' names.

    Returns:
        One text an object or part of one, sorted; no OID is in it.
    """
    lines: list[str] = []
    with superuser.transaction(), psycopg.RawCursor(superuser) as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        for query in _QUERIES:
            cursor.execute(query.replace("$1", "$1::text[]::regnamespace[]::oid[]").encode(), [list(schemas)])
            lines += [f"{kind} {name}: {definition}" for kind, name, definition in cursor]
    return sorted(lines)
