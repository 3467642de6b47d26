#!/usr/bin/env python3
"""Create the account by which the API reads MLflow, or give it the password that is set now.

It may read every experiment, model and artifact, as `default_permission = READ` of MLflow's basic-auth app says, and
change none. Run by docker/docker-compose.auth.yml with the administrator's name and password.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request

ALREADY_THERE = "RESOURCE_ALREADY_EXISTS"


def main() -> int:
    """Return 0 once the account is there with this password, 1 when the server refuses it."""
    server, account = os.environ["MLFLOW_TRACKING_URI"].rstrip("/"), os.environ["READER_USERNAME"]
    password = os.environ["READER_PASSWORD"]
    try:
        done = "created"
        status, text = send("POST", f"{server}/api/2.0/mlflow/users/create", username=account, password=password)
        if ALREADY_THERE in text:
            done = "is there; its password is the one that is set now"
            status, text = send(
                "PATCH", f"{server}/api/2.0/mlflow/users/update-password", username=account, password=password
            )
    except OSError as error:
        print(f"error: MLflow at {server} does not answer: {error}", file=sys.stderr)
        return 1
    if status != 200:
        print(f"error: MLflow refuses the account {account}: {status} {text}", file=sys.stderr)
        return 1
    print(f"account {account} {done}")
    return 0


def send(method: str, url: str, **body: str) -> tuple[int, str]:
    """Send a request as the administrator, and return the status and the text of the answer."""
    login = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


if __name__ == "__main__":
    sys.exit(main())
