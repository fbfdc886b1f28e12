"""The enrichment agent: what a company's own site and mail domain say, then what is worth buying of vendors.

A site that cannot be read is "unknown, because …" in the company's row, never a missing value without a word.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from agents.buying.buyer import buy
from agents.company_view import icp_of
from agents.context import AgentContext
from agents.intake import add_signals
from agents.site_changes import changes_since
from agents.step import Outcome, Step, Trigger
from scoring.criteria import CompiledIcp
from scoring.icp import parse_icp
from store import bulk
from store.models import Cohort, CohortStage, Company, Run, RunCompany
from store.queries import facts, merges
from tools.ports import Unknown
from tools.site_reader import Evidence, SiteReading, dns_technologies, read_site

FRESH_FOR = timedelta(days=30)  # a site's pages change by the quarter; asking more often is impolite
BATCH = 50  # companies read between two commits: what a crash makes us read again


@dataclass(frozen=True, slots=True)
class _Asked:
    company_id: UUID
    domain: str
    website: str


@dataclass(frozen=True, slots=True)
class _Read:
    asked: _Asked
    site: SiteReading | Unknown
    mx: Sequence[str] | Unknown
    in_dns: Sequence[Evidence] = ()  # technologies that the domain's records show


def enrichment(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        cohort = session.get(Cohort, (context.workspace_id, step.subject_id))
        if cohort is None or cohort.stage is not CohortStage.SOURCED:
            stage = cohort.stage.value if cohort else step.stage
            return Outcome(stage, Trigger.NOTHING, "The cohort was enriched before.")
        run = session.get(Run, (context.workspace_id, cohort.run_id))
        assert run is not None
        icp = CompiledIcp(parse_icp(icp_of(session, run).definition))
        asked = _stale(session, context, cohort.id)
        everybody = list(
            session.exec(select(RunCompany.id).where(RunCompany.cohort_id == cohort.id).order_by(col(RunCompany.id)))
        )
    known = unknown = 0
    for start in range(0, len(asked), BATCH):
        read = _read_all(context, asked[start : start + BATCH])
        found = sum(1 for one in read if isinstance(one.site, SiteReading))
        known, unknown = known + found, unknown + len(read) - found
        with context.database.write(context.workspace_id) as session:
            _keep(session, context, read)
    bought = buy(context, run.id, everybody, icp)
    with context.database.write(context.workspace_id) as session:
        cohort = session.get(Cohort, (context.workspace_id, step.subject_id))
        assert cohort is not None
        cohort.stage = CohortStage.ENRICHED
        session.add(cohort)
    reason = f"Read {known} sites; {unknown} are unknown, each with its reason; the others are fresh or have no site."
    inputs = {
        "read": known,
        "unknown": unknown,
        "asked": bought.asked,
        "filled": bought.filled,
        "cost_micros": bought.cost_micros,
        "gaps": bought.gaps,
        "stops": bought.stops,
    }
    return Outcome("enriched", Trigger.READY, f"{reason} {bought.told()}".strip(), inputs=inputs)


def _stale(session: Session, context: AgentContext, cohort_id: UUID) -> list[_Asked]:
    fresh_since = context.clock.now() - FRESH_FOR
    query = (
        select(Company.id, Company.domain, Company.website)
        .join(RunCompany, col(RunCompany.id) == Company.id)
        .where(RunCompany.cohort_id == cohort_id, merges.not_absorbed(Company))
        .where(or_(col(Company.enriched_at).is_(None), col(Company.enriched_at) < fresh_since))
        .order_by(col(Company.id))
    )
    return [
        _Asked(company_id, domain or "", website or (f"https://{domain}" if domain else ""))
        for company_id, domain, website in session.exec(query)
    ]


def _read_all(context: AgentContext, asked: Sequence[_Asked]) -> list[_Read]:
    """Several hosts side by side, one request a host at a time; results in the order asked."""

    def read(one: _Asked) -> _Read:
        if not one.website:
            return _Read(one, Unknown("The company has no known web site."), Unknown("It has no known domain."))
        mx = context.tools.mail_domains.mx(one.domain) if one.domain else Unknown("It has no known domain.")
        in_dns = tuple(dns_technologies(context.tools.mail_domains, one.domain)) if one.domain else ()
        return _Read(one, read_site(context.tools.web_fetch, one.website), mx, in_dns)

    with ThreadPoolExecutor(max_workers=context.settings.web_fetch_concurrency) as pool:
        return list(pool.map(read, asked))


def _keep(session: Session, context: AgentContext, read: Sequence[_Read]) -> None:
    now = context.clock.now()
    found: list[facts.FactInput] = []
    for one in read:
        company_id = one.asked.company_id
        if isinstance(one.site, SiteReading):
            found += [
                facts.FactInput(
                    "company",
                    company_id,
                    f.field,
                    f.value,
                    "site",
                    f.method,
                    f.observed_at,
                    f.confidence,
                    f.quote,
                    f.url,
                )
                for f in one.site.findings
            ]
        if not isinstance(one.mx, Unknown):
            hosts = list(one.mx)
            found.append(facts.FactInput("company", company_id, "mx", hosts, "dns", "dns", now, 1.0, tainted=False))
        found += [
            facts.FactInput("company", company_id, "technology", s.name, "dns", s.method, now, s.confidence, s.quote)
            for s in one.in_dns
        ]
    facts.add_facts(session, found)
    signals = [(o.asked.company_id, s) for o in read if isinstance(o.site, SiteReading) for s in o.site.signals]
    add_signals(session, context, signals, source="site")
    changed = changes_since(
        session, [(o.asked.company_id, o.site) for o in read if isinstance(o.site, SiteReading)], now
    )
    add_signals(session, context, changed, source="site")
    facts.apply_winners(session, context.clock, [one.asked.company_id for one in read])
    rows = [
        {
            "id": one.asked.company_id,
            "enriched_at": now,
            "enrichment_gap": one.site.reason if isinstance(one.site, Unknown) else "",
        }
        for one in read
    ]
    bulk.update(session, Company, rows, columns=["enriched_at", "enrichment_gap"])
