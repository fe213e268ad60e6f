#!/bin/sh
# Every check that needs no test. `make lint` has installed what it uses.
# shellcheck disable=SC2016,SC2317 # dollar quotes; functions that check calls
set -u
cd "$(dirname "$0")/../.." || exit
PATH=$PWD/.venv/bin:$PATH
cluster=extension/environment/cluster.sh
work=$(mktemp -d)
trap 'rm -rf "$work"; $cluster remove lint' EXIT
failed=0

check() { # title, command
    printf '%s\n' "== $1"
    shift
    "$@" || failed=1
}

# pgspot reads PL/pgSQL without a catalog, and does not know BEGIN ATOMIC. What it gets to read has record in place of our
# composite types, and BEGIN ATOMIC bodies as strings. Those of the core are parsed once, under the search_path that
# CREATE EXTENSION sets: its schema, pg_catalog, and pg_temp. For the search, the schema of vector is in that path as well,
# so every name has to be qualified there.
spot() {
    for script in extension/build/*.sql; do
        case $script in
            */tenantry--*) path='SET search_path = pg_catalog, pg_temp ' ;;
            *) path= ;;
        esac
        sed -e '/^BEGIN ATOMIC$/,/^END;$/ { s/^BEGIN ATOMIC$/'"$path"'AS $atomic$/; s/^END;$/$atomic$;/; }' \
            -e 's/^\( *v_[a-z_]*\) tenantry[a-z_]*\.[a-z_]*;$/\1 record;/' \
            "$script" > "$work/${script##*/}"
    done
    pgspot --append --ignore-lang plpython3u "$work"/*.sql
}

check_functions() {
    $cluster start lint
    eval "$($cluster env lint)"
    python extension/lint/check_functions.py
}

check "shellcheck" shellcheck .ci/run extension/*.sh extension/*/*.sh
check "ruff check" ruff check --quiet .
check "ruff format" ruff format --quiet --diff .
check "mypy" mypy --no-error-summary
check "sqlfluff" sqlfluff lint --disable-progress-bar sql
check "pgspot" spot
check "plpgsql_check, PL/Python" check_functions
exit "$failed"
