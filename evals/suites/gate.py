"""Does the gate hold what is false, and let pass what is true? A case is a batch of generated drafts of one kind.

`kind`: "true:<field of a fact>" or one of evals.gate_drafts.FALSE. dev takes the phrases that the rules were made with,
test those that came after. The world's drafts are generated, so a batch names each draft that went wrong by its number.
"""

from collections.abc import Mapping, Sequence
from random import Random

from agents.drafting.gate import check
from evals.case import Case, Split
from evals.gate_drafts import false_case, true_case
from evals.gate_phrases import DEV, HELD_OUT
from evals.graders import at_most
from evals.suite import Result

_TRUE = "true:"


class GateSuite:
    name = "gate"

    def run(self, case: Case) -> Result:
        kind, drafts = case.input["kind"], case.input["drafts"]
        phrases = DEV if case.split is Split.DEV else HELD_OUT
        wrong: list[int] = []
        for number in range(drafts):
            random = Random(f"{case.id}:{number}")
            if kind.startswith(_TRUE):
                made = true_case(kind.removeprefix(_TRUE), number, random, phrases)
            else:
                made = false_case(kind, number, random, phrases)
            if check(made.draft, made.plan).passed != kind.startswith(_TRUE):
                wrong.append(number)
        output = {"drafts": drafts, "wrong": wrong}
        return Result(case, output, [at_most("wrong", len(wrong), case.expected.get("wrong", 0))])

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        """Shares of drafts: false ones that were held, true ones that passed, of all and of the phrases held out."""
        test = [result for result in results if result.case.split is Split.TEST]
        return {
            "held": _right(results, true=False),
            "held_test": _right(test, true=False),
            "passed_true": _right(results, true=True),
            "passed_true_test": _right(test, true=True),
        }


def _right(results: Sequence[Result], *, true: bool) -> float:
    own = [result for result in results if result.case.input["kind"].startswith(_TRUE) == true]
    drafts = sum(result.output["drafts"] for result in own)
    return 1 - sum(len(result.output["wrong"]) for result in own) / drafts if drafts else 1.0
