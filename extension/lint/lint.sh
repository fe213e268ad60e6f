#!/bin/sh
# Every check that needs no test. `make lint` has installed what it uses.
# shellcheck disable=SC2317 # check calls the functions
set -u
cd "$(dirname "$0")/../.." || exit
PATH=$PWD/.venv/bin:$PATH
cluster=extension/environment/cluster.sh
trap '$cluster remove lint' EXIT
failed=0

check() { # title, command
    printf '%s\n' "== $1"
    shift
    "$@" || failed=1
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
check "pgspot" python extension/lint/spot.py extension/build/tenantry--*.sql extension/build/tenantry_*--*.sql
check "plpgsql_check, PL/Python" check_functions
exit "$failed"
