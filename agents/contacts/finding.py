"""Who works there: finders asked about companies whose committee has empty seats, the free ones first, then the one
that is likeliest to know people of that kind there, for its price."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents.buying.buyer import tell_refusal
from agents.contacts.intake import contact_inputs
from agents.contacts.purse import NO_MONEY, Purse
from agents.contacts.standing import CompanyAt, Standing, departments_of, load_standing, seniorities_of
from agents.contacts.verifying import Verifying, outcome_of
from agents.context import AgentContext
from agents.policy import Policy
from scoring.authority import authority_parts, size_class
from scoring.evidence_value import fill_chance
from scoring.icp_model import IcpDefinition, TargetRole
from scoring.types import Department, Seniority
from store.models import PurchaseOutcome
from store.queries import people, purchases
from tools.names import person_key
from tools.ports import CompanyRef, Gap, PeopleWanted, PersonFinder, PersonRecord, Unknown

PEOPLE: Final = "people"
ANYBODY: Final = "person:any"  # the field where every seat is held, and more people are wanted
# Asked again sooner, a finder would say the same and charge again; a free one costs only its patience.
SAME_PEOPLE_FOR: Final = timedelta(days=90)
NOBODY_FOR: Final = timedelta(days=60)  # the negative cache
FREE_AGAIN_AFTER: Final = timedelta(days=7)
PRIOR: Final = 0.4  # how often a finder knows somebody for a seat, before anybody was asked
A_COMPANY: Final = 10  # people asked for at one company: vendors charge by the ten
_MAX_ROUNDS: Final = 24  # more than anybody has finders

NOBODY_LEFT: Final = "every finder was asked"
NOT_WORTH_IT: Final = "no finder is worth its price"

Answer = Sequence[PersonRecord]


@dataclass(frozen=True, slots=True)
class _Choice:
    finder: PersonFinder
    company: CompanyAt
    seats: tuple[TargetRole, ...]
    fields: tuple[str, ...]
    reason: str


def find_people(
    context: AgentContext,
    run_id: UUID | None,
    cohort_id: UUID,
    icp: IcpDefinition,
    policy: Policy,
    purse: Purse,
    verifying: Verifying,
) -> int:
    """Asks, pays and keeps, a round of questions after the other. Returns how many people were told of and kept."""
    finders = sorted(context.tools.person_finders(context.workspace_id), key=lambda f: f.price_micros)
    tried: set[tuple[str, UUID]] = set()
    kept = 0
    for _ in range(_MAX_ROUNDS if finders else 0):
        now = context.clock.now()
        with context.database.read(context.workspace_id) as session:
            standing = load_standing(session, cohort_id, icp, now)
            chooser = _Chooser(session, standing, icp, policy, purse, tried, now)
        chosen = chooser.choose(finders)
        if not chosen:
            purse.gaps.update(chooser.stops)
            break
        answers = _ask(purse, chosen)
        tried |= {(choice.finder.name, choice.company.ref.company_id) for choice in chosen}
        kept += _keep(context, run_id, standing, icp.roles, policy, verifying, answers)
    return kept


class _Chooser:
    def __init__(
        self,
        session: Session,
        standing: Standing,
        icp: IcpDefinition,
        policy: Policy,
        purse: Purse,
        tried: Collection[tuple[str, UUID]],
        now: datetime,
    ) -> None:
        self._standing, self._policy, self._purse, self._tried, self._now = standing, policy, purse, tried, now
        self._roles = icp.roles
        self._rates = purchases.rates(session)
        self._history: dict[tuple[str, UUID], list[purchases.History]] = {}
        for one in purchases.history(session, list(standing.companies), [PEOPLE], now - SAME_PEOPLE_FOR):
            self._history.setdefault((one.provider, one.company_id), []).append(one)
        self.stops: dict[str, int] = {}  # reason → companies that lack people and are asked about no more

    def choose(self, finders: Sequence[PersonFinder]) -> list[_Choice]:
        """Every free finder at once; else the one paid offer of most expected people for its price."""
        chosen: list[tuple[float, _Choice]] = []
        wanted = self._policy.contacts_per_company
        for company_id, company in self._standing.companies.items():
            if company.excluded or not self._standing.lacks(company_id, self._roles, wanted):
                continue
            seats = self._standing.open_seats(company_id, self._roles, wanted)
            fields = fields_of(seats)
            able = [finder for finder in finders if self._may_ask(finder, company_id, fields)]
            free = [finder for finder in able if not finder.price_micros]
            if free:
                chosen += [(float("inf"), _Choice(f, company, seats, fields, "It is free.")) for f in free]
                continue
            best, why = self._best(able, company, seats, fields)
            if best is not None:
                chosen.append(best)
            else:
                self.stops[why] = self.stops.get(why, 0) + 1
        # Money goes where it finds most; what does not fit under a ceiling is asked of nobody.
        chosen.sort(key=lambda rated: (-rated[0], rated[1].company.ref.company_id, rated[1].finder.name))
        return [c for _, c in chosen if self._purse.set_aside(c.finder, c.company.ref.company_id)]

    def _best(
        self, able: Sequence[PersonFinder], company: CompanyAt, seats: tuple[TargetRole, ...], fields: tuple[str, ...]
    ) -> tuple[tuple[float, _Choice] | None, str]:
        offers, refusals = [], list[str]()
        for finder in able:
            if why := self._purse.refusal(finder, company.ref.company_id):
                refusals.append(why)
                continue
            expected = self._expected(finder, company.segment, seats)
            ratio = expected * self._purse.worth_micros / finder.price_micros
            reason = f"{expected:.1f} people for {', '.join(fields)} expected, worth {ratio:.1f} times the price."
            offers.append((ratio, _Choice(finder, company, seats, fields, reason)))
        if not offers:
            return None, refusals[0] if refusals else NOBODY_LEFT
        best = max(offers, key=lambda rated: (rated[0], -rated[1].finder.price_micros, rated[1].finder.name))
        return (best, "") if best[0] >= 1.0 else (None, NOT_WORTH_IT)

    def _expected(self, finder: PersonFinder, segment: str, seats: Sequence[TargetRole]) -> float:
        """People for the open seats, each by its weight, from what the finder knew in this segment before."""
        rates = self._rates.get(finder.name, {})
        if not seats:
            return fill_chance(rates, ANYBODY, segment, prior=PRIOR)
        return sum(seat.weight * fill_chance(rates, f"person:{seat.role}", segment, prior=PRIOR) for seat in seats)

    def _may_ask(self, finder: PersonFinder, company_id: UUID, fields: Sequence[str]) -> bool:
        """Whether it could say something new: it was not asked for these lately, or was down when it was."""
        if (finder.name, company_id) in self._tried:
            return False
        for one in self._history.get((finder.name, company_id), ()):
            if one.outcome in (PurchaseOutcome.DOWN, PurchaseOutcome.REFUSED) or not one.asked >= set(fields):
                continue
            wait = SAME_PEOPLE_FOR if one.outcome is PurchaseOutcome.FILLED else NOBODY_FOR
            if self._now - one.at < (wait if finder.price_micros else FREE_AGAIN_AFTER):
                return False
        return True


def fields_of(seats: Sequence[TargetRole]) -> tuple[str, ...]:
    """What is asked for, as it is counted: "person:champion", "in:sales"."""
    if not seats:
        return (ANYBODY,)
    return (
        *dict.fromkeys(f"person:{seat.role.value}" for seat in seats),
        *(f"in:{department}" for department in departments_of(seats)),
    )


def _ask(purse: Purse, chosen: Sequence[_Choice]) -> list[tuple[_Choice, Answer | Unknown]]:
    """The finders side by side, each asked once for all companies that want the same people."""
    groups: dict[str, dict[tuple[str, ...], list[_Choice]]] = {}
    for choice in chosen:
        groups.setdefault(choice.finder.name, {}).setdefault(choice.fields, []).append(choice)

    def ask_one(by_fields: Mapping[tuple[str, ...], list[_Choice]]) -> dict[UUID, Answer | Unknown]:
        got: dict[UUID, Answer | Unknown] = {}
        for choices in by_fields.values():
            finder, seats = choices[0].finder, choices[0].seats
            wanted = PeopleWanted(A_COMPANY, seniorities_of(seats), departments_of(seats))

            def call(
                refs: Sequence[CompanyRef], finder: PersonFinder = finder, wanted: PeopleWanted = wanted
            ) -> Mapping[UUID, Answer | Unknown]:
                said = finder.people(refs, wanted)
                silent = Unknown(f"{finder.name} did not answer for it.", Gap.DOWN)
                return {ref.company_id: said.get(ref.company_id, silent) for ref in refs}

            refs = [choice.company.ref for choice in choices]
            got |= purse.ask(finder, PEOPLE, refs, call, _cost)
        return got

    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        answers = dict(zip(groups, pool.map(ask_one, groups.values()), strict=True))
    found = []
    for choice in chosen:
        company_id = choice.company.ref.company_id
        answer = answers[choice.finder.name].get(company_id)
        purse.give_back(choice.finder, company_id, 0 if answer is None else _cost(answer))
        if answer is not None:
            found.append((choice, answer))
        elif choice.finder.name in purse.broke:
            purse.gaps[NO_MONEY] += 1
    return found


def _cost(answer: Answer | Unknown) -> int:
    return answer.cost_micros if isinstance(answer, Unknown) else sum(person.cost_micros for person in answer)


def _keep(
    context: AgentContext,
    run_id: UUID | None,
    standing: Standing,
    roles: tuple[TargetRole, ...],
    policy: Policy,
    verifying: Verifying,
    answers: Sequence[tuple[_Choice, Answer | Unknown]],
) -> int:
    """People, purchases and rates of one round, in one transaction: a crash repeats one round at most."""
    told = [
        (choice.company.ref.company_id, person)
        for choice, answer in answers
        if not isinstance(answer, Unknown)
        for person in answer
    ]
    inputs = contact_inputs(context, policy, told, companies=standing.companies, seen=verifying.seen)
    by_person = {(one.company_id, one.person_key): one for one in inputs}
    rows = [_row(context, run_id, choice, answer, by_person, roles) for choice, answer in answers]
    with context.database.write(context.workspace_id) as session:
        taken = people.upsert_contacts(session, context.clock, context.ids, context.sealer, inputs)
        purchases.keep(session, rows, standing.segments())
        refused = {
            (choice.finder.name, answer.reason)
            for choice, answer in answers
            if isinstance(answer, Unknown) and answer.gap is Gap.REFUSED
        }
        for provider, reason in sorted(refused):
            tell_refusal(session, context, provider, reason)
    return sum(contact_id is not None for contact_id in taken.ids)


def _row(
    context: AgentContext,
    run_id: UUID | None,
    choice: _Choice,
    answer: Answer | Unknown,
    by_person: Mapping[tuple[UUID, str], people.ContactInput],
    roles: tuple[TargetRole, ...],
) -> dict[str, Any]:
    company_id = choice.company.ref.company_id
    filled: tuple[str, ...] = ()
    if not isinstance(answer, Unknown):
        # Who was erased counts for nobody: their name is not looked at again.
        kept = [by_person.get((company_id, person_key(person.full_name))) for person in answer]
        told = {ANYBODY} if any(kept) else set[str]()
        for one in filter(None, kept):
            told |= _fills(one, choice.company.employees, roles)
        filled = tuple(field for field in choice.fields if field in told)
    return {
        "id": context.ids.new(),
        "run_id": run_id,
        "company_id": company_id,
        "provider": choice.finder.name,
        "capability": PEOPLE,
        "asked": list(choice.fields),
        "filled": list(filled),
        "outcome": PurchaseOutcome.FILLED if filled else outcome_of(answer),
        "reason": answer.reason if isinstance(answer, Unknown) else choice.reason,
        "cost_micros": _cost(answer),
        "at": context.clock.now(),
    }


def _fills(one: people.ContactInput, employees: int | None, roles: tuple[TargetRole, ...]) -> set[str]:
    """The fields that a person answers: the seat they would hold, and the department they are of."""
    department = Department(one.department) if one.department else None
    found = {f"in:{department}"} if department else set[str]()
    if one.seniority:
        _, role, _ = authority_parts(Seniority(one.seniority), department, size_class(employees), roles)
        if role is not None:
            found.add(f"person:{role.value}")
    return found
