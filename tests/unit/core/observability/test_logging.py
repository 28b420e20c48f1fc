import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from wheelyard_core.observability.logging import LogSettings, configure_logging

SECRET = "wyp_0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    show = warnings.showwarning
    # A request leaves what it bound to the next one in its thread, which clears it.
    structlog.contextvars.clear_contextvars()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    logging.captureWarnings(capture=False)
    warnings.showwarning = show
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> list[str]:
    return []


def _configure(lines: list[str], form: str = "json", level: str = "info") -> None:
    settings = LogSettings("api", form, level, ["the-pepper-of-all"])
    configure_logging(settings, lines.append)


def _events(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_an_event_is_one_json_object_with_what_is_bound(lines: list[str]) -> None:
    _configure(lines)
    structlog.contextvars.bind_contextvars(request_id="abcdefgh")

    structlog.get_logger().info("published", count=3)

    (event,) = _events(lines)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "published",
        "level": "info",
        "service": "api",
        "version": "0.1.0",
        "request_id": "abcdefgh",
        "count": 3,
    }


@pytest.mark.parametrize(
    "name",
    ["gunicorn.error", "_granian", "celery.worker", "werkzeug", "alembic.runtime", "py.warnings"],
)
def test_what_libraries_say_goes_the_same_way(lines: list[str], name: str) -> None:
    logger = logging.getLogger(name)
    logger.addHandler(logging.StreamHandler(sys.stdout)) if "." not in name else None
    _configure(lines)

    logger.warning("cannot reach %s", "redis://:hunter2@host", extra={"attempt": 2})

    (event,) = _events(lines)
    assert event["event"] == "cannot reach redis://[redacted]@host"
    assert (event["logger"], event["level"], event["attempt"]) == (name, "warning", 2)


def test_warnings_of_python_are_events(lines: list[str]) -> None:
    _configure(lines)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", DeprecationWarning, stacklevel=1)

    assert "old thing" in _events(lines)[0]["event"]


def test_libraries_are_quiet_below_a_warning(lines: list[str]) -> None:
    _configure(lines)

    logging.getLogger("alembic").info("Context impl SQLiteImpl.")
    structlog.get_logger().debug("nothing")

    assert lines == []


def test_a_level_holds_back_what_is_below_it(lines: list[str]) -> None:
    _configure(lines, level="warning")

    structlog.get_logger().info("held")
    structlog.get_logger().warning("told")

    assert [event["event"] for event in _events(lines)] == ["told"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_passes_in_fields_or_tracebacks(lines: list[str], form: str) -> None:
    _configure(lines, form)

    def fails(token: str) -> None:
        raise ValueError(f"bad {token} at http://u:hunter2@host with the-pepper-of-all")

    for log in (structlog.get_logger(), logging.getLogger("x")):
        try:
            fails(SECRET)
        except ValueError:
            log.exception("failed %s", SECRET) if isinstance(log, logging.Logger) else (
                log.exception("failed", token_id=3, what=SECRET, password="hunter2")
            )

    text = "\n".join(lines)
    assert "ValueError" in text
    assert text.count("Traceback") == 2
    for secret in (SECRET, SECRET[4:], "hunter2", "the-pepper-of-all"):
        assert secret not in text


def test_a_traceback_is_one_field_of_one_line(lines: list[str]) -> None:
    _configure(lines)

    try:
        raise ValueError("x")  # noqa: TRY301  an error is what is logged
    except ValueError as error:
        structlog.get_logger().error("bug", exc_info=error)

    (event,) = _events(lines)
    assert event["exc"].startswith("Traceback")


def test_a_record_that_cannot_be_formatted_breaks_nothing(lines: list[str]) -> None:
    _configure(lines)

    logging.getLogger("x").warning("%d things", "many")

    assert _events(lines)[0]["event"] == "unloggable"


def test_a_terminal_gets_readable_lines(lines: list[str]) -> None:
    _configure(lines, "console")

    structlog.get_logger().info("published", count=3)

    assert "published" in lines[0]
    assert not lines[0].startswith("{")


def test_without_a_terminal_lines_are_json_and_a_closed_output_harms_nobody() -> None:
    program = (
        "import structlog\n"
        "from wheelyard_core.observability.logging import LogSettings, configure_logging\n"
        "configure_logging(LogSettings('api'))\n"
        "structlog.get_logger().info('one')\n"
        "import os; os.close(1)\n"
        "structlog.get_logger().info('two')\n"
        "raise ValueError('wyp_0123456789')\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
    )

    assert json.loads(ended.stdout)["event"] == "one"
    assert b"0123456789" not in ended.stderr
    assert ended.returncode == 1
