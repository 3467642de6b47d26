#!/usr/bin/env python3
"""Create the bucket that S3_BUCKET_NAME names, if it is not there; wait for the store as long as need be."""

import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 1.0
REFUSALS = (401, 403)


def main() -> int:
    """Return 0 once the bucket is there, 1 when the store refuses the keys or does not answer in time."""
    bucket, endpoint = os.environ["S3_BUCKET_NAME"], os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None
    config = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 1})
    store = boto3.client("s3", endpoint_url=endpoint, config=config)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            print(f"bucket {bucket} {ensure(store, bucket)}")
            return 0
        except (BotoCoreError, ClientError) as error:
            if status_of(error) in REFUSALS or time.monotonic() > give_up:
                print(f"error: no bucket {bucket} at {endpoint or 'AWS'}: {error}", file=sys.stderr)
                return 1
            time.sleep(PAUSE_SECONDS)


def ensure(store, bucket: str) -> str:
    """Create the bucket unless it exists, and say which."""
    try:
        store.head_bucket(Bucket=bucket)
    except ClientError as error:
        if status_of(error) != 404:
            raise
    else:
        return "is there"
    region = store.meta.region_name
    # AWS itself wants the region spelled out, except for its first one; other stores ignore it.
    place = {} if region in (None, "us-east-1") else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    store.create_bucket(Bucket=bucket, **place)
    return "created"


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of the store's answer, if it has answered."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else None


if __name__ == "__main__":
    sys.exit(main())
