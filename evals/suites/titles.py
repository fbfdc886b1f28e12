"""Job title → seniority and department. Judged with macro-F1 too: most titles are of few classes."""

from collections.abc import Mapping, Sequence

from evals.case import Case
from evals.graders import equals, macro_f1
from evals.suite import Result
from scoring.titles import read_title


class TitlesSuite:
    name = "titles"

    def run(self, case: Case) -> Result:
        reading = read_title(case.input["title"])
        output = {
            "seniority": reading.seniority.value if reading.seniority else "unknown",
            "department": reading.department.value if reading.department else "unknown",
        }
        return Result(case, output, [equals(name, output[name], case.expected[name]) for name in output])

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        return {
            f"{name}_macro_f1": macro_f1((r.case.expected[name], str(r.output[name])) for r in results)
            for name in ("seniority", "department")
        }
