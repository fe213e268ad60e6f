#!/bin/sh
# Run a command, make test unless told otherwise, on another Debian, and so on its PostgreSQL and its Python.
#
#   extension/environment/debian.sh <suite> [command…]      # suite: bookworm, trixie, forky …
#
# In a chroot that debootstrap makes in /var/lib/tenantry/debian-<suite> and that is kept for the next time; what the
# command needs it installs there itself, as on any machine. The checkout is copied into it without what git ignores.
# One command at a time has a chroot. It sees no process of this machine, and what it leaves running ends with it.
# Root only.
set -eu

suite=${1:?usage: debian.sh <suite> [command…]}
shift
[ $# -gt 0 ] || set -- make -s test
root=/var/lib/tenantry/debian-$suite
cd "$(dirname "$0")/../.."

fail() {
    echo "debian.sh: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "chroots want root."
case $suite in *[!a-z]* | '') fail "$suite is not the name of a Debian suite." ;; esac

# Inside: in mounts and processes of its own, so nothing has to be undone.
if [ "${TENANTRY_DEBIAN_INSIDE:-}" != "$suite" ]; then
    if [ ! -d "$root" ]; then
        command -v debootstrap > /dev/null || fail "debootstrap is missing: apt-get install debootstrap."
        echo "Making $root (a minute or two)"
        mkdir -p "${root%/*}"
        rm -rf "$root.new"
        # A suite that this debootstrap is too old to know is made as sid is.
        script=/usr/share/debootstrap/scripts/$suite
        [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
        debootstrap --variant=minbase --include=ca-certificates,make "$suite" "$root.new" \
            http://deb.debian.org/debian "$script" > "$root.log" 2>&1 \
            || fail "debootstrap failed; its log is $root.log"
        mv "$root.new" "$root"
    fi
    exec env TENANTRY_DEBIAN_INSIDE="$suite" flock "$root.lock" unshare --mount --pid --fork --kill-child \
        extension/environment/debian.sh "$suite" "$@"
fi

mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# How this machine reaches package archives.
apt-config dump Acquire > "$root/etc/apt/apt.conf.d/90host"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] \
    || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard --deduplicate \
    | tar --create --null --files-from - --ignore-failed-read 2> /dev/null | tar --extract -C "$root/src"
for variable in http_proxy https_proxy no_proxy PIP_INDEX_URL; do
    eval "value=\${$variable:-}"
    # shellcheck disable=SC2154 # eval assigns it
    [ -z "$value" ] || set -- "$variable=$value" "$@"
done
exec chroot "$root" env -i -C /src HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$@"
