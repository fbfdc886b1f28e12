"""May this person be written to? Country × channel × legal basis → allow, needs evidence, or block.

The rows stand in agents.law_table. An override is a legal basis with evidence on the contact, recorded by a person;
there is no switch that skips the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agents.law_table import (
    DUTIES,
    MONTHS,
    TRACKING_OFF,
    Basis,
    Channel,
    Ground,
    Law,
    Regime,
    Subscriber,
    Verdict,
    law_of,
    named_countries,
    regime_of,
)

__all__ = [
    "DUTIES",
    "MAIL",
    "TRACKING_OFF",
    "Basis",
    "Channel",
    "Ground",
    "Regime",
    "Row",
    "Ruling",
    "Subscriber",
    "Verdict",
    "end_of",
    "named_countries",
    "regime_of",
    "rows_of",
    "rule",
]

# Kinds that answer somebody who wrote to us, or serve a contract: not advertising.
_ANSWERS: Final = frozenset({"reply", "meeting_proposal", "meeting_invitation", "missed_meeting", "meeting_recap"})
_CUSTOMER: Final = frozenset({"intervention"})
_CUSTOMERS: Final = frozenset({Basis.CONSENT, Basis.EXISTING_CUSTOMER, Basis.SOFT_OPT_IN})
MAIL: Final = Channel.MAIL.value


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    rule: str  # stable id, shown to people and kept in decisions
    reason: str
    source: str
    duties: tuple[str, ...] = ()  # what the message must carry: keys of DUTIES
    basis: Basis = Basis.NONE  # what it rests on

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, for people: what a message on a channel asks for in a country."""

    country: str  # "": not known; "*": any that is not named
    channel: Channel
    subscriber: Subscriber
    rule: str
    without: Verdict  # with no basis on file
    bases: tuple[Basis, ...]  # with one of these and its evidence it is allowed
    reason: str
    source: str
    duties: tuple[str, ...]


def rule(
    country: str,
    basis: str = "",
    evidence: str = "",
    *,
    action: str = "first_mail",
    channel: str = MAIL,
    subscriber: str = "",
    lapsed: str = "",
) -> Ruling:
    """The ruling on one message. `action`: agents.policy.ActionClass; `channel`: law_table.Channel.

    Unknown bases count as none. A basis without evidence counts as none, because the burden of proof is the sender's.
    `lapsed`: what held before, in a sentence; a refusal says it too.
    """
    where = Channel(channel)
    law = law_of(regime_of(country), where, _subscriber(subscriber))
    known = Basis(basis) if basis in {member.value for member in Basis} else Basis.NONE
    if where is Channel.LINKEDIN:
        reason = "A task for a person on linkedin; nothing is sent by itself."
        return Ruling(Verdict.ALLOW, "linkedin_by_hand", reason, "not automated", law.duties, known)
    if action in _ANSWERS:
        text = "They wrote to us, and this answers it."
        return Ruling(Verdict.ALLOW, "answer", text, "not unsolicited", law.duties, known)
    if action in _CUSTOMER and known in _CUSTOMERS:
        text = "A customer, about their own contract."
        return Ruling(Verdict.ALLOW, "own_customer", text, law.source, law.duties, known)
    proven = known is not Basis.NONE and bool(evidence.strip())
    if law.evidence_free or (proven and known in law.cold):
        return Ruling(Verdict.ALLOW, law.rule, law.reason, law.source, law.duties, known if proven else Basis.NONE)
    if known in law.cold and known is not Basis.NONE:
        reason = f"{law.reason} The contact's basis is {known.value}, but its evidence is missing."
        return Ruling(Verdict.NEED_EVIDENCE, law.rule, reason, law.source, law.duties)
    reason = f"{law.reason} {lapsed}" if lapsed else law.reason
    return Ruling(law.missing, law.rule, reason, law.source, law.duties)


def end_of(basis: Basis, ground: Ground, given_at: datetime) -> datetime | None:
    """When a basis ends by law, where it does: an implied consent, by what it rests on; the strictest where unsaid."""
    if basis is not Basis.IMPLIED_CONSENT or ground is Ground.PUBLISHED:
        return None
    return _months_later(given_at, MONTHS[Ground.INQUIRY if ground is Ground.NONE else ground])


def rows_of(country: str) -> Iterator[Row]:
    """Every line that holds in a country. `country`: as in `rule`; "*" for all that the table does not name."""
    regime = Regime.CONSENT if country == "*" else regime_of(country)
    for channel in Channel:
        if channel is Channel.LINKEDIN:
            ruling = rule("" if country == "*" else country, channel=channel.value)
            yield Row(
                country, channel, Subscriber.UNKNOWN, ruling.rule, ruling.verdict, (), ruling.reason,
                ruling.source, ruling.duties,
            )  # fmt: skip
            continue
        company = law_of(regime, channel, Subscriber.COMPANY)
        yield _row(country, channel, Subscriber.COMPANY, company)
        individual = law_of(regime, channel, Subscriber.INDIVIDUAL)
        if individual is not company:
            yield _row(country, channel, Subscriber.INDIVIDUAL, individual)


def _row(country: str, channel: Channel, subscriber: Subscriber, law: Law) -> Row:
    bases = () if law.evidence_free else tuple(basis for basis in Basis if basis in law.cold)
    return Row(country, channel, subscriber, law.rule, law.missing, bases, law.reason, law.source, law.duties)


def _subscriber(text: str) -> Subscriber:
    return Subscriber(text) if text in {member.value for member in Subscriber} else Subscriber.UNKNOWN


def _months_later(at: datetime, months: int) -> datetime:
    """The same day of the month, or the month's last."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
