"""The one boundary where errors become HTTP: problem+json (RFC 9457) under /api, a page everywhere else."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from api.dependencies import Unauthenticated
from api.etags import PreconditionFailed
from api.headers import ALWAYS
from api.limits import TooMany
from api.streams import TooManyStreams
from core.errors import (
    Conflict,
    FixConfiguration,
    Forbidden,
    ModelMayRetry,
    ModelMustStop,
    NotFound,
    PersonMustDecide,
    Rejected,
    RetryAt,
    SalesOSError,
)

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger(__name__)

# The first that fits, the narrow ones first.
_STATUS: tuple[tuple[type[SalesOSError], int, str], ...] = (
    (Unauthenticated, 401, "Sign in first"),
    (Forbidden, 403, "Not allowed"),
    (NotFound, 404, "Not found"),
    (PreconditionFailed, 412, "Changed since"),
    (TooMany, 429, "Too many requests"),
    (TooManyStreams, 429, "Too many requests"),
    (Conflict, 409, "Overtaken"),
    (PersonMustDecide, 409, "A person must decide"),
    (Rejected, 422, "Not accepted"),
    (RetryAt, 503, "Try again later"),
    (FixConfiguration, 503, "Not set up"),
    (ModelMayRetry, 502, "The language model failed"),
    (ModelMustStop, 502, "The language model failed"),
)


class Invalid(Rejected):
    """Input with several things wrong, each with its path."""

    code = "invalid"

    def __init__(self, message: str, problems: list[dict[str, Any]], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class Problem(BaseModel):
    """RFC 9457, with what to do about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:salesos:problem:already_decided",
                    "title": "Overtaken",
                    "status": 409,
                    "detail": "Already approved by Ann at 2026-06-02T14:00:00+00:00.",
                    "hint": "The first decision counts; an approval can be undone until the mail leaves.",
                    "code": "already_decided",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""
    code: str
    problems: list[dict[str, Any]] | None = None


def problem_of(error: Exception) -> Problem:
    if isinstance(error, SalesOSError):
        status, title = next(((s, t) for kind, s, t in _STATUS if isinstance(error, kind)), (500, "Failed"))
        problems = error.problems if isinstance(error, Invalid) else None
        return _problem(status, title, error.message, error.hint, error.code, problems)
    if isinstance(error, RequestValidationError):
        found = [
            {"path": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = f"The request has {len(found)} problem{'s' if len(found) != 1 else ''}."
        return _problem(
            422, "Not accepted", detail, "See `problems`; /api/openapi.json says what is expected.", "invalid", found
        )
    if isinstance(error, HTTPException):
        if error.status_code == 413:
            what = "The request is larger than this address takes."
            hint = "A list to import may have 50 MB; `salesos import` on the machine takes files of any size."
            return _problem(413, "Too large", what, hint, "too_large")
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return _problem(
            error.status_code, str(error.detail), f"{error.detail}.", "/api/openapi.json lists what there is.", code
        )
    return _problem(
        500, "Failed", "Something broke on our side.", "Try again; the log of the server says what it was.", "internal"
    )


def install(app: FastAPI, page: Callable[[Request, Problem], Response]) -> None:
    """`page` shows a problem to a person, for paths outside /api."""

    def answer(request: Request, error: Exception) -> Response:
        return answer_to(request, error, page)

    for kind in (SalesOSError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def answer_to(request: Request, error: Exception, page: Callable[[Request, Problem], Response]) -> Response:
    problem = problem_of(error)
    if problem.status >= 500 and not isinstance(error, RetryAt):
        _log.error("request_failed", code=problem.code, error=type(error).__name__, path=_place(request))
    response = respond(problem) if request.url.path.startswith("/api") else page(request, problem)
    if isinstance(error, RetryAt):
        response.headers["Retry-After"] = "30"
    if isinstance(error, TooMany):
        response.headers.update(error.headers)
    if problem.status == 401 and request.url.path.startswith("/api"):
        response.headers["WWW-Authenticate"] = "Bearer"
    for name, value in ALWAYS.items():  # what nobody expected is answered outside of every middleware
        response.headers.setdefault(name, value)
    return response


def respond(problem: Problem) -> Response:
    body = orjson.dumps(problem.model_dump(exclude_none=True))
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE)


def _problem(
    status: int, title: str, detail: str, hint: str, code: str, problems: list[dict[str, Any]] | None = None
) -> Problem:
    return Problem(
        type=f"urn:salesos:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        hint=hint,
        code=code,
        problems=problems,
    )


def _place(request: Request) -> str:
    """The route, never the path itself: tokens and ids stand in paths."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))
