"""Logs: one JSON object a line, or readable lines on a terminal, from everything that runs here.

Our own events come from structlog. What gunicorn, granian, Celery, Alembic and Python's warnings
say through the standard library goes through the same processors to the same place.
"""

import logging
import os
import sys
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from structlog.typing import Processor

import wheelyard_core
from wheelyard_core.observability.redaction import make_redact, redact_event

Write = Callable[[str], object]

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Loggers that come with handlers of their own, or keep their records to themselves.
_FOREIGN: Final = (
    "gunicorn.error", "gunicorn.access", "_granian", "granian.access", "celery", "celery.task",
    "werkzeug", "alembic", "py.warnings", "multiprocessing",
)  # fmt: skip
STDOUT: Final = 1


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How to log. `secrets` are taken out wherever they appear."""

    service: str
    form: str = "auto"
    level: str = "info"
    secrets: Collection[str] = field(default=(), repr=False)


def write_to_stdout(line: str) -> None:
    """Write one line at once, without a buffer or a lock that a fork could leave taken."""
    data = memoryview(f"{line}\n".encode("utf-8", "replace"))
    try:
        while data:
            data = data[os.write(STDOUT, data) :]
    except OSError:
        # Nobody reads our output any more; that is no reason to fail what is being done.
        return


def configure_logging(settings: LogSettings, write: Write = write_to_stdout) -> None:
    """Send everything that is logged in this process to *write*, line by line."""
    level = _LEVELS[settings.level]
    shared = _processors(settings)
    structlog.configure(
        processors=[*shared, *_rendering(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Writer(write),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(write)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                _name_the_logger,
                *shared,
            ],
            processors=[_forget_meta, *_rendering(settings)],
        )
    )
    # What libraries tell below a warning is for those who debug.
    _route_everything_to(handler, level if level == logging.DEBUG else max(level, logging.WARNING))


def _processors(settings: LogSettings) -> list[Processor]:
    about = {"service": settings.service, "version": wheelyard_core.__version__}

    def name_the_service(_logger: Any, _method: str, event: Any) -> Any:
        for key, value in about.items():
            event.setdefault(key, value)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_the_service,
    ]


def _rendering(settings: LogSettings) -> list[Processor]:
    redact = make_redact(settings.secrets)

    def without_secrets(_logger: Any, _method: str, event: Any) -> Any:
        return redact_event(redact, event)

    readable = settings.form == "console" or (settings.form == "auto" and os.isatty(STDOUT))
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=os.isatty(STDOUT))
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    # Tracebacks become text first, so that they are redacted too.
    return [_spell_out_exception, without_secrets, render]


def _spell_out_exception(_logger: Any, _method: str, event: Any) -> Any:
    event = structlog.processors.format_exc_info(_logger, _method, event)
    if "exception" in event:
        event["exc"] = event.pop("exception")
    return event


def _name_the_logger(_logger: Any, _method: str, event: Any) -> Any:
    record: logging.LogRecord = event["_record"]
    event["logger"] = record.name
    return event


def _forget_meta(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def _route_everything_to(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _FOREIGN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash


def _log_crash(kind: Any, error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))


class _Writer:
    """What structlog calls a logger: every method writes a finished line."""

    def __init__(self, write: Write) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = write
        self.msg = self.exception = write


class _Handler(logging.Handler):
    """Writes a finished line, and has no lock: see write_to_stdout."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def createLock(self) -> None:  # noqa: N802  the standard library's name
        """Have no lock."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record unless filtered; since Python 3.13 the inherited one locks."""
        passed = bool(self.filter(record))
        if passed:
            self.emit(record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a record that cannot be formatted is told of, never raised."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  logging must not break what is being done
            line = f'{{"event": "unloggable", "level": "error", "logger": "{record.name}"}}'
        self._write(line)
