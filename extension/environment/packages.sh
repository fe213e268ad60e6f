#!/bin/sh
# Install what this machine lacks for a purpose: the server, PL/Python, pgvector and the tools around them.
#
#   extension/environment/packages.sh demo|test|lint
#
# Debian and its kin only; elsewhere it says what to install. PG_CONFIG chooses the server when there are several.
# No cluster of the machine's own is created, started or changed, and no service is left running.
set -eu

purpose=${1:?usage: packages.sh demo|test|lint}
here=$(cd "$(dirname "$0")" && pwd)
pg_config=${PG_CONFIG:-pg_config}
python=${VENV_PYTHON:-python3}

fail() {
    echo "$*" >&2
    exit 1
}

has() {
    command -v "$1" > /dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# One word for each thing that is missing; packages() turns words into package names.
list_missing() {
    if has "$pg_config"; then
        extensions=$("$pg_config" --sharedir)/extension
        [ -x "$("$pg_config" --bindir)/initdb" ] || echo server
        [ -f "$("$pg_config" --pgxs)" ] || echo server-dev
        [ -f "$extensions/plpython3u.control" ] || echo plpython3
        [ -f "$extensions/vector.control" ] || echo pgvector
        [ "$purpose" != lint ] || [ -f "$extensions/plpgsql_check.control" ] || echo plpgsql-check
        [ "$purpose" != test ] && [ "$purpose" != lint ] || [ -f "$extensions/pgtap.control" ] || echo pgtap
    else
        echo server server-dev plpython3 pgvector
        [ "$purpose" != lint ] || echo plpgsql-check
        [ "$purpose" != test ] && [ "$purpose" != lint ] || echo pgtap
    fi
    "$python" -c 'import ensurepip, venv' 2> /dev/null || echo venv
    # PL/Python runs the system's Python, whatever Python comes first in PATH.
    /usr/bin/python3 -c 'import numpy' 2> /dev/null || echo numpy
    /usr/bin/python3 -c 'import jwt' 2> /dev/null || echo jwt
    /usr/bin/python3 -c 'import cryptography' 2> /dev/null || echo cryptography
    [ "$purpose" != test ] || has pgbouncer || [ -x /usr/sbin/pgbouncer ] || echo pgbouncer
    [ "$purpose" != lint ] || has shellcheck || echo shellcheck
}

missing=$(list_missing | tr "\n" " ")
missing=${missing% }
[ -n "$missing" ] || exit 0

if [ "$pg_config" != pg_config ] && ! has "$pg_config"; then
    fail "PG_CONFIG=$pg_config is not a program: set it to the pg_config of the server to use."
fi
if ! has apt-get; then
    fail "Missing here: $missing. Install PostgreSQL 15 or newer with its development files and PL/Python 3, pgvector 0.8," \
        "pgTAP, PgBouncer, plpgsql_check, ShellCheck, a C compiler, Python 3.11 or newer with venv, and numpy, PyJWT and" \
        "cryptography for the system's Python; set PG_CONFIG if pg_config is not in PATH; then run make again."
fi
if [ "$(id -u)" != 0 ] && ! has sudo; then
    fail "Missing here: $missing. Run make as root, or install sudo."
fi

echo "Installing: $missing (takes a minute or two)"
as_root apt-get update -q > /dev/null

has_candidate() {
    apt-cache policy "$1" | grep -q '^  Candidate: [^(]'
}

if has "$pg_config"; then
    version=$("$pg_config" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
else
    version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] || fail "apt offers no PostgreSQL: enable Debian's main archive."
fi
[ "$version" -ge 15 ] || fail "tenantry needs PostgreSQL 15 or newer; this is $version. Set PG_CONFIG to a newer server's pg_config."

build_pgvector=
packages=
for thing in $missing; do
    case $thing in
        server) package=postgresql-$version ;;
        server-dev) package=postgresql-server-dev-$version ;;
        plpython3) package=postgresql-plpython3-$version ;;
        plpgsql-check | pgtap) package=postgresql-$version-$thing ;;
        venv) package=python3-venv ;;
        numpy | jwt | cryptography) package=python3-$thing ;;
        pgvector)
            package=postgresql-$version-pgvector
            if ! has_candidate "$package"; then
                build_pgvector=yes
                package="build-essential debian-archive-keyring"
            fi
            ;;
        *) package=$thing ;;
    esac
    for name in $package; do
        has_candidate "$name" || fail "apt offers no $name: add an archive that has it (for PostgreSQL $version," \
            "apt.postgresql.org), or install it by hand, then run make again."
    done
    packages="$packages $package"
done

# Some of these packages fit one minor release of the server only. To upgrade a server is its owner's decision.
# shellcheck disable=SC2086 # several package names
if apt-get install --simulate --no-upgrade --no-install-recommends $packages | grep -q "^Inst postgresql-$version \["; then
    fail "Installing $missing would upgrade the PostgreSQL $version that this machine runs: upgrade it yourself" \
        "(apt-get install --only-upgrade postgresql-$version), then run make again."
fi

# No cluster and no service may come of the installation; what forbids it is taken back afterwards.
undo=:
trap 'as_root sh -c "$undo"' EXIT
trap 'exit 130' INT TERM

no_cluster=/etc/postgresql-common/createcluster.d/tenantry.conf
as_root mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' | as_root tee "$no_cluster" > /dev/null
undo="rm -f $no_cluster; rmdir -p --ignore-fail-on-non-empty ${no_cluster%/*}"

no_service=/usr/sbin/policy-rc.d
if [ ! -e "$no_service" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$no_service" > /dev/null
    as_root chmod 755 "$no_service"
    undo="$undo; rm -f $no_service"
fi

# shellcheck disable=SC2086 # several package names
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-upgrade --no-install-recommends -o DPkg::Lock::Timeout=300 $packages > /dev/null

# PgBouncer's package would start a service at the next boot; only the program is wanted.
case " $packages " in
    *" pgbouncer "*) as_root update-rc.d pgbouncer disable ;;
esac

[ -z "$build_pgvector" ] || "$here/pgvector.sh"
