"""What every job does with a call: answer it, or tell the parent in one sentence why it cannot."""

import os
from collections.abc import Callable
from typing import Any

from loguru import logger

from recsys.errors import RecsysError
from recsys.logs import set_up_logs
from serving.shared.messages import failure


def take_over(start: dict[str, Any]) -> None:
    """Take over the environment and the log as the parent's first message tells them."""
    os.environ.clear()
    os.environ.update(start["environment"])
    set_up_logs(start["log_level"], as_json=start["log_as_json"], may_block=False)


def answer_of(call: Callable[[], Any]) -> dict[str, Any]:
    """Return the message that answers a call."""
    try:
        return {"answer": call()}
    except (RecsysError, OSError) as error:
        return failure(error, str(error))
    except MemoryError as error:
        return failure(error, "the answer is larger than a process may be that asks; check what answers there")
    except Exception as error:  # noqa: BLE001  whatever a library throws, the parent is told
        logger.opt(exception=error).error("unexpected {}", type(error).__name__)
        return failure(error, f"{type(error).__name__}: {error}")
