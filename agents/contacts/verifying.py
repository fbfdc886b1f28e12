"""Whether addresses take mail, in the order of their price: our own checks, the mail server where a setting lets it be
asked, and a paid verifier only for what is still open and worth its price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from agents.contacts.purse import Purse
from agents.contacts.standing import CompanyAt
from agents.context import AgentContext
from store.models import PurchaseOutcome
from tools.ports import EmailStatus, EmailVerdict, EmailVerifier, Gap, Unknown

VERIFY: Final = "verify"
MAILBOX: Final = "mailbox"  # the field that a verifier fills
# The chance that an address is wrong although a vendor gave it and its domain takes mail. A mail to it bounces, which
# costs the sender's name about what the right address would have brought.
DOUBT: Final = 0.1
UNCHECKED_DOUBT: Final = 0.4  # where not even the domain could be asked


@dataclass(frozen=True, slots=True)
class Doubt:
    """An address to be sure of."""

    contact_id: UUID
    company: CompanyAt
    address: str
    worth: float  # 0–1, of a reachable person: what knowing it may save or bring


class Verifying:
    """For one cohort. `rows` are the purchases made, to be kept with what they said."""

    def __init__(self, context: AgentContext, run_id: UUID | None, purse: Purse) -> None:
        self._context = context
        self._run_id = run_id
        self._purse = purse
        self._paid = sorted(context.tools.paid_verifiers(context.workspace_id), key=lambda v: (v.price_micros, v.name))
        self.seen: dict[str, EmailVerdict] = {}  # our own verdicts, so that no server is asked twice in a run
        self.rows: list[dict[str, Any]] = []

    @property
    def cheapest(self) -> int | None:
        """Micros of one address; None where nobody can be asked."""
        return min((verifier.price_micros for verifier in self._paid), default=None)

    def own(self, addresses: Sequence[str]) -> dict[str, EmailVerdict]:
        fresh = sorted({address for address in addresses if address not in self.seen})
        for address, verdict in zip(fresh, self._context.tools.email_verifier.verify(fresh), strict=True):
            self.seen[address] = verdict
        return {address: self.seen[address] for address in addresses}

    def settle(
        self, doubts: Sequence[Doubt], *, known: Mapping[str, EmailVerdict] | None = None
    ) -> dict[str, EmailVerdict]:
        """The best verdict that can be had of each address. `known`: verdicts that need not be asked for again."""
        given = dict(known or {})
        verdicts = {**self.own([d.address for d in doubts if d.address not in given]), **given}
        for verifier in self._paid:
            still = [doubt for doubt in doubts if self._is_open(verdicts[doubt.address], doubt, verifier)]
            if still:
                verdicts |= self._ask(verifier, still, verdicts)
        return verdicts

    def _is_open(self, verdict: EmailVerdict, doubt: Doubt, verifier: EmailVerifier) -> bool:
        if not is_open(verdict):
            return False
        return doubt.worth * self._purse.worth_micros >= verifier.price_micros

    def _ask(
        self, verifier: EmailVerifier, doubts: Sequence[Doubt], before: Mapping[str, EmailVerdict]
    ) -> dict[str, EmailVerdict]:
        by_address = {doubt.address: doubt for doubt in doubts}
        asked = [d for d in by_address.values() if self._purse.set_aside(verifier, d.company.ref.company_id)]

        def call(batch: Sequence[Doubt]) -> Mapping[str, EmailVerdict | Unknown]:
            said = verifier.verify([doubt.address for doubt in batch])
            return {doubt.address: _answer(verdict) for doubt, verdict in zip(batch, said, strict=True)}

        answers = self._purse.ask(verifier, VERIFY, asked, call, lambda verdict: verdict.cost_micros)
        found: dict[str, EmailVerdict] = {}
        for doubt in asked:
            answer = answers.get(doubt.address)
            cost = answer.cost_micros if answer is not None else 0
            self._purse.give_back(verifier, doubt.company.ref.company_id, cost)
            if answer is None:
                continue
            if isinstance(answer, EmailVerdict):
                found[doubt.address] = _joined(before[doubt.address], answer)
            self.rows.append(self._row(verifier, doubt, answer))
        return found

    def _row(self, verifier: EmailVerifier, doubt: Doubt, answer: EmailVerdict | Unknown) -> dict[str, Any]:
        said = not isinstance(answer, Unknown)
        reason = "It could not say." if isinstance(answer, Unknown) else f"The address was open; {answer.status.value}."
        return {
            "id": self._context.ids.new(),
            "run_id": self._run_id,
            "company_id": doubt.company.ref.company_id,
            "contact_id": doubt.contact_id,
            "provider": verifier.name,
            "capability": VERIFY,
            "asked": [MAILBOX],
            "filled": [MAILBOX] if said else [],
            "outcome": PurchaseOutcome.FILLED if said else outcome_of(answer),
            "reason": reason,  # a vendor's sentence may hold the address: only ours is kept
            "cost_micros": answer.cost_micros,
            "at": self._context.clock.now(),
        }


def outcome_of(answer: object) -> PurchaseOutcome:
    """Of an answer that says nothing."""
    if isinstance(answer, Unknown) and answer.gap is not Gap.NO_DATA:
        return PurchaseOutcome.DOWN if answer.gap is Gap.DOWN else PurchaseOutcome.REFUSED
    return PurchaseOutcome.NOTHING


def is_open(verdict: EmailVerdict) -> bool:
    """Whether somebody who asks mail servers could still say something new."""
    if verdict.is_role or verdict.is_free_mail:
        return False
    if verdict.status is EmailStatus.UNKNOWN:
        return True
    return verdict.status is EmailStatus.VALID and not verdict.mailbox_confirmed


def is_sure(verdict: EmailVerdict) -> bool:
    """Whether even a guess may be written to: somebody who asked the mailbox says that it is there."""
    return verdict.status is EmailStatus.VALID and verdict.mailbox_confirmed


def is_personal(verdict: EmailVerdict) -> bool:
    """Whether it may be one person's business mailbox at all."""
    if verdict.is_role or verdict.is_free_mail or verdict.is_disposable:
        return False
    return verdict.status is not EmailStatus.INVALID


def takes_none(verdict: EmailVerdict) -> bool:
    """Whether its domain takes no mail at all."""
    return verdict.status is EmailStatus.INVALID and not verdict.mx_host


def _answer(verdict: EmailVerdict) -> EmailVerdict | Unknown:
    if verdict.status is EmailStatus.UNKNOWN:
        gap = Gap.DOWN if not verdict.cost_micros else Gap.NO_DATA  # who was paid has looked
        return Unknown("It could not say.", gap, verdict.cost_micros)
    # A catch-all domain that a vendor calls valid is still one: its mailbox is not known to exist.
    if verdict.is_catch_all:
        return replace(verdict, status=EmailStatus.RISKY, mailbox_confirmed=False)
    return replace(verdict, mailbox_confirmed=verdict.status is EmailStatus.VALID)


def _joined(own: EmailVerdict, said: EmailVerdict) -> EmailVerdict:
    """A vendor's verdict on top of ours: what our lists know of roles and free mail stays."""
    return replace(
        said,
        address=own.address,
        reasons=(*said.reasons, *(reason for reason in own.reasons if reason not in said.reasons)),
        mx_host=said.mx_host or own.mx_host,
        is_role=said.is_role or own.is_role,
        is_free_mail=said.is_free_mail or own.is_free_mail,
        is_disposable=said.is_disposable or own.is_disposable,
    )
