#!/usr/bin/env bash
# Save MLflow's database and the bucket into a new folder, while everything runs.
#
#   docker/backup.sh [FOLDER]
#
# FOLDER is backups/<date and time> when none is named. It holds database.dump (pg_dump's custom format), objects.tar and
# SHA256SUMS. The database is saved first: whatever it names lies in the bucket already.
#
# Stores elsewhere: with PGHOST set, pg_dump and Python with boto3 of this machine are used, by PGHOST, PGPORT, PGUSER,
# PGDATABASE, PGPASSWORD, and MLFLOW_S3_ENDPOINT_URL, S3_BUCKET_NAME, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

main() {
    case ${1:-} in
        -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
        -*) echo "error: there is no argument $1; see $0 --help" >&2 && exit 2 ;;
    esac
    local folder=${1:-$root/backups/$(date -u +%Y-%m-%dT%H%M%SZ)}
    if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
        echo "error: $folder is not empty; name a new folder" >&2
        exit 2
    fi
    umask 077
    mkdir -p "$folder"
    # What is not complete has another name, so that nobody takes it for a backup.
    dump >"$folder/database.part"
    objects >"$folder/objects.part"
    mv "$folder/database.part" "$folder/database.dump"
    mv "$folder/objects.part" "$folder/objects.tar"
    (cd "$folder" && sha256sum database.dump objects.tar >SHA256SUMS)
    echo "saved to $folder; it holds no password, but all models and runs: keep it on another machine"
}

dump() {
    if [ -n "${PGHOST:-}" ]; then
        pg_dump --format=custom
    else
        (cd "$root" && docker compose exec -T postgres pg_dump --username=mlflow --dbname=mlflow --format=custom)
    fi
}

objects() {
    if [ -n "${PGHOST:-}" ]; then
        "${PYTHON:-python3}" "$root/docker/copy_bucket.py" save
    else
        (cd "$root" && docker compose run --rm --no-deps -T bucket copy-bucket save)
    fi
}

main "$@"
