#!/bin/sh
# Installs the foreign SMPP software that the interoperability tests drive, next to this script:
# Debian packages (as root), a Python environment in .venv, npm packages in node_modules.
# Run it again at any time: what is there already costs no more than a look.
set -eu
cd "$(dirname "$0")"

# tshark reads PDUs; kannel is an ESME; node and npm run the npm smpp scripts; promtool reads the
# metrics and the alert rules; strace makes the disk fail, faketime the clock jump.
packages=
want() { # COMMAND PACKAGE
    PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1 || packages="$packages $2"
}
want tshark tshark
want bearerbox kannel
want smsbox kannel
want node nodejs
want npm npm
want promtool prometheus
want strace strace
want faketime faketime

# The first Python that aiosmpplib (3.11 or later) and venv work with.
find_python() {
    for candidate in ${PYTHON:-} python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}
python=$(find_python)
[ -n "$python" ] || packages="$packages python3-venv"

packages=$(printf '%s\n' $packages | sort -u | tr '\n' ' ')
packages=${packages% }
if [ -n "$packages" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: $packages" >&2
        echo "on Debian, install them by hand and run this script again:" >&2
        echo "    sudo apt-get update" >&2
        echo "    sudo apt-get install -y --no-install-recommends $packages" >&2
        case $packages in
            *kannel*) echo "    sudo service kannel stop; sudo update-rc.d kannel disable" >&2 ;;
        esac
        case $packages in
            *prometheus*)
                echo "    sudo service prometheus stop; sudo update-rc.d prometheus disable" >&2
                ;;
        esac
        exit 1
    fi
    # Kannel's package starts a gateway of its own, prometheus's a server; the tests start what they
    # need on free ports.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # shellcheck disable=SC2086 # one word a package
    apt-get install -q -y --no-install-recommends $packages
    case $packages in *kannel*) update-rc.d kannel disable || true ;; esac
    case $packages in *prometheus*) update-rc.d prometheus disable || true ;; esac
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "no Python 3.11 or later with venv; name one: PYTHON=/path/to/python3 $0" >&2
        exit 1
    fi
fi

# A copy of the list that was installed tells whether it is still the same.
if ! cmp -s requirements.txt .venv/installed.txt || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "installing Python packages into tests/interop/.venv"
    rm -rf .venv
    "$python" -m venv .venv
    .venv/bin/pip install --quiet --no-input --disable-pip-version-check --use-pep517 \
        -r requirements.txt
    cp requirements.txt .venv/installed.txt
fi

if ! cmp -s package-lock.json node_modules/installed.json; then
    echo "installing npm packages into tests/interop/node_modules"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/installed.json
fi

echo "interoperability tests: ready"
