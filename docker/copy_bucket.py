#!/usr/bin/env python3
"""Copy the bucket S3_BUCKET_NAME: ``save`` writes a tar archive to standard output, ``load`` reads one.

`docker/backup.sh` and `docker/restore.sh` run it, in the container that has the keys or beside a store elsewhere.
"""

import os
import sys
import tarfile
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def main(arguments: list[str]) -> int:
    """Return 0 when all objects have been copied, 1 when the store or the archive fails, 2 for a wrong call."""
    if arguments not in (["save"], ["load"]):
        print("usage: copy-bucket save > FILE, or copy-bucket load < FILE", file=sys.stderr)
        return 2
    bucket, endpoint = os.environ["S3_BUCKET_NAME"], os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None
    store = boto3.client("s3", endpoint_url=endpoint, config=Config(retries={"max_attempts": 5}))
    try:
        n_objects = save(store, bucket) if arguments == ["save"] else load(store, bucket)
    except (BotoCoreError, ClientError, OSError, tarfile.TarError) as error:
        print(f"error: bucket {bucket} at {endpoint or 'AWS'}: {error}", file=sys.stderr)
        return 1
    print(f"{n_objects} objects of bucket {bucket}", file=sys.stderr)
    return 0


class Stream:
    """A part of a stream, to be read once: boto3 asks the archive's own object whether it can go back, which fails."""

    def __init__(self, content: Any) -> None:
        self.read = content.read


def save(store: Any, bucket: str) -> int:
    """Write every object to standard output, and return how many there were."""
    n_objects = 0
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", []):
                try:
                    content = store.get_object(Bucket=bucket, Key=found["Key"])
                except store.exceptions.NoSuchKey:  # deleted since it was listed
                    continue
                member = tarfile.TarInfo(found["Key"])
                member.size, member.mtime = content["ContentLength"], int(found["LastModified"].timestamp())
                archive.addfile(member, content["Body"])
                n_objects += 1
    return n_objects


def load(store: Any, bucket: str) -> int:
    """Write every object of standard input into the bucket, and return how many there were; others stay as they are."""
    n_objects = 0
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                store.upload_fileobj(Stream(content), bucket, member.name)
                n_objects += 1
    return n_objects


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
