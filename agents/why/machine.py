"""Gates of the machine: what holds whatever waits behind it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from agents.mailbox_limits import Standing, standings
from agents.offer import check_offer
from agents.why.types import Gate, Level, Part, Scope
from core.errors import FixConfiguration
from core.settings import DeliveryMode
from store.models import Budget, Mailbox, MailboxState, ThreadTrigger
from store.queries import pulse, triggers, workspaces

_LATE = timedelta(minutes=2)  # a worker sweeps every few seconds; a pulse is kept every half minute
_PARTS = 10


def delivery(scope: Scope) -> Iterator[Gate]:
    match scope.context.settings.delivery:
        case DeliveryMode.HOLD:
            yield Gate(
                "delivery_hold",
                Level.STOPS,
                "Delivery is on hold: approved mails stay in the outbox.",
                "Start SalesOS with SALESOS_DELIVERY=smtp (or folder, to look at the mails first).",
                "settings",
            )
        case DeliveryMode.FOLDER:
            yield Gate(
                "delivery_folder",
                Level.NOTE,
                "Mails are written to a folder: they count as sent, and none leaves the building.",
                "Start SalesOS with SALESOS_DELIVERY=smtp when they should.",
                "settings",
            )
        case DeliveryMode.SMTP:
            return


def kill_switch(scope: Scope) -> Iterator[Gate]:
    if scope.policy.kill_switch:
        yield Gate(
            "kill_switch",
            Level.STOPS,
            "The kill switch is on: nothing is sent, whatever was approved.",
            "Turn it off in the policy. What was approved before is approved again then.",
            "policies",
        )


def workspace(scope: Scope) -> Iterator[Gate]:
    found = workspaces.get(scope.session, scope.context.workspace_id)
    if not found.postal_address.strip():
        text = "The workspace has no postal address, which the law wants in every mail."
        yield Gate("no_postal_address", Level.STOPS, text, "Write it in the settings.", "settings")
    try:
        check_offer(found.offer)
    except FixConfiguration:
        text = "There is no offer that drafts could speak of, so no mail can be drafted."
        yield Gate("no_offer", Level.STOPS, text, "Say in the settings what you sell.", "settings")


def worker(scope: Scope) -> Iterator[Gate]:
    last = pulse.last(scope.session)
    if last is None:
        text = "No worker has ever looked at this workspace: nothing is drafted, sent or read."
        yield Gate("worker_not_running", Level.STOPS, text, "Start `salesos serve` or `salesos worker`.")
    elif scope.now - last.seen_at > max(_LATE, 3 * timedelta(seconds=scope.context.settings.sweep_seconds)):
        text = "No worker has looked for what is due for a while: it was stopped, or cannot reach the database."
        yield Gate(
            "worker_not_running",
            Level.STOPS,
            text,
            "Start `salesos serve` or `salesos worker`.",
            since=last.seen_at,
        )


def mailboxes(scope: Scope) -> Iterator[Gate]:
    query = select(Mailbox).order_by(col(Mailbox.address))
    if scope.mailbox_id is not None:
        query = query.where(Mailbox.id == scope.mailbox_id)
    found = scope.session.exec(query).all()
    if not found:
        what = "There is no mailbox." if scope.mailbox_id is None else "The mailbox does not exist any more."
        yield Gate("no_mailbox", Level.STOPS, what, "Add one.", "mailboxes")
        return
    active = [mailbox for mailbox in found if mailbox.state is MailboxState.ACTIVE]
    paused = [mailbox for mailbox in found if mailbox.state is not MailboxState.ACTIVE]
    if paused:
        yield Gate(
            "mailbox_paused",
            Level.HOLDS if active else Level.STOPS,
            "A mailbox is paused." if len(paused) == 1 else f"{len(paused)} mailboxes are paused.",
            "Resume it when the reason is gone.",
            "mailboxes",
            len(paused),
            parts=tuple(Part(f"{m.address}: {m.pause_reason or 'by a person'}", id=m.id) for m in paused[:_PARTS]),
        )
    unread = [mailbox for mailbox in active if mailbox.inbox_problem]
    if unread:
        yield Gate(
            "inbox_unread",
            Level.NOTE,
            "An inbox cannot be read: replies and opt-outs in it are not seen.",
            "Check its settings, or pause the mailbox until it can be read.",
            "mailboxes",
            len(unread),
            parts=tuple(Part(f"{m.address}: {m.inbox_problem}", id=m.id) for m in unread[:_PARTS]),
        )
    known = standings(scope.session, active, scope.now)
    yield from _full(active, known)


def _full(active: Sequence[Mailbox], known: Mapping[UUID, Standing]) -> Iterator[Gate]:
    for code, warming, text, fix in (
        (
            "ramp_used_up",
            True,
            "A mailbox that is warming up has sent what it may today. Answers still leave.",
            "It may send twice as many tomorrow; haste spoils its good name.",
        ),
        (
            "cap_used_up",
            False,
            "A mailbox has sent what it may today. Answers still leave.",
            "Raise its daily cap, or add a mailbox.",
        ),
    ):
        full = [
            (mailbox, found) for mailbox in active if (found := known[mailbox.id]).full and found.warming_up is warming
        ]
        if full:
            yield Gate(
                code,
                Level.WAITS,
                text,
                fix,
                "mailboxes",
                len(full),
                until=min(found.day_ends for _, found in full),
                parts=tuple(
                    Part(f"{mailbox.address}: {_used(found)}", until=found.day_ends, id=mailbox.id)
                    for mailbox, found in full[:_PARTS]
                ),
            )


def _used(found: Standing) -> str:
    if found.domain is not None and found.domain.full:
        return f"all of {found.domain.name} sent {found.domain.sent} of {found.domain.limit} today"
    return f"{found.sent} of {found.limit} today"


def budget(scope: Scope) -> Iterator[Gate]:
    """A budget that is used up stops no mail: templates and rules serve. Said only where a model would be asked."""
    settings = scope.context.settings
    if not (settings.llm_base_url and settings.llm_model):
        return
    month = f"{scope.now:%Y-%m}"
    found = scope.session.exec(select(Budget).where(Budget.scope == f"workspace:{month}")).first()
    serve = "Templates and rules write the drafts until then."
    if found is None:
        text = f"There is no budget for {month}, so the language model is not asked. {serve}"
        yield Gate("no_budget", Level.NOTE, text, "Set one.", "budgets")
    elif found.spent_micros + found.reserved_micros >= found.limit_micros:
        text = f"The budget of {month} is used up, so the language model is not asked. {serve}"
        yield Gate("budget_used_up", Level.NOTE, text, "Raise it, or wait for the next month.", "budgets")


def steps(scope: Scope) -> Iterator[Gate]:
    """Threads that do not go on by themselves."""
    if scope.mailbox_id is not None and scope.lead_id is None:
        return  # a trigger knows its subject, not the mailbox
    resting = triggers.rests()
    query = (
        sa.select(col(ThreadTrigger.last_error), sa.func.count(), sa.func.min(col(ThreadTrigger.due_at)))
        .where(col(ThreadTrigger.done_at).is_(None), resting)
        .group_by(col(ThreadTrigger.last_error))
        .order_by(sa.func.count().desc(), col(ThreadTrigger.last_error))
    )
    backing_off = (
        sa.select(sa.func.count(), sa.func.min(col(ThreadTrigger.due_at)))
        .where(col(ThreadTrigger.done_at).is_(None), ~resting, col(ThreadTrigger.attempts) > 0)
        .where(col(ThreadTrigger.due_at) > scope.now)
    )
    if scope.lead_id is not None:
        query = query.where(col(ThreadTrigger.subject_id) == scope.lead_id)
        backing_off = backing_off.where(col(ThreadTrigger.subject_id) == scope.lead_id)
    rows = scope.session.execute(query).all()
    if rows:
        count = sum(row[1] for row in rows)
        yield Gate(
            "steps_rest",
            Level.HOLDS,
            f"{count} step{'s' if count != 1 else ''} failed and wait{'' if count != 1 else 's'} for a person.",
            "Mend what the error names; the step then goes on.",
            "runs",
            count,
            since=min(row[2] for row in rows),
            parts=tuple(Part(error or "no error was kept", number) for error, number, _ in rows[:_PARTS]),
        )
    count, next_at = scope.session.execute(backing_off).one()
    if count:
        text = f"{count} step{'s' if count != 1 else ''} failed and will be tried again."
        yield Gate("steps_back_off", Level.WAITS, text, count=count, until=next_at)
