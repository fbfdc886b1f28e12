"""Errors, named by who must act on them.

    SalesOSError
    ├── ModelMayRetry      the language model gets the message and tries again
    ├── ModelMustStop      the language model is not asked again; rules or templates take over
    ├── PersonMustDecide   a person decides; the subject waits in a queue that a person sees
    ├── RetryAt            a worker repeats the step, not before `retry_at`
    ├── FixConfiguration   whoever runs SalesOS changes a setting
    └── Rejected           the caller's input or request is refused
        ├── NotFound       (also another workspace's ids: their existence is not told)
        ├── Conflict       somebody else was first, or the thing changed since it was read
        └── Forbidden      the caller's role or key does not allow it

One boundary turns these into HTTP (api/problems.py), one into job retries (workers/engine.py), one into
tool messages (tools/tool.py). Inner code raises them and never returns error strings.
"""

from datetime import datetime


class SalesOSError(Exception):
    """What happened, why, and what to do about it; the message is shown to a person as it is.

    `code` is stable and machine-readable; `hint` says what to do.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ModelMayRetry(SalesOSError):
    code = "model_may_retry"


class ModelMustStop(SalesOSError):
    code = "model_must_stop"


class PersonMustDecide(SalesOSError):
    code = "person_must_decide"


class RetryAt(SalesOSError):
    """A passing fault. `retry_at` is None when the fault names no time: the caller's backoff decides."""

    code = "retry_later"

    def __init__(self, message: str, *, retry_at: datetime | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_at = retry_at


class FixConfiguration(SalesOSError):
    code = "fix_configuration"


class Rejected(SalesOSError):
    code = "rejected"


class NotFound(Rejected):
    code = "not_found"


class Conflict(Rejected):
    code = "conflict"


class Forbidden(Rejected):
    code = "forbidden"
