#!/usr/bin/env bash
# Build the images and show their sizes.
#
#   docker/build.sh [--dev] [--no-cache] [IMAGE...]
#
#   IMAGE       training, serving, retraining or mlflow; all four when none is named
#   --dev       also the image of the development override, with a debugger
#   --no-cache  build every layer again
#
# PIP_INDEX_URL, when set, is the package index to install from, and PYTHON_IMAGE the base, by digest for example.
# DOCKER_BUILDKIT=0 chooses the classic builder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

declare -A image_of=(
    [training]=movie-recsys-training
    [serving]=movie-recsys-api
    [retraining]=movie-recsys-retraining
    [mlflow]=movie-recsys-mlflow
    [development]=movie-recsys-api-dev
)

main() {
    local flags=() targets=() extra=() target
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) sed -n '2,/^set -/p' "$0" | sed '$d; s/^# \{0,1\}//' && exit ;;
            --dev) extra=(development) ;;
            --no-cache) flags+=(--no-cache) ;;
            training | serving | retraining | mlflow) targets+=("$1") ;;
            *) echo "error: there is no image or flag $1; see $0 --help" >&2 && exit 2 ;;
        esac
        shift
    done
    [ ${#targets[@]} -gt 0 ] || targets=(training serving retraining mlflow)
    targets+=("${extra[@]}")
    [ -z "${PIP_INDEX_URL:-}" ] || flags+=(--build-arg PIP_INDEX_URL)
    [ -z "${PYTHON_IMAGE:-}" ] || flags+=(--build-arg PYTHON_IMAGE)
    for target in "${targets[@]}"; do
        echo "building ${image_of[$target]}"
        docker build --quiet "${flags[@]}" --file docker/Dockerfile --target "$target" \
            --build-arg VERSION="$(version)" --build-arg REVISION="$(revision)" \
            --tag "${image_of[$target]}" . >/dev/null
    done
    sizes
}

version() {
    sed -n 's/^__version__ = "\(.*\)"$/\1/p' recsys/__init__.py
}

revision() {
    git rev-parse --short HEAD 2>/dev/null || echo unknown
}

sizes() {
    local target
    echo
    for target in "${targets[@]}"; do
        printf '%-26s %6d MB\n' "${image_of[$target]}" "$(megabytes "${image_of[$target]}")"
    done
    printf '%-26s %6d MB  (part of each)\n' "the Python base" "$(megabytes "${PYTHON_IMAGE:-python:3.11-slim-bookworm}")"
}

megabytes() {
    local bytes
    bytes=$(docker image inspect --format '{{.Size}}' "$1" 2>/dev/null || echo 0)
    echo $((bytes / 1000000))
}

main "$@"
