"""Human or machine? Labels of the ledger against the truth of a world whose machines were made apart from the rules.

A case names a seed, how many mails, and which machines guard the companies. The rules were written and tuned on `dev`;
the seeds of `test` were only ever measured. `at_once` labels each hit as it comes, knowing
what came before; `settled` labels them again when all are in, as the ledger does.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.case import Case
from evals.graders import Grade
from evals.suite import Result
from scoring.engagement import ActorClass
from scoring.hit_networks import network_of
from scoring.hit_rules import HitKind, Known, Mail, RawHit, classify
from world.hits import Correspondence, WorldHit, WorldMail

AGENTS = Path(__file__).parents[1] / "cases" / "scanner_agents.txt"
_BEGINS = datetime(2026, 3, 2, 8, tzinfo=UTC)
_BROWSER = {"accept-language": "en", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


class HitsSuite:
    name = "hits"

    def run(self, case: Case) -> Result:
        return _agents(case) if "agents" in case.input else _log(case)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        logs = [r for r in results if "hits" in r.output and "residential" not in r.case.input["machines"]]
        totals = Counter[str]()
        for result in logs:
            totals.update(result.output["counts"])
        agents = [r.output["held"] for r in results if "held" in r.output]
        return {
            "precision_human": _share(totals["settled_right"], totals["settled_wrong"]),
            "recall_human": _share(totals["settled_right"], totals["settled_missed"]),
            "precision_human_at_once": _share(totals["at_once_right"], totals["at_once_wrong"]),
            "recall_human_at_once": _share(totals["at_once_right"], totals["at_once_missed"]),
            "agents_held": min(agents, default=1.0),
        }


def _log(case: Case) -> Result:
    world = Correspondence(case.input["seed"], _BEGINS, case.input["machines"])
    mails = list(world.mails(case.input["mails"]))
    traps: dict[str, list[tuple[datetime, int, int]]] = defaultdict(list)
    for hit in (hit for mail in mails for hit in mail.hits if hit.trap):
        traps[network_of(hit.address)].append((hit.at, hit.mail, hit.company))
    counts, missed = Counter[str](), Counter[str]()
    wrong: Counter[str] = Counter()
    opens_counted = 0
    for mail in mails:
        raw = [_raw(number, hit) for number, hit in enumerate(mail.hits)]
        settled = classify(raw, Mail(mail.links, mail.delivered_at, _networks(raw, mail, traps)))
        for number, (hit, label) in enumerate(zip(mail.hits, settled, strict=True)):
            if hit.image:
                opens_counted += label.actor is ActorClass.HUMAN
                continue
            known = Mail(mail.links, mail.delivered_at, _networks(raw, mail, traps, until=hit.at))
            first = classify(raw[: number + 1], known)[-1]
            _count(counts, "settled", hit, label.actor)
            _count(counts, "at_once", hit, first.actor)
            counts["hits"] += 1
            if hit.human and label.actor is not ActorClass.HUMAN:
                missed[label.rule] += 1
            if not hit.human and label.actor is ActorClass.HUMAN:
                wrong[hit.kind] += 1
    precision = _share(counts["settled_right"], counts["settled_wrong"])
    recall = _share(counts["settled_right"], counts["settled_missed"])
    output = {
        "hits": counts["hits"],
        "counts": dict(sorted(counts.items())),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "missed_by_rule": dict(sorted(missed.items())),
        "taken_for_people": dict(sorted(wrong.items())),
    }
    grades = [
        _at_least("hits", counts["hits"], case.expected.get("hits", 0)),
        _at_least("precision", precision, case.expected.get("precision", 0.0)),
        _at_least("recall", recall, case.expected.get("recall", 0.0)),
        Grade("opens_counted", opens_counted == 0, f"{opens_counted} opens were taken for people"),
    ]
    return Result(case, output, grades)


def _agents(case: Case) -> Result:
    """Every published agent, on a hit that is a person's in all else."""
    lines = [line for line in AGENTS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    held, passed = 0, []
    for agent in lines:
        at = _BEGINS.replace(hour=12)
        hit = RawHit("0", HitKind.CLICK, 0, False, "GET", at, "84.10.20.30", agent, _BROWSER)
        if classify([hit], Mail(1, _BEGINS))[0].actor is ActorClass.HUMAN:
            passed.append(agent)
        else:
            held += 1
    share = held / len(lines)
    output: dict[str, Any] = {"agents": len(lines), "held": round(share, 4), "taken_for_people": passed}
    return Result(case, output, [_at_least("held", share, case.expected["held"])])


def _networks(
    hits: Iterable[RawHit],
    mail: WorldMail,
    traps: Mapping[str, Sequence[tuple[datetime, int, int]]],
    until: datetime | None = None,
) -> dict[str, Known]:
    """What the ledger knows of networks from other mails."""
    found = {}
    for network in {hit.network for hit in hits}:
        companies = {
            company
            for at, number, company in traps.get(network, ())
            if number != mail.number and (until is None or at <= until)
        }
        if companies:
            found[network] = Known.OWN_GATEWAY if companies == {mail.company} else Known.TRAPPED
    return found


def _raw(number: int, hit: WorldHit) -> RawHit:
    kind = HitKind.OPEN if hit.image else HitKind.CLICK
    return RawHit(str(number), kind, hit.link, hit.trap, hit.method, hit.at, hit.address, hit.agent, hit.headers)


def _count(counts: Counter[str], when: str, hit: WorldHit, actor: ActorClass) -> None:
    said = actor is ActorClass.HUMAN
    if hit.human:
        counts[f"{when}_{'right' if said else 'missed'}"] += 1
    elif said:
        counts[f"{when}_wrong"] += 1


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 1.0


def _at_least(name: str, got: float, least: float) -> Grade:
    return Grade(name, got >= least, f"{got:.4f}, at least {least}")
