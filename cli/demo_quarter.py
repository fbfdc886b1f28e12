"""A quarter of the demo, day by day: the worker does what is due, and the people of the office do their part."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from agents.booking.picking import pick_slot
from agents.calendar import record_meeting
from agents.churn import take_in_usage
from agents.context import AgentContext
from agents.crm import close_deal
from agents.engagement import opt_out
from agents.revision import revise
from agents.step import Trigger
from cli.composition import Application
from cli.demo_office import Office, start_run
from core.clock import VirtualClock
from core.errors import Conflict, NotFound
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
    Meeting,
    MeetingState,
    Play,
    Task,
    TaskState,
)
from store.queries import approvals, triggers
from world.world import World

START = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)  # a Monday
DAYS = 91
# When the office looks at its screens, UTC: mornings and afternoons of its reps and of both coasts.
TICKS = (8, 14, 19)
RUN_DAYS = (0, 28, 56)  # the market is looked through again every four weeks: new signals, new companies
HISTORY_DAYS = 60  # of usage that is known of the customers there are


@dataclass
class Tally:
    """What people did, as they did it; what agents did is counted from the store at the end."""

    approved: int = 0
    edited: int = 0
    rejected: int = 0
    slots_gone: int = 0
    one_clicks: int = 0
    helped: dict[str, datetime] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    risk_seen: dict[str, list[tuple[int, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Quarter:
    """A demo under way: one application, one world, one clock."""

    application: Application
    world: World
    office: Office
    clock: VirtualClock
    context: AgentContext
    tally: Tally
    deals_due: dict[UUID, tuple[datetime, bool, int]] = field(default_factory=dict)

    def day(self, number: int) -> None:
        """One day, tick by tick."""
        self._new_day(number)
        midnight = START + timedelta(days=number)
        for hour in TICKS:
            self.clock.move_to(midnight + timedelta(hours=hour))
            self.application.worker.drain([self.office.workspace_id])
            self._prospects_click()
            if midnight.weekday() < 5:
                self._reps_review()
                self._reps_meet()
                self._reps_close()
                self._csms_help()
            self.application.worker.drain([self.office.workspace_id])

    def _new_day(self, number: int) -> None:
        today = self.clock.now().date()
        if number in RUN_DAYS:
            start_run(self.context, self.office, number)
        since = today - timedelta(days=HISTORY_DAYS if number == 0 else 1)
        take_in_usage(self.context, self.world.usage_source.rows(since))
        self.tally.left += self._leave(self.world.customers.leaving(today))
        with self.context.database.write(self.context.workspace_id) as session:
            active = select(Customer.id).where(Customer.state == CustomerState.ACTIVE).order_by(col(Customer.id))
            for customer_id in session.exec(active).all():
                triggers.add_trigger(
                    session,
                    self.clock,
                    subject_kind="customer",
                    subject_id=customer_id,
                    kind=Trigger.DAILY,
                    key=f"daily:{customer_id}:{today}",
                )

    def _leave(self, domains: list[str]) -> list[str]:
        with self.context.database.write(self.context.workspace_id) as session:
            for domain in domains:
                customer = session.exec(
                    select(Customer)
                    .join(Company, col(Company.id) == col(Customer.company_id))
                    .where(Company.domain == domain)
                ).first()
                if customer is not None:
                    customer.state, customer.churned_on = CustomerState.CHURNED, self.clock.now().date()
                    session.add(customer)
        return domains

    def _prospects_click(self) -> None:
        for choice in self.world.post_office.slot_choices():
            try:
                _workspace, hold_id = self.application.booking.verify(choice.link.rpartition("/")[2])
                pick_slot(self.context, hold_id)
            except (Conflict, NotFound):
                self.tally.slots_gone += 1
        for click in self.world.post_office.one_clicks():
            _workspace, contact_id = self.application.unsubscribe.verify(click.url.rpartition("/")[2])
            opt_out(self.context, contact_id, "one_click")
            self.tally.one_clicks += 1

    def _reps_review(self) -> None:
        with self.context.database.read(self.context.workspace_id) as session:
            pending = session.exec(
                select(Approval, Draft)
                .join(Draft, col(Draft.id) == col(Approval.draft_id))
                .where(Approval.state == ApprovalState.PENDING)
                .order_by(col(Approval.created_at), col(Approval.id))
            ).all()
        for approval, draft in pending:
            body = self.context.sealer.open(draft.body_sealed or "", context=f"draft|body|{draft.id}")
            blocking = sum(1 for problem in draft.problems if problem["severity"] == "block")
            review = self.world.rep.review(draft.thread_key, body, blocking)
            by = f"user:{self.office.reps[0]}"
            approval_id, content_hash = approval.id, approval.content_hash
            if review.action == "edit" and review.body != body:
                subject = self.context.sealer.open(draft.subject_sealed or "", context=f"draft|subject|{draft.id}")
                revised = revise(self.context, draft.id, subject, review.body, by)
                if any(problem["severity"] == "block" for problem in revised.problems):
                    continue  # the rep sees it again, with what the check found
                approval_id, content_hash = revised.approval_id, self._hash_of(revised.approval_id)
                self.tally.edited += 1
            reject = review.action == "reject"
            action = approvals.Action.REJECT if reject else approvals.Action.APPROVE
            with self.context.database.write(self.context.workspace_id) as session:
                approvals.decide(
                    session,
                    self.clock,
                    self.context.ids,
                    approval_id,
                    expected_hash=content_hash,
                    action=action,
                    by=by,
                    reason=review.reason,
                )
            if reject:
                self.tally.rejected += 1
            else:
                self.tally.approved += 1

    def _hash_of(self, approval_id: UUID) -> str:
        with self.context.database.read(self.context.workspace_id) as session:
            approval = session.get(Approval, (self.context.workspace_id, approval_id))
            assert approval is not None
            return approval.content_hash

    def _reps_meet(self) -> None:
        with self.context.database.read(self.context.workspace_id) as session:
            over = session.exec(
                select(Meeting, Contact)
                .join(Contact, col(Contact.id) == col(Meeting.contact_id))
                .where(Meeting.state == MeetingState.BOOKED, col(Meeting.ends_at) <= self.clock.now())
                .order_by(col(Meeting.starts_at), col(Meeting.id))
            ).all()
        for meeting, contact in over:
            address = self.context.sealer.open(contact.email_sealed or "", context=f"contact|email|{contact.id}")
            person, company = self.world.person(address), self.world.company(address.rpartition("@")[2])
            held = self.world.selling.shows_up(person, str(meeting.id))
            record_meeting(self.context, meeting.id, held, "demo" if held else "no_show", f"user:{meeting.user_id}")
            if held:
                outcome = self.world.selling.closes(company, str(meeting.id))
                self.deals_due[meeting.lead_id] = (self.clock.now() + outcome.after, outcome.won, outcome.amount_minor)

    def _reps_close(self) -> None:
        due = sorted(lead_id for lead_id, (at, _, _) in self.deals_due.items() if at <= self.clock.now())
        for lead_id in due:
            _, won, amount = self.deals_due.pop(lead_id)
            with self.context.database.read(self.context.workspace_id) as session:
                found = session.exec(
                    select(Deal, Company)
                    .join(Company, col(Company.id) == col(Deal.company_id))
                    .where(Deal.lead_id == lead_id, Deal.stage == DealStage.OPEN)
                ).first()
            if found is None:
                continue
            deal, company = found
            close_deal(self.context, deal.id, won, amount, f"user:{self.office.reps[0]}")
            if won and company.domain:
                self.world.customers.add(self.world.company(company.domain), self.clock.now().date())

    def _csms_help(self) -> None:
        """A CSM carries out the tasks of plays on the day they are due; that is what reaches the customer."""
        with self.context.database.write(self.context.workspace_id) as session:
            due = session.exec(
                select(Task, Company)
                .join(Play, col(Play.id) == col(Task.play_id))
                .join(Customer, col(Customer.id) == col(Play.customer_id))
                .join(Company, col(Company.id) == col(Customer.company_id))
                .where(Task.state == TaskState.OPEN, col(Task.due_at) <= self.clock.now())
                .order_by(col(Task.due_at), col(Task.id))
            ).all()
            for task, company in due:
                task.state, task.done_at, task.outcome = TaskState.DONE, self.clock.now(), "done"
                session.add(task)
                if company.domain and company.domain not in self.tally.helped:
                    self.tally.helped[company.domain] = self.clock.now()
                    self.world.customers.help(company.domain, self.clock.now().date())
