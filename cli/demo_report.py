"""What the quarter came to: the funnel, the bill, how far the scores were from the truth, and the promises kept.

Counts come from the store; what really left the building is counted at the world's post office, and the truth is the
world's. No wall clock and no random id is printed: the same seed prints the same bytes.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlmodel import Session, col, func, select

from cli.demo_quarter import Quarter
from store import audit
from store.ledger import By, totals
from store.models import (
    Approval,
    ApprovalState,
    Company,
    Contact,
    Customer,
    CustomerState,
    Deal,
    DealStage,
    Draft,
    EngagementEvent,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Message,
    OutboxItem,
    OutboxState,
    Play,
    Run,
    RunCompany,
    ScoreRow,
    Suppression,
)
from world.measure import Accuracy, measure

WIDTH = 100
_MICROS_PER_MINOR = 1_000_000


def print_report(quarter: Quarter, console: Console) -> None:
    context = quarter.context
    with context.database.read(context.workspace_id) as session:
        console.print(_funnel(session, quarter))
        console.print(_money(session))
        console.print(_accuracy(session, quarter))
        console.print(_promises(session, quarter))


def _count(session: Session, model: type, *where: object) -> int:
    return session.exec(select(func.count()).select_from(model).where(*where)).one()  # type: ignore[arg-type]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", width=WIDTH, title_style="bold", expand=False)
    table.add_column(columns[0], no_wrap=True)
    table.add_column(columns[1], justify="right", no_wrap=True)
    table.add_column(columns[2])
    return table


def _funnel(session: Session, quarter: Quarter) -> Table:
    table = _table("The quarter", "Step", "Count", "Of which")
    kept = len(set(session.exec(select(RunCompany.id).where(col(RunCompany.kept).is_(True)))))
    seen = len(set(session.exec(select(RunCompany.id))))
    runs = _count(session, Run)
    table.add_row("Companies looked at", str(seen), f"{kept} pass the ICP's filters, in {runs} runs")
    unknown = _count(session, Company, col(Company.enrichment_gap) != "")
    table.add_row("Sites read", str(_count(session, Company, col(Company.enriched_at).is_not(None)) - unknown),
                  f"{unknown} unknown, each with its reason")  # fmt: skip
    tiers = Counter(session.exec(select(Lead.tier)))
    table.add_row("Leads", str(sum(tiers.values())), ", ".join(f"tier {t}: {tiers[t]}" for t in (1, 2, 3, 4)))
    tally = quarter.tally
    table.add_row("Drafts", str(_count(session, Draft)),
                  f"{tally.approved} approved ({tally.edited} of them edited), {tally.rejected} rejected")  # fmt: skip
    sent = _count(session, OutboxItem, OutboxItem.kind == "mail", OutboxItem.state == OutboxState.SENT)
    bounced = _count(session, EngagementEvent, EngagementEvent.kind == "bounce")
    table.add_row("Mails sent", str(sent), f"{bounced} bounced")
    kinds = Counter(session.exec(select(Message.kind).where(Message.direction == "in")))
    table.add_row("Mails received", str(sum(kinds.values())), ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
    stages = Counter(session.exec(select(Lead.stage)))
    table.add_row("Leads stopped or lost", str(stages[LeadStage.STOPPED] + stages[LeadStage.LOST]),
                  f"{_count(session, Suppression)} suppressed, {tally.one_clicks} by one click")  # fmt: skip
    meetings = Counter(session.exec(select(Meeting.state)))
    held, missed = meetings[MeetingState.HELD], meetings[MeetingState.NO_SHOW]
    booked = held + missed + meetings[MeetingState.BOOKED]
    table.add_row("Meetings proposed", str(sum(meetings.values())),
                  f"{booked} booked, {held} held, {missed} missed, {tally.slots_gone} picked too late")  # fmt: skip
    deals = Counter(session.exec(select(Deal.stage)))
    won = session.exec(select(func.coalesce(func.sum(Deal.amount_minor), 0)).where(Deal.stage == DealStage.WON)).one()
    table.add_row("Deals", str(sum(deals.values())),
                  f"{deals[DealStage.WON]} won ({_usd(int(won))} a year), {deals[DealStage.LOST]} lost, "
                  f"{deals[DealStage.OPEN]} open")  # fmt: skip
    customers = Counter(session.exec(select(Customer.state)))
    table.add_row("Customers", str(sum(customers.values())), f"{customers[CustomerState.CHURNED]} left")
    table.add_row("Plays", str(_count(session, Play)), f"{len(tally.helped)} customers were helped")
    return table


def _money(session: Session) -> Table:
    table = _table("What it cost", "What", "USD", "How")
    total = 0
    for line in totals(session, By.PROVIDER):
        total += line.spent_micros
        table.add_row(line.key, _usd(line.spent_micros // _MICROS_PER_MINOR), f"{line.calls} calls")
    held = _count(session, Meeting, Meeting.state == MeetingState.HELD)
    each = f"{_usd(total // _MICROS_PER_MINOR // held)} a meeting held" if held else "no meeting was held"
    table.add_row("language model", _usd(0), "none: templates and rules served")
    table.add_row("all", _usd(total // _MICROS_PER_MINOR), each)
    return table


def _accuracy(session: Session, quarter: Quarter) -> Table:
    table = _table("Scores against the hidden truth", "Score", "AUC", "Reading")
    by_domain: dict[str, tuple[float | None, float | None, float | None]] = {}
    query = select(Company.domain, Lead.fit, Lead.intent, Lead.priority).join(
        Lead, col(Lead.company_id) == col(Company.id)
    )
    for domain, fit, intent, priority in session.exec(query.order_by(col(Company.id), col(Lead.id))):
        if domain:
            by_domain[domain] = (fit, intent, priority)
    truths = {domain: quarter.world.company(domain) for domain in sorted(by_domain)}
    # What a sale needs to have a fair chance: the best quarter of the companies that were scored.
    ranked = sorted((company.propensity for company in truths.values()), reverse=True)
    edge = ranked[len(ranked) // 4] if ranked else 1.0
    buys = {domain: company.propensity >= edge for domain, company in truths.items()}
    table.add_row(*_reading("ICP filters, by company", _admitted(session, quarter, edge)))
    for index, name in enumerate(("fit", "intent", "priority")):
        pairs = [(v[index], buys[d]) for d, v in sorted(by_domain.items()) if v[index] is not None]
        table.add_row(*_reading(f"{name}, by company", [(float(v or 0), truth) for v, truth in pairs]))
    table.add_row(*_reading("authority, by contact", _authority(session, quarter)))
    table.add_row(*_reading("churn risk, by customer", _churn(session, quarter)))
    return table


def _admitted(session: Session, quarter: Quarter, edge: float) -> list[tuple[float, bool]]:
    """Every company that was looked at: 1 where the ICP let it in. One that was let in by any run counts as in."""
    kept: dict[str, bool] = {}
    query = select(Company.domain, RunCompany.kept).join(RunCompany, col(RunCompany.id) == col(Company.id))
    for domain, inside in session.exec(query.order_by(col(Company.id))):
        if domain:
            kept[domain] = kept.get(domain, False) or inside
    return [
        (float(inside), quarter.world.company(domain).propensity >= edge) for domain, inside in sorted(kept.items())
    ]


def _authority(session: Session, quarter: Quarter) -> list[tuple[float, bool]]:
    pairs = []
    query = (
        select(Lead.authority, Contact).join(Contact, col(Contact.id) == col(Lead.contact_id)).order_by(col(Lead.id))
    )
    for authority, contact in session.exec(query.order_by(col(Lead.id))):
        if authority is not None and contact.email_sealed:
            address = quarter.context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
            pairs.append((authority, quarter.world.person(address).decides >= 0.7))
    return pairs


def _churn(session: Session, quarter: Quarter) -> list[tuple[float, bool]]:
    """Each customer's newest risk, or the risk at which its play began, because a play that works lowers it.

    True where the hidden course says that it declines before the quarter's end.
    """
    pairs = []
    started = select(Play.customer_id, func.max(Play.risk_at_start)).group_by(col(Play.customer_id))
    at_start = dict(session.exec(started).all())
    query = (
        select(ScoreRow.value, Company.domain, Customer.id)
        .join(Customer, col(Customer.id) == col(ScoreRow.subject_id))
        .join(Company, col(Company.id) == col(Customer.company_id))
        .where(ScoreRow.kind == "churn_risk")
        .order_by(col(Customer.id))
    )
    today = quarter.clock.now().date()
    for value, domain, customer_id in session.exec(query):
        risk = at_start.get(customer_id, value)
        if risk is not None and domain:
            began = quarter.world.customers.truth(domain).declines_on
            pairs.append((risk, began is not None and began < today))
    return pairs


def _reading(name: str, pairs: Sequence[tuple[float, bool]]) -> tuple[str, str, str]:
    found: Accuracy = measure(pairs, capacity=max(1, len(pairs) // 10))
    if found.auc is None or found.base_rate is None or found.precision_at_capacity is None:
        return name, "unknown", f"{found.subjects} scored: too few of one kind to tell"
    return (
        name,
        f"{found.auc:.3f}",
        f"{found.subjects} scored; the best {found.capacity} hold {found.precision_at_capacity:.0%} "
        f"where chance gives {found.base_rate:.0%}",
    )


def _promises(session: Session, quarter: Quarter) -> Table:
    table = _table("Promises", "Promise", "Broken", "Counted where")
    sent = quarter.world.post_office.sent
    outbox_ids = session.exec(
        select(OutboxItem.message_id).where(OutboxItem.kind == "mail", OutboxItem.state == OutboxState.SENT)
    ).all()
    twice = len(outbox_ids) - len(set(outbox_ids)) + max(0, len(sent) - len(outbox_ids))
    table.add_row("One mail is sent once", str(twice), "mails the post office accepted against the outbox")
    table.add_row(
        "Nothing leaves unapproved", str(_unapproved(session)), "sent drafts without an approval of their hash"
    )
    table.add_row(
        "Nobody is written to after a no", str(_after_no(session, quarter)), "post office against suppressions"
    )
    unknown = _count(session, OutboxItem, OutboxItem.state == OutboxState.UNKNOWN)
    table.add_row("No outcome is lost", str(unknown), "outbox items whose outcome nobody knows")
    verdict = audit.verify(session)
    broken = "0" if isinstance(verdict, audit.Verified) else f"at {verdict.seq}"
    table.add_row("The audit chain holds", broken, "every link recomputed")
    return table


def _unapproved(session: Session) -> int:
    approved = (
        select(Approval.id)
        .where(
            Approval.draft_id == Draft.id,
            Approval.state == ApprovalState.APPROVED,
            Approval.content_hash == Draft.content_hash,
        )
        .exists()
    )
    query = (
        select(func.count())
        .select_from(OutboxItem)
        .join(Draft, col(Draft.id) == col(OutboxItem.draft_id))
        .where(OutboxItem.kind == "mail", OutboxItem.state == OutboxState.SENT, sa.not_(approved))
    )
    return session.exec(query).one()


def _after_no(session: Session, quarter: Quarter) -> int:
    stopped: dict[str, datetime] = {}
    for key, at in session.exec(select(Suppression.key_index, Suppression.created_at)):
        stopped[key] = at
    late = 0
    for at, address in quarter.world.post_office.sent:
        no = stopped.get(quarter.context.sealer.blind_index("email", address))
        late += no is not None and at > no
    return late


def _usd(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02d}"
