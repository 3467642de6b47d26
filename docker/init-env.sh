#!/usr/bin/env bash
# Write .env from .env.example, with fresh random secrets.
#
#   docker/init-env.sh
#
# A .env that is there already is left as it is; what it lacks is named.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

required=(POSTGRES_PASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY RECSYS_API__ADMIN_TOKEN)

main() {
    case ${1:-} in
        '') ;;
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        *) echo "error: there is no argument $1; see $0 --help" >&2 && exit 2 ;;
    esac
    if [ -e .env ]; then
        check_existing
    else
        write_new
    fi
}

check_existing() {
    local name missing=()
    for name in "${required[@]}"; do
        grep -qE "^[[:space:]]*(export[[:space:]]+)?$name=[\"']?[^\"'[:space:]#]" .env || missing+=("$name")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "error: .env is kept as it is, but lacks ${missing[*]}; add them, as .env.example shows," >&2
        echo "or move .env away and run this again" >&2
        exit 1
    fi
    echo ".env is there already and is kept as it is"
}

# Moved into place as a whole, and only where nothing is: no half-written file, and none overwritten.
write_new() {
    local line new
    umask 077
    new=$(mktemp .env.XXXXXX)
    # shellcheck disable=SC2064  # the name as it is now
    trap "rm -f '$new'" EXIT
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line =~ ^[A-Z][A-Z0-9_]*=$ ]]; then
            line+=$(secret)
        fi
        printf '%s\n' "$line"
    done <.env.example >"$new"
    ln "$new" .env
    echo "wrote .env with fresh secrets; it is readable by you only"
}

# 160 random bits, in letters and digits that need no quoting anywhere.
secret() {
    od -An -N20 -tx1 /dev/urandom | tr -d ' \n'
}

main "$@"
