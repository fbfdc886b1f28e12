"""What can go wrong, with the server's own words: what happened, and what to do."""

from typing import Any


class ApiError(Exception):
    """The server refused. `code` is stable, `status` is HTTP's, `problems` are paths with messages (422)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or "http_error")
        self.message = str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")
        self.hint = str(problem.get("hint") or "")
        self.problems: list[dict[str, Any]] = list(problem.get("problems") or ())
        super().__init__(f"{self.message} {self.hint}".strip())


class Unreachable(ApiError):
    """There was no answer: the server is away, or something else answers in its place."""

    def __init__(self, url: str, why: str) -> None:
        hint = "Check the address, and that `salesos serve` runs there."
        super().__init__(0, {"code": "unreachable", "detail": f"{url} does not answer: {why}.", "hint": hint})
