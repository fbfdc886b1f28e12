"""Addresses of the people who would be written to: bought where they are likeliest known, else guessed by the domain's
habits; every one judged before it is kept.

A guess is kept only when somebody asked its mailbox and it was there. At a domain that takes mail for any name nobody
can say so: such a guess is not kept, and the contact says why; or the likeliest is, as risky, where the policy says so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents.contacts.intake import refused_domain
from agents.contacts.purse import Purse
from agents.contacts.standing import CompanyAt, Known, Standing, as_if_found, is_fresh
from agents.contacts.verifying import (
    DOUBT,
    MAILBOX,
    UNCHECKED_DOUBT,
    VERIFY,
    Doubt,
    Verifying,
    is_personal,
    is_sure,
    outcome_of,
    takes_none,
)
from agents.context import AgentContext
from agents.policy import Policy
from scoring.address_patterns import Guess, Habits, guess_locals, learn_habits
from scoring.committee import choose_contacts
from scoring.evidence_value import fill_chance
from scoring.icp_model import TargetRole
from store.models import Contact, PurchaseOutcome
from store.queries import people, purchases
from tools.ports import EmailFinder, EmailFound, EmailStatus, EmailVerdict, Gap, PersonRef, Unknown

EMAIL: Final = "email"
PRIOR: Final = 0.5  # how often a finder knows an address, before anybody was asked
SAME_ADDRESS_FOR: Final = timedelta(days=90)
NO_ADDRESS_FOR: Final = timedelta(days=60)  # the negative cache
GUESSES: Final = 3  # of one person: the fourth is right one time in fifty
LEAST_CHANCE: Final = 0.05  # of a guess that is worth looking at
LIKELY: Final = 0.5  # of one that nobody can confirm: wrong, it reaches a stranger or nobody, and no bounce says so

GUESSED: Final = "made by the pattern of its domain, then confirmed"
CATCH_ALL: Final = "a guessed address was not kept: the domain takes mail for any name"
CATCH_ALL_ALLOWED: Final = "made by the pattern of its domain, which takes mail for any name; the policy allows it"
NOT_CONFIRMED: Final = "no guessed address was confirmed"
LONG_AGO: Final = "nobody asked its mailbox for 90 days"
NO_MAIL: Final = "the domain takes no mail"


@dataclass(frozen=True, slots=True)
class _Target:
    """Somebody to be written to, in clear for as long as the cohort takes."""

    contact: Contact
    company: CompanyAt
    name: str
    email: str
    profile_url: str

    @property
    def id(self) -> UUID:
        return self.contact.id


class Addresses:
    """For one cohort, after its people were found."""

    def __init__(
        self,
        context: AgentContext,
        run_id: UUID | None,
        standing: Standing,
        roles: Sequence[TargetRole],
        policy: Policy,
        purse: Purse,
        verifying: Verifying,
    ) -> None:
        self._context, self._run_id, self._purse, self._verifying = context, run_id, purse, verifying
        self._standing, self._guess_at_catch_all = standing, policy.guess_at_catch_all
        self._now = context.clock.now()
        self._rows: list[dict[str, Any]] = []
        self._found: dict[UUID, people.AddressInput] = {}
        self._caught: dict[UUID, EmailVerdict] = {}  # guesses at catch-all domains, kept unless a finder knows better
        self.done = Counter(addresses=0, verdicts=0)  # what was kept
        with context.database.read(context.workspace_id) as session:
            self._targets = self._load(session, roles, policy.contacts_per_company)
            ids = list(standing.companies)
            self._rates = purchases.rates(session)
            history = purchases.history(session, ids, [EMAIL, VERIFY], self._now - SAME_ADDRESS_FOR)
        self._asked = {(one.provider, one.contact_id): one for one in history if EMAIL in one.asked}
        self._verified = {one.contact_id for one in history if MAILBOX in one.asked and one.outcome is _FILLED}

    def find(self) -> None:
        """Looks, judges and keeps; a crash repeats one round of questions at most."""
        self._check_known()
        self._keep()
        missing = {target.id: target for target in self._targets if not target.email}
        guesses = self._guesses(list(missing.values()))
        self._confirm_for_nothing(missing, guesses)
        self._ask_finders(missing)
        self._confirm(missing, guesses)
        for contact_id, verdict in self._caught.items():
            self._take(contact_id, verdict, CATCH_ALL_ALLOWED)
        self._keep()

    def _load(self, session: Session, roles: Sequence[TargetRole], wanted: int) -> list[_Target]:
        """The best few of each company as if an address were found, without those who must not be looked for."""
        found: list[_Target] = []
        for company_id, company in self._standing.companies.items():
            known = {str(k.contact.id): k for k in self._standing.people.get(company_id, ())}
            if not known or company.excluded:
                continue
            candidates = [as_if_found(k.candidate) for k in known.values()]
            chosen = choose_contacts(candidates, roles, wanted).chosen
            found += [self._target(known[one.contact_id], company) for one in chosen]
        sealer = self._context.sealer
        inputs = [
            people.ContactInput(t.company.ref.company_id, t.name, "", "", t.email, profile_url=t.profile_url)
            for t in found
        ]
        gone = people.forgotten(session, sealer, inputs, opted_out=True)
        return [target for target, forgotten in zip(found, gone, strict=True) if not forgotten]

    def _target(self, known: Known, company: CompanyAt) -> _Target:
        contact = known.contact
        opened = {name: self._open(contact, name) for name in ("name", "email", "profile_url")}
        return _Target(contact, company, opened["name"], opened["email"], opened["profile_url"])

    def _open(self, contact: Contact, column: str) -> str:
        token = getattr(contact, f"{column}_sealed")
        return self._context.sealer.open(token, context=f"contact|{column}|{contact.id}") if token else ""

    # ------------------------------------------------------------------------------------ addresses that are known

    def _check_known(self) -> None:
        """Verdicts that are older than 90 days are made again; what our own checks leave open is asked where that is
        worth its price. A dead address stays dead."""
        doubts, known, stale = [], dict[str, EmailVerdict](), set[UUID]()
        contacts = {target.id: target.contact for target in self._targets}
        for target in self._targets:
            if not target.email or target.contact.email_status == EmailStatus.INVALID:
                continue
            fresh = is_fresh(target.contact, self._now)
            if fresh and (target.id in self._verified or target.contact.email_status == EmailStatus.RISKY):
                continue
            if fresh:
                known[target.email] = self._verifying.seen.get(target.email) or _as_stored(target)
            else:
                stale.add(target.id)
            unchecked = fresh and target.contact.email_status == EmailStatus.UNKNOWN
            doubts.append(Doubt(target.id, target.company, target.email, UNCHECKED_DOUBT if unchecked else DOUBT))
        verdicts = self._verifying.settle(doubts, known=known)
        for doubt in doubts:
            verdict = verdicts[doubt.address]
            if doubt.contact_id in stale:
                verdict = _not_better(verdict, contacts[doubt.contact_id])
            elif verdict is known[doubt.address]:
                continue
            self._take(doubt.contact_id, verdict)

    # ------------------------------------------------------------------------------------ guesses

    def _guesses(self, missing: Sequence[_Target]) -> dict[UUID, list[tuple[str, Guess]]]:
        """Up to three of each, the likeliest first, none of an address that is suppressed."""
        habits = self._habits({t.company.ref.company_id for t in missing})
        made: dict[UUID, list[tuple[str, Guess]]] = {}
        for target in missing:
            if target.id in self._verified and not self._was_caught(target):  # a guess was wrong, weeks ago
                continue
            domain, habit = habits.get(target.company.ref.company_id, ("", Habits()))
            domain = domain or target.company.ref.domain
            likely = [g for g in guess_locals(target.name, habit, most=GUESSES) if g.chance >= LEAST_CHANCE]
            if domain and likely:
                made[target.id] = [(f"{guess.local}@{domain}", guess) for guess in likely]
        with self._context.database.read(self._context.workspace_id) as session:
            everybody = sorted({address for guesses in made.values() for address, _ in guesses})
            taken = people.addresses_known(session, self._context.sealer, everybody)
        return {key: [one for one in guesses if one[0] not in taken] for key, guesses in made.items()}

    def _habits(self, company_ids: set[UUID]) -> dict[UUID, tuple[str, Habits]]:
        """Of each company the domain that most of its known addresses stand under, and how they are made there."""
        found: dict[UUID, tuple[str, Habits]] = {}
        for company_id in sorted(company_ids):
            by_domain: dict[str, list[tuple[str, str]]] = {}
            allowed = self._standing.companies[company_id].domains
            for known in self._standing.people.get(company_id, ()):
                if known.contact.email_status != EmailStatus.VALID or not known.contact.email_sealed:
                    continue
                local, _, domain = self._open(known.contact, "email").rpartition("@")
                if not refused_domain(f"x@{domain}", allowed):
                    by_domain.setdefault(domain, []).append((self._open(known.contact, "name"), local))
            if by_domain:
                domain = max(sorted(by_domain), key=lambda d: len(by_domain[d]))
                found[company_id] = (domain, learn_habits(by_domain[domain]))
        return found

    def _confirm_for_nothing(self, missing: dict[UUID, _Target], guesses: dict[UUID, list[tuple[str, Guess]]]) -> None:
        """Our own checks say whether the domain takes mail at all, and, where a setting lets the server be asked,
        whether the mailbox is there: then nobody has to be paid."""
        verdicts = self._verifying.own([address for made in guesses.values() for address, _ in made])
        for contact_id, made in list(guesses.items()):
            left: list[tuple[str, Guess]] = []
            for address, guess in made:
                verdict = verdicts[address]
                if verdict.is_catch_all or self._was_caught(missing[contact_id]):
                    self._catch(contact_id, made[0][1], replace(verdict, address=made[0][0]))
                    left = []
                    break
                if is_sure(verdict):
                    self._take(contact_id, verdict, GUESSED)
                    missing.pop(contact_id, None)
                    left = []
                    break
                if is_personal(verdict):
                    left.append((address, guess))
            if made and all(takes_none(verdicts[address]) for address, _ in made):
                self._say(contact_id, NO_MAIL)
                missing.pop(contact_id, None)  # nobody needs to be asked for an address that takes no mail
            guesses[contact_id] = left

    def _confirm(self, missing: dict[UUID, _Target], guesses: Mapping[UUID, Sequence[tuple[str, Guess]]]) -> None:
        """The likeliest guess of each first; the next one only where the first was wrong and it is still worth it."""
        self._keep()
        for number in range(GUESSES):
            doubts = [
                Doubt(contact_id, target.company, guesses[contact_id][number][0], guesses[contact_id][number][1].chance)
                for contact_id, target in missing.items()
                if len(guesses.get(contact_id, ())) > number
            ]
            verdicts = self._verifying.settle(doubts) if doubts else {}
            for doubt in doubts:
                verdict = verdicts[doubt.address]
                if is_sure(verdict) and is_personal(verdict):
                    self._take(doubt.contact_id, verdict, GUESSED)
                    missing.pop(doubt.contact_id)
                elif verdict.is_catch_all:
                    self._catch(doubt.contact_id, guesses[doubt.contact_id][number][1], verdict)
                    missing.pop(doubt.contact_id)  # the next guess would be taken just the same
                else:
                    self._say(doubt.contact_id, NOT_CONFIRMED)
            self._keep()

    def _catch(self, contact_id: UUID, guess: Guess, verdict: EmailVerdict) -> None:
        self._say(contact_id, CATCH_ALL)
        if self._guess_at_catch_all and guess.chance >= LIKELY:
            self._caught[contact_id] = replace(verdict, status=EmailStatus.RISKY, mailbox_confirmed=False)

    def _was_caught(self, target: _Target) -> bool:
        return self._guess_at_catch_all and CATCH_ALL in target.contact.email_reasons

    # ------------------------------------------------------------------------------------ finders

    def _ask_finders(self, missing: dict[UUID, _Target]) -> None:
        """The finder of most expected addresses for its price first, the next one for whom it does not know."""
        finders = list(self._context.tools.email_finders(self._context.workspace_id))
        tried: set[tuple[str, UUID]] = set()
        while missing and finders:
            chosen: dict[str, list[_Target]] = {}
            by_name = {finder.name: finder for finder in finders}
            for target in missing.values():
                best = self._best(finders, target, tried)
                if best is not None and self._purse.set_aside(best, target.company.ref.company_id):
                    chosen.setdefault(best.name, []).append(target)
            if not chosen:
                return
            for name, targets in chosen.items():
                tried |= {(name, target.id) for target in targets}
                self._judge(missing, self._ask(by_name[name], targets))
            self._keep()

    def _best(
        self, finders: Sequence[EmailFinder], target: _Target, tried: set[tuple[str, UUID]]
    ) -> EmailFinder | None:
        rated: list[tuple[float, int, str, EmailFinder]] = []
        for finder in finders:
            if (finder.name, target.id) in tried or not self._may_ask(finder, target):
                continue
            if self._purse.refusal(finder, target.company.ref.company_id):
                continue
            rates = self._rates.get(finder.name, {})
            chance = fill_chance(rates, EMAIL, target.company.segment, prior=PRIOR)
            ratio = chance * self._purse.worth_micros / finder.price_micros if finder.price_micros else float("inf")
            if ratio >= 1.0:
                rated.append((ratio, -finder.price_micros, finder.name, finder))
        return max(rated, key=lambda one: one[:3])[3] if rated else None

    def _may_ask(self, finder: EmailFinder, target: _Target) -> bool:
        last = self._asked.get((finder.name, target.id))
        if last is None or last.outcome in (PurchaseOutcome.DOWN, PurchaseOutcome.REFUSED):
            return True
        return self._now - last.at >= (SAME_ADDRESS_FOR if last.outcome is _FILLED else NO_ADDRESS_FOR)

    def _ask(self, finder: EmailFinder, targets: Sequence[_Target]) -> list[tuple[_Target, EmailFound]]:
        def call(batch: Sequence[_Target]) -> Mapping[UUID, EmailFound | Unknown]:
            said = finder.find([_ref(target) for target in batch])
            silent = Unknown(f"{finder.name} did not answer for them.", Gap.DOWN)
            return {target.id: said.get(target.id, silent) for target in batch}

        answers = self._purse.ask(finder, EMAIL, targets, call, lambda found: found.cost_micros)
        found: list[tuple[_Target, EmailFound]] = []
        for target in targets:
            answer = answers.get(target.id)
            self._purse.give_back(finder, target.company.ref.company_id, answer.cost_micros if answer else 0)
            if answer is None:
                continue
            usable = isinstance(answer, EmailFound) and not refused_domain(answer.address, target.company.domains)
            if isinstance(answer, EmailFound) and usable:
                found.append((target, answer))
            self._rows.append(self._row(finder, target, answer, usable))
        return found

    def _judge(self, missing: dict[UUID, _Target], found: Sequence[tuple[_Target, EmailFound]]) -> None:
        with self._context.database.read(self._context.workspace_id) as session:
            stopped = people.addresses_known(session, self._context.sealer, sorted({f.address for _, f in found}))
        kept = [(target, one) for target, one in found if one.address not in stopped]
        doubts = [
            Doubt(target.id, target.company, one.address, max(DOUBT, 1.0 - one.confidence)) for target, one in kept
        ]
        verdicts = self._verifying.settle(doubts)
        for target, one in kept:
            verdict = verdicts[one.address]
            if is_personal(verdict):
                self._take(target.id, verdict, f"found by {one.source}", one.cost_micros)
                missing.pop(target.id, None)
                self._caught.pop(target.id, None)

    def _row(self, finder: EmailFinder, target: _Target, answer: EmailFound | Unknown, usable: bool) -> dict[str, Any]:
        return {
            "id": self._context.ids.new(),
            "run_id": self._run_id,
            "company_id": target.company.ref.company_id,
            "contact_id": target.id,
            "provider": finder.name,
            "capability": EMAIL,
            "asked": [EMAIL],
            "filled": [EMAIL] if usable else [],
            "outcome": _FILLED if usable else outcome_of(answer),
            "reason": "No address was known." if usable else "It knows no business address.",
            "cost_micros": answer.cost_micros,
            "at": self._now,
        }

    # ------------------------------------------------------------------------------------ keeping

    def _take(self, contact_id: UUID, verdict: EmailVerdict, why: str = "", cost_micros: int = 0) -> None:
        reasons = (*((why,) if why else ()), *verdict.reasons)
        self._found[contact_id] = people.AddressInput(
            contact_id, verdict.address, verdict.status.value, reasons, self._now, cost_micros
        )

    def _say(self, contact_id: UUID, why: str) -> None:
        unknown = EmailStatus.UNKNOWN.value
        self._found.setdefault(contact_id, people.AddressInput(contact_id, "", unknown, (why,), self._now))

    def _keep(self) -> None:
        """Addresses and purchases in one transaction. Of who was erased meanwhile nothing is kept but the cost."""
        context, rows = self._context, [*self._rows, *self._verifying.rows]
        found = [self._found[key] for key in sorted(self._found)]
        self._rows, self._verifying.rows, self._found = [], [], {}
        if not rows and not found:
            return
        with context.database.write(context.workspace_id) as session:
            written = people.keep_addresses(session, context.clock, context.sealer, found)
            gone = people.gone_among(session, {row["contact_id"] for row in rows})
            kept = [{**row, "contact_id": None} if row["contact_id"] in gone else row for row in rows]
            purchases.keep(session, kept, self._standing.segments())
        before = {target.id: target.email for target in self._targets}
        for one in found:
            if one.contact_id in written and one.email:
                self.done["verdicts" if before[one.contact_id] else "addresses"] += 1


_FILLED: Final = PurchaseOutcome.FILLED


def _ref(target: _Target) -> PersonRef:
    return PersonRef(target.id, target.name, target.company.ref.domain, target.company.ref.name, target.profile_url)


def _as_stored(of: _Target) -> EmailVerdict:
    return EmailVerdict(of.email, EmailStatus(of.contact.email_status), tuple(of.contact.email_reasons))


def _not_better(verdict: EmailVerdict, contact: Contact) -> EmailVerdict:
    """Our own checks look at the domain. Where somebody looked further before, they make nothing good again."""
    if verdict.status is not EmailStatus.VALID or verdict.mailbox_confirmed:
        return verdict
    if contact.email_status == EmailStatus.RISKY:
        return replace(verdict, status=EmailStatus.RISKY, reasons=tuple(contact.email_reasons) or verdict.reasons)
    if GUESSED in contact.email_reasons:
        return replace(verdict, status=EmailStatus.UNKNOWN, reasons=(GUESSED, LONG_AGO))
    return verdict
