#!/bin/sh
# Build the script files of one extension: sql/<extension>/ → extension/build/.
# POSIX sh and awk alone, because a DBA's machine has no Python.
#
#   extension/build.sh tenantry
#
# Install script: the files in the order of ORDER, with OR REPLACE taken out of every statement, because an extension
# must not adopt objects that it did not create.
# Upgrade scripts: upgrades/A--B.sql, with every file that creates or replaces something in place of its line
# "-- @functions@", as it stands.
#
# TENANTRY_ROOT names another source tree (the tests build small ones of their own).
set -eu

extension=${1:?usage: build.sh <extension>}
root=${TENANTRY_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
source_dir=$root/sql/$extension
build_dir=$root/extension/build
export LC_ALL=C

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

# Reads one file statement by statement, with an eye for strings, comments and $$ bodies.
#   install  prints it without OR REPLACE
#   kind     prints "replaceable" when it creates or replaces something
read_sql() { # install|kind file
    awk -v mode="$1" -v file="${2#"$root"/}" '
    { text = text $0 "\n" }

    function fail(message) {
        print "build.sh: " file ": " message > "/dev/stderr"
        exit failed = 1
    }

    # The skip_ functions return the position after what begins at i.
    function skip_past(i, ending, what,    at) {
        at = index(substr(text, i), ending)
        if (at == 0) fail("unterminated " what)
        return i + at - 1 + length(ending)
    }

    function skip_escape_string(i) {
        for (i++; i <= n; i++) {
            if (substr(text, i, 1) == "\\") i++
            else if (substr(text, i, 1) == "\047") return i + 1
        }
        fail("unterminated string")
    }

    function skip_comment(i,    depth) {
        for (depth = 0; i < n; i++) {
            if (substr(text, i, 2) == "/*") { depth++; i++ }
            else if (substr(text, i, 2) == "*/") { depth--; i++ }
            if (depth == 0) return i + 1
        }
        fail("unterminated comment")
    }

    END {
        if (failed) exit 1
        n = length(text)
        at_start = copied = 1
        for (i = 1; i <= n;) {
            c = substr(text, i, 1)
            if (c ~ /[ \t\n]/) i++
            else if (substr(text, i, 2) == "--") i = skip_past(i, "\n", "comment")
            else if (substr(text, i, 2) == "/*") i = skip_comment(i)
            else if (c == ";") { at_start = 1; i++ }
            else if (at_start) {
                at_start = 0
                head = toupper(substr(text, i, 200))
                if (match(head, /^CREATE[ \t\n]+OR[ \t\n]+REPLACE[ \t\n]+/)) {
                    replaceable++
                    out = out substr(text, copied, i - copied) "CREATE "
                    copied = i = i + RLENGTH
                }
                else if (head ~ /^CREATE[ \t\n]/) once++
            }
            else if (match(substr(text, i, 200), /^[A-Za-z0-9_][A-Za-z0-9_$]*/)) {
                word = substr(text, i, RLENGTH)
                i += RLENGTH
                if (toupper(word) == "E" && substr(text, i, 1) == "\047") i = skip_escape_string(i)
            }
            else if (c == "\047") i = skip_past(i + 1, c, "string")
            else if (c == "\"") i = skip_past(i + 1, c, "identifier")
            else if (match(substr(text, i, 70), /^\$([A-Za-z_][A-Za-z0-9_]*)?\$/))
                i = skip_past(i + RLENGTH, substr(text, i, RLENGTH), "dollar-quoted body")
            else i++
        }
        if (!at_start) fail("the last statement does not end in a semicolon")
        if (replaceable && once)
            fail("a CREATE OR REPLACE beside a CREATE that runs once; an upgrade repeats whole files: keep them apart")
        if (mode == "install") printf "%s", out substr(text, copied)
        else if (replaceable) print "replaceable"
    }' "$2"
}

[ -f "$source_dir/ORDER" ] || fail "there is no sql/$extension/ORDER"
version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$root/extension/$extension.control")
[ -n "$version" ] || fail "no default_version in extension/$extension.control"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ORDER and the tree must name the same files, each once.
sed 's/[[:space:]]*#.*//; s/[[:space:]]*$//; /^$/d' "$source_dir/ORDER" > "$work/order"
sort "$work/order" > "$work/listed"
(cd "$source_dir" && find . -path ./upgrades -prune -o -name '*.sql' -print) | sed 's|^\./||' | sort > "$work/found"
differences=$(
    uniq -d "$work/listed" | sed 's/$/: listed twice/'
    uniq "$work/listed" | comm -23 - "$work/found" | sed 's/$/: listed, but there is no such file/'
    uniq "$work/listed" | comm -13 - "$work/found" | sed 's/$/: not listed/'
)
[ -z "$differences" ] || fail "sql/$extension/ORDER and the files beside it differ:
$differences"

print_header() {
    printf '%s\n' "\\echo Use \"$1\" to load this file. \\quit"
}

{
    print_header "CREATE EXTENSION $extension"
    while IFS= read -r file; do
        printf '\n%s\n' "-- $file"
        read_sql install "$source_dir/$file"
    done < "$work/order"
} > "$work/$extension--$version.sql"

for upgrade in "$source_dir"/upgrades/*.sql; do
    [ -f "$upgrade" ] || continue
    step=$(basename "$upgrade" .sql)
    [ "$(grep -c '^-- @functions@$' "$upgrade")" = 1 ] \
        || fail "upgrades/$step.sql needs one line \"-- @functions@\", where the functions are replaced"
    {
        print_header "ALTER EXTENSION $extension UPDATE TO '${step#*--}'"
        # As in an installation, tenantry_owner creates everything, and the installer's role comes back in finish.sql.
        echo "SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);"
        echo "SET LOCAL ROLE tenantry_owner;"
        sed '/^-- @functions@$/,$d' "$upgrade"
        while IFS= read -r file; do
            kind=$(read_sql kind "$source_dir/$file")
            [ "$kind" = replaceable ] || continue
            printf '\n%s\n' "-- $file"
            cat "$source_dir/$file"
        done < "$work/order"
        sed '1,/^-- @functions@$/d' "$upgrade"
        [ ! -f "$source_dir/finish.sql" ] || cat "$source_dir/finish.sql"
    } > "$work/$extension--$step.sql"
done

mkdir -p "$build_dir"
for script in "$work/$extension"--*.sql; do
    target=$build_dir/${script##*/}
    # Left alone when nothing changed, so that `sudo make install` writes nothing into the user's tree.
    cmp -s "$script" "$target" || { cp "$script" "$target.new" && mv "$target.new" "$target"; }
done
