#!/usr/bin/env bash
# Put back what docker/backup.sh has saved: the bucket first, then the database, in one transaction.
#
#   docker/restore.sh FOLDER
#
# What the database holds now is replaced; objects of the bucket that the backup has not are left. The API serves on
# meanwhile, and follows the restored registry by itself. Stores elsewhere: as docker/backup.sh --help says; then stop
# MLflow before and start it afterwards.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

main() {
    case ${1:-} in
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        '' | -*) echo "error: name the folder of a backup; see $0 --help" >&2 && exit 2 ;;
    esac
    local folder
    if ! folder=$(cd "$1" 2>/dev/null && pwd) || [ ! -f "$folder/SHA256SUMS" ]; then
        echo "error: $1 is not a complete backup; docker/backup.sh makes one" >&2
        exit 2
    fi
    if ! (cd "$folder" && sha256sum --quiet --check SHA256SUMS) >&2; then
        echo "error: $folder has been altered since it was saved; nothing is restored" >&2
        exit 1
    fi
    if [ -z "${PGHOST:-}" ]; then
        cd "$root"
        docker compose stop mlflow retraining
        docker compose up -d --wait postgres
        docker compose up bucket
    fi
    objects <"$folder/objects.tar"
    database <"$folder/database.dump"
    if [ -z "${PGHOST:-}" ]; then
        docker compose up -d --wait mlflow
        docker compose up -d
    fi
    echo "restored from $folder"
}

database() {
    local how=(--clean --if-exists --no-owner --single-transaction --exit-on-error)
    if [ -n "${PGHOST:-}" ]; then
        pg_restore "${how[@]}" --dbname="${PGDATABASE:-mlflow}"
    else
        docker compose exec -T postgres pg_restore "${how[@]}" --username=mlflow --dbname=mlflow
    fi
}

objects() {
    if [ -n "${PGHOST:-}" ]; then
        "${PYTHON:-python3}" "$root/docker/copy_bucket.py" load
    else
        docker compose run --rm --no-deps -T bucket copy-bucket load
    fi
}

main "$@"
