#!/bin/sh
# A private PostgreSQL cluster in a folder of its own.
#
#   extension/environment/cluster.sh start|stop|status|remove|sweep|env <name>
#
# env prints shell code that points libpq at the cluster: eval "$(cluster.sh env demo)".
# sweep removes the clusters <name>-<pid> of processes that ended without removing theirs.
#
# Where: run by root, under /var/lib/tenantry and as the system user postgres, since the server refuses root and could
# not read a checkout below /root; run by anybody else, under $XDG_STATE_HOME/tenantry and as that user.
#
# Who gets in: the folder is 0700 and holds the socket, so only that user and root reach it; over the socket the server
# trusts them. TCP listens on 127.0.0.1 alone and wants a SCRAM password, which no role has until somebody sets one:
# other users of the machine can knock, no more. The server starts with an empty environment, because PL/Python can
# read it.
set -eu
umask 022

usage="usage: cluster.sh start|stop|status|remove|sweep|env <name>"
command=${1:?$usage}
name=${2:?$usage}
pg_config=${PG_CONFIG:-pg_config}

fail() {
    echo "cluster.sh: $*" >&2
    exit 1
}

command -v "$pg_config" > /dev/null || fail "$pg_config is not a program: make demo installs PostgreSQL; or set PG_CONFIG."
bin=$("$pg_config" --bindir)
extensions=$("$pg_config" --sharedir)/extension
version=$("$pg_config" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
here=$(cd "$(dirname "$0")" && pwd -P)
checkout=${here%/*/*}
id=$(printf %s "$checkout" | cksum | cut -d ' ' -f 1)

if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id "$owner" > /dev/null 2>&1 || fail "the system user $owner does not exist: create it, or run this as an ordinary user."
    base=/var/lib/tenantry
    as_owner() {
        setpriv --reuid "$owner" --regid "$(id -g "$owner")" --init-groups env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"
    }
else
    owner=$(id -un)
    base=${XDG_STATE_HOME:-$HOME/.local/state}/tenantry
    as_owner() {
        env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"
    }
fi
home=$base/$name-$version-$id
data=$home/data
log=$home/server.log
socket=$home/socket

is_running() {
    as_owner "$bin/pg_ctl" status -D "$data" > /dev/null 2>&1
}

create() {
    [ "${#socket}" -le 90 ] || fail "$socket is too long for a Unix socket: set XDG_STATE_HOME to a shorter path."
    [ ! -d "$home" ] || rm -rf "$home" # an earlier attempt that was interrupted
    mkdir -p "$base"
    mkdir -m 700 "$home"
    [ "$(id -u)" != 0 ] || chown "$owner": "$home"
    as_owner mkdir -m 700 "$socket"
    as_owner "$bin/initdb" -D "$data.new" --username=postgres --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync > /dev/null
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = '$socket'"
        echo "cluster_name = 'tenantry $name'"
        case $name in
            # Nothing here outlives the tests, and some of them need what a server does not do by default.
            test* | lint*)
                echo "fsync = off"
                echo "full_page_writes = off"
                echo "synchronous_commit = off"
                echo "max_connections = 200"
                echo "max_prepared_transactions = 20"
                echo "wal_level = logical"
                [ ! -f "$extensions/pg_stat_statements.control" ] \
                    || echo "shared_preload_libraries = 'pg_stat_statements'"
                ;;
        esac
    } | as_owner tee -a "$data.new/postgresql.conf" > /dev/null
    as_owner mv "$data.new" "$data"
}

# Binding is the only sure way to learn whether a port is free, so the server itself tries them. The last good one
# comes first, for the sake of what a user has written down.
start() {
    ! is_running || return 0
    [ -d "$data" ] || create
    port=$(cat "$home/port" 2> /dev/null || echo "$((20000 + $(printf %s "$home" | cksum | cut -d ' ' -f 1) % 10000))")
    tries=0
    until as_owner "$bin/pg_ctl" start -D "$data" -l "$log" -o "-p $port" > /dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 50 ] || ! as_owner tail -n 5 "$log" | grep -q 'could not create any TCP/IP sockets'; then
            as_owner tail -n 20 "$log" >&2
            fail "the server did not start; its log is $log"
        fi
        port=$((port + 1))
    done
    echo "$port" | as_owner tee "$home/port" > /dev/null
}

stop() {
    ! is_running || as_owner "$bin/pg_ctl" stop -D "$data" -m fast > /dev/null
}

cd /
case $command in
    start) start ;;
    stop) stop ;;
    status) if is_running; then echo running; else echo stopped; exit 3; fi ;;
    remove) stop; rm -rf "$home" ;;
    sweep)
        for home in "$base/$name"-[0-9]*-"$version-$id"; do
            pid=${home#"$base/$name-"}
            pid=${pid%%-*}
            [ ! -d "$home" ] || kill -0 "$pid" 2> /dev/null || "$here/cluster.sh" remove "$name-$pid"
        done
        ;;
    env)
        is_running || fail "the cluster $name is not running"
        echo "unset PGHOSTADDR PGOPTIONS PGPASSWORD PGSERVICE"
        echo "export PGHOST='$socket' PGPORT='$(cat "$home/port")' PGUSER=postgres PGDATABASE=postgres"
        echo "export TENANTRY_SERVER_LOG='$log'"
        ;;
    *) fail "$usage" ;;
esac
