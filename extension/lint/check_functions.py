"""Check the body of every PL/pgSQL and PL/Python function of an installed database.

Needs libpq's environment variables and a superuser; works in a database of its own.
Exits 1 after printing what is wrong.
"""

import subprocess
import sys

import psycopg

DATABASE = "tenantry_lint"

# A trigger function can be checked only where a trigger calls it.
SAMPLE = """
CREATE EXTENSION tenantry;
CREATE EXTENSION vector;
CREATE EXTENSION plpython3u;
CREATE EXTENSION tenantry_jwt;
CREATE EXTENSION tenantry_search;
CREATE EXTENSION pgtap;
CREATE EXTENSION tenantry_tap;
CREATE EXTENSION plpgsql_check;
CREATE TABLE public.sample (tenant_id uuid, label text, permission_level text);
SELECT tenantry.protect('public.sample', p_permission_column => 'permission_level');
SELECT tenantry.create_ai_schema('public', 3);
SELECT tenantry.meter_storage('public.sample');
SELECT tenantry.enable_document_access();
"""

PLPGSQL = """
SELECT p.oid::regprocedure::text, c.lineno, c.level, c.message, c.detail, c.hint
FROM pg_proc AS p
LEFT JOIN (
    SELECT t.tgfoid, min(t.tgrelid) AS relid, min(t.tgoldtable) AS old_table, min(t.tgnewtable) AS new_table
    FROM pg_trigger AS t
    GROUP BY t.tgfoid
) AS u ON p.oid = u.tgfoid
CROSS JOIN LATERAL plpgsql_check_function_tb(
    p.oid, coalesce(u.relid, 0), oldtable => u.old_table, newtable => u.new_table, fatal_errors => false,
    other_warnings => true, extra_warnings => true, performance_warnings => true,
    security_warnings => true
) AS c
WHERE p.prolang = (SELECT l.oid FROM pg_language AS l WHERE l.lanname = 'plpgsql')
    AND p.pronamespace::regnamespace::text IN ('tenantry', 'tenantry_private', 'tenantry_tap')
ORDER BY 1, 2
"""

PLPYTHON = """
SELECT p.oid::regprocedure::text, coalesce(p.proargnames[1 : p.pronargs], '{}'), p.prosrc
FROM pg_proc AS p
WHERE p.prolang = (SELECT l.oid FROM pg_language AS l WHERE l.lanname = 'plpython3u')
    AND p.pronamespace IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace)
ORDER BY 1
"""

# What plpgsql_check says wrongly, and why.
SILENCED = {
    (
        "tenantry.park_hits(text[],text[],double precision[],double precision[],jsonb[],uuid[])",
        "routine is marked as STABLE",
    ): "opens a cursor, so no call may be replaced by the result of another",
    ("tenantry.parked_query(refcursor)", "routine is marked as STABLE"): "what it returns stands in a cursor",
    (
        "tenantry.attach_policies(regclass,name,name,boolean)",
        "text type variable is not sanitized",
    ): "expressions that tenant_policies has quoted",
    (
        "tenantry.create_ai_schema(name,integer,boolean)",
        "text type variable is not sanitized",
    ): "fragments of its own DDL",
    (
        "tenantry.audit_changes()",
        "text type variable is not sanitized",
    ): "a query that audit_query has put together from quoted names",
    ("tenantry.audit_changes()", "cannot determinate a result of dynamic SQL"): "its columns are named in audit_query",
    (
        "tenantry_private.write_audit(uuid,text,text,bigint,text[],text[],jsonb,jsonb,boolean)",
        'never read variable "v_token"',
    ): "as in seal_context",
    (
        "tenantry.protect(regclass,name,name,boolean,boolean)",
        "text type variable is not sanitized",
    ): "names that regrole has quoted",
    (
        "tenantry.meter_storage(regclass)",
        "text type variable is not sanitized",
    ): "its own literals; the only variables are a regclass and an identifier that format has quoted",
    (
        "tenantry.meter_tokens(regclass,name,name)",
        "text type variable is not sanitized",
    ): "literals that format has quoted",
    (
        "tenantry_tap.attempt(name,uuid,text[],text,uuid,text,uuid)",
        "text type variable is not sanitized",
    ): "it runs the attacks that it is given, with its caller's rights at most",
    (
        "tenantry_private.seal_context(uuid,text,text,uuid,integer,timestamp with time zone)",
        'never read variable "v_token"',
    ): "an assignment runs set_config as an expression; PERFORM would run it as a query, which takes longer",
}

RUFF = ["ruff", "check", "--isolated", "--quiet", "--select", "B,E9,F", "--output-format", "concise"]


def check_plpython(name: str, arguments: list[str], body: str) -> list[str]:
    """Compile a body as PL/Python does, inside a function, and look for unknown names.

    Args:
        name: the function's signature, for messages.
        arguments: names of its arguments.
        body: its source.
    """
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"def body({', '.join(arguments)}):\n{lines}\n"
    try:
        compile(source, name, "exec")
    except SyntaxError as error:
        return [f"{name}: {error}"]
    builtins = 'builtins = ["GD", "SD", "TD", "plpy"]'
    ruff = subprocess.run(
        [*RUFF, "--config", builtins, "-"], check=False, input=source, stdout=subprocess.PIPE, text=True
    )
    return [f"{name}: {line}" for line in ruff.stdout.splitlines()]


def main() -> int:
    with psycopg.connect(autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(dbname=DATABASE, autocommit=True) as database:
        database.execute(SAMPLE)
        problems = [
            ": ".join(str(part) for part in row if part is not None)
            for row in database.execute(PLPGSQL)
            if not any(row[0] == function and row[3].startswith(message) for function, message in SILENCED)
        ]
        for name, arguments, body in database.execute(PLPYTHON):
            problems += check_plpython(name, arguments, body)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
