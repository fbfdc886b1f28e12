"""Does the supervisor go where a person who knows sales would? Paths through the table, trigger by trigger."""

from collections.abc import Mapping, Sequence

from agents.step import SubjectKind, Trigger
from evals.case import Case
from evals.graders import equals
from evals.suite import Result
from graphs.routing import EMITS, END, route


class RoutingSuite:
    name = "routing"

    def run(self, case: Case) -> Result:
        """`input.subject` and `input.moves` [[stage, trigger], …]; `expected.path` the nodes in order."""
        subject = SubjectKind(case.input["subject"])
        path: list[str] = []
        for stage, trigger in case.input["moves"]:
            if path and path[-1] in EMITS and Trigger(trigger) not in EMITS[path[-1]]:
                path.append(f"{path[-1]} never answers {trigger}")
                break
            path.append(route(subject, stage, Trigger(trigger)).next)
            if path[-1] == END:
                break
        return Result(case, {"path": path}, [equals("path", path, case.expected["path"])])

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        return {}
