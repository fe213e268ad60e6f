#!/bin/sh
# Build pgvector from Debian's source package against the installed server, and install it.
# For distributions that do not package it; the machine's own apt sources and lists stay as they are.
set -eu

version=0.8.0-1 # the one place where it is chosen
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
pg_config=${PG_CONFIG:-pg_config}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The archive that this machine uses already, or else Debian's own.
# shellcheck disable=SC2016 # apt expands these
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' \
    | sed -n '/security/d; s/^Debian \(.*\)/\1/p' | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial archives/partial
echo "deb-src [signed-by=$keyring] $mirror $suite main" > tenantry-pgvector.list
cat > apt.conf << EOF
Dir::Etc::SourceList "$work/tenantry-pgvector.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$work/lists";
Dir::Cache "$work";
APT::Sandbox::User "";
EOF
export APT_CONFIG="$work/apt.conf"
if ! { apt-get update -q && apt-get source -q --only-source "pgvector=$version"; } > log 2>&1; then
    cat log >&2
    echo "pgvector $version could not be had from $mirror $suite: install pgvector 0.8 by hand, then run make again." >&2
    exit 1
fi
unset APT_CONFIG

# OPTFLAGS: no -march=native, as in Debian's own package, so that the result does not depend on the build machine.
# with_llvm: JIT inlining bitcode would cost another minute.
if ! make -C pgvector-*/ -s -j "$(nproc)" PG_CONFIG="$pg_config" OPTFLAGS= with_llvm=no > log 2>&1; then
    cat log >&2
    echo "pgvector $version does not build against $("$pg_config" --version): install pgvector for it by hand," \
        "then run make again." >&2
    exit 1
fi
as_root make -C pgvector-*/ -s PG_CONFIG="$pg_config" with_llvm=no install > /dev/null
