#!/usr/bin/env bash
# Write .env from .env.example, with fresh random secrets.
#
#   docker/init-env.sh [--files]
#
#   --files  keep each secret in a file of its own in secrets/, which docker/docker-compose.secrets.yml hands on
#
# A .env that is there already, of make up for one, keeps its lines; secrets that it lacks are added. With --files, the
# secrets that it holds are moved into secrets/, and what docker-compose.yml asks for all the same is random and unused.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

required=(POSTGRES_PASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY RECSYS_API__ADMIN_TOKEN)
# What programs outside the containers use as well; .env names its file to them.
shared=(MLFLOW_TRACKING_PASSWORD RECSYS_MODEL__SIGNING_KEY)
overlay=docker/docker-compose.secrets
unused=unused-

main() {
    case ${1:-} in
        '' | --files) ;;
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        *) echo "error: there is no argument $1; see $0 --help" >&2 && exit 2 ;;
    esac
    umask 077
    if [ -e .env ]; then
        check_existing "${1:-}"
    else
        write_new
    fi
    [ "${1:-}" != --files ] || move_to_files
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
    if [ ${#missing[@]} -gt 0 ]; then
        add_missing
    elif [ "$1" != --files ]; then
        echo ".env is there already and is kept as it is"
    fi
}

# Whether .env sets a name, or names a file for it.
has() {
    grep -qE "^[[:space:]]*(export[[:space:]]+)?$1(_FILE)?=[\"']?[^\"'[:space:]#]" .env
}

# The lines that .env has stay as they are; what the example sets and .env does not comes below them.
add_missing() {
    local line new added=()
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
    rm "$new"
    echo "wrote .env with fresh secrets; it is readable by you only"
}

# 160 random bits, in letters and digits that need no quoting anywhere.
secret() {
    od -An -N20 -tx1 /dev/urandom | tr -d ' \n'
}

# The files first, then .env as a whole: whenever this is interrupted, no secret is lost.
move_to_files() {
    local name new moved=()
    mkdir -p secrets
    # The folder keeps others out. The files are readable by all: each container reads its own as another user.
    chmod 700 secrets
    for name in $(sed -n 's/^\([A-Z][A-Z0-9_]*\)=$/\1/p' .env.example) RECSYS_MODEL__SIGNING_KEY; do
        case $(value_of "$name") in
            '' | "$unused"*) ;;
            *)
                write_file "$name"
                moved+=("$name")
                ;;
        esac
    done
    new=$(mktemp .env.XXXXXX)
    # shellcheck disable=SC2064  # the name as it is now
    trap "rm -f '$new'" EXIT
    {
        lines_without COMPOSE_FILE "${moved[@]/%/(_FILE)?}"
        for name in "${moved[@]}"; do
            line_of "$name"
        done
        echo "COMPOSE_FILE=$(compose_files)"
    } >"$new"
    mv "$new" .env
    echo "moved ${#moved[@]} secrets from .env into secrets/; docker compose hands them on by $overlay.yml"
}

assignment() {
    echo "^[[:space:]]*(export[[:space:]]+)?($1)[[:space:]]*="
}

# What .env says of a name, without the quotes around it; the last line counts.
value_of() {
    local value
    value=$({ grep -E "$(assignment "$1")" .env || true; } | tail -n 1 | sed 's/^[^=]*=[[:space:]]*//; s/[[:space:]]*$//')
    case $value in
        \'*\' | \"*\") value=${value:1:-1} ;;
    esac
    printf '%s' "$value"
}

lines_without() {
    local names
    names=$(IFS='|' && echo "$*")
    grep -vE "$(assignment "$names")" .env || true
}

file_of() {
    local short=${1##*__}
    echo "secrets/${short,,}"
}

# What stands in .env when the secret is in its file.
line_of() {
    if [[ " ${shared[*]} " = *" $1 "* ]]; then
        echo "$1_FILE=$(file_of "$1")"
    else
        echo "$1=$unused$(secret)"
    fi
}

write_file() {
    local value file new
    value=$(value_of "$1") file=$(file_of "$1")
    if [[ ! $value =~ ^[A-Za-z0-9.,:_~+/=@%^-]+$ ]]; then
        echo "error: $1 in .env holds characters with a meaning of their own there; write it into $file yourself," \
            "and $(line_of "$1") into .env in its place" >&2
        exit 1
    fi
    if [ -e "$file" ] && [ "$(cat "$file")" != "$value" ]; then
        echo "error: $file holds another secret than $1 in .env; remove the one that does not count" >&2
        exit 1
    fi
    new=$(mktemp "$file.XXXXXX")
    printf '%s\n' "$value" >"$new"
    chmod 644 "$new"
    mv "$new" "$file"
}

# The files that docker compose shall use by itself: those of before, and what hands the secrets on.
compose_files() {
    local files
    files=$(value_of COMPOSE_FILE)
    [ -n "$files" ] || files=docker-compose.yml$([ ! -f docker-compose.override.yml ] || echo :docker-compose.override.yml)
    lay_over "$overlay.yml"
    [[ :$files: != *:docker/docker-compose.auth.yml:* ]] || lay_over "$overlay-auth.yml"
    ! grep -qs '^AWS_ACCESS_KEY_ID=\$' docker/data.env || lay_over "$overlay-data.yml"
    echo "$files"
}

lay_over() {
    [[ :$files: = *":$1:"* ]] || files+=:$1
}

main "$@"
