#!/usr/bin/env bash
# Write .env from .env.example, with fresh random secrets.
#
#   docker/init-env.sh
#
# A .env that is there already, of make up for one, keeps its lines; secrets that it lacks are added.
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
    local name missing=() keys=none
    for name in "${required[@]}"; do
        has "$name" || missing+=("$name")
    done
    case " ${missing[*]} " in
        *" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "*) keys=both ;;
        *AWS_*) keys=one ;;
    esac
    if [ "$keys" = one ]; then
        echo "error: .env holds one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which go together; add the other" >&2
        exit 1
    fi
    if [ ${#missing[@]} -eq 0 ]; then
        echo ".env is there already and is kept as it is"
    else
        add_missing
    fi
}

has() {
    grep -qE "^[[:space:]]*(export[[:space:]]+)?$1=[\"']?[^\"'[:space:]#]" .env
}

# The lines that .env has stay as they are; what the example sets and .env does not comes below them.
add_missing() {
    local line new added=()
    umask 077
    new=$(mktemp .env.XXXXXX)
    # shellcheck disable=SC2064  # the name as it is now
    trap "rm -f '$new'" EXIT
    {
        cat .env
        [ -z "$(tail -c 1 .env)" ] || echo
        printf '\n# Added by docker/init-env.sh; .env.example tells what each means.\n'
        while IFS= read -r line || [ -n "$line" ]; do
            if [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] && ! has "${line%%=*}"; then
                added+=("${line%%=*}")
                [[ $line != *= ]] || line+=$(secret)
                printf '%s\n' "$line"
            fi
        done <.env.example
    } >"$new"
    mv "$new" .env
    echo "added ${added[*]} to .env, which is readable by you only; its other lines are kept"
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
