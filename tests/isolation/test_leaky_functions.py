"""Functions of the attacker's own that tell what they are called with: no row of globex may ever reach one.

PostgreSQL calls only leakproof functions before the policy, in a plan and while it estimates one. The arena's tables
are analysed, so that estimates have values of globex to work with.
"""

import pytest

from tests.isolation.arena import STATISTICS, TABLES, VICTIM, Arena

SPY = """
CREATE FUNCTION pg_temp.spy(anyelement) RETURNS bool LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'spy saw %', $1; RETURN true; END $$;
CREATE FUNCTION pg_temp.spy(text, text) RETURNS bool LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'spy saw %', $1; RETURN true; END $$;
CREATE OPERATOR pg_temp.<<< (PROCEDURE = pg_temp.spy, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel);
CREATE OPERATOR pg_temp.<<> (PROCEDURE = pg_temp.spy, LEFTARG = text, RIGHTARG = text, RESTRICT = matchingsel);
CREATE OPERATOR pg_temp.<>> (PROCEDURE = pg_temp.spy, LEFTARG = text, RIGHTARG = text, RESTRICT = scalarltsel);
CREATE DOMAIN pg_temp.watched AS text CHECK (pg_temp.spy(VALUE));
CREATE FUNCTION pg_temp.keep(bigint, text) RETURNS bigint LANGUAGE plpgsql
    AS $$ BEGIN RAISE NOTICE 'spy saw %', $2; RETURN $1 + 1; END $$;
CREATE AGGREGATE pg_temp.watch(text) (SFUNC = pg_temp.keep, STYPE = bigint, INITCOND = '0');
"""

WATCHED = [
    "SELECT count(*) FROM {t} WHERE pg_temp.spy(body)",
    "SELECT count(*) FROM {t} t WHERE pg_temp.spy(t)",
    "SELECT count(*) FROM {t} t WHERE pg_temp.spy(t::text) AND {tenant} = {a}",
    "SELECT count(*) FROM {t} WHERE body OPERATOR(pg_temp.<<<) ''",
    "SELECT count(*) FROM {t} WHERE body OPERATOR(pg_temp.<<>) ''",
    "SELECT count(*) FROM {t} WHERE body OPERATOR(pg_temp.<>>) ''",
    "SELECT count(*) FROM {t} WHERE body OPERATOR(pg_temp.<<<) ANY (ARRAY['', 'x'])",
    "SELECT count(*) FROM {t} a JOIN {t} b ON a.id = b.id AND a.body OPERATOR(pg_temp.<<<) b.body",
    "SELECT count(b.id) FROM {t} a LEFT JOIN {t} b ON b.id = a.id AND pg_temp.spy(b.body)",
    "SELECT count(*) FROM {t} WHERE body::pg_temp.watched <> ''",
    "SELECT count(*) FROM {t} WHERE coalesce(nullif(pg_temp.spy(body), false), true)",
    "SELECT count(*) FROM {t} WHERE CASE WHEN {tenant} = {b} OR id > 0 THEN pg_temp.spy(body) END",
    "SELECT count(*) FROM {t} WHERE (ARRAY[pg_temp.spy(body)])[1] AND ROW(pg_temp.spy(body), id) > ROW(false, 0)",
    "SELECT count(*) FROM (SELECT FROM {t} WHERE pg_temp.spy(body) LIMIT 9) l",
    "SELECT count(*) FROM (SELECT body FROM {t} GROUP BY body HAVING pg_temp.spy(body)) g",
    "SELECT count(*) FILTER (WHERE pg_temp.spy(body)) FROM {t}",
    "SELECT pg_temp.watch(body) FROM {t}",
    "UPDATE {t} SET body = 'x' WHERE pg_temp.spy(body)",
    "DELETE FROM {t} WHERE pg_temp.spy(body) AND {tenant} = {a}",
    "MERGE INTO {t} t USING generate_series(1, 9) i ON pg_temp.spy(t.body) AND t.id = i WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("query", WATCHED)
def test_functions(arena: Arena, table: str, query: str) -> None:
    assert arena.run(f"{SPY} EXPLAIN {query}; {query}", table) == 3
    assert any("acme" in notice for notice in arena.notices), "the spy does not work"
    assert not [notice for notice in arena.notices if VICTIM in notice]


@pytest.mark.parametrize("operator", ["<<<", "<<>", "<>>"])
def test_estimates_do_call_functions_on_values(arena: Arena, operator: str) -> None:
    """The attack by estimates is real: it works for whom row-level security does not bind."""
    notices: list[str] = []
    superuser = arena.database.connect("postgres")
    superuser.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    superuser.execute(arena.format(STATISTICS))  # autovacuum may have gathered others since
    superuser.execute(SPY)
    superuser.execute(arena.format(f"EXPLAIN SELECT FROM {{t}} WHERE body OPERATOR(pg_temp.{operator}) ''"))
    assert any(VICTIM in notice for notice in notices)
