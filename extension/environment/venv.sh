#!/bin/sh
# Make .venv, with the project installed for editing and the extras named: demo, test, lint, bench.
#
#   extension/environment/venv.sh test lint
#
# Packages come from wherever the user's own pip configuration says. Does nothing when nothing has changed.
set -eu

python=${VENV_PYTHON:-python3}
cd "$(dirname "$0")/../.."

for extra; do
    state=$({ "$python" -VV; pwd -P; cat pyproject.toml; } | cksum)
    stamp=.venv/.installed-$extra
    if [ "$(cat "$stamp" 2> /dev/null)" != "$state" ]; then
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
            || { echo "Python 3.11 or newer is needed: set VENV_PYTHON to one." >&2; exit 1; }
        [ -x .venv/bin/pip ] || "$python" -m venv .venv
        .venv/bin/pip install -q --disable-pip-version-check --editable ".[$extra]"
        echo "$state" > "$stamp"
    fi
done
