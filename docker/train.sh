#!/usr/bin/env bash
# Train, evaluate, track and register a model in the training container.
#
#   docker/train.sh [dev|prod] [flags of python -m training train]
#
#   prod  with the source in the image (the default)
#   dev   with the source of this folder
#
# For example:  docker/train.sh prod --method ease
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    local mode=prod
    case ${1:-} in
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        dev | prod) mode=$1 && shift ;;
        '' | -*) ;;
        *) echo "error: there is no mode $1, only dev and prod; see $0 --help" >&2 && exit 2 ;;
    esac
    docker/init-env.sh
    compose run --rm --build training python -m training train "$@"
    cat <<END

The API follows the registry's alias by itself, within seconds and without a restart. The first version ever is
served at once; a later one is Challenger until somebody promotes it:

  docker compose run --rm training python -m training promote latest

or, in MLflow, gives it the alias Production. docker compose run --rm training python -m training retrain
trains and lets the gate decide.
END
}

compose() {
    if [ "$mode" = prod ]; then
        docker compose "$@"
        return
    fi
    local files
    # Laid over the files that docker compose takes by itself.
    files=${COMPOSE_FILE:-$(sed -n 's/^COMPOSE_FILE=//p' .env | tail -n 1)}
    [ -n "$files" ] || files=docker-compose.yml$([ ! -f docker-compose.override.yml ] || echo :docker-compose.override.yml)
    COMPOSE_FILE=$files:docker/docker-compose.dev.yml docker compose "$@"
}

main "$@"
