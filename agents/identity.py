"""Which companies and people of a workspace are one: found, merged where it is sure, proposed where it is not.

    duplicates_of_companies(session, context)      # pairs with probability and reasons, nothing written
    propose(session, context)                      # sure ones merged, grey ones kept for a person
    decide(session, context, proposal_id, …)       # what the person said
    agents.merging.merge_companies, .merge_contacts, .split

Who belongs to whom is another question: a country's branch with a site of its own keeps its row and gets a `parent`
fact, and is never merged.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.merging import Grounds, merge_companies, merge_contacts
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import bulk
from store.models import Company, CompanySource, Contact, MergeKind, MergeProposal, Message, ProposalState
from store.queries import facts, merges
from store.queries.companies import CHUNK
from tools.identity import companies as company_identity
from tools.identity import people as people_identity
from tools.identity.corpus import Corpus, Mention, Reads
from tools.identity.normal_forms import company_name

# Of the pairs of the labelled lists at or above it, 71 of 72 on dev and 44 of 45 held out were one company, by the
# domain or by one name under two endings (docs/decisions/0017-identity.md). Two different sites never reach it.
AUTO_MERGE_COMPANIES: Final = 0.9
AUTO_MERGE_PEOPLE: Final = people_identity.AUTO
_PREFIX: Final = 5  # letters of the name key by which intake looks for namesakes in the store
_MOST_PEOPLE: Final = 50_000  # contacts looked at in one pass
_PARENT: Final = "parent"
# Endings that are no country's: the site of the whole firm; the site of a branch ends with its country.
_WORLDWIDE: Final = frozenset({"com", "net", "org", "io", "ai", "co", "global", "group", "international"})
_COUNTRY_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two rows that may be one; `kept` is the one that would stay."""

    kind: MergeKind
    kept: UUID
    absorbed: UUID
    probability: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Proposed:
    merged: list[UUID] = field(default_factory=list)  # merges
    waiting: list[UUID] = field(default_factory=list)  # proposals that are new
    parents: int = 0  # facts


def duplicates_of_companies(
    session: Session,
    context: AgentContext,
    *,
    among: Iterable[UUID] | None = None,
    of: Iterable[UUID] | None = None,
    reads: Reads | None = None,
) -> list[Duplicate]:
    """Pairs of companies at or above GREY, the likeliest first. `among`: only these companies; `of`: only pairs with
    at least one of these. Absorbed companies are not looked at, nor are branches of one firm. `reads`: kept by whoever
    asks again and again, so that a name is read once."""
    rows = _companies(session, among)
    corpus = Corpus(_mentions(session, rows), reads)
    sources = frozenset(r.mention.source for r in corpus.reads)  # a list kept by hand may hold a company twice
    wanted = None if of is None else set(of)
    places = None if wanted is None else [place for place, row in enumerate(rows) if row.id in wanted]
    found = []
    for a, b in corpus.candidates(within=sources, of=places):
        first, second = rows[a], rows[b]
        if _branch_of(first, second) is not None:
            continue
        judgement = company_identity.judge(corpus, corpus.reads[a], corpus.reads[b])
        if judgement.probability >= company_identity.GREY:
            kept, absorbed = sorted((first, second), key=_company_rank)
            found.append(Duplicate(MergeKind.COMPANY, kept.id, absorbed.id, judgement.probability, judgement.reasons))
    return sorted(found, key=lambda d: (-d.probability, d.kept, d.absorbed))


def duplicates_of_people(
    session: Session, context: AgentContext, *, companies: Iterable[UUID] | None = None
) -> list[Duplicate]:
    """Pairs of contacts at or above GREY, the likeliest first; of these companies, or of all."""
    query = select(Contact).where(col(Contact.erased_at).is_(None), merges.not_absorbed(Contact))
    if companies is not None:
        query = query.where(col(Contact.company_id).in_(sorted(set(companies))))
    rows = list(session.exec(query.order_by(col(Contact.id)).limit(_MOST_PEOPLE)))
    said = dict(
        session.execute(
            sa.select(col(Message.contact_id), sa.func.count())
            .where(col(Message.contact_id).in_(select(Contact.id)))
            .group_by(col(Message.contact_id))
        ).all()
    )
    people = [_person(context, row) for row in rows]
    found = []
    for a, b, judgement in people_identity.duplicates(people):
        kept, absorbed = sorted(
            (rows[a], rows[b]), key=lambda r: (not r.email_sealed, -said.get(r.id, 0), r.created_at, r.id)
        )
        found.append(Duplicate(MergeKind.CONTACT, kept.id, absorbed.id, judgement.probability, judgement.reasons))
    return found


def propose(
    session: Session,
    context: AgentContext,
    *,
    among: Iterable[UUID] | None = None,
    of: Iterable[UUID] | None = None,
    people: bool = True,
    reads: Reads | None = None,
) -> Proposed:
    """Merge what is sure, keep what is grey for a person. A pair that a person rejected is left alone for good."""
    done = Proposed()
    done.parents = link_branches(session, context, among=among)
    companies = duplicates_of_companies(session, context, among=among, of=of, reads=reads)
    persons = duplicates_of_people(session, context, companies=among) if people else []
    rejected = _rejected(session)
    waiting = []
    for found in (*companies, *persons):
        if _pair(found.kept, found.absorbed) in rejected:
            continue
        least = AUTO_MERGE_COMPANIES if found.kind is MergeKind.COMPANY else AUTO_MERGE_PEOPLE
        merged = _merge(session, context, found, "rule") if found.probability >= least else None
        if merged is not None:
            done.merged.append(merged)
        else:
            waiting.append(found)
    done.waiting = _keep(session, context, waiting)
    return done


def after_intake(
    session: Session, context: AgentContext, company_ids: Sequence[UUID], reads: Reads | None = None
) -> Proposed:
    """Whether companies that just came in are known under another name or without a domain: set-based, against the
    companies whose names begin alike. Nothing that was known is overwritten: it is merged, or proposed. `reads`: one
    for all pages of an import."""
    keys = set[str]()
    for start in range(0, len(company_ids), CHUNK):
        query = select(Company.name_key).where(col(Company.id).in_(company_ids[start : start + CHUNK]))
        keys.update(key[:_PREFIX] for key in session.exec(query) if key)
    near = set(company_ids)
    prefix = sa.func.substr(col(Company.name_key), 1, _PREFIX)
    wanted = sorted(keys)
    for start in range(0, len(wanted), CHUNK):
        near.update(session.exec(select(Company.id).where(prefix.in_(wanted[start : start + CHUNK]))))
    if len(near) < 2:
        return Proposed()
    return propose(session, context, among=near, of=company_ids, people=False, reads=reads)


def decide(
    session: Session, context: AgentContext, proposal_id: UUID, *, accept: bool, by: str, swap: bool = False
) -> UUID | None:
    """What a person said of a proposal. Returns the merge's id, or None for a rejection. `swap`: keep the other row.

    Raises NotFound; Conflict where it was decided before; what merging raises.
    """
    query = select(MergeProposal).where(MergeProposal.id == proposal_id).with_for_update()
    proposal = session.exec(query).one_or_none()
    if proposal is None:
        raise NotFound("There is no such proposal.")
    if proposal.state is not ProposalState.WAITING:
        raise Conflict(f"This proposal was {proposal.state.value} already.")
    proposal.state = ProposalState.ACCEPTED if accept else ProposalState.REJECTED
    proposal.decided_by, proposal.decided_at = by, context.clock.now()
    session.add(proposal)
    session.flush()
    if not accept:
        return None
    kept = UUID(proposal.evidence["kept_id"])
    other = proposal.second_id if kept == proposal.first_id else proposal.first_id
    kept, other = (other, kept) if swap else (kept, other)
    merge = merge_companies if proposal.kind is MergeKind.COMPANY else merge_contacts
    kept, other = merges.standing_for(session, [kept, other])
    return merge(session, context, kept, other, Grounds(proposal.probability, proposal.reasons, by))


def waiting(session: Session, *, limit: int = 100) -> list[MergeProposal]:
    """Proposals that wait for a person, the likeliest first; those of rows that were merged since are passed over."""
    query = (
        select(MergeProposal)
        .where(MergeProposal.state == ProposalState.WAITING)
        .order_by(col(MergeProposal.probability).desc(), col(MergeProposal.id))
        .limit(limit)
    )
    found = list(session.exec(query))
    gone = merges.kept_of(session, [one for p in found for one in (p.first_id, p.second_id)])
    return [p for p in found if p.first_id not in gone and p.second_id not in gone]


def link_branches(session: Session, context: AgentContext, *, among: Iterable[UUID] | None = None) -> int:
    """A `parent` fact for each country's branch whose firm is known: the same name on the same label, one under a
    country's ending, the other under a general one (acme.de, acme.com). Returns how many were said."""
    rows = _companies(session, among)
    by_label: dict[str, list[Company]] = defaultdict(list)
    for row in rows:
        if row.domain:
            by_label[row.domain.partition(".")[0]].append(row)
    said = []
    for held in by_label.values():
        for child in held:
            for parent in held:
                if child is not parent and _branch_of(child, parent) is child:
                    value = {"company_id": str(parent.id), "domain": parent.domain}
                    said.append(
                        facts.FactInput(
                            "company", child.id, _PARENT, value, "rule:same_label", "page", parent.created_at, 0.8,
                            tainted=False,
                        )
                    )  # fmt: skip
    facts.add_facts(session, said)
    return len(said)


def parents_of(session: Session, company_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The company that each of these is a part of, where that is known."""
    grouped = facts.facts_of(session, company_ids)
    found = {}
    for company_id, fields in grouped.items():
        best = facts.winner(fields.get(_PARENT, []))
        if best is not None and isinstance(best.fact.value, dict) and "company_id" in best.fact.value:
            found[company_id] = UUID(best.fact.value["company_id"])
    return found


def _branch_of(first: Company, second: Company) -> Company | None:
    """Which of two is a country's branch of the other; None where neither is."""
    if not first.domain or not second.domain:
        return None
    (label, _, ending), (other, _, its) = first.domain.partition("."), second.domain.partition(".")
    if label != other or company_name(first.name).core[:1] != company_name(second.name).core[:1]:
        return None
    ours, theirs = _is_country(ending), _is_country(its)
    if ours and its in _WORLDWIDE:
        return first
    if theirs and ending in _WORLDWIDE:
        return second
    return None


def _is_country(ending: str) -> bool:
    last = ending.rpartition(".")[2]
    return len(last) == _COUNTRY_LETTERS and ending not in _WORLDWIDE


def _companies(session: Session, among: Iterable[UUID] | None) -> list[Company]:
    if among is None:
        query = select(Company).where(merges.not_absorbed(Company)).order_by(col(Company.id))
        return list(session.exec(query))
    found: list[Company] = []
    wanted = sorted(set(among))
    for start in range(0, len(wanted), CHUNK):
        query = select(Company).where(col(Company.id).in_(wanted[start : start + CHUNK]), merges.not_absorbed(Company))
        found += session.exec(query.order_by(col(Company.id)))
    return found


def _mentions(session: Session, rows: Sequence[Company]) -> list[Mention]:
    first: dict[UUID, str] = {}
    ids = [row.id for row in rows]
    for start in range(0, len(ids), CHUNK):
        query = select(CompanySource.company_id, sa.func.min(CompanySource.source)).where(
            col(CompanySource.company_id).in_(ids[start : start + CHUNK])
        )
        first.update(session.exec(query.group_by(col(CompanySource.company_id))).all())
    return [
        Mention(
            source=first.get(row.id, ""),
            key=str(row.id),
            name=row.name,
            location=", ".join(part for part in (row.city, row.region, row.country) if part),
            description=row.description,
            industry=row.industry,
            founded_year=row.founded_year,
            domain=row.domain,
        )
        for row in rows
    ]


def _person(context: AgentContext, row: Contact) -> people_identity.Person:
    def opened(name: str) -> str:
        sealed = getattr(row, f"{name}_sealed")
        return context.sealer.open(sealed, context=f"contact|{name}|{row.id}") if sealed else ""

    return people_identity.Person(
        opened("name"), opened("email"), opened("profile_url"), str(row.company_id), row.title
    )


def _company_rank(row: Company) -> tuple[bool, object, UUID]:
    """The one with a domain stays, else the one that was here first."""
    return (row.domain is None, row.created_at, row.id)


def _merge(session: Session, context: AgentContext, found: Duplicate, by: str) -> UUID | None:
    """None where it cannot be merged without a person, or was merged a moment ago through another pair."""
    kept, absorbed = merges.standing_for(session, [found.kept, found.absorbed])
    if kept == absorbed:
        return None
    merge = merge_companies if found.kind is MergeKind.COMPANY else merge_contacts
    try:
        return merge(session, context, kept, absorbed, Grounds(found.probability, found.reasons, by))
    except Rejected:
        return None


def _rejected(session: Session) -> set[tuple[UUID, UUID]]:
    query = select(MergeProposal.first_id, MergeProposal.second_id).where(MergeProposal.state == ProposalState.REJECTED)
    return {(first, second) for first, second in session.exec(query)}


def _pair(first: UUID, second: UUID) -> tuple[UUID, UUID]:
    return (first, second) if first < second else (second, first)


def _keep(session: Session, context: AgentContext, found: Sequence[Duplicate]) -> list[UUID]:
    rows = []
    for one in found:
        first, second = _pair(one.kept, one.absorbed)
        rows.append(
            {
                "id": stable_id("merge_proposal", context.workspace_id, first, second),
                "kind": one.kind,
                "first_id": first,
                "second_id": second,
                "probability": one.probability,
                "reasons": list(one.reasons),
                "evidence": {"kept_id": str(one.kept)},
                "created_at": context.clock.now(),
            }
        )
    return sorted(bulk.insert_ignore(session, MergeProposal, rows))
