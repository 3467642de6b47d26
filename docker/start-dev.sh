#!/usr/bin/env bash
# Start the development stack: live reload, one worker, the source of this folder, a debugger on 127.0.0.1:5678.
#
#   docker/start-dev.sh
#
# Writes .env if there is none, trains if no model is served yet, waits for the API, and shows what is where.
# The retraining does not start by itself here, and one that runs is ended; to start it:
#
#   docker compose -f docker-compose.yml -f docker/docker-compose.dev.yml --profile manual up -d retraining
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

patience_seconds=180

main() {
    case ${1:-} in
        '') ;;
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        *) echo "error: there is no argument $1; see $0 --help" >&2 && exit 2 ;;
    esac
    docker/init-env.sh
    compose build
    compose --profile manual rm --stop --force retraining
    echo "starting; a first model is trained when none is served yet"
    compose up --detach || fail "the stack did not start" training
    compose logs --no-log-prefix --tail 1 training
    wait_for_health
    show_endpoints
}

compose() {
    local files
    # Laid over the files that docker compose takes by itself.
    files=${COMPOSE_FILE:-$(sed -n 's/^COMPOSE_FILE=//p' .env | tail -n 1)}
    [ -n "$files" ] || files=docker-compose.yml$([ ! -f docker-compose.override.yml ] || echo :docker-compose.override.yml)
    COMPOSE_FILE=$files:docker/docker-compose.dev.yml docker compose "$@"
}

wait_for_health() {
    local deadline=$((SECONDS + patience_seconds))
    echo "waiting for the API"
    until healthy; do
        [ $SECONDS -lt $deadline ] || fail "the API is not healthy after $patience_seconds seconds" api
        sleep 1
    done
}

healthy() {
    compose exec -T api python -c \
        'import urllib.request; urllib.request.urlopen("http://127.0.0.1:8000/health", timeout=4)' 2>/dev/null
}

show_endpoints() {
    local api mlflow console debugger
    api=$(address api 8000) mlflow=$(address mlflow 5000) console=$(address minio 9001) debugger=$(address api 5678)
    cat <<END

  the API                http://$api
  its documentation      http://$api/docs
  its health             http://$api/health
  MLflow                 http://$mlflow
  the bucket's console   http://$console  (keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env, or secrets/)
  debugpy                $debugger

  curl -s http://$api/recommend -H 'Content-Type: application/json' -d '{"user_ratings": {"1": 5, "50": 4.5}, "n": 5}'

  docker/train.sh dev trains another model; docker/stop.sh ends all this.
END
}

address() {
    local found
    found=$(compose port "$1" "$2" 2>/dev/null) || found='(not published)'
    echo "${found/0.0.0.0/127.0.0.1}"
}

fail() {
    echo "error: $1; its last lines:" >&2
    compose logs --no-log-prefix --tail 20 "$2" >&2
    exit 1
}

main "$@"
