#!/usr/bin/env bash
# Stop the stack, whichever way it was started. Data, models and logs stay.
#
#   docker/stop.sh [--clean]
#
#   --clean  also delete the volumes (database, bucket, model cache, data, logs, monitoring) and the images, after a question
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

images=(movie-recsys-training movie-recsys-api movie-recsys-retraining movie-recsys-mlflow movie-recsys-api-dev)

main() {
    case ${1:-} in
        '') compose down --remove-orphans ;;
        --clean) clean ;;
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' ;;
        *) echo "error: there is no argument $1; see $0 --help" >&2 && exit 2 ;;
    esac
}

clean() {
    local answer=
    echo "This deletes every run, model and log of the stack, and the images ${images[*]}."
    read -r -p "Type yes to delete them: " answer || true
    if [ "$answer" != yes ]; then
        echo "nothing was deleted, and nothing was stopped"
        exit 1
    fi
    compose down --remove-orphans --volumes
    local image
    for image in "${images[@]}"; do
        docker image rm "$image" >/dev/null 2>&1 || true
    done
    echo "volumes and images are deleted; .env and secrets/ stay"
}

# What is stopped goes by its labels; the secrets are of no use here, and a lost .env shall not keep anything running.
compose() {
    POSTGRES_PASSWORD=unused AWS_ACCESS_KEY_ID=unused AWS_SECRET_ACCESS_KEY=unused RECSYS_API__ADMIN_TOKEN=unused \
        docker compose -f docker-compose.yml -f docker/docker-compose.dev.yml -f docker/docker-compose.monitoring.yml \
        --profile manual "$@"
}

main "$@"
