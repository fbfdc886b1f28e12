"""Structured logs on stderr: lines for a person, or JSON; redacted, whoever wrote them.

    log = get_logger(__name__)
    with log_context(workspace=workspace_id, run=run_id, job=job_id):
        log.info("cohort scored", leads=500, seconds=0.4)

The standard library's records (uvicorn, SQLAlchemy, httpx2, pgqueuer, warnings) go the same way. The message says
what happened in fixed words; what varies is a field, and people are ids.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from core.errors import FixConfiguration
from core.redaction import redact_fields

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# These print every request or statement at INFO: URLs, and parameters in clear.
_QUIET = ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "sqlalchemy.engine", "sqlalchemy.pool", "urllib3")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))


def log_context(**ids: object) -> AbstractContextManager[None]:
    """Every line within the block carries these ids (workspace, run, job, lead …), also from `asyncio.to_thread`.

    A thread of a plain executor starts without them.
    """
    return structlog.contextvars.bound_contextvars(**{key: str(value) for key, value in ids.items()})


def configure_logging(*, level: str = "INFO", as_json: bool = False, stream: TextIO | None = None) -> None:
    """Once, at the start of a process; again replaces it. `stream` is stderr unless given. Raises FixConfiguration."""
    level = level.upper()
    if level not in _LEVELS:
        raise FixConfiguration(
            f"SALESOS_LOG_LEVEL is {level!r}, which is no level.", hint=f"Use one of {', '.join(_LEVELS)}."
        )
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(out, as_json=as_json)],
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder(), *_ending()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _UVICORN:  # start uvicorn with log_config=None, or it puts its own handlers back
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending() -> list[Processor]:
    """Tracebacks become text first, so that what an exception quotes is redacted too."""
    return [structlog.processors.StackInfoRenderer(), structlog.processors.format_exc_info, _redact]


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    own = {key: value for key, value in event.items() if key.startswith("_")}  # structlog's, removed before printing
    event.pop("color_message", None)  # uvicorn's second copy of its message
    clean = redact_fields({key: value for key, value in event.items() if key not in own})
    return {**clean, **own}


def _renderer(out: TextIO, *, as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    get_logger("salesos").critical("uncaught error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        get_logger("salesos").critical(
            "uncaught error in a thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )


# On import, so that a logger used before `configure_logging` is redacted as well.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        *_ending(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
