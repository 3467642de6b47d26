"""``python -m serving``: serve the model that the registry's alias points to."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from recsys.errors import ParameterError, RecsysError, did_you_mean
from recsys.logs import flush_logs, set_up_logs
from recsys.settings import read_settings
from serving.parent.reloader import serve_with_reload
from serving.parent.run import serve
from serving.parent.usage import usage

EXIT_FAILED, EXIT_USAGE = 1, 2


def main(argv: Sequence[str]) -> int:
    """Serve, and return the exit code: 0 ended as told, 1 failed, 2 called in a wrong way."""
    if any(argument in ("-h", "--help") for argument in argv):
        sys.stdout.write(usage())
        return 0
    try:
        if argv:
            raise ParameterError(f"there is no argument {argv[0]}{did_you_mean(argv[0], ['--help'])}")
        settings = read_settings()
        set_up_logs(settings.logging.level, as_json=settings.environment == "prod", may_block=False)
        return serve_with_reload() if settings.api.reload else serve(settings)
    except RecsysError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_USAGE if isinstance(error, ParameterError) else EXIT_FAILED


def leave(code: int) -> None:
    """End the process at once: the sync's thread may hang in a call to a dead server, and nothing waits for it."""
    flush_logs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # full, or closed from the start: the exit code counts
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
