"""Funding rounds, acquisitions and new leaders of companies, by Crunchbase.

Companies, rounds and acquisitions are asked for a hundred at a time; leaders a company at a time. A leader is told by
title and day, without the name: the person is no part of the signal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from core.errors import NotFound
from tools.ports import CompanyRef, SignalRecord, SignalReport, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.crunchbase import (
    INVESTMENTS,
    ORGANIZATIONS,
    SITE,
    Day,
    Identifier,
    Organization,
    by_domain,
    connect,
    day_of,
    predicate,
    search_all,
)
from tools.providers.vendor.loose import Flag, Loose
from tools.site_reader.types import cleaned

_BATCH = 100
_PAGES = 5  # of a thousand investments or acquisitions of a hundred companies
_INVESTMENT_FIELDS = (
    "identifier", "announced_on", "funding_round_identifier", "funding_round_investment_type",
    "organization_identifier",
)  # fmt: skip
_ACQUIRED_FIELDS = ("identifier", "acquirer_identifier", "exited_on")
_SOLD = 0.5  # strength as news of a company that was bought itself: its tools are the buyer's choice from now on
_NOBODY = Identifier(uuid="")


class _Investment(Loose):
    organization_identifier: Identifier | None = None
    funding_round_identifier: Identifier | None = None
    funding_round_investment_type: str | None = None
    announced_on: str | None = None


class _Job(Loose):
    title: str | None = None
    job_type: str | None = None
    is_current: Flag = None
    started_on: Day | None = None


class _Cards(Loose):
    jobs: list[_Job] | None = None


class _Profile(Loose):
    cards: _Cards


class CrunchbaseSignalSource:
    name = "crunchbase"
    kinds = frozenset({"funding", "acquisition", "leadership_change", "news"})
    price_micros = 0  # a plan is paid by the year, whatever is asked

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        def batch(subjects: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, SignalReport | Unknown]:
            return self._batch(subjects, since)

        nameless = Unknown("Crunchbase is asked by domain, and this company's is not known.")
        subjects = [(c.company_id, c) for c in companies if c.domain]
        answers = ask_batches(subjects, _BATCH, batch, "Crunchbase knows no organization of this domain.")
        return {c.company_id: answers.get(c.company_id, nameless) for c in companies}

    def _batch(
        self, subjects: Sequence[tuple[UUID, CompanyRef]], since: datetime
    ) -> Mapping[UUID, SignalReport | Unknown]:
        by_name = by_domain(self._api, {c.domain: c.name for _, c in subjects})
        known = {organization.uuid: organization for organization in by_name.values()}
        if not known:
            return {}
        rounds = self._rounds(known, since)
        bought = self._bought(known, since)

        def whole(organization: Organization) -> SignalReport | Unknown:
            found = [*rounds.get(organization.uuid, ()), *bought.get(organization.uuid, ())]
            found += _exits(organization, since)
            found += self._leaders(organization, since)
            return SignalReport(tuple(sorted(found, key=lambda signal: signal.observed_at, reverse=True)))

        found = [(key, by_name[company.domain]) for key, company in subjects if company.domain in by_name]
        return ask_each(found, whole, side_by_side=4)

    def _rounds(self, known: Mapping[str, Organization], since: datetime) -> Mapping[str, list[SignalRecord]]:
        """A round has an investment for each investor: it counts once."""
        query = [
            predicate("organization_identifier", "includes", *known),
            predicate("announced_on", "gte", f"{since:%Y-%m-%d}"),
        ]
        seen: set[tuple[str, str]] = set()
        found: dict[str, list[SignalRecord]] = {}
        for each in search_all(self._api, INVESTMENTS, _INVESTMENT_FIELDS, query, _Investment, pages=_PAGES):
            company, at = known.get((each.organization_identifier or _NOBODY).uuid), day_of(each.announced_on)
            if company is None or at is None or at < since:
                continue
            round_ = each.funding_round_identifier or Identifier(uuid=f"{each.funding_round_investment_type} {at}")
            if (company.uuid, round_.uuid) not in seen:
                seen.add((company.uuid, round_.uuid))
                url = f"{SITE}/funding_round/{round_.permalink}" if round_.permalink else company.page
                found.setdefault(company.uuid, []).append(company.round(at, each.funding_round_investment_type, url))
        for company in known.values():  # a round without a named investor is told by the company alone
            last = company.last_funding()
            held = found.setdefault(company.uuid, [])
            if last is not None and last.observed_at >= since and all(s.observed_at != last.observed_at for s in held):
                held.append(last)
        return found

    def _bought(self, known: Mapping[str, Organization], since: datetime) -> Mapping[str, list[SignalRecord]]:
        query = [
            predicate("acquirer_identifier", "includes", *known),
            predicate("exited_on", "gte", f"{since:%Y-%m-%d}"),
        ]
        found: dict[str, list[SignalRecord]] = {}
        for each in search_all(self._api, ORGANIZATIONS, _ACQUIRED_FIELDS, query, Organization, pages=_PAGES):
            buyer, at = (each.acquirer_identifier or _NOBODY).uuid, each.exited_on.at if each.exited_on else None
            if buyer in known and at is not None and at >= since:
                quote = cleaned(f"Acquired {each.identifier.value or 'a company'} on {at:%Y-%m-%d}")
                found.setdefault(buyer, []).append(SignalRecord("acquisition", at, quote, each.page))
        return found

    def _leaders(self, company: Organization, since: datetime) -> list[SignalRecord]:
        try:
            question = {"card_ids": "jobs", "field_ids": "identifier"}
            profile = self._api.get(f"/entities/organizations/{company.uuid}", question).read(_Profile)
        except NotFound:
            return []
        found: dict[tuple[str, datetime], SignalRecord] = {}
        for job in profile.cards.jobs or ():
            at = job.started_on.at if job.started_on else None
            if job.job_type == "executive" and job.is_current is not False and job.title and at and at >= since:
                quote = cleaned(f"New {job.title} since {at:%Y-%m-%d}")
                found[quote, at] = SignalRecord("leadership_change", at, quote, f"{company.page}/people")
        return list(found.values())


def _exits(company: Organization, since: datetime) -> list[SignalRecord]:
    """What became of the company itself: it went public, or was bought."""
    found = []
    if (at := day_of(company.went_public_on)) is not None and at >= since:
        found.append(SignalRecord("funding", at, f"Went public on {at:%Y-%m-%d}", company.page))
    sold = company.exited_on.at if company.exited_on and company.acquirer_identifier else None
    if sold is not None and sold >= since and company.acquirer_identifier is not None:
        quote = cleaned(f"Acquired by {company.acquirer_identifier.value or 'another company'} on {sold:%Y-%m-%d}")
        found.append(SignalRecord("news", sold, quote, company.page, _SOLD))
    return found
