import io
import json
import logging
import os
import warnings
from collections.abc import Iterator
from datetime import datetime
from select import PIPE_BUF

import pytest
from loguru import logger

from recsys.log_lines import FIELDS, REQUEST, RequestFields
from recsys.logs import log_request, set_up_logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    logging.captureWarnings(False)
    set_up_logs("INFO", as_json=False, stream=io.StringIO())
    logging.captureWarnings(False)


def json_log(level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(level, as_json=True, stream=stream)
    return stream


def last_line(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_json_line_has_exactly_the_fields() -> None:
    stream = json_log()
    logger.bind(logger="x").info("hello {}", "world")
    line = last_line(stream)
    assert tuple(line) == FIELDS
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "x", "hello world")
    assert line["correlation_id"] is None
    assert datetime.fromisoformat(str(line["timestamp"])).utcoffset() is not None


def test_json_line_within_a_request_carries_its_fields() -> None:
    stream = json_log()
    token = REQUEST.set(RequestFields("id-1", "GET", "/x"))
    logger.warning("hm")
    REQUEST.reset(token)
    line = last_line(stream)
    assert (line["correlation_id"], line["method"], line["path"], line["status_code"]) == ("id-1", "GET", "/x", None)


def test_json_lines_of_logging_and_warnings_look_the_same() -> None:
    stream = json_log()
    logging.getLogger("uvicorn.error").info("from %s", "uvicorn")
    assert (last_line(stream)["logger"], last_line(stream)["message"]) == ("uvicorn.error", "from uvicorn")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("careful", stacklevel=1)
    assert last_line(stream)["logger"] == "py.warnings"
    assert "careful" in str(last_line(stream)["message"])


def test_json_line_of_an_exception_is_one_line() -> None:
    stream = json_log()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("failed")
        logging.getLogger("y").exception("failed too")
    assert len(stream.getvalue().splitlines()) == 2
    assert "Traceback" in str(last_line(stream)["message"])
    assert "ValueError: two\nlines" in str(last_line(stream)["message"])


def test_json_line_into_a_pipe_goes_in_one_piece() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as received, os.fdopen(writing, "w", encoding="utf-8") as stream:
        set_up_logs("INFO", as_json=True, stream=stream)
        for message in ("short", "begin " + "é" * 5000 + " end"):
            logger.info("{}", message)
        lines = [received.readline() for _ in range(2)]
    assert json.loads(lines[0])["message"] == "short"
    assert len(lines[1]) <= PIPE_BUF
    assert json.loads(lines[1])["message"].startswith("begin é")
    assert json.loads(lines[1])["message"].endswith("é end")
    assert "é [...] é" in json.loads(lines[1])["message"]


def test_message_of_any_length_is_a_short_line() -> None:
    stream = json_log()
    logging.getLogger("mlflow").warning("first %s last", "x" * 250_000)
    message = str(last_line(stream)["message"])
    assert len(message) < 10_000
    assert message.startswith("first x")
    assert message.endswith("x last")


def test_level_leaves_lines_out() -> None:
    stream = json_log("WARNING")
    logger.info("no")
    logging.getLogger("z").info("no")
    log_request("no", RequestFields("id", "GET", "/", 200, 1.0))
    assert stream.getvalue() == ""


def test_text_line_shows_control_characters() -> None:
    stream = io.StringIO()
    set_up_logs("INFO", as_json=False, stream=stream)
    log_request("answered", RequestFields("id", "GET", "/a\nCRITICAL forged\x1b[31m", 404, 1.5))
    assert stream.getvalue().count("\n") == 1
    assert "GET /a\\x0aCRITICAL forged\\x1b[31m -> 404 in 1.5 ms [id]" in stream.getvalue()


def test_message_with_braces_is_written_as_it_is() -> None:
    stream = json_log()
    logging.getLogger("w").warning("set {x} <red>")
    assert last_line(stream)["message"] == "set {x} <red>"
