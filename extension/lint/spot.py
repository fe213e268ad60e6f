"""Run pgspot over the built scripts, in the order given: spot.py extension/build/*.sql

pgspot parses without a catalog, and its command line gives up a whole script at what that parser cannot read. Hence
statement by statement:
- The body of BEGIN ATOMIC is shown to it as a string, under the search_path that is in force while CREATE EXTENSION
  parses such a body, once: pg_catalog, the schemas of required extensions, pg_temp last.
- A PL/pgSQL function that uses our composite types or a refcursor is judged by its header alone. The header pins
  search_path, or pgspot says so; under that path a body has little left to go wrong. A DO block is always read whole.
"""

import re
import sys
from argparse import Namespace
from pathlib import Path

from pglast import split
from pglast.parser import ParseError
from pgspot.state import Counter, State
from pgspot.visitors import visit_sql

_ATOMIC_BODY = re.compile(r"^BEGIN ATOMIC$(.*)^END$", re.DOTALL | re.MULTILINE)
_FUNCTION = re.compile(r"^CREATE FUNCTION ", re.MULTILINE)


def spot(scripts: list[str]) -> Counter:
    """Check scripts that are loaded one after the other; prints what is found.

    Args:
        scripts: their texts.
    """
    options = Namespace(
        ignore=[], ignore_lang=["plpython3u"], plpgsql=True, proc_without_search_path=[], sql_fn=[], summary_only=False
    )
    state = State(Counter(options))
    for script in scripts:
        for statement in split(re.sub(r"^\\echo.*", "", script)):
            sql = _ATOMIC_BODY.sub(r"SET search_path = pg_catalog, pg_temp AS $atomic$\1$atomic$", str(statement))
            try:
                visit_sql(state, sql)
            except ParseError:
                if not _FUNCTION.search(sql):
                    raise
                options.plpgsql = False
                visit_sql(state, sql)
                options.plpgsql = True
    return state.counter


def main() -> int:
    counter = spot([Path(name).read_text() for name in sys.argv[1:]])
    if not counter.is_clean():
        print(counter)
    return 0 if counter.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main())
